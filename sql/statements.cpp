// SPDX-License-Identifier: Apache-2.0
//
// The statements of the store. What to know when reading them:
//  - `id` is a key's number for as long as the key exists, `kid` that of its value; a value that is thrown away as a
//    whole leaves its rows behind under a kid that no key has any more, for the reaper.
//  - A walk is `… >= ? ORDER BY … LIMIT ? OFFSET ?`: it goes on from the place where the last page ended.
//  - Sorted sets are walked in the order (ord, member), ord being the score as an integer of the same order. MariaDB
//    does not use an index for a comparison of rows, so there it is written out.
#include "sql/statements.h"

#include <algorithm>

namespace redipy::sql {

namespace {

struct Text {
  Statement name;
  View common;
  View postgresql = {};
  View mariadb = {};
};

#define REAP(table, column)                                                                                            \
  "DELETE FROM " table " WHERE kid=? AND " column " IN (SELECT " column " FROM " table " WHERE kid=? ORDER BY " column \
  " LIMIT ?)",                                                                                                         \
      {}, "DELETE FROM " table " WHERE kid=? AND kid=? ORDER BY " column " LIMIT ?"

#define CHANGED_KEY                                                                                                   \
  "type=VALUES(type), exp=VALUES(exp), kid=VALUES(kid), n=VALUES(n), lo=VALUES(lo), hi=VALUES(hi), enc=VALUES(enc), " \
  "bytes=VALUES(bytes), used=VALUES(used)"

constexpr Text texts[] = {
    {Statement::state_get, "SELECT format, epoch, batch, next_id FROM rp_state WHERE id=1"},
    {Statement::state_claim, "UPDATE rp_state SET epoch=epoch+1 WHERE id=1"},
    // Without an epoch, which must not be, where it is another one: so it takes no answer to know it.
    {Statement::state_put, "UPDATE rp_state SET batch=?, next_id=?, epoch=CASE WHEN epoch=? THEN epoch END WHERE id=1"},
    {Statement::db_all, "SELECT num, dbid, nkeys, nexpires FROM rp_db ORDER BY num"},
    {Statement::db_put,
     "INSERT INTO rp_db (num, dbid, nkeys, nexpires) VALUES (?,?,?,?) ON CONFLICT (num) DO UPDATE SET "
     "dbid=excluded.dbid, nkeys=excluded.nkeys, nexpires=excluded.nexpires",
     {},
     "INSERT INTO rp_db (num, dbid, nkeys, nexpires) VALUES (?,?,?,?) ON DUPLICATE KEY UPDATE dbid=VALUES(dbid), "
     "nkeys=VALUES(nkeys), nexpires=VALUES(nexpires)"},

    // A long string is fetched only when it is asked for.
    {Statement::key_get,
     "SELECT id, type, exp, kid, n, lo, hi, enc, bytes, used, CASE WHEN n<=4096 THEN val END FROM rp_key "
     "WHERE dbid=? AND name=?"},
    {Statement::key_value, "SELECT val FROM rp_key WHERE id=?"},
    {Statement::key_range, "SELECT substr(val, ?, ?) FROM rp_key WHERE id=?",
     "SELECT substr(val, (?::bigint)::int, (?::bigint)::int) FROM rp_key WHERE id=?"},
    {Statement::key_insert,
     "INSERT INTO rp_key (type, exp, kid, n, lo, hi, enc, bytes, used, val, id, dbid, name) "
     "VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)"},
    // MariaDB runs an UPDATE of many rows as one statement for each; an INSERT takes them all at once, and finds the
    // row where it lies, in the tree of the names.
    {Statement::key_update,
     "UPDATE rp_key SET type=?, exp=?, kid=?, n=?, lo=?, hi=?, enc=?, bytes=?, used=?, val=? WHERE id=?",
     {},
     "INSERT INTO rp_key (type, exp, kid, n, lo, hi, enc, bytes, used, val, id, dbid, name) "
     "VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?) ON DUPLICATE KEY UPDATE " CHANGED_KEY ", val=VALUES(val)"},
    {Statement::key_update_meta,
     "UPDATE rp_key SET type=?, exp=?, kid=?, n=?, lo=?, hi=?, enc=?, bytes=?, used=? WHERE id=?",
     {},
     "INSERT INTO rp_key (type, exp, kid, n, lo, hi, enc, bytes, used, id, dbid, name) "
     "VALUES (?,?,?,?,?,?,?,?,?,?,?,?) ON DUPLICATE KEY UPDATE " CHANGED_KEY},
    {Statement::key_delete, "DELETE FROM rp_key WHERE id=?"},
    {Statement::key_scan, "SELECT id, dbid, name, type, exp FROM rp_key WHERE id<? ORDER BY id DESC LIMIT ?"},
    {Statement::key_top, "SELECT min(id), max(id) FROM rp_key"},
    {Statement::key_at, "SELECT dbid, name, exp FROM rp_key WHERE id=?"},
    {Statement::key_below, "SELECT dbid, name, exp FROM rp_key WHERE id<=? ORDER BY id DESC LIMIT 64"},
    {Statement::key_nth, "SELECT name, exp FROM rp_key WHERE dbid=? ORDER BY name LIMIT 1 OFFSET ?"},
    {Statement::key_due, "SELECT id, dbid, name, type, kid, n FROM rp_key WHERE exp<=? ORDER BY exp LIMIT ?"},
    {Statement::key_of_db, "SELECT id, type, kid, n FROM rp_key WHERE dbid=? ORDER BY name LIMIT ?"},

    {Statement::trash_put, "INSERT INTO rp_trash (kid, type) VALUES (?,?)"},
    {Statement::trash_first, "SELECT kid, type FROM rp_trash ORDER BY kid LIMIT 1"},
    {Statement::trash_delete, "DELETE FROM rp_trash WHERE kid=?"},
    {Statement::trash_count, "SELECT count(*) FROM rp_trash"},

    {Statement::hash_get, "SELECT val FROM rp_hash WHERE kid=? AND field=?"},
    {Statement::hash_peek, "SELECT CASE WHEN length(val)<=4096 THEN val END FROM rp_hash WHERE kid=? AND field=?"},
    {Statement::hash_has, "SELECT 1 FROM rp_hash WHERE kid=? AND field=?"},
    {Statement::hash_put,
     "INSERT INTO rp_hash (kid, field, val, ord) VALUES (?,?,?,?) ON CONFLICT (kid, field) DO UPDATE SET "
     "val=excluded.val",
     {},
     "INSERT INTO rp_hash (kid, field, val, ord) VALUES (?,?,?,?) ON DUPLICATE KEY UPDATE val=VALUES(val)"},
    {Statement::hash_delete, "DELETE FROM rp_hash WHERE kid=? AND field=?"},
    {Statement::hash_all, "SELECT field, val, ord FROM rp_hash WHERE kid=?"},
    {Statement::hash_from, "SELECT field, val FROM rp_hash WHERE kid=? AND field>=? ORDER BY field LIMIT ? OFFSET ?"},
    {Statement::hash_copy,
     "INSERT INTO rp_hash (kid, field, val, ord) SELECT ?, field, val, ord FROM rp_hash WHERE kid=?",
     "INSERT INTO rp_hash (kid, field, val, ord) SELECT ?::bigint, field, val, ord FROM rp_hash WHERE kid=?"},
    {Statement::hash_clear, "DELETE FROM rp_hash WHERE kid=?"},
    {Statement::hash_reap, REAP("rp_hash", "field")},

    {Statement::set_has, "SELECT 1 FROM rp_set WHERE kid=? AND member=?"},
    {Statement::set_put,
     "INSERT INTO rp_set (kid, member, ord) VALUES (?,?,?) ON CONFLICT (kid, member) DO UPDATE SET ord=excluded.ord",
     {},
     "INSERT INTO rp_set (kid, member, ord) VALUES (?,?,?) ON DUPLICATE KEY UPDATE ord=VALUES(ord)"},
    {Statement::set_delete, "DELETE FROM rp_set WHERE kid=? AND member=?"},
    {Statement::set_all, "SELECT member, ord FROM rp_set WHERE kid=?"},
    {Statement::set_from, "SELECT member FROM rp_set WHERE kid=? AND member>=? ORDER BY member LIMIT ? OFFSET ?"},
    {Statement::set_copy, "INSERT INTO rp_set (kid, member, ord) SELECT ?, member, ord FROM rp_set WHERE kid=?",
     "INSERT INTO rp_set (kid, member, ord) SELECT ?::bigint, member, ord FROM rp_set WHERE kid=?"},
    {Statement::set_clear, "DELETE FROM rp_set WHERE kid=?"},
    {Statement::set_reap, REAP("rp_set", "member")},

    {Statement::list_at, "SELECT val FROM rp_list WHERE kid=? AND pos=?"},
    {Statement::list_forward, "SELECT pos, val FROM rp_list WHERE kid=? AND pos>=? ORDER BY pos LIMIT ? OFFSET ?"},
    {Statement::list_backward,
     "SELECT pos, val FROM rp_list WHERE kid=? AND pos<=? ORDER BY pos DESC LIMIT ? OFFSET ?"},
    {Statement::list_put,
     "INSERT INTO rp_list (kid, pos, val) VALUES (?,?,?) ON CONFLICT (kid, pos) DO UPDATE SET val=excluded.val",
     {},
     "INSERT INTO rp_list (kid, pos, val) VALUES (?,?,?) ON DUPLICATE KEY UPDATE val=VALUES(val)"},
    {Statement::list_delete, "DELETE FROM rp_list WHERE kid=? AND pos=?"},
    {Statement::list_delete_between, "DELETE FROM rp_list WHERE kid=? AND pos>=? AND pos<=?"},
    {Statement::list_copy, "INSERT INTO rp_list (kid, pos, val) SELECT ?, pos, val FROM rp_list WHERE kid=?",
     "INSERT INTO rp_list (kid, pos, val) SELECT ?::bigint, pos, val FROM rp_list WHERE kid=?"},
    {Statement::list_renumber,
     "INSERT INTO rp_list (kid, pos, val) SELECT ?, (row_number() OVER (ORDER BY pos) - 1) * 65536, val FROM rp_list "
     "WHERE kid=?",
     "INSERT INTO rp_list (kid, pos, val) SELECT ?::bigint, (row_number() OVER (ORDER BY pos) - 1) * 65536, val FROM "
     "rp_list WHERE kid=?"},
    {Statement::list_clear, "DELETE FROM rp_list WHERE kid=?"},
    {Statement::list_reap, REAP("rp_list", "pos")},

    {Statement::zset_get, "SELECT ord FROM rp_zset WHERE kid=? AND member=?"},
    {Statement::zset_put,
     "INSERT INTO rp_zset (kid, member, ord) VALUES (?,?,?) ON CONFLICT (kid, member) DO UPDATE SET ord=excluded.ord",
     {},
     "INSERT INTO rp_zset (kid, member, ord) VALUES (?,?,?) ON DUPLICATE KEY UPDATE ord=VALUES(ord)"},
    {Statement::zset_delete, "DELETE FROM rp_zset WHERE kid=? AND member=?"},
    {Statement::zset_forward,
     "SELECT ord, member FROM rp_zset WHERE kid=? AND (ord, member)>=(?,?) ORDER BY ord, member LIMIT ? OFFSET ?",
     {},
     "SELECT ord, member FROM rp_zset WHERE kid=? AND ord>=? AND (ord>? OR member>=?) ORDER BY ord, member LIMIT ? "
     "OFFSET ?"},
    {Statement::zset_backward,
     "SELECT ord, member FROM rp_zset WHERE kid=? AND (ord, member)<(?,?) ORDER BY ord DESC, member DESC LIMIT ? "
     "OFFSET ?",
     {},
     "SELECT ord, member FROM rp_zset WHERE kid=? AND ord<=? AND (ord<? OR member<?) ORDER BY ord DESC, member DESC "
     "LIMIT ? OFFSET ?"},
    {Statement::zset_count,
     "SELECT count(*) FROM rp_zset WHERE kid=? AND (ord, member)>=(?,?) AND (ord, member)<(?,?)",
     {},
     "SELECT count(*) FROM rp_zset WHERE kid=? AND ord>=? AND (ord>? OR member>=?) AND ord<=? AND (ord<? OR "
     "member<?)"},
    {Statement::zset_from,
     "SELECT member, ord FROM rp_zset WHERE kid=? AND member>=? ORDER BY member LIMIT ? OFFSET ?"},
    {Statement::zset_copy, "INSERT INTO rp_zset (kid, member, ord) SELECT ?, member, ord FROM rp_zset WHERE kid=?",
     "INSERT INTO rp_zset (kid, member, ord) SELECT ?::bigint, member, ord FROM rp_zset WHERE kid=?"},
    {Statement::zset_clear, "DELETE FROM rp_zset WHERE kid=?"},
    {Statement::zset_reap, REAP("rp_zset", "member")},
};

#undef REAP
#undef CHANGED_KEY

constexpr bool in_order() {
  for (size_t i = 0; i < std::size(texts); ++i) {
    if (texts[i].name != static_cast<Statement>(i)) return false;
  }
  return std::size(texts) == statement_count;
}
static_assert(in_order(), "a text for each name, in the order of the names");

}  // namespace

View statement_text(Statement statement, Dialect dialect) {
  const Text& text = texts[static_cast<size_t>(statement)];
  if (dialect == Dialect::mariadb && !text.mariadb.empty()) return text.mariadb;
  if (dialect == Dialect::postgresql && !text.postgresql.empty()) return text.postgresql;
  return text.common;
}

size_t parameter_count(View text) { return static_cast<size_t>(std::count(text.begin(), text.end(), '?')); }

}  // namespace redipy::sql
