// SPDX-License-Identifier: Apache-2.0
//
// Random entries of a PackedList, for the small forms of hashes, sets and sorted sets. In a list of pairs the step is
// 2, and what is drawn is the first of a pair.
#pragma once

#include <cstddef>
#include <vector>

#include "core/memory/packed_list.h"
#include "core/memory/table_walks.h"

namespace redipy {

/// Calls f(iterator) for `count` random entries, at every step-th place: distinct ones, or each drawn anew.
template <class F>
void sample_entries(const PackedList& list, uint32_t step, size_t count, bool distinct, Random& random, F f) {
  const uint32_t size = list.size() / step;
  if (size == 0 || count == 0) return;
  const auto random_index = [&] { return static_cast<uint32_t>(random.below(size)) * step; };
  if (count == 1) return f(list.iterator(list.at(random_index())));
  const auto walk = [&](auto visit) {
    for (auto at = list.begin(); at != list.end();) {
      visit(at);
      for (uint32_t i = 0; i < step; ++i) ++at;
    }
  };
  if (distinct) {
    Selection selection(std::min<size_t>(count, size), size, random);
    walk([&](PackedList::Iterator at) {
      if (!selection.done() && selection.next()) f(at);
    });
    return;
  }
  thread_local std::vector<PackedList::Iterator> all;
  all.clear();
  all.reserve(size);
  walk([&](PackedList::Iterator at) { all.push_back(at); });
  for (size_t i = 0; i < count; ++i) f(all[random.below(size)]);
}

}  // namespace redipy
