// SPDX-License-Identifier: Apache-2.0
// Deadlines in the memory store that nobody asks for: store_expiry_test.cpp has what all stores do.
#include <gtest/gtest.h>

#include "memory_store_fixture.h"

namespace redipy {
namespace {

class MemoryExpiryTest : public testing::Test, public MemoryStoreFixture {};

constexpr int64_t long_enough_us = 10'000'000;

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
