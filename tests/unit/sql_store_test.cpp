// SPDX-License-Identifier: Apache-2.0
// What only a store in tables has: batches, ownership, what is left for later, tables that others read. What it has in
// common with memory is in store_*_test.cpp and sql_commands_test.cpp.
#include "sql/sql_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <functional>
#include <limits>
#include <set>

#include "memory_store_fixture.h"
#include "sql_databases.h"

namespace redipy {
namespace {

using sql::SqlError;
using testing::ElementsAre;

struct SqlStoreTest : CommandRunner, testing::Test {
  SqlStoreTest() { open(); }

  void open() {
    store.reset();
    store = std::make_unique<sql::SqlStore>(database.driver(), clock, 4, listener);
    store->begin_batch();
  }
  void commit() {
    store->commit_batch();
    store->begin_batch();
  }
  void roll_back() {
    store->rollback_batch();
    store->begin_batch();
  }
  /// By another connection, as another program: the first column of all rows.
  std::vector<std::string> query(const std::string& text) {
    sqlite3* other = nullptr;
    EXPECT_EQ(sqlite3_open(database.file().c_str(), &other), SQLITE_OK);
    std::vector<std::string> rows;
    const auto add = [](void* to, int, char** columns, char**) {
      static_cast<std::vector<std::string>*>(to)->emplace_back(columns[0] ? columns[0] : "NULL");
      return 0;
    };
    char* error = nullptr;
    EXPECT_EQ(sqlite3_exec(other, text.c_str(), add, &rows, &error), SQLITE_OK) << (error ? error : "");
    sqlite3_free(error);
    sqlite3_close(other);
    return rows;
  }
  std::string count(const std::string& table) { return query("SELECT count(*) FROM " + table)[0]; }
  void fill_hash(View key, size_t size) {
    write(Event::hset, [&] {
      Hash& hash = store->make_hash(key);
      for (size_t i = 0; i < size; ++i) hash.put("field " + std::to_string(i), "value");
    });
  }
  SqlError::Kind error_of(const std::function<void()>& action) {
    try {
      action();
    } catch (const SqlError& error) {
      return error.kind();
    }
    ADD_FAILURE() << "nothing was thrown";
    return SqlError::other;
  }
  void reclaim_all() {
    while (store->reclaim(100)) {
    }
    commit();
  }

  SqlDatabase database;
  std::unique_ptr<sql::SqlStore> store;

 private:
  Store& under_test() override { return *store; }
};

TEST_F(SqlStoreTest, what_was_committed_is_there_when_opened_again_and_nothing_else) {
  set("a", "1", {Expiry::at, in(1000)});
  fill_hash("h", 3);
  commit();
  set("a", "2");
  set("b", "1");
  open();
  EXPECT_EQ(get("a"), "1");
  EXPECT_EQ(store->deadline("a"), in(1000));
  EXPECT_EQ(get("b"), "-");
  EXPECT_EQ(store->size(), 2U);
  EXPECT_EQ(store->usage(0).expires, 1U);
}

TEST_F(SqlStoreTest, a_rollback_undoes_what_was_done_since_the_batch_began) {
  set("a", "1");
  fill_hash("h", 100);
  commit();
  set("a", "2");
  set("b", "1");
  write(Event::del, [&] { store->remove("h"); });
  store->begin({.write = true, .event = Event::hset});  // in the midst of a command
  store->make_hash("h").put("x", "y");
  roll_back();
  EXPECT_EQ(get("a"), "1");
  EXPECT_EQ(get("b"), "-");
  run({}, [&] { EXPECT_EQ(store->hash("h")->size(), 100U); });
  EXPECT_EQ(store->size(), 2U);
  set("b", "2");
  commit();
  open();
  EXPECT_EQ(get("b"), "2");
}

TEST_F(SqlStoreTest, a_batch_that_only_reads_from_memory_has_no_transaction_and_one_without_changes_no_number) {
  set("a", "1");
  commit();
  const std::string batch = query("SELECT batch FROM rp_state")[0];
  const uint64_t statements = store->driver().statements();
  get("a");
  get("a");
  commit();
  EXPECT_EQ(store->driver().statements(), statements);
  get("absent");
  commit();
  EXPECT_EQ(query("SELECT batch FROM rp_state")[0], batch);
}

TEST_F(SqlStoreTest, a_key_that_is_written_often_in_a_batch_is_one_statement) {
  set("a", "1");
  commit();
  const uint64_t before = store->driver().statements();
  for (int i = 0; i < 100; ++i) set("a", std::to_string(i));
  commit();
  EXPECT_LE(store->driver().statements() - before, 2U);
  EXPECT_EQ(get("a"), "99");
}

TEST_F(SqlStoreTest, a_second_server_is_refused_while_the_first_is_there) {
  EXPECT_EQ(error_of([&] { sql::SqliteDriver second(database.file()); }), SqlError::owned);
  store.reset();
  sql::SqliteDriver second(database.file());
}

TEST_F(SqlStoreTest, whoever_has_lost_the_database_cannot_write_any_more) {
  set("a", "1");
  commit();
  query("UPDATE rp_state SET epoch = epoch + 1");
  set("a", "2");
  EXPECT_EQ(error_of([&] { store->commit_batch(); }), SqlError::owned);
  store->rollback_batch();
  EXPECT_EQ(error_of([&] { store->begin_batch(); }), SqlError::owned);
  EXPECT_EQ(query("SELECT CAST(val AS TEXT) FROM rp_key")[0], "1");
}

TEST_F(SqlStoreTest, after_a_lost_connection_the_outcome_of_a_commit_is_known) {
  set("a", "1");
  store->commit_batch();
  EXPECT_TRUE(store->recover());
  store->begin_batch();
  set("a", "2");
  EXPECT_FALSE(store->recover());
  EXPECT_EQ(get("a"), "1");
  set("a", "3");
  commit();
  EXPECT_EQ(get("a"), "3");
}

TEST_F(SqlStoreTest, a_newer_format_is_refused) {
  store.reset();
  query("UPDATE rp_state SET format = 1000");
  EXPECT_EQ(error_of([&] { sql::SqlStore(database.driver(), clock, 4, listener); }), SqlError::format);
}

TEST_F(SqlStoreTest, a_full_disk_is_an_error_after_which_work_goes_on) {
  set("a", "1");
  commit();
  store->driver().run("PRAGMA max_page_count=60");
  const auto fill = [&] {
    for (int i = 0; i < 1000; ++i) set("big " + std::to_string(i), std::string(10'000, 'x'));
    store->commit_batch();
  };
  EXPECT_EQ(error_of(fill), SqlError::full);
  roll_back();
  EXPECT_EQ(get("a"), "1");
  EXPECT_EQ(store->size(), 1U);
  store->driver().run("PRAGMA max_page_count=1000000");
  fill();
  EXPECT_EQ(store->size(), 1001U);
}

TEST_F(SqlStoreTest, a_read_only_database_is_an_error_and_can_be_read) {
  set("a", "1");
  commit();
  store->driver().run("PRAGMA query_only=1");
  set("a", "2");
  EXPECT_EQ(error_of([&] { store->commit_batch(); }), SqlError::read_only);
  roll_back();
  EXPECT_EQ(get("a"), "1");
  store->driver().run("PRAGMA query_only=0");
  set("a", "2");
  commit();
  EXPECT_EQ(get("a"), "2");
}

TEST_F(SqlStoreTest, a_huge_value_goes_at_once_and_its_rows_later) {
  fill_hash("deleted", 5000);
  fill_hash("overwritten", 5000);
  fill_hash("expired", 5000);
  fill_hash("stays", 5000);
  write(Event::none, [&] { store->set_deadline("expired", in(1)); });
  commit();
  clock.advance_ms(1);
  const uint64_t before = store->driver().statements();
  write(Event::del, [&] { store->remove("deleted"); });
  set("overwritten", "x");
  EXPECT_EQ(get("expired"), "-");
  commit();
  EXPECT_LT(store->driver().statements() - before, 20U);
  EXPECT_EQ(store->backlog(), 3U);
  EXPECT_EQ(count("rp_hash"), "20000");
  reclaim_all();
  EXPECT_EQ(store->backlog(), 0U);
  EXPECT_EQ(count("rp_hash"), "5000");
  EXPECT_EQ(count("rp_trash"), "0");
}

TEST_F(SqlStoreTest, a_flushed_database_is_empty_at_once_and_its_rows_go_later) {
  for (int i = 0; i < 500; ++i) set("key " + std::to_string(i), "x", {Expiry::at, in(10)});
  fill_hash("h", 1000);
  fill_hash("small", 10);
  store->select(1);
  set("other", "1");
  commit();
  store->select(0);
  fill_hash("uncommitted", 1000);
  write(Event::none, [&] { EXPECT_EQ(store->flush(0, std::nullopt), 503U); });
  EXPECT_EQ(store->size(), 0U);
  EXPECT_EQ(get("key 1"), "-");
  set("key 1", "new");
  commit();
  clock.advance_ms(20);
  EXPECT_FALSE(store->expire_some(1000));  // those of the flushed database are nobody's
  reclaim_all();
  EXPECT_EQ(count("rp_key"), "2");
  EXPECT_EQ(count("rp_hash"), "0");
  open();
  EXPECT_EQ(get("key 1"), "new");
  store->select(1);
  EXPECT_EQ(get("other"), "1");
}

TEST_F(SqlStoreTest, swapped_databases_stay_swapped) {
  set("a", "1");
  write(Event::none, [&] { store->swap(0, 2); });
  commit();
  open();
  EXPECT_EQ(store->size(), 0U);
  store->select(2);
  EXPECT_EQ(get("a"), "1");
}

TEST_F(SqlStoreTest, what_nobody_asks_for_expires_in_all_databases) {
  for (int number = 0; number < 3; ++number) {
    store->select(number);
    for (int i = 0; i < 50; ++i) set("soon " + std::to_string(i), "x", {Expiry::at, in(100)});
    set("late", "x", {Expiry::at, in(1'000'000)});
  }
  commit();
  clock.advance_ms(100);
  listener.heard.clear();
  while (store->expire_some(20)) {
  }
  for (int number = 0; number < 3; ++number) EXPECT_EQ(store->usage(number).keys, 1U);
  EXPECT_EQ(listener.heard.size(), 150U);
  EXPECT_EQ(store->statistics().expired, 150U);
  EXPECT_EQ(store->database(), 2);
}

TEST_F(SqlStoreTest, a_key_that_is_overwritten_or_renamed_onto_keeps_its_place_in_a_scan_that_ends) {
  for (int i = 0; i < 100; ++i) set("key " + std::to_string(i), "x");
  commit();
  std::set<std::string> seen;
  uint64_t cursor = 0;
  int round = 0;
  do {
    run({}, [&] { cursor = store->scan(cursor, 10, [&](View key, Type) { seen.emplace(key); }); });
    fill_hash("new " + std::to_string(round), 1);
    for (int i = 0; i < 30; ++i) set("new " + std::to_string(round) + " " + std::to_string(i), "x");
    write(Event::set, [&] {
      store->remove("key 5");
      store->put_string("key 5", "y", {});
      store->rename("new " + std::to_string(round), "key 6");
    });
    commit();
    ASSERT_LT(++round, 50);
  } while (cursor != 0);
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(seen.contains("key " + std::to_string(i))) << i;
}

TEST_F(SqlStoreTest, an_element_scan_whose_cursor_is_forgotten_starts_over) {
  fill_hash("h", 1000);
  commit();
  uint64_t cursor = 0;
  run({}, [&] { cursor = store->hash("h")->scan(0, 100, [](View, View) {}); });
  open();
  std::set<std::string> seen;
  do {
    run({}, [&] { cursor = store->hash("h")->scan(cursor, 100, [&](View field, View) { seen.emplace(field); }); });
  } while (cursor != 0);
  EXPECT_EQ(seen.size(), 1000U);
}

TEST_F(SqlStoreTest, a_list_stays_right_however_often_something_is_put_between) {
  std::vector<std::string> model{"first", "last"};
  const std::vector<View> ends{"first", "last"};
  write(Event::rpush, [&] { store->make_list("l").push(End::back, ends); });
  for (int i = 0; i < 300; ++i) {
    const std::string element = "e" + std::to_string(i);
    model.insert(model.begin() + 1, element);
    write(Event::linsert, [&] { store->list("l")->insert("first", true, element); });
  }
  for (int i = 0; i < 300; i += 3) {
    std::erase(model, "e" + std::to_string(i));
    write(Event::lrem, [&] { EXPECT_EQ(store->list("l")->remove("e" + std::to_string(i), End::back, 0), 1U); });
  }
  commit();
  for (int turn = 0; turn < 30; ++turn) {  // ranks are walked to until it pays to number the rows anew
    run({}, [&] {
      for (size_t i = 0; i < model.size(); ++i) ASSERT_EQ(store->list("l")->at(i), model[i]);
    });
    write(Event::lset, [&] { store->list("l")->set(7, model[7]); });
    commit();
  }
  EXPECT_EQ(query("SELECT max(pos) - min(pos) FROM rp_list WHERE kid = (SELECT kid FROM rp_key)")[0],
            std::to_string((model.size() - 1) * 65536));
}

TEST_F(SqlStoreTest, ranks_in_a_large_sorted_set_follow_its_changes) {
  std::set<std::pair<double, std::string>> model;
  Random random(3);
  const auto put = [&](const std::string& member, double score) {
    std::erase_if(model, [&](const auto& it) { return it.second == member; });
    model.emplace(score, member);
    store->make_sorted_set("z").put(member, score);
  };
  write(Event::zadd, [&] {
    for (int i = 0; i < 3000; ++i) {
      const double score = static_cast<double>(random.below(500));
      model.emplace(score, "m" + std::to_string(i));
      store->make_sorted_set("z").put("m" + std::to_string(i), score);
    }
  });
  for (int step = 0; step < 60; ++step) {
    write(Event::zadd, [&] {
      for (int i = 0; i < 30; ++i) {
        const bool dense = step % 2 == 0;  // into one stretch, so that it is cut
        put("n" + std::to_string(random.below(1500)), dense ? 250 : static_cast<double>(random.below(500)));
      }
      const size_t first = random.below(model.size() - 5);
      store->sorted_set("z")->remove(RankRange{first, 5});
      model.erase(std::next(model.begin(), static_cast<ptrdiff_t>(first)),
                  std::next(model.begin(), static_cast<ptrdiff_t>(first + 5)));
    });
    if (step % 20 == 10) {
      commit();
      write(Event::zadd, [&] { store->make_sorted_set("z").put("undone", 250); });
      roll_back();
    }
    run({}, [&] {
      const SortedSet* set = store->sorted_set("z");
      ASSERT_EQ(set->size(), model.size());
      for (int i = 0; i < 20; ++i) {
        const size_t rank = random.below(model.size());
        const auto at = std::next(model.begin(), static_cast<ptrdiff_t>(rank));
        ASSERT_EQ(set->rank(at->second, false)->rank, rank) << step;
        ASSERT_EQ(set->rank(at->second, true)->rank, model.size() - 1 - rank);
        set->range(RankRange{rank, 1}, false, [&](View member, double score) {
          ASSERT_EQ(member, at->second);
          ASSERT_EQ(score, at->first);
        });
        const double low = static_cast<double>(random.below(500));
        const auto from = model.lower_bound({low, ""});
        const auto to = model.lower_bound({low + 20, ""});
        ASSERT_EQ(set->count(ScoreRange{.low = low, .high = low + 20, .high_exclusive = true}),
                  static_cast<size_t>(std::distance(from, to)));
      }
    });
    if (HasFatalFailure()) return;
  }
}

TEST_F(SqlStoreTest, views_show_what_is_in_the_tables) {
  set("text", "hello", {Expiry::at, 4'000'000'000'000});
  set("gone", "x", {Expiry::at, 1'800'000'000'000});
  const std::vector<View> elements{"a", "b", "c"};
  write(Event::rpush, [&] { store->make_list("list").push(End::back, elements); });
  write(Event::sadd, [&] { store->make_set("set").add(elements); });
  fill_hash("hash", 1);
  const std::vector<std::pair<View, double>> scores{
      {"zero", 0}, {"tiny", 5e-324}, {"large", 1.7976931348623157e308}, {"pi", -3.14159}, {"third", 1.0 / 3}};
  write(Event::zadd, [&] {
    for (const auto& [member, score] : scores) store->make_sorted_set("zset").put(member, score);
    store->make_sorted_set("zset").put("endless", -std::numeric_limits<double>::infinity());
  });
  commit();
  EXPECT_THAT(query("SELECT value FROM v_string WHERE name = 'text'"), ElementsAre("hello"));
  EXPECT_THAT(query("SELECT position || value FROM v_list WHERE name = 'list' ORDER BY position"),
              ElementsAre("0a", "1b", "2c"));
  EXPECT_THAT(query("SELECT member FROM v_set ORDER BY member"), ElementsAre("a", "b", "c"));
  EXPECT_THAT(query("SELECT field || '=' || value FROM v_hash"), ElementsAre("field 0=value"));
  EXPECT_THAT(query("SELECT type || ' ' || size FROM v_key WHERE name IN ('list', 'zset') ORDER BY name"),
              ElementsAre("list 3", "zset 6"));
  for (const auto& [member, score] : scores) {
    const auto shown = query("SELECT printf('%!.17g', score) FROM v_zset WHERE member = '" + std::string(member) + "'");
    ASSERT_EQ(shown.size(), 1U);
    EXPECT_EQ(std::strtod(shown[0].c_str(), nullptr), score) << member;
  }
  EXPECT_THAT(query("SELECT score < -1e308 FROM v_zset WHERE member = 'endless'"), ElementsAre("1"));
}

TEST_F(SqlStoreTest, others_read_and_back_up_the_file_while_it_is_written) {
  for (int i = 0; i < 100; ++i) set("key " + std::to_string(i), "x");
  commit();
  for (int i = 0; i < 50; ++i) set("more " + std::to_string(i), "x");
  fill_hash("h", 100);  // written, not committed
  EXPECT_EQ(count("v_key"), "100");
  sqlite3* from = nullptr;
  sqlite3* to = nullptr;
  const std::string copy = database.file() + ".copy";
  ASSERT_EQ(sqlite3_open(database.file().c_str(), &from), SQLITE_OK);
  ASSERT_EQ(sqlite3_open(copy.c_str(), &to), SQLITE_OK);
  sqlite3_backup* backup = sqlite3_backup_init(to, "main", from, "main");
  while (sqlite3_backup_step(backup, 5) == SQLITE_OK) {
  }
  EXPECT_EQ(sqlite3_backup_finish(backup), SQLITE_OK);
  sqlite3_close(from);
  sqlite3_close(to);
  commit();
  EXPECT_EQ(count("v_key"), "151");
  store.reset();
  store = std::make_unique<sql::SqlStore>(std::make_unique<sql::SqliteDriver>(copy), clock, 4, listener);
  EXPECT_EQ(store->size(), 100U);
  EXPECT_EQ(get("key 7"), "x");
}

TEST_F(SqlStoreTest, a_long_string_is_not_fetched_for_its_length_or_a_part_of_it) {
  std::string value(100'000, 'x');
  value.replace(50'000, 5, "hello");
  set("long", value);
  commit();
  open();
  run({}, [&] {
    const String* string = store->string("long");
    EXPECT_EQ(string->size(), value.size());
    EXPECT_EQ(string->range(50'000, 5), "hello");
    EXPECT_EQ(string->range(99'999, 10), "x");
    EXPECT_LT(store->cached_bytes(), 10'000U);
    EXPECT_EQ(string->get(), value);
  });
  write(Event::expire, [&] { store->set_deadline("long", in(1000)); });
  commit();
  open();
  write(Event::rename_from, [&] { store->rename("long", "other"); });
  commit();
  open();
  EXPECT_EQ(get("other"), value);
}

TEST_F(SqlStoreTest, the_cache_keeps_its_bounds) {
  sql::Options options;
  options.cache_bytes = 100'000;
  store->set_options(options);
  for (int i = 0; i < 5000; ++i) set("key " + std::to_string(i), std::string(100, 'x'));
  commit();
  EXPECT_LE(store->cached_bytes(), 100'000U);
  EXPECT_GT(store->cached_bytes(), 50'000U);
  EXPECT_EQ(get("key 0"), std::string(100, 'x'));
  options.cache_bytes = 0;
  store->set_options(options);
  commit();
  EXPECT_EQ(store->cached_bytes(), 0U);
}

}  // namespace
}  // namespace redipy
