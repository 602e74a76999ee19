// SPDX-License-Identifier: Apache-2.0
//
// Pages of a sorted set by place and by rank, and the sketch that makes ranks quick. See rank_sketch.h.
#pragma once

#include <vector>

#include "sql/sorted_sets.h"

namespace redipy::sql::zset {

/// Up to `count` elements from the place on, after `offset` others.
std::vector<Element> page(SqlStore& store, const KeyRow& row, const ZsetPlace& from, size_t count, size_t offset = 0);
/// The same downwards, beginning below the place.
std::vector<Element> page_down(SqlStore& store, const KeyRow& row, const ZsetPlace& below, size_t count,
                               size_t offset = 0);
/// The elements of a range of ranks within the set, in their order.
std::vector<Element> by_rank(SqlStore& store, const KeyRow& row, size_t first, size_t count);
/// How many elements are before the place.
size_t rank_of(SqlStore& store, const KeyRow& row, const ZsetPlace& place);

/// A member has come to be, or gone, with this score.
void added(SqlStore& store, KeyRow& row, int64_t ord, View member);
void removed(SqlStore& store, KeyRow& row, int64_t ord, View member);

}  // namespace redipy::sql::zset
