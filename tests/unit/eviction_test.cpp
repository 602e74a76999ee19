// SPDX-License-Identifier: Apache-2.0
// What the policies of maxmemory let go first. Memory is the process's own, so limits are set relative to it.
#include "core/memory/eviction.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/heap.h"
#include "memory_store_fixture.h"

namespace redipy {
namespace {

class EvictionTest : public testing::Test, public MemoryStoreFixture {
 protected:
  /// 1000 keys of about 2 KB, every other one with a deadline; those below 500 were used long ago and seldom.
  void fill(Options::Eviction policy) {
    Options options;
    options.eviction = policy;
    options.eviction_tenacity = 100;
    store.set_options(options);
    for (int i = 0; i < 1000; ++i) {
      set(std::to_string(i), Bytes(2000, 'x'), i % 2 == 0 ? Expiry{} : Expiry{Expiry::at, in(100'000 + i)});
    }
    clock.advance_ms(5000);
    for (int use = 0; use < 100; ++use) {
      for (int i = 500; i < 1000; ++i) get(std::to_string(i));
    }
  }
  /// Room for about half of the keys.
  bool squeeze(size_t bytes = 1'000'000) {
    Options options = store.options();
    options.maxmemory = heap::used() - bytes;
    store.set_options(options);
    listener.heard.clear();
    return store.make_room();
  }
  size_t left(int first, int last, int step = 1) {
    size_t count = 0;
    run({}, [&] {
      for (int i = first; i < last; i += step) count += store.exists(std::to_string(i));
    });
    return count;
  }
};

TEST_F(EvictionTest, without_a_policy_nothing_goes_and_there_is_no_room) {
  fill(Options::Eviction::noeviction);
  EXPECT_FALSE(squeeze());
  EXPECT_EQ(store.size(), 1000u);
}

TEST_F(EvictionTest, the_time_above_the_limit_is_taken_until_there_is_room) {
  fill(Options::Eviction::noeviction);
  EXPECT_FALSE(store.over_limit_us());
  squeeze();
  ASSERT_TRUE(store.over_limit_us());
  while (*store.over_limit_us() == 0) continue;
  Options options = store.options();
  options.eviction = Options::Eviction::allkeys_random;
  store.set_options(options);
  EXPECT_TRUE(store.make_room());
  EXPECT_FALSE(store.over_limit_us());
  EXPECT_GT(store.statistics().over_limit_us, 0);

  store.set_options({});
  fill(Options::Eviction::noeviction);
  squeeze();
  EXPECT_TRUE(store.over_limit_us());
  options.maxmemory = 0;
  store.set_options(options);
  EXPECT_FALSE(store.over_limit_us());
}

TEST_F(EvictionTest, without_a_limit_there_is_room) { EXPECT_TRUE(store.make_room()); }

TEST_F(EvictionTest, each_policy_makes_room_and_tells) {
  using enum Options::Eviction;
  for (const auto policy :
       {volatile_lru, volatile_lfu, volatile_random, volatile_ttl, allkeys_lru, allkeys_lfu, allkeys_random}) {
    store.set_options({});
    store.flush(-1, true);
    const uint64_t before = store.statistics().evicted;
    fill(policy);
    EXPECT_TRUE(squeeze(500'000));
    EXPECT_LE(heap::used(), store.options().maxmemory);
    const uint64_t evicted = store.statistics().evicted - before;
    EXPECT_GT(evicted, 100u);
    EXPECT_EQ(store.size(), 1000 - evicted);
    EXPECT_THAT(listener.heard, testing::Each(testing::StartsWith("evicted ")));
    EXPECT_EQ(listener.heard.size(), evicted);
    if (policy < allkeys_lru) {
      EXPECT_EQ(left(0, 1000, 2), 500u) << "a key without a deadline was evicted";
    }
  }
}

TEST_F(EvictionTest, volatile_policies_refuse_when_no_key_has_a_deadline) {
  fill(Options::Eviction::volatile_lru);
  EXPECT_FALSE(squeeze(1'900'000));
  EXPECT_EQ(store.size(), 500u);
}

TEST_F(EvictionTest, the_shortest_lived_go_first) {
  fill(Options::Eviction::volatile_ttl);
  EXPECT_TRUE(squeeze(500'000));
  EXPECT_LT(2 * left(1, 500, 2), left(501, 1000, 2));
}

TEST_F(EvictionTest, the_least_recently_used_go_first) {
  fill(Options::Eviction::allkeys_lru);
  EXPECT_TRUE(squeeze(500'000));
  EXPECT_LT(2 * left(0, 500), left(500, 1000) + 250);
}

TEST_F(EvictionTest, the_least_frequently_used_go_first) {
  fill(Options::Eviction::allkeys_lfu);
  EXPECT_TRUE(squeeze(500'000));
  EXPECT_LT(2 * left(0, 500), left(500, 1000) + 250);
}

TEST_F(EvictionTest, what_clients_have_not_read_does_not_count) {
  fill(Options::Eviction::allkeys_lru);
  store.set_uncounted_bytes(1'000'000);
  EXPECT_TRUE(squeeze(1'000));
  EXPECT_EQ(store.size(), 1000u);
}

TEST_F(EvictionTest, tenacity_bounds_what_one_command_evicts) {
  fill(Options::Eviction::allkeys_random);
  Options options = store.options();
  options.eviction_tenacity = 0;
  store.set_options(options);
  EXPECT_TRUE(squeeze(1'500'000));
  EXPECT_LE(store.statistics().evicted, 16u);
}

TEST(Frequency, grows_ever_slower_and_decays_with_the_minutes) {
  Random random(1);
  uint8_t counter = lfu::initial;
  for (int use = 0; use < 100; ++use) counter = lfu::increment(counter, 10, random);
  EXPECT_GT(counter, 6);
  EXPECT_LT(counter, 20);
  for (int use = 0; use < 2'000'000; ++use) counter = lfu::increment(counter, 10, random);
  EXPECT_GT(counter, 200);
  const uint32_t use = lfu::pack(65'530, 100);
  EXPECT_EQ(lfu::counter(use, 65'530, 1), 100);
  EXPECT_EQ(lfu::counter(use, (65'530 + 30) & 0xffff, 1), 70);
  EXPECT_EQ(lfu::counter(use, (65'530 + 30) & 0xffff, 10), 97);
  EXPECT_EQ(lfu::counter(use, (65'530 + 300) & 0xffff, 1), 0);
  EXPECT_EQ(lfu::counter(use, 0, 0), 100);
}

}  // namespace
}  // namespace redipy
