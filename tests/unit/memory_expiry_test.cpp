// SPDX-License-Identifier: Apache-2.0
// Deadlines in the memory store: when a key is gone, who removes it, and what is told.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "memory_store_fixture.h"

namespace redipy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class MemoryExpiryTest : public testing::Test, public MemoryStoreFixture {};

constexpr int64_t long_enough_us = 10'000'000;

TEST_F(MemoryExpiryTest, a_key_is_gone_at_its_deadline_and_not_before) {
  set("a", "1", {Expiry::at, in(100)});
  clock.advance_ms(99);
  EXPECT_EQ(get("a"), "1");
  clock.advance_ms(1);
  EXPECT_EQ(get("a"), "-");
  EXPECT_THAT(listener.heard, ElementsAre("expired a"));
  EXPECT_EQ(store.size(), 0u);
  EXPECT_EQ(store.statistics().expired, 1u);
}

TEST_F(MemoryExpiryTest, a_set_with_a_deadline_tells_both) {
  EXPECT_THAT(write(Event::set,
                    [&] {
                      store.put_string("a", "1", {Expiry::at, in(5)});
                    }),
              ElementsAre("new a", "set a", "expire a"));
}

TEST_F(MemoryExpiryTest, setting_keeps_takes_or_gives_a_deadline) {
  set("a", "1", {Expiry::at, in(100)});
  set("a", Bytes(100, 'x'), {Expiry::keep});
  EXPECT_EQ(store.deadline("a"), in(100));
  set("a", "1", {Expiry::none});
  EXPECT_EQ(store.deadline("a"), no_deadline);
  EXPECT_EQ(store.usage(0).expires, 0u);
  set("a", "1", {Expiry::at, in(7)});
  EXPECT_EQ(store.deadline("a"), in(7));
  EXPECT_EQ(store.usage(0).expires, 1u);
}

TEST_F(MemoryExpiryTest, deadlines_are_set_changed_and_taken_away) {
  set("a", "1");
  EXPECT_THAT(write(Event::none, [&] { EXPECT_TRUE(store.set_deadline("a", in(10))); }), ElementsAre("expire a"));
  EXPECT_THAT(write(Event::none, [&] { EXPECT_TRUE(store.set_deadline("a", in(20))); }), ElementsAre("expire a"));
  EXPECT_EQ(store.deadline("a"), in(20));
  EXPECT_THAT(write(Event::none, [&] { EXPECT_TRUE(store.clear_deadline("a")); }), ElementsAre("persist a"));
  EXPECT_THAT(write(Event::none, [&] { EXPECT_FALSE(store.clear_deadline("a")); }), IsEmpty());
  EXPECT_FALSE(store.set_deadline("absent", in(1)));
  EXPECT_EQ(store.deadline("absent"), std::nullopt);
}

TEST_F(MemoryExpiryTest, a_long_value_survives_getting_and_losing_a_deadline) {
  const Bytes value(10'000, 'v');
  set("a", value);
  write(Event::none, [&] { store.set_deadline("a", in(10)); });
  EXPECT_EQ(get("a"), value);
  write(Event::none, [&] { store.clear_deadline("a"); });
  EXPECT_EQ(get("a"), value);
}

TEST_F(MemoryExpiryTest, a_key_that_expired_is_new_when_set_again) {
  set("a", "1", {Expiry::at, in(1)});
  clock.advance_ms(1);
  EXPECT_THAT(write(Event::set, [&] { store.put_string("a", "2", {Expiry::keep}); }),
              ElementsAre("expired a", "new a", "set a"));
  EXPECT_EQ(store.deadline("a"), no_deadline);
}

TEST_F(MemoryExpiryTest, expired_keys_are_skipped_and_removed_by_scan) {
  set("a", "1", {Expiry::at, in(1)});
  set("b", "1");
  clock.advance_ms(1);
  std::vector<Bytes> seen;
  run({}, [&] { store.for_each_key([&](View key, Type) { return seen.emplace_back(key), true; }); });
  EXPECT_THAT(seen, ElementsAre("b"));
  EXPECT_EQ(store.size(), 2u);
  run({}, [&] { EXPECT_EQ(store.scan(0, 10, [&](View, Type) {}), 0u); });
  EXPECT_THAT(listener.heard, ElementsAre("expired a"));
  EXPECT_EQ(store.size(), 1u);
}

TEST_F(MemoryExpiryTest, what_nobody_asks_for_is_found_in_all_databases) {
  for (int database = 0; database < 3; ++database) {
    store.select(database);
    for (int i = 0; i < 2000; ++i) {
      set("soon " + std::to_string(i), Bytes(i % 3 == 0 ? 3000 : 10, 'x'), {Expiry::at, in(100)});
    }
    set("late", "x", {Expiry::at, in(1'000'000)});
    set("never", "x");
  }
  store.select(1);
  clock.advance_ms(100);
  listener.heard.clear();
  for (int i = 0; i < 10; ++i) store.expire_some(long_enough_us);
  // What is left is so little that looking for it does not pay: a tenth of the keys with a deadline.
  for (int database = 0; database < 3; ++database) {
    EXPECT_LE(store.usage(database).keys, 2u + 2000 / 10);
    EXPECT_GE(store.usage(database).keys, 2u);
  }
  EXPECT_EQ(listener.heard.size(), store.statistics().expired);
  EXPECT_EQ(store.database(), 1);
}

TEST_F(MemoryExpiryTest, keys_that_are_not_due_stay_and_tell_their_average_time) {
  for (int i = 0; i < 500; ++i) set(std::to_string(i), "x", {Expiry::at, in(1000)});
  store.expire_some(long_enough_us);
  EXPECT_EQ(store.size(), 500u);
  EXPECT_EQ(store.usage(0).average_ttl, 1000);
  EXPECT_EQ(store.statistics().expired, 0u);
}

TEST_F(MemoryExpiryTest, without_a_budget_expiry_goes_on_where_it_stopped) {
  for (int i = 0; i < 1000; ++i) set(std::to_string(i), "x", {Expiry::at, in(1)});
  clock.advance_ms(1);
  size_t before = store.size();
  for (int i = 0; i < 5; ++i) {
    store.expire_some(0);
    EXPECT_LT(store.size(), before);
    EXPECT_GT(store.size(), 0u);
    before = store.size();
  }
  EXPECT_EQ(store.statistics().expiry_cut_short, 5u);
}

}  // namespace
}  // namespace redipy
