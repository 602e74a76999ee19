// SPDX-License-Identifier: Apache-2.0
// The backend on tables: what it can answer without the database.
#include "sql/sql_backend.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "any_store.h"
#include "text_batch.h"

namespace redipy {
namespace {

using testing::ElementsAre;

class SqlBackendTest : public testing::TestWithParam<StoreKind> {
 protected:
  void open(View prefix = {}, size_t cache_bytes = size_t{1} << 20) {
    backend = std::make_unique<sql::SqlBackend>(database.driver(), clock, 4, listener, prefix);
    sql::Options options;
    options.cache_bytes = cache_bytes;
    backend->tables().set_options(options);
  }
  /// In a transaction of their own.
  Bytes run(const std::vector<Bytes>& commands) {
    TextBatch text(table, commands, observer);
    backend->tables().begin_batch();
    backend->run(text.batch);
    backend->tables().commit_batch();
    return text.replies();
  }
  /// How many were run without the database; their replies. Sees that it is not asked.
  std::pair<size_t, Bytes> run_held(const std::vector<Bytes>& commands, int number = 0) {
    TextBatch text(table, commands, observer, number);
    const uint64_t statements = backend->tables().driver().statements();
    const size_t taken = backend->run_held(text.batch);
    EXPECT_EQ(backend->tables().driver().statements(), statements);
    return {taken, text.replies()};
  }

  ManualClock clock;
  RecordingListener listener;
  RecordingObserver observer;
  SqlDatabase database{GetParam()};
  CommandTable table{data_families()};
  std::unique_ptr<sql::SqlBackend> backend;
};

using Held = std::pair<size_t, Bytes>;

TEST_P(SqlBackendTest, strings_that_are_held_are_read_without_the_database) {
  open();
  run({"SET a 1", "SET b text"});
  observer.heard.clear();
  EXPECT_EQ(run_held({"GET a", "MGET a b", "STRLEN b"}), Held(3, "$1\r\n1\r\n*2\r\n$1\r\n1\r\n$4\r\ntext\r\n:4\r\n"));
  EXPECT_THAT(observer.heard, ElementsAre("get", "mget", "strlen"));
  EXPECT_EQ(run_held({"GET a"}, 1), Held(0, ""));  // of another database nothing is known
}

TEST_P(SqlBackendTest, so_are_keys_that_are_known_to_be_absent) {
  open();
  EXPECT_EQ(run_held({"GET a"}), Held(0, ""));
  run({"GET a"});
  EXPECT_EQ(run_held({"GET a", "HGETALL a", "EXISTS a"}), Held(3, "$-1\r\n*0\r\n:0\r\n"));
}

TEST_P(SqlBackendTest, what_changes_something_or_needs_rows_ends_it) {
  open();
  run({"SET a 1", "HSET h f v"});
  EXPECT_EQ(run_held({"GET a", "INCR a", "GET a"}), Held(1, "$1\r\n1\r\n"));
  EXPECT_EQ(run_held({"GET a", "HGET h f"}), Held(1, "$1\r\n1\r\n"));
  EXPECT_EQ(run_held({"MGET a unknown"}), Held(0, ""));
  EXPECT_EQ(run_held({"PFCOUNT a"}), Held(0, ""));
  EXPECT_EQ(run_held({"DBSIZE"}), Held(0, ""));
  EXPECT_EQ(run_held({"LLEN a"}), Held(1, "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"));
}

TEST_P(SqlBackendTest, what_is_due_is_no_longer_held) {
  open();
  run({"SET a 1 PX 100"});
  clock.advance_ms(99);
  EXPECT_EQ(run_held({"GET a"}), Held(1, "$1\r\n1\r\n"));
  clock.advance_ms(1);
  EXPECT_EQ(run_held({"GET a"}), Held(0, ""));
  EXPECT_EQ(run({"GET a"}), "$-1\r\n");
}

TEST_P(SqlBackendTest, keys_are_looked_for_under_the_prefix) {
  open("p:");
  run({"SET a 1"});
  EXPECT_EQ(run_held({"GET a"}), Held(1, "$1\r\n1\r\n"));
  EXPECT_EQ(run_held({"GET p:a"}), Held(0, ""));
}

TEST_P(SqlBackendTest, without_a_cache_nothing_is_held) {
  open({}, 0);
  run({"SET a 1"});
  EXPECT_EQ(run_held({"GET a"}), Held(0, ""));
}

INSTANTIATE_TEST_SUITE_P(On, SqlBackendTest, testing::ValuesIn(sql_kinds()), store_kind_name);

}  // namespace
}  // namespace redipy
