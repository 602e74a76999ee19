// SPDX-License-Identifier: Apache-2.0
//
// The hash table against std::unordered_map, and its promises: scan() gives each item once whatever happens between the
// calls, random() is fair, erasing gives memory back, and hashes that collide cost time but break nothing.

#include "core/base/hash_table.h"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

namespace redipy {

// Looks at a table from inside: everything that must hold between two calls.
struct HashTableInspector {
  template <class Item, class Traits>
  static ::testing::AssertionResult sound(const HashTable<Item, Traits>& table) {
    using Table = HashTable<Item, Traits>;
    std::size_t size = 0;
    std::size_t deepest = 0;
    std::string wrong;
    table.for_each_segment([&](std::size_t first, const typename Table::Segment& segment) {
      if (segment.depth > table.depth_ || first % table.span(segment) != 0) wrong = "misplaced segment";
      if (segment.count > segment.limit(segment.width)) wrong = "segment too full";
      if (segment.width > std::uint32_t{1} << table.broadest_) wrong = "segment wider than known";
      deepest += segment.depth == table.depth_;
      for (std::size_t at = first; at < first + table.span(segment); ++at) {
        const auto& entry = table.segments_[at];
        if (entry.chunks != segment.chunks || entry.width != segment.width || entry.depth != segment.depth) {
          wrong = "entries of one segment differ";
        }
      }
      std::size_t count = 0;
      std::vector<unsigned> passed(segment.width);
      for (std::uint32_t at = 0; at < segment.width; ++at) {
        segment.chunks[at].for_each([&](int slot) {
          Item* item = segment.chunks[at].items[slot];
          ++count;
          const std::uint64_t hash = Traits::hash(Traits::key(*item));
          if (table.owner(hash) != first) wrong = "item in the wrong segment";
          for (std::uint32_t step = segment.home(hash); step != at; step = segment.next(step)) ++passed[step];
          const auto* found = table.find(hash, Traits::key(*item));
          if (found == nullptr || *found != item) wrong = "item not found";
        });
      }
      for (std::uint32_t at = 0; at < segment.width; ++at) {
        const unsigned overflow = segment.chunks[at].overflow;
        if (overflow != passed[at] && overflow != Table::Chunk::overflow_stuck) wrong = "overflow count";
      }
      if (count != segment.count) wrong = "segment's count";
      size += count;
    });
    if (size != table.size()) wrong = "size";
    if (deepest != table.deepest_) wrong = "number of deepest segments";
    if (!wrong.empty()) return ::testing::AssertionFailure() << wrong;
    return ::testing::AssertionSuccess();
  }

  template <class Table>
  static unsigned depth(const Table& table) {
    return table.depth_;
  }
};

namespace {

std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

// The key of an item is its number as bytes.
struct Item {
  std::uint64_t number;
};

std::string_view bytes(const std::uint64_t& number) { return {reinterpret_cast<const char*>(&number), sizeof number}; }

std::uint64_t number_of(std::string_view key) {
  std::uint64_t number = 0;
  key.copy(reinterpret_cast<char*>(&number), sizeof number);
  return number;
}

struct Good {
  static std::string_view key(const Item& item) { return bytes(item.number); }
  static std::uint64_t hash(std::string_view key) { return mix(number_of(key)); }
};
struct Constant : Good {
  static std::uint64_t hash(std::string_view) { return 0xfedcba9876543210; }
};
// Only a sixteenth of all positions, and few tags.
struct Narrow : Good {
  static std::uint64_t hash(std::string_view key) {
    return (mix(number_of(key)) >> 4 & ~std::uint64_t{0xff}) | 0x5000'0000'0000'0003;
  }
};

template <class Traits>
class HashTableWith : public ::testing::Test {
 public:
  using Table = HashTable<Item, Traits>;

  static std::uint64_t hash(std::uint64_t number) { return Traits::hash(bytes(number)); }
  typename Table::Slot* find(std::uint64_t number) { return table.find(hash(number), bytes(number)); }
  void insert(std::uint64_t number) {
    items[number] = std::make_unique<Item>(Item{number});
    table.insert(hash(number), items[number].get());
  }
  void erase(std::uint64_t number) {
    ASSERT_EQ(table.erase(hash(number), bytes(number)), items.at(number).get());
    items.erase(number);
  }
  void check() { ASSERT_TRUE(HashTableInspector::sound(table)); }

  std::unordered_map<std::uint64_t, std::unique_ptr<Item>> items;
  Table table;
};

using AllTraits = ::testing::Types<Good, Constant, Narrow>;
TYPED_TEST_SUITE(HashTableWith, AllTraits);
using GoodHashTable = HashTableWith<Good>;

TYPED_TEST(HashTableWith, empty_table_owns_nothing_and_finds_nothing) {
  EXPECT_EQ(this->table.memory(), 0U);
  EXPECT_EQ(this->find(1), nullptr);
  EXPECT_EQ(this->table.erase(this->hash(1), bytes(std::uint64_t{1})), nullptr);
  Random random(1);
  EXPECT_EQ(this->table.random(random), nullptr);
  EXPECT_EQ(this->table.scan(0, [](Item*) { FAIL(); }), 0U);
  this->table.prefetch(this->hash(1));
  this->table.prefetch_item(this->hash(1));
  this->check();
}

TYPED_TEST(HashTableWith, random_inserts_and_erases_agree_with_a_model) {
  std::mt19937_64 random(7);
  for (const std::uint64_t range : {4U, 40U, 400U, 1500U}) {
    for (std::uint64_t step = 0; step < 4 * range; ++step) {
      const std::uint64_t number = random() % range;
      // Phases of mostly growing and mostly shrinking.
      const bool grow = random() % 4 != (step / range) % 2 * 3;
      auto* slot = this->find(number);
      ASSERT_EQ(slot != nullptr, this->items.contains(number));
      if (slot != nullptr) {
        ASSERT_EQ(*slot, this->items[number].get());
      }
      if (slot == nullptr && grow) {
        this->insert(number);
      } else if (slot != nullptr && !grow) {
        ASSERT_EQ(this->table.erase_slot(this->hash(number), slot)->number, number);
        this->items.erase(number);
      }
      ASSERT_EQ(this->table.size(), this->items.size());
      if (step % (range / 4) == 0) this->check();
    }
  }
  std::size_t seen = 0;
  this->table.for_each([&](Item* item) { seen += this->items.contains(item->number); });
  EXPECT_EQ(seen, this->items.size());
}

TYPED_TEST(HashTableWith, erasing_all_gives_everything_back) {
  for (std::uint64_t i = 0; i < 3000; ++i) this->insert(i);
  this->check();
  for (std::uint64_t i = 0; i < 3000; ++i) {
    this->erase(i * 7 % 3000);
    if (i % 500 == 0) this->check();
  }
  EXPECT_EQ(this->table.size(), 0U);
  EXPECT_EQ(this->table.memory(), 0U);
}

TYPED_TEST(HashTableWith, scan_gives_each_lasting_item_exactly_once) {
  std::mt19937_64 random(3);
  const std::uint64_t lasting = 700;
  for (std::uint64_t i = 0; i < lasting; ++i) this->insert(i);
  for (const bool growing : {true, false}) {
    std::unordered_map<std::uint64_t, int> seen;
    std::uint64_t cursor = 0;
    std::uint64_t added = 0;
    do {
      const std::uint64_t next = this->table.scan(cursor, [&](Item* item) {
        ++seen[item->number];
        const std::uint64_t position = this->table.position(this->hash(item->number));
        EXPECT_GE(position, cursor);
      });
      ASSERT_TRUE(next == 0 || next > cursor);
      ASSERT_LT(next, std::uint64_t{1} << 48);
      cursor = next;
      for (int i = 0; i < 40; ++i) {
        const std::uint64_t number = lasting + random() % 5000;
        if (growing && !this->items.contains(number) && added < 4000) this->insert(number), ++added;
        if (!growing && this->items.contains(number)) this->erase(number);
      }
    } while (cursor != 0);
    for (std::uint64_t i = 0; i < lasting; ++i) ASSERT_EQ(seen[i], 1) << i;
    for (const auto& [number, times] : seen) ASSERT_EQ(times, 1) << number;
  }
  this->check();
}

TYPED_TEST(HashTableWith, scan_ends_from_any_cursor) {
  for (std::uint64_t i = 0; i < 2000; ++i) this->insert(i);
  std::mt19937_64 random(5);
  for (int i = 0; i < 200; ++i) {
    const std::uint64_t from = random() >> (16 + random() % 40);
    std::size_t expected = 0;
    for (const auto& [number, item] : this->items) expected += this->table.position(this->hash(number)) >= from;
    std::size_t seen = 0;
    for (std::uint64_t cursor = from;;) {
      cursor = this->table.scan(cursor, [&seen](Item*) { ++seen; });
      if (cursor == 0) break;
    }
    ASSERT_EQ(seen, expected);
  }
  EXPECT_EQ(this->table.scan(std::uint64_t{1} << 48, [](Item*) { FAIL(); }), 0U);
  EXPECT_EQ(this->table.scan(~std::uint64_t{0}, [](Item*) { FAIL(); }), 0U);
}

TYPED_TEST(HashTableWith, moved_table_keeps_its_items_wherever_the_directory_is) {
  for (const std::uint64_t size : {1U, 100U, 3000U}) {
    for (std::uint64_t i = 0; i < size; ++i) this->insert(i);
    typename TestFixture::Table other(std::move(this->table));
    EXPECT_EQ(this->table.size(), 0U);
    EXPECT_EQ(this->table.memory(), 0U);
    EXPECT_EQ(other.size(), size);
    EXPECT_TRUE(HashTableInspector::sound(other));
    this->table = std::move(other);
    this->check();
    std::size_t cleared = 0;
    this->table.clear([&](Item* item) { cleared += this->items.erase(item->number); });
    EXPECT_EQ(cleared, size);
    EXPECT_EQ(this->table.memory(), 0U);
    this->check();
  }
}

TEST_F(GoodHashTable, replaced_item_is_found_in_the_place_of_the_old_one) {
  insert(5);
  Item other{5};
  auto* slot = find(5);
  EXPECT_EQ(table.replace(slot, &other), items[5].get());
  EXPECT_EQ(*find(5), &other);
  EXPECT_EQ(table.erase(hash(5), bytes(other.number)), &other);
}

TEST_F(GoodHashTable, is_small_and_stays_three_quarters_full) {
  EXPECT_LE(sizeof(table), 40U);
  double sum = 0;
  int samples = 0;
  for (std::uint64_t i = 0; i < 200'000; ++i) {
    insert(i);
    if (i > 50'000 && i % 1000 == 0) {
      const double per_item = static_cast<double>(table.memory()) / static_cast<double>(table.size());
      EXPECT_LT(per_item, 15.0);
      sum += per_item;
      ++samples;
    }
  }
  EXPECT_LT(sum / samples, 12.6);
  check();
}

TEST_F(GoodHashTable, alternating_inserts_and_erases_at_any_size_move_little) {
  // Every allocation of a segment shows as a change of memory(): around one size there must be next to none.
  std::uint64_t next = 0;
  for (const std::uint64_t size : {2U, 14U, 15U, 100U, 390U, 771U, 5000U}) {
    while (items.size() < size) insert(next++);
    int changes = 0;
    for (int i = 0; i < 200; ++i) {
      const std::size_t before = table.memory();
      insert(next);
      erase(next);
      changes += table.memory() != before;
    }
    EXPECT_LE(changes, 2) << size;
  }
}

TEST_F(GoodHashTable, erasing_in_the_order_of_scan_merges_behind_it) {
  for (std::uint64_t i = 0; i < 50'000; ++i) insert(i);
  const std::size_t full = table.memory();
  std::uint64_t cursor = 0;
  Random random(1);
  do {
    std::vector<std::uint64_t> found;
    cursor = table.scan(cursor, [&](Item* item) { found.push_back(item->number); });
    for (const std::uint64_t number : found) erase(number);
    if (items.empty()) continue;
    ASSERT_TRUE(items.contains(table.random(random)->number));
    if (items.size() < 5000) {
      ASSERT_LT(table.memory(), full / 2);
    }
  } while (cursor != 0);
  EXPECT_TRUE(items.empty());
  EXPECT_EQ(table.memory(), 0U);
  EXPECT_EQ(HashTableInspector::depth(table), 0U);
}

TEST_F(GoodHashTable, random_is_fair_at_any_size) {
  Random random(1);
  std::uint64_t next = 0;
  for (const std::uint64_t size : {1U, 2U, 3U, 14U, 15U, 27U, 300U, 771U, 790U, 1600U, 3000U}) {
    while (items.size() < size) insert(next++);
    const std::size_t draws = 100 * size;
    std::unordered_map<std::uint64_t, double> seen;
    for (std::size_t i = 0; i < draws; ++i) ++seen[table.random(random)->number];
    double chi = 0;
    for (const auto& [number, item] : items) chi += (seen[number] - 100) * (seen[number] - 100) / 100;
    // Chi-square with size - 1 degrees of freedom: six deviations off are no chance. (The seed is fixed.)
    const auto freedom = static_cast<double>(size - 1);
    EXPECT_LE(chi, freedom + 6 * std::sqrt(2 * freedom)) << size;
  }
}

TEST_F(GoodHashTable, random_is_fair_among_the_few_that_are_left_in_a_corner) {
  for (std::uint64_t i = 0; i < 60'000; ++i) insert(i);
  for (std::uint64_t i = 0; i < 60'000; ++i) {
    if (hash(i) < ~std::uint64_t{0} / 1000 * 999) erase(i);
  }
  check();
  Random random(1);
  std::unordered_map<std::uint64_t, double> seen;
  for (std::size_t i = 0; i < 100 * items.size(); ++i) ++seen[table.random(random)->number];
  double chi = 0;
  for (const auto& [number, item] : items) chi += (seen[number] - 100) * (seen[number] - 100) / 100;
  const auto freedom = static_cast<double>(items.size() - 1);
  EXPECT_LE(chi, freedom + 6 * std::sqrt(2 * freedom));
}

}  // namespace
}  // namespace redipy
