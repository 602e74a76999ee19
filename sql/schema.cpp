// SPDX-License-Identifier: Apache-2.0
//
// The tables of SQLite, and migrations.
//
//   rp_key     a row per key. A string's value is in it; a collection's elements are in the table of its type under
//              the key's `kid`. `id` stays as long as the key exists, `kid` as long as this value.
//   rp_hash, rp_set, rp_list, rp_zset   a row per element
//   rp_db      database numbers; FLUSHDB and SWAPDB only change which `dbid` a number means
//   rp_trash   values (kid) and databases (dbid, type 0) that are thrown away and whose rows are still there
//   rp_state   one row: format, who owns the database (epoch), how far it is written (batch, next_id)
//
// Tables whose rows hold values have an index beside the rows, for large values in the inner pages of a tree cost every
// search; sets and sorted sets, which have none, are trees themselves.
//
// `type` is 1 string, 2 list, 3 set, 4 sorted set, 5 hash. `exp` and `used` are ms and s since 1970. `ord` of a sorted
// set is the score, its IEEE bits made an integer of the same order (scores.h); elsewhere the order of creation.
#include "sql/schema.h"

#include <string>

#include "sql/schema_servers.h"

namespace redipy::sql {

namespace {

constexpr View sqlite_1 = R"(
CREATE TABLE rp_state (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  format INTEGER NOT NULL, epoch INTEGER NOT NULL, batch INTEGER NOT NULL, next_id INTEGER NOT NULL);
CREATE TABLE rp_db (
  num INTEGER PRIMARY KEY, dbid INTEGER NOT NULL, nkeys INTEGER NOT NULL, nexpires INTEGER NOT NULL);
CREATE TABLE rp_key (
  id INTEGER PRIMARY KEY, dbid INTEGER NOT NULL, name BLOB NOT NULL, type INTEGER NOT NULL, exp INTEGER,
  kid INTEGER NOT NULL, n INTEGER NOT NULL, lo INTEGER NOT NULL, hi INTEGER NOT NULL, enc INTEGER NOT NULL,
  bytes INTEGER NOT NULL, used INTEGER NOT NULL, val BLOB);
CREATE UNIQUE INDEX rp_key_name ON rp_key (dbid, name);
CREATE INDEX rp_key_exp ON rp_key (exp) WHERE exp IS NOT NULL;
CREATE TABLE rp_hash (
  kid INTEGER NOT NULL, field BLOB NOT NULL, val BLOB NOT NULL, ord INTEGER NOT NULL, UNIQUE (kid, field));
CREATE TABLE rp_set (
  kid INTEGER NOT NULL, member BLOB NOT NULL, ord INTEGER NOT NULL, PRIMARY KEY (kid, member)) WITHOUT ROWID;
CREATE TABLE rp_list (
  kid INTEGER NOT NULL, pos INTEGER NOT NULL, val BLOB NOT NULL, UNIQUE (kid, pos));
CREATE TABLE rp_zset (
  kid INTEGER NOT NULL, member BLOB NOT NULL, ord INTEGER NOT NULL, PRIMARY KEY (kid, member)) WITHOUT ROWID;
CREATE INDEX rp_zset_ord ON rp_zset (kid, ord, member);
CREATE TABLE rp_trash (kid INTEGER PRIMARY KEY, type INTEGER NOT NULL);

CREATE VIEW v_key AS
  SELECT d.num AS db, CAST(k.name AS TEXT) AS name,
         CASE k.type WHEN 1 THEN 'string' WHEN 2 THEN 'list' WHEN 3 THEN 'set' WHEN 4 THEN 'zset' WHEN 5 THEN 'hash'
         END AS type,
         k.n AS size, datetime(k.exp / 1000, 'unixepoch') AS expires_at, k.kid, k.type AS type_number, k.val
  FROM rp_key k JOIN rp_db d ON d.dbid = k.dbid
  WHERE k.exp IS NULL OR k.exp > CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER);
CREATE VIEW v_string AS
  SELECT db, name, CAST(val AS TEXT) AS value, expires_at FROM v_key WHERE type_number = 1;
CREATE VIEW v_list AS
  SELECT k.db, k.name, row_number() OVER (PARTITION BY e.kid ORDER BY e.pos) - 1 AS position,
         CAST(e.val AS TEXT) AS value
  FROM v_key k JOIN rp_list e ON e.kid = k.kid WHERE k.type_number = 2;
CREATE VIEW v_set AS
  SELECT k.db, k.name, CAST(e.member AS TEXT) AS member
  FROM v_key k JOIN rp_set e ON e.kid = k.kid WHERE k.type_number = 3;
CREATE VIEW v_hash AS
  SELECT k.db, k.name, CAST(e.field AS TEXT) AS field, CAST(e.val AS TEXT) AS value
  FROM v_key k JOIN rp_hash e ON e.kid = k.kid WHERE k.type_number = 5;
CREATE VIEW v_zset AS
  WITH parts AS (
    SELECT kid, member, ord, CASE WHEN ord < 0 THEN -1.0 ELSE 1.0 END AS sign,
           CASE WHEN ord < 0 THEN (-1 - ord) >> 52 ELSE ord >> 52 END AS exponent,
           CASE WHEN ord < 0 THEN (-1 - ord) & 4503599627370495 ELSE ord & 4503599627370495 END AS fraction
    FROM rp_zset)
  SELECT k.db, k.name, CAST(e.member AS TEXT) AS member,
         CASE e.exponent WHEN 2047 THEN e.sign * 9e999
                         WHEN 0 THEN e.sign * e.fraction * power(2.0, -1074)
                         ELSE e.sign * (e.fraction + 4503599627370496) * power(2.0, e.exponent - 1075) END AS score
  FROM v_key k JOIN parts e ON e.kid = k.kid WHERE k.type_number = 4;

INSERT INTO rp_state (id, format, epoch, batch, next_id) VALUES (1, 0, 0, 0, 1);
)";

constexpr View sqlite_migrations[] = {sqlite_1};

/// 0 if there is no table yet.
int64_t format_of(Driver& driver) {
  int64_t format = 0;
  try {
    driver.read(Statement::state_get, {}, [&](Row row) { format = row[0].number; });
  } catch (const SqlError& error) {
    if (error.kind() != SqlError::other) throw;
  }
  return format;
}

}  // namespace

std::span<const View> migrations(Dialect dialect) {
  switch (dialect) {
    case Dialect::postgresql:
      return postgresql_migrations();
    case Dialect::mariadb:
      return mariadb_migrations();
    default:
      return sqlite_migrations;
  }
}

void migrate(Driver& driver) {
  const int64_t format = format_of(driver);
  const std::span<const View> all = migrations(driver.dialect());
  const auto latest = static_cast<int64_t>(all.size());
  if (format == latest) return;
  if (format > latest) {
    throw SqlError(SqlError::format, "the database has format " + std::to_string(format) +
                                         ", this version knows up to " + std::to_string(latest));
  }
  driver.begin();
  try {
    for (int64_t i = format; i < latest; ++i) driver.run(std::string(all[static_cast<size_t>(i)]));
    driver.run("UPDATE rp_state SET format = " + std::to_string(latest) + " WHERE id = 1");
    driver.commit();
  } catch (...) {
    driver.rollback();
    throw;
  }
}

}  // namespace redipy::sql
