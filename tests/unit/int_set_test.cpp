// SPDX-License-Identifier: Apache-2.0
// IntSet against std::set, at the limits of its widths, and the blobs it reads.
#include "core/memory/int_set.h"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/base/heap.h"

namespace redipy {
namespace {

std::vector<int64_t> contents(const IntSet& set) {
  std::vector<int64_t> numbers;
  for (uint32_t i = 0; i < set.size(); ++i) numbers.push_back(set.at(i));
  return numbers;
}

Bytes blob_of(uint32_t width, const std::vector<int64_t>& numbers) {
  const auto size = static_cast<uint32_t>(numbers.size());
  Bytes out(8, '\0');
  std::memcpy(out.data(), &width, 4);
  std::memcpy(out.data() + 4, &size, 4);
  for (int64_t number : numbers) out.append(reinterpret_cast<const char*>(&number), width);
  return out;
}

TEST(IntSetTest, keeps_each_number_once_in_order) {
  IntSet set;
  EXPECT_TRUE(set.empty());
  EXPECT_FALSE(set.contains(0));
  EXPECT_FALSE(set.remove(0));
  EXPECT_TRUE(set.add(5));
  EXPECT_TRUE(set.add(-5));
  EXPECT_TRUE(set.add(0));
  EXPECT_FALSE(set.add(5));
  EXPECT_EQ(contents(set), (std::vector<int64_t>{-5, 0, 5}));
  EXPECT_TRUE(set.remove(0));
  EXPECT_FALSE(set.remove(0));
  EXPECT_FALSE(set.contains(0));
  EXPECT_TRUE(set.remove(5) && set.remove(-5));
  EXPECT_TRUE(set.empty());
  EXPECT_EQ(set.memory(), 0U);
}

TEST(IntSetTest, widens_for_numbers_beyond_either_end) {
  IntSet set;
  std::set<int64_t> model;
  for (int64_t number : {int64_t{1}, int64_t{-32768}, int64_t{32767}, int64_t{32768}, int64_t{-32769},
                         int64_t{std::numeric_limits<int32_t>::max()}, int64_t{std::numeric_limits<int32_t>::min()},
                         int64_t{std::numeric_limits<int32_t>::min()} - 1, std::numeric_limits<int64_t>::max(),
                         std::numeric_limits<int64_t>::min()}) {
    EXPECT_FALSE(set.contains(number));
    EXPECT_TRUE(set.add(number));
    EXPECT_TRUE(set.contains(number));
    model.insert(number);
    EXPECT_EQ(contents(set), std::vector<int64_t>(model.begin(), model.end()));
  }
}

TEST(IntSetTest, a_wide_number_is_not_taken_for_its_lower_half) {
  IntSet set;
  set.add(1);
  EXPECT_FALSE(set.contains(65537));
  EXPECT_FALSE(set.remove(65537));
  EXPECT_FALSE(set.contains((int64_t{1} << 32) + 1));
}

TEST(IntSetTest, random_steps_agree_with_a_set) {
  Random random(8);
  for (int range : {100, 10'000, 1'000'000'000}) {
    IntSet set;
    std::set<int64_t> model;
    for (int step = 0; step < 20'000; ++step) {
      const auto number = static_cast<int64_t>(random.below(static_cast<uint64_t>(range))) - range / 2;
      if (random.below(step < 10'000 ? 4 : 2) == 0) {
        ASSERT_EQ(set.remove(number), model.erase(number) == 1);
      } else {
        ASSERT_EQ(set.add(number), model.insert(number).second);
      }
      ASSERT_EQ(set.contains(-number), model.contains(-number));
    }
    EXPECT_EQ(contents(set), std::vector<int64_t>(model.begin(), model.end()));
    EXPECT_EQ(contents(set.copy()), contents(set));
    const size_t most = set.memory();
    while (set.size() > 10) {
      const int64_t number = set.random(random);
      ASSERT_TRUE(set.remove(number));
    }
    EXPECT_LT(set.memory(), most);
    EXPECT_LE(set.memory(), 32U * 8 + 64);
  }
}

TEST(IntSetTest, random_reaches_each) {
  IntSet set;
  for (int64_t i = 0; i < 10; ++i) set.add(i);
  Random random(9);
  std::set<int64_t> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(set.random(random));
  EXPECT_EQ(seen.size(), 10U);
}

TEST(IntSetTest, takes_no_more_memory_than_an_intset) {
  IntSet set;
  for (int64_t i = 0; i < 512; ++i) {
    set.add(i);
    ASSERT_EQ(set.memory(), heap::good_size(8 + 2 * static_cast<size_t>(i + 1)));
  }
}

TEST(IntSetTest, goes_through_an_intset) {
  IntSet set;
  for (int64_t number : {3, -70'000, 12}) set.add(number);
  Bytes blob = "before";
  set.append_intset_to(blob);
  EXPECT_EQ(blob, "before" + blob_of(4, {-70'000, 3, 12}));
  EXPECT_EQ(contents(IntSet::from_intset(blob.substr(6)).value()), contents(set));
  EXPECT_EQ(contents(IntSet::from_intset(blob_of(8, {1, 2})).value()), (std::vector<int64_t>{1, 2}));
}

TEST(IntSetTest, blobs_that_lie_are_refused) {
  EXPECT_FALSE(IntSet::from_intset(""));
  EXPECT_FALSE(IntSet::from_intset(blob_of(2, {})));
  EXPECT_FALSE(IntSet::from_intset(blob_of(2, {2, 1})));
  EXPECT_FALSE(IntSet::from_intset(blob_of(2, {1, 1})));
  EXPECT_FALSE(IntSet::from_intset(blob_of(3, {1, 2})));
  EXPECT_FALSE(IntSet::from_intset(blob_of(2, {1, 2}) + 'x'));
  EXPECT_FALSE(IntSet::from_intset(View(blob_of(8, {1, 2})).substr(0, 23)));
  Bytes huge = blob_of(8, {1});
  huge[7] = '\x7f';
  EXPECT_FALSE(IntSet::from_intset(huge));
}

TEST(IntSetTest, a_set_read_from_a_blob_can_grow) {
  IntSet set = IntSet::from_intset(blob_of(2, {1, 3})).value();
  set.add(2);
  set.add(100'000);
  EXPECT_EQ(contents(set), (std::vector<int64_t>{1, 2, 3, 100'000}));
  IntSet moved = std::move(set);
  EXPECT_TRUE(moved.contains(2));
}

}  // namespace
}  // namespace redipy
