// SPDX-License-Identifier: Apache-2.0
// The memory backend: batches in, replies out, what the observer is told, and what happens between commands.
#include "core/memory/memory_backend.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/heap.h"
#include "memory_store_fixture.h"
#include "text_batch.h"

namespace redipy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class MemoryBackendTest : public testing::Test {
 protected:
  /// Runs commands, written as words parted by blanks, as one batch. Returns the replies in RESP2.
  Bytes run(const std::vector<Bytes>& commands, int database = 0) {
    TextBatch text(table, commands, observer, database);
    backend.run(text.batch);
    return text.replies();
  }

  ManualClock clock;
  RecordingListener listener;
  RecordingObserver observer;
  CommandTable table{data_families()};
  MemoryBackend backend{clock, 4, listener};
};

TEST_F(MemoryBackendTest, runs_a_batch_in_order) {
  EXPECT_EQ(run({"SET a 1", "INCR a", "GET a", "DEL a", "GET a"}), "+OK\r\n:2\r\n$1\r\n2\r\n:1\r\n$-1\r\n");
  EXPECT_THAT(observer.heard, ElementsAre("set", "incr", "get", "del", "get"));
  EXPECT_THAT(listener.heard, ElementsAre("new a", "set a", "incrby a", "del a"));
}

TEST_F(MemoryBackendTest, what_was_looked_up_ahead_may_be_gone_when_its_turn_comes) {
  Bytes fill_set = "SADD s";
  Bytes fill_hash = "HSET h";
  Bytes fill_zset = "ZADD z";
  for (int i = 0; i < 1000; ++i) {
    const Bytes number = std::to_string(i);
    fill_set += " m" + number;
    fill_hash += " f" + number + " v";
    fill_zset.append(" ").append(number).append(" m").append(number);
  }
  EXPECT_EQ(run({fill_set, fill_hash, fill_zset}), ":1000\r\n:1000\r\n:1000\r\n");
  EXPECT_EQ(run({"SREM s m1", "SISMEMBER s m1", "DEL s", "SADD s m1", "HSET h f1 w", "RENAME h s", "HGET s f1",
                 "HGET h f1", "ZADD z NX 1 m1", "ZSCORE z m1", "SET z 1", "GET z"}),
            ":1\r\n:0\r\n:1\r\n:1\r\n:0\r\n+OK\r\n$1\r\nw\r\n$-1\r\n:0\r\n$1\r\n1\r\n+OK\r\n$1\r\n1\r\n");
}

TEST_F(MemoryBackendTest, a_batch_may_be_longer_than_what_is_fetched_ahead) {
  std::vector<Bytes> commands;
  commands.reserve(1000);
  for (int i = 0; i < 1000; ++i) commands.push_back("SET key" + std::to_string(i) + " " + std::to_string(i));
  run(commands);
  commands.clear();
  Bytes expected;
  for (int i = 0; i < 1000; ++i) {
    commands.push_back("GET key" + std::to_string(i));
    const Bytes value = std::to_string(i);
    expected += "$" + std::to_string(value.size()) + "\r\n" + value + "\r\n";
  }
  EXPECT_EQ(run(commands), expected);
}

TEST_F(MemoryBackendTest, a_refused_command_takes_back_its_reply_and_the_batch_goes_on) {
  EXPECT_EQ(run({"SET a x", "INCR a", "GET a"}), "+OK\r\n-ERR value is not an integer or out of range\r\n$1\r\nx\r\n");
  EXPECT_THAT(observer.heard, ElementsAre("set", "incr: ERR value is not an integer or out of range", "get"));
}

TEST_F(MemoryBackendTest, commands_of_a_batch_see_one_time) {
  observer.after = [&] { clock.advance_ms(10); };
  EXPECT_EQ(run({"SET a 1 PX 5", "GET a", "PTTL a"}), "+OK\r\n$1\r\n1\r\n:5\r\n");
  EXPECT_EQ(run({"GET a"}), "$-1\r\n");
}

TEST_F(MemoryBackendTest, an_observer_may_run_commands_in_another_database_in_between) {
  bool nested = false;
  Bytes inner;
  observer.after = [&] {
    if (std::exchange(nested, true)) return;
    inner = run({"SET a other", "GET a"}, 2);
  };
  EXPECT_EQ(run({"SET a 1", "GET a"}), "+OK\r\n$1\r\n1\r\n");
  EXPECT_EQ(inner, "+OK\r\n$5\r\nother\r\n");
}

TEST_F(MemoryBackendTest, a_blocking_command_that_finds_nothing_has_not_run) {
  EXPECT_EQ(run({"BLPOP list 0"}), "");
  EXPECT_THAT(observer.heard, IsEmpty());
  EXPECT_NE(run({"RPUSH list x", "BLPOP list 0"}), "");
  EXPECT_THAT(observer.heard, ElementsAre("rpush", "blpop"));
}

TEST_F(MemoryBackendTest, without_room_only_what_needs_memory_is_refused) {
  run({"SET a 1"});
  observer.heard.clear();
  Options options;
  options.maxmemory = 1;
  backend.apply(options);
  EXPECT_FALSE(backend.has_room());
  EXPECT_EQ(run({"SET b 1", "GET a", "DEL a"}),
            "-OOM command not allowed when used memory > 'maxmemory'.\r\n$1\r\n1\r\n:1\r\n");
  EXPECT_THAT(observer.heard,
              ElementsAre("set rejected: OOM command not allowed when used memory > 'maxmemory'.", "get", "del"));
}

TEST_F(MemoryBackendTest, a_collection_that_is_emptied_goes_and_its_end_is_told_last) {
  run({"RPUSH list x", "SADD set x y", "HSET hash f v"});
  listener.heard.clear();
  run({"LPOP list", "SREM set x y", "HDEL hash f", "EXISTS list set hash"});
  EXPECT_THAT(listener.heard, ElementsAre("lpop list", "del list", "srem set", "del set", "hdel hash", "del hash"));
  EXPECT_EQ(backend.store()->size(), 0u);
}

TEST_F(MemoryBackendTest, a_collection_that_nothing_was_put_into_never_was) {
  run({"ZADD zset XX 1 member", "SMOVE absent target x"});
  EXPECT_EQ(backend.store()->size(), 0u);
  EXPECT_THAT(listener.heard, IsEmpty());
}

TEST_F(MemoryBackendTest, one_key_moved_onto_itself_stays) {
  run({"RPUSH list a b c"});
  EXPECT_EQ(run({"LMOVE list list LEFT RIGHT", "LRANGE list 0 -1"}),
            "$1\r\na\r\n*3\r\n$1\r\nb\r\n$1\r\nc\r\n$1\r\na\r\n");
  EXPECT_EQ(run({"RPUSH one x", "LMOVE one one LEFT RIGHT", "LLEN one"}), ":1\r\n$1\r\nx\r\n:1\r\n");
}

TEST_F(MemoryBackendTest, collections_are_renamed_copied_and_given_deadlines_whole) {
  Bytes push = "RPUSH list";
  for (int i = 0; i < 2000; ++i) push += " element-" + std::to_string(i);
  run({push, "PEXPIRE list 1000", "COPY list copy", "RENAME list other", "PERSIST other", "RPOP copy"});
  EXPECT_EQ(run({"LLEN other", "LLEN copy", "PTTL other", "PTTL copy", "EXISTS list"}),
            ":2000\r\n:1999\r\n:-1\r\n:1000\r\n:0\r\n");
  EXPECT_EQ(run({"MOVE other 1", "EXISTS other"}), ":1\r\n:0\r\n");
  EXPECT_EQ(run({"LLEN other", "LINDEX other -1"}, 1), ":2000\r\n$12\r\nelement-1999\r\n");
}

TEST_F(MemoryBackendTest, large_values_are_freed_in_the_background_and_counted) {
  for (const Bytes command : {"DEL big", "UNLINK big", "SET big x", "PEXPIRE big 1"}) {
    Bytes add = "SADD big";
    for (int i = 0; i < 1000; ++i) add += " member-" + std::to_string(i);
    run({"DEL big", add});
    const uint64_t before = backend.memory().reclaimer().freed() + backend.memory().reclaimer().pending();
    run({command});
    clock.advance_ms(2);
    run({"TYPE big"});
    EXPECT_EQ(backend.memory().reclaimer().freed() + backend.memory().reclaimer().pending(), before + 1) << command;
  }
}

TEST_F(MemoryBackendTest, large_values_are_freed_at_once_where_lazyfree_says_no) {
  const auto none_aside = Options::Lazyfree{false, false, false, false, false};
  Options options;
  for (const Bytes command : {"DEL big", "SET big x", "PEXPIRE big 1", "FLUSHALL", "FLUSHDB", "UNLINK big"}) {
    options.lazyfree = none_aside;
    backend.apply(options);
    Bytes add = "SADD big";
    for (int i = 0; i < 1000; ++i) add += " member-" + std::to_string(i);
    run({"DEL big", add});
    const uint64_t before = backend.memory().reclaimer().freed() + backend.memory().reclaimer().pending();
    run({command});
    clock.advance_ms(2);
    run({"TYPE big"});
    EXPECT_EQ(backend.memory().reclaimer().freed() + backend.memory().reclaimer().pending(),
              before + (command == "UNLINK big"))
        << command;
  }
}

TEST_F(MemoryBackendTest, what_cron_leaves_behind_is_expired_in_between_for_half_of_the_time) {
  constexpr int keys = 50'000;
  for (int i = 0; i < keys; ++i) run({"SET key" + std::to_string(i) + " 1 PX 1"});
  EXPECT_FALSE(backend.expire_fast());
  EXPECT_EQ(backend.store()->size(), size_t{keys});

  clock.advance_ms(10);
  backend.memory().expire_some(0);  // as a cron that has no time
  size_t left = backend.store()->size();
  EXPECT_GT(left, size_t{keys / 2});
  EXPECT_TRUE(backend.expire_fast());
  EXPECT_LT(backend.store()->size(), left);

  left = backend.store()->size();
  EXPECT_TRUE(backend.expire_fast());
  EXPECT_EQ(backend.store()->size(), left) << "it is too early for more";
  bool more = true;
  while (more) {
    clock.advance_ms(MemoryBackend::fast_expiry_ms);
    more = backend.expire_fast();
  }
  EXPECT_LT(backend.store()->size(), left);
}

TEST_F(MemoryBackendTest, fast_expiry_does_nothing_where_active_expiry_is_off) {
  for (int i = 0; i < 1000; ++i) run({"SET key" + std::to_string(i) + " 1 PX 1"});
  clock.advance_ms(10);
  backend.memory().expire_some(0);
  const size_t left = backend.store()->size();
  backend.set_active_expire(false);
  EXPECT_FALSE(backend.expire_fast());
  EXPECT_EQ(backend.store()->size(), left);
}

TEST_F(MemoryBackendTest, cron_removes_what_has_expired_unless_told_not_to) {
  run({"SET a 1 PX 1"});
  clock.advance_ms(1);
  backend.set_active_expire(false);
  backend.cron();
  EXPECT_EQ(backend.store()->size(), 1u);
  backend.set_active_expire(true);
  backend.cron();
  EXPECT_EQ(backend.store()->size(), 0u);
}

}  // namespace
}  // namespace redipy
