// SPDX-License-Identifier: Apache-2.0
// PackedList against a deque of strings, its memory, and what its slack is for.
#include "core/memory/packed_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "core/base/heap.h"
#include "core/base/random.h"

namespace redipy {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;

std::vector<Bytes> contents(const PackedList& list) {
  std::vector<Bytes> values;
  for (PackedList::Item item : list) item.append_to(values.emplace_back());
  return values;
}

PackedList list_of(const std::vector<Bytes>& values) {
  PackedList list;
  for (const Bytes& value : values) list.push_back(value);
  return list;
}

Bytes text(PackedList::Item item) {
  Bytes out;
  item.append_to(out);
  return out;
}

TEST(PackedListTest, is_one_pointer_and_takes_nothing_when_empty) {
  static_assert(sizeof(PackedList) == sizeof(void*));
  const PackedList list;
  EXPECT_TRUE(list.empty());
  EXPECT_EQ(list.size(), 0U);
  EXPECT_EQ(list.memory(), 0U);
  EXPECT_EQ(list.at(0), PackedList::none);
  EXPECT_EQ(list.find("x"), PackedList::none);
  EXPECT_TRUE(contents(list).empty());
}

TEST(PackedListTest, both_ends_push_and_pop) {
  PackedList list;
  list.push_back("b");
  list.push_front("a");
  list.push_back(int64_t{-700});
  EXPECT_THAT(contents(list), ElementsAre("a", "b", "-700"));
  EXPECT_EQ(text(list.front()), "a");
  EXPECT_EQ(list.back().integer(), -700);
  list.pop_front();
  list.pop_back();
  EXPECT_THAT(contents(list), ElementsAre("b"));
  list.pop_back();
  EXPECT_TRUE(list.empty());
  EXPECT_EQ(list.memory(), 0U);
}

TEST(PackedListTest, an_index_is_reached_from_either_end) {
  PackedList list;
  for (int64_t i = 0; i < 100; ++i) list.push_back(i * i);
  for (uint32_t i = 0; i < 100; ++i) EXPECT_EQ(list.get(list.at(i)).integer(), int64_t{i} * i);
  EXPECT_EQ(list.at(100), PackedList::none);
}

TEST(PackedListTest, positions_step_both_ways) {
  const PackedList list = list_of({"a", Bytes(200, 'b'), "3"});
  auto position = list.first();
  position = list.next(position);
  EXPECT_EQ(list.get(position).text().size(), 200U);
  position = list.next(position);
  EXPECT_EQ(list.next(position), list.past_last());
  EXPECT_EQ(list.previous(list.previous(list.past_last())), list.at(1));
}

TEST(PackedListTest, finds_fields_but_not_values) {
  const PackedList list = list_of({"f", "v", "v", "f", "17", "x", Bytes(5000, 'l'), "y"});
  EXPECT_EQ(list.find("v"), list.at(1));
  EXPECT_EQ(list.find("v", 0, 2), list.at(2));
  EXPECT_EQ(list.find("f", list.at(1), 2), list.at(3));
  EXPECT_EQ(list.find("17", 0, 2), list.at(4));
  EXPECT_EQ(list.find(Bytes(5000, 'l'), 0, 2), list.at(6));
  EXPECT_EQ(list.find("y", 0, 2), PackedList::none);
  EXPECT_EQ(list.find("f", list.past_last()), PackedList::none);
  EXPECT_EQ(list.find("017"), PackedList::none);
}

TEST(PackedListTest, replaces_with_shorter_equal_and_longer) {
  PackedList list = list_of({"one", "two", "three"});
  list.replace(list.at(1), "TWO");
  list.replace(list.at(0), "");
  list.replace(list.at(2), Bytes(300, 'x'));
  list.replace(list.at(1), int64_t{123456789});
  EXPECT_THAT(contents(list), ElementsAre("", "123456789", Bytes(300, 'x')));
}

TEST(PackedListTest, erases_ranges) {
  PackedList list = list_of({"0", "1", "2", "3", "4", "5"});
  list.erase_range(1, 2);
  EXPECT_THAT(contents(list), ElementsAre("0", "3", "4", "5"));
  list.erase_range(4, 1);
  list.erase(list.past_last());
  EXPECT_EQ(list.size(), 4U);
  list.erase_range(2, 100);
  EXPECT_THAT(contents(list), ElementsAre("0", "3"));
  list.erase(list.first(), 7);
  EXPECT_TRUE(list.empty());
}

TEST(PackedListTest, splits_and_joins) {
  PackedList list = list_of({"a", "b", "c", "d"});
  PackedList tail = list.split(1);
  EXPECT_THAT(contents(list), ElementsAre("a"));
  EXPECT_THAT(contents(tail), ElementsAre("b", "c", "d"));
  tail.append(list);
  EXPECT_THAT(contents(tail), ElementsAre("b", "c", "d", "a"));
  EXPECT_TRUE(list.split(1).empty());
  PackedList everything = tail.split(0);
  EXPECT_TRUE(tail.empty());
  EXPECT_EQ(everything.size(), 4U);
  tail.append(everything);
  EXPECT_EQ(contents(tail), contents(everything.copy()));
}

TEST(PackedListTest, moves_and_leaves_nothing_behind) {
  PackedList a = list_of({"a"});
  PackedList b = std::move(a);
  EXPECT_THAT(contents(b), ElementsAre("a"));
  b = list_of({"b"});
  EXPECT_THAT(contents(b), ElementsAre("b"));
}

TEST(PackedListTest, goes_through_a_listpack) {
  const PackedList list = list_of({"field", "1", Bytes(100, 'v'), "-99999"});
  Bytes blob;
  list.append_listpack_to(blob);
  const auto checked = listpack::check(blob);
  ASSERT_TRUE(checked);
  EXPECT_EQ(contents(PackedList::from_listpack(blob, *checked)), contents(list));
  Bytes empty;
  PackedList().append_listpack_to(empty);
  EXPECT_TRUE(PackedList::from_listpack(empty, listpack::check(empty).value()).empty());
}

TEST(PackedListTest, an_integer_that_came_as_text_is_found) {
  const Bytes blob("\x0a\x00\x00\x00\x01\x00\x81\x35\x02\xff", 10);
  const PackedList list = PackedList::from_listpack(blob, listpack::check(blob).value());
  EXPECT_EQ(list.find("5"), 0U);
  EXPECT_TRUE(list.front().is_integer());
}

TEST(PackedListTest, takes_no_more_memory_than_a_listpack) {
  for (size_t length : {1, 8, 20, 60}) {
    PackedList list;
    for (int i = 0; i < 128; ++i) {
      list.push_back(Bytes(length, 'x'));
      Bytes blob;
      list.append_listpack_to(blob);
      ASSERT_LE(list.memory(), heap::good_size(blob.size() + 1)) << length << " " << i;
    }
  }
  PackedList ten;
  for (int i = 0; i < 10; ++i) ten.push_back("12345678x");
  EXPECT_EQ(ten.memory(), heap::good_size(8 + 10 * 11));
}

TEST(PackedListTest, memory_is_what_the_allocator_gave) {
  PackedList list;
  const size_t before = heap::used();
  Random random(6);
  for (int i = 0; i < 10'000; ++i) {
    list.push_back("entry number ...");
#ifdef REDIPY_JEMALLOC
    ASSERT_EQ(heap::used() - before, list.memory());
#endif
  }
  while (list.size() > 1) list.erase_range(static_cast<uint32_t>(random.below(list.size())), 1);
  EXPECT_LT(list.memory(), 300U);
  list.clear();
  EXPECT_EQ(heap::used(), before);
}

TEST(PackedListTest, a_queue_stays_within_its_memory) {
  PackedList list;
  for (int i = 0; i < 100; ++i) list.push_back("job:00000000000");
  const size_t memory = list.memory();
  for (int i = 0; i < 100'000; ++i) {
    list.push_back("job:00000000000");
    list.pop_front();
  }
  EXPECT_LE(list.memory(), 2 * memory);
  EXPECT_EQ(list.size(), 100U);
}

TEST(PackedListTest, becomes_wide_and_narrow_again) {
  PackedList list;
  std::deque<Bytes> model;
  for (int i = 0; i < 3000; ++i) {
    const Bytes value = "value number " + std::to_string(i) + Bytes(20, '.');
    if (i % 2 == 0) {
      list.push_front(value);
      model.push_front(value);
    } else {
      list.push_back(value);
      model.push_back(value);
    }
  }
  EXPECT_GT(list.memory(), size_t{100'000});
  EXPECT_THAT(contents(list), ElementsAreArray(model));
  while (model.size() > 10) {
    list.pop_front();
    model.pop_front();
  }
  EXPECT_THAT(contents(list), ElementsAreArray(model));
  EXPECT_LT(list.memory(), size_t{1500});
}

TEST(PackedListTest, more_entries_than_sixteen_bits_count) {
  PackedList list;
  for (int64_t i = 0; i < 70'000; ++i) list.push_back(i & 7);
  EXPECT_EQ(list.size(), 70'000U);
  Bytes blob;
  list.append_listpack_to(blob);
  EXPECT_EQ(listpack::check(blob)->count, 70'000U);
}

TEST(PackedListTest, random_steps_agree_with_a_deque) {
  Random random(7);
  for (int round = 0; round < 40; ++round) {
    PackedList list;
    std::deque<Bytes> model;
    const size_t longest = size_t{1} << random.below(11);
    auto draw = [&]() -> Bytes {
      if (random.below(3) == 0) return std::to_string(static_cast<int64_t>(random.next()) >> random.below(64));
      return Bytes(random.below(longest), static_cast<char>('a' + random.below(26)));
    };
    const uint64_t pops = random.below(4);
    for (int step = 0; step < 2000; ++step) {
      const Bytes value = draw();
      const auto size = model.size();
      const auto index = static_cast<uint32_t>(size == 0 ? 0 : random.below(size));
      const auto place = model.begin() + index;
      switch (random.below(8 + pops)) {
        case 0:
        case 1:
          list.push_back(value), model.push_back(value);
          break;
        case 2:
          list.push_front(value), model.push_front(value);
          break;
        case 3:
          list.insert(size == 0 ? 0 : list.at(index), value);
          model.insert(place, value);
          break;
        case 4:
          if (size == 0) break;
          list.replace(list.at(index), value);
          *place = value;
          break;
        case 5: {
          const auto count = static_cast<uint32_t>(random.below(4));
          list.erase_range(index, count);
          model.erase(place, place + static_cast<std::ptrdiff_t>(std::min<size_t>(count, size - index)));
          break;
        }
        case 6: {
          if (step % 20 != 0) break;
          PackedList tail = list.split(index);
          tail.append(list);
          list = std::move(tail);
          std::rotate(model.begin(), place, model.end());
          break;
        }
        case 7:
          if (step % 200 == 0) list.clear(), model.clear();
          break;
        default:
          if (size == 0) break;
          if (round % 2 == 0) {
            list.pop_front(), model.pop_front();
          } else {
            list.pop_back(), model.pop_back();
          }
      }
      ASSERT_EQ(list.size(), model.size());
      if (step % 50 == 0) {
        ASSERT_THAT(contents(list), ElementsAreArray(model)) << round << " " << step;
        Bytes blob;
        list.append_listpack_to(blob);
        const auto checked = listpack::check(blob);
        ASSERT_TRUE(checked && checked->canonical && checked->count == model.size());
      }
    }
  }
}

}  // namespace
}  // namespace redipy
