// SPDX-License-Identifier: Apache-2.0
//
// From a statement for one row to the one for arrays.
#include "sql/array_statements.h"

#include <gtest/gtest.h>

#include "sql/statements.h"

namespace redipy::sql {
namespace {

using Types = std::vector<bool>;

TEST(ArrayStatements, an_insert_takes_its_rows_from_arrays) {
  const ArrayStatement it = array_statement("INSERT INTO rp_set (kid, member, ord) VALUES (?,?,?)");
  EXPECT_EQ(it.text,
            "INSERT INTO rp_set (kid, member, ord) SELECT * FROM unnest($1::bigint[],$2::bytea[],$3::bigint[])");
  EXPECT_EQ(it.is_bytes, (Types{false, true, false}));
  EXPECT_EQ(it.identity_count, 0U);
}

TEST(ArrayStatements, one_that_replaces_says_what_must_not_be_named_twice) {
  const ArrayStatement it = array_statement(
      "INSERT INTO rp_list (kid, pos, val) VALUES (?,?,?) ON CONFLICT (kid, pos) DO UPDATE SET val=excluded.val");
  EXPECT_EQ(it.text,
            "INSERT INTO rp_list (kid, pos, val) SELECT * FROM unnest($1::bigint[],$2::bigint[],$3::bytea[]) "
            "ON CONFLICT (kid, pos) DO UPDATE SET val=excluded.val");
  EXPECT_EQ(it.identity_first, 0U);
  EXPECT_EQ(it.identity_count, 2U);
}

TEST(ArrayStatements, an_update_joins_the_arrays) {
  const ArrayStatement it = array_statement("UPDATE rp_key SET n=?, val=? WHERE id=?");
  EXPECT_EQ(it.text,
            "UPDATE rp_key SET n=u.p1, val=u.p2 FROM unnest($1::bigint[],$2::bytea[],$3::bigint[]) AS u(p1,p2,p3) "
            "WHERE id=u.p3");
  EXPECT_EQ(it.identity_first, 2U);
  EXPECT_EQ(it.identity_count, 1U);
}

TEST(ArrayStatements, a_delete_uses_the_arrays) {
  EXPECT_EQ(array_statement("DELETE FROM rp_list WHERE kid=? AND pos>=? AND pos<=?").text,
            "DELETE FROM rp_list USING unnest($1::bigint[],$2::bigint[],$3::bigint[]) AS u(p1,p2,p3) "
            "WHERE kid=u.p1 AND pos>=u.p2 AND pos<=u.p3");
}

TEST(ArrayStatements, a_look_up_tells_which_row_it_has_found) {
  const ArrayStatement it = array_statement("SELECT val, ord FROM rp_hash WHERE kid=? AND field=?");
  EXPECT_EQ(it.text,
            "SELECT u.i, val, ord FROM unnest($1::bigint[],$2::bytea[]) WITH ORDINALITY AS u(p1,p2,i) JOIN rp_hash ON "
            "kid=u.p1 AND field=u.p2");
  EXPECT_EQ(it.is_bytes, (Types{false, true}));
}

TEST(ArrayStatements, a_list_names_what_it_has_found) {
  EXPECT_EQ(list_statement("SELECT ord FROM rp_zset WHERE kid=? AND member=?", 3),
            "SELECT member, ord FROM rp_zset WHERE kid=? AND member IN (?,?,?)");
  EXPECT_EQ(list_statement("SELECT val FROM rp_key WHERE id=?", 3), "");
  EXPECT_EQ(list_statement("SELECT val FROM rp_list WHERE kid=? AND pos=?", 3), "");
}

TEST(ArrayStatements, many_names_of_one_number_are_an_array) {
  EXPECT_EQ(any_statement("SELECT ord FROM rp_zset WHERE kid=? AND member=?"),
            "SELECT member, ord FROM rp_zset WHERE kid=? AND member=ANY(?::bytea[])");
  EXPECT_EQ(any_statement("SELECT val FROM rp_list WHERE kid=? AND pos=?"), "");
}

TEST(ArrayStatements, what_selects_its_rows_itself_has_no_arrays) {
  for (const Statement it : {Statement::hash_copy, Statement::hash_reap, Statement::key_scan, Statement::trash_first}) {
    EXPECT_EQ(array_statement(statement_text(it, Dialect::postgresql)).text, "");
  }
}

TEST(ArrayStatements, the_store_s_changes_and_look_ups_have_arrays_of_all_their_parameters) {
  for (const Statement it :
       {Statement::key_get, Statement::key_insert, Statement::key_update, Statement::key_update_meta,
        Statement::key_delete, Statement::hash_get, Statement::hash_has, Statement::hash_put, Statement::hash_delete,
        Statement::set_has, Statement::set_put, Statement::set_delete, Statement::list_put, Statement::list_delete,
        Statement::zset_get, Statement::zset_put, Statement::zset_delete, Statement::trash_put, Statement::db_put}) {
    const View text = statement_text(it, Dialect::postgresql);
    const ArrayStatement array = array_statement(text);
    EXPECT_NE(array.text, "") << text;
    EXPECT_EQ(array.is_bytes.size(), parameter_count(text)) << text;
    EXPECT_EQ(array.text.find('?'), std::string::npos) << array.text;
  }
}

}  // namespace
}  // namespace redipy::sql
