// SPDX-License-Identifier: Apache-2.0
//
// What hashes, sets and sorted sets do alike with the HashTable of their large form: look several elements up with
// their cache misses overlapping, SCAN, and draw at random.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/hash_table.h"
#include "core/base/random.h"

namespace redipy {

/// Calls f(i, hash of key(i)) for each i below `count`, having asked the memory for what finding the key will need.
template <class Item, class Traits, class KeyOf, class F>
void for_each_hash(const HashTable<Item, Traits>& table, size_t count, KeyOf key, F f) {
  if (count == 1) return f(size_t{0}, Traits::hash(key(0)));
  constexpr size_t at_once = 16;
  uint64_t hashes[at_once];
  for (size_t first = 0; first < count; first += at_once) {
    const size_t size = std::min(at_once, count - first);
    for (size_t i = 0; i < size; ++i) {
      hashes[i] = Traits::hash(key(first + i));
      table.prefetch(hashes[i]);
    }
    for (size_t i = 0; i < size; ++i) table.prefetch_item(hashes[i]);
    for (size_t i = 0; i < size; ++i) f(first + i, hashes[i]);
  }
}

/// One call of SCAN: f(Item*) for `count` items or some more, fewer in a thinned out table. Returns the next cursor.
template <class Item, class Traits, class F>
uint64_t scan_some(const HashTable<Item, Traits>& table, uint64_t cursor, size_t count, F f) {
  size_t seen = 0;
  const size_t most_steps = count > SIZE_MAX / 10 ? SIZE_MAX : count * 10;
  for (size_t step = 0; step < most_steps; ++step) {
    cursor = table.scan(cursor, [&](Item* item) {
      ++seen;
      f(item);
    });
    if (cursor == 0 || seen >= count) break;
  }
  return cursor;
}

/// Chooses `wanted` of `total` things that are passed one after the other, each choice of them equally likely.
class Selection {
 public:
  Selection(size_t wanted, size_t total, Random& random) : wanted_(wanted), left_(total), random_(random) {}

  /// Whether the next one is chosen.
  bool next() {
    const bool chosen = random_.below(left_--) < wanted_;
    wanted_ -= chosen;
    return chosen;
  }
  bool done() const { return wanted_ == 0; }

 private:
  size_t wanted_;
  size_t left_;
  Random& random_;
};

/// Calls f(Item*) for `count` random items: distinct ones, or each drawn anew.
template <class Item, class Traits, class F>
void sample_items(const HashTable<Item, Traits>& table, size_t count, bool distinct, Random& random, F f) {
  if (table.empty() || count == 0) return;
  if (!distinct || count == 1) {
    for (size_t i = 0; i < count; ++i) f(table.random(random));
    return;
  }
  if (count >= table.size()) return table.for_each(f);
  // To draw again what was drawn before becomes likely; and a walk costs less than draws, each of them a cache miss.
  if (count >= table.size() / 8) {
    Selection selection(count, table.size(), random);
    table.for_each_while([&](Item* item) {
      if (selection.next()) f(item);
      return !selection.done();
    });
    return;
  }
  std::vector<const Item*> drawn(std::bit_ceil(count * 2), nullptr);  // an open hash table of those that were
  for (size_t left = count; left > 0;) {
    Item* item = table.random(random);
    size_t at = (reinterpret_cast<uintptr_t>(item) * 0x9e3779b97f4a7c15U >> 32) & (drawn.size() - 1);
    while (drawn[at] != nullptr && drawn[at] != item) at = (at + 1) & (drawn.size() - 1);
    if (drawn[at] == item) continue;
    drawn[at] = item;
    f(item);
    --left;
  }
}

}  // namespace redipy
