// SPDX-License-Identifier: Apache-2.0
//
// What hashes, sets and sorted sets do alike with the rows of their elements, which have a name (field, member) and
// are indexed by it: walk in pages, SCAN, draw at random. No statement is open while a visitor runs, so that it may use
// the store.
#pragma once

#include <vector>

#include "core/base/function_ref.h"
#include "sql/key_row.h"
#include "sql/sql_store.h"

namespace redipy::sql {

struct Element {
  View name;
  View value;          ///< of a hash
  int64_t number = 0;  ///< order of creation; of a sorted set the score's ord
};

/// All elements, in the order in which they were made; of a set of integers by number. For small collections.
std::vector<Element> all_elements(SqlStore& store, const KeyRow& row);
/// Up to `count` elements in the order of names, from `first` (a name or where it would be) on after `offset` others.
std::vector<Element> some_elements(SqlStore& store, const KeyRow& row, View first, size_t count, size_t offset = 0);
/// Visits all elements in the order of names until `visit` returns false.
void walk_elements(SqlStore& store, const KeyRow& row, FunctionRef<bool(const Element&)> visit);
/// One call of HSCAN, SSCAN, ZSCAN of a collection that is not small.
uint64_t scan_elements(SqlStore& store, const KeyRow& row, uint64_t cursor, size_t count,
                       FunctionRef<void(const Element&)> visit);
/// Visits `count` random elements: distinct ones, or each drawn anew.
void sample_elements(SqlStore& store, KeyRow& row, size_t count, bool distinct,
                     FunctionRef<void(const Element&)> visit);

/// Looks names up by a statement of (kid, name). Of which something is known beforehand, known(i, …) says whether that
/// is enough; the others are asked for together: found(i, column) for those that are there.
void look_up(SqlStore& store, const KeyRow& row, Statement statement, std::span<const View> names,
             FunctionRef<bool(size_t, const ElementsAhead::Known&)> known,
             FunctionRef<void(size_t, const Value&)> found);

/// Sets present[i] for each of the names. `has` is a statement of (kid, name).
void find_names(SqlStore& store, const KeyRow& row, Statement has, std::span<const View> names,
                std::span<bool> present);

/// A hash or set has got or lost an element: what is to be done besides writing its row.
void element_added(SqlStore& store, KeyRow& row, View name);
void element_removed(SqlStore& store, KeyRow& row, View name);

/// The name behind all that begin with `name` and equal it.
inline Bytes successor(View name) {
  Bytes next;
  next.reserve(name.size() + 1);
  next.append(name).push_back('\0');
  return next;
}

/// From how many elements on a rank is worth a sketch.
constexpr int64_t sketch_from = 512;

}  // namespace redipy::sql
