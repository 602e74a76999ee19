// SPDX-License-Identifier: Apache-2.0
// The keyed hash and the random generator: their statistics, as far as a container depends on them.
#include "core/base/hash.h"

#include <gtest/gtest.h>

#include <bit>
#include <set>
#include <string>
#include <vector>

#include "core/base/random.h"

namespace redipy {
namespace {

constexpr HashSeed seed{0x0123456789abcdef, 0xfedcba9876543210};

TEST(HashTest, every_byte_and_the_length_count) {
  Random random(1);
  for (size_t size = 1; size < 200; ++size) {
    Bytes bytes(size, '\0');
    for (char& c : bytes) c = static_cast<char>(random.next());
    std::set<uint64_t> seen{hash_bytes(bytes, seed)};
    for (size_t i = 0; i < size; ++i) {
      for (int bit = 0; bit < 8; ++bit) {
        Bytes changed = bytes;
        changed[i] = static_cast<char>(changed[i] ^ (1 << bit));
        seen.insert(hash_bytes(changed, seed));
      }
    }
    seen.insert(hash_bytes(bytes + '\0', seed));
    ASSERT_EQ(seen.size(), 8 * size + 2) << size;
  }
}

TEST(HashTest, zeros_of_each_length_differ) {
  std::set<uint64_t> seen;
  for (size_t size = 0; size < 300; ++size) seen.insert(hash_bytes(Bytes(size, '\0'), seed));
  EXPECT_EQ(seen.size(), 300U);
}

TEST(HashTest, a_changed_bit_changes_half_of_the_hash) {
  Random random(2);
  for (size_t size : {1UL, 3UL, 4UL, 8UL, 12UL, 16UL, 17UL, 32UL, 48UL, 49UL, 100UL}) {
    uint64_t flipped = 0;
    constexpr int rounds = 2000;
    for (int i = 0; i < rounds; ++i) {
      Bytes bytes(size, '\0');
      for (char& c : bytes) c = static_cast<char>(random.next());
      const uint64_t before = hash_bytes(bytes, seed);
      bytes[random.below(size)] ^= static_cast<char>(1 << random.below(8));
      flipped += static_cast<uint64_t>(std::popcount(before ^ hash_bytes(bytes, seed)));
    }
    EXPECT_NEAR(static_cast<double>(flipped) / rounds, 32.0, 1.0) << size;
  }
}

TEST(HashTest, numbered_keys_fill_buckets_evenly) {
  constexpr size_t buckets = 1024;
  constexpr int keys = 1024 * 100;
  std::vector<int> low(buckets), high(buckets);
  for (int i = 0; i < keys; ++i) {
    const uint64_t hash = hash_bytes("key:" + std::to_string(i), seed);
    ++low[hash % buckets];
    ++high[hash >> 54];
  }
  for (size_t i = 0; i < buckets; ++i) {  // 100 each on average, deviation 10
    EXPECT_NEAR(low[i], 100, 60);
    EXPECT_NEAR(high[i], 100, 60);
  }
}

TEST(HashTest, another_seed_gives_other_hashes) {
  EXPECT_NE(hash_bytes("key", seed), hash_bytes("key", HashSeed{seed.first + 1, seed.second}));
  EXPECT_NE(hash_bytes("key", seed), hash_bytes("key", HashSeed{seed.first, seed.second + 1}));
  const Bytes longer(100, 'k');
  EXPECT_NE(hash_bytes(longer, seed), hash_bytes(longer, HashSeed{seed.first + 1, seed.second}));
  EXPECT_NE(hash_bytes(longer, seed), hash_bytes(longer, HashSeed{seed.first, seed.second + 1}));
}

TEST(HashTest, the_seed_of_the_process_can_be_set) {
  const HashSeed drawn = detail::hash_seed;
  EXPECT_TRUE(drawn.first != 0 || drawn.second != 0);
  set_hash_seed(seed);
  EXPECT_EQ(hash_bytes("key"), hash_bytes("key", seed));
  set_hash_seed(drawn);
}

TEST(RandomTest, a_seed_gives_the_same_numbers) {
  Random a(7);
  Random b(7);
  Random c(8);
  EXPECT_EQ(a.next(), b.next());
  EXPECT_NE(a.next(), c.next());
  EXPECT_NE(Random().next(), Random().next());
}

TEST(RandomTest, below_reaches_each_number_evenly) {
  Random random(3);
  std::vector<int> counts(7);
  for (int i = 0; i < 70'000; ++i) ++counts[random.below(7)];
  for (int count : counts) EXPECT_NEAR(count, 10'000, 500);
  EXPECT_EQ(random.below(1), 0U);
  // Three quarters of the numbers: without the second draw the lower half would come twice as often.
  const uint64_t bound = uint64_t{3} << 62;
  int lower_third = 0;
  for (int i = 0; i < 30'000; ++i) lower_third += random.below(bound) < bound / 3;
  EXPECT_NEAR(lower_third, 10'000, 500);
}

TEST(RandomTest, unit_lies_below_one) {
  Random random(4);
  double sum = 0;
  for (int i = 0; i < 10'000; ++i) {
    const double value = random.unit();
    ASSERT_GE(value, 0);
    ASSERT_LT(value, 1);
    sum += value;
  }
  EXPECT_NEAR(sum, 5000, 150);
}

}  // namespace
}  // namespace redipy
