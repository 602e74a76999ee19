// SPDX-License-Identifier: Apache-2.0
//
// A sorted set as rows of rp_zset, indexed by member and by score. All ranges are turned into two places in the order
// of (score, member), the first of the range and the first behind it; ranks are found with a sketch (rank_sketch.h).
#pragma once

#include <vector>

#include "core/store/sorted_sets.h"
#include "sql/elements.h"
#include "sql/handle.h"

namespace redipy::sql {

/// A place in the order of (score, member): that of a member, or where one would be.
struct ZsetPlace {
  int64_t ord;
  Bytes member;

  static ZsetPlace lowest() { return {INT64_MIN, {}}; }
  static ZsetPlace highest() { return {INT64_MAX, {}}; }
  auto operator<=>(const ZsetPlace&) const = default;
  bool is_above(int64_t other_ord, View other_member) const {
    return ord != other_ord ? ord > other_ord : View(member) > other_member;
  }
};

class SqlSortedSet final : public SortedSet, public Handle {
 public:
  size_t size() const override;
  std::optional<double> score(View member) const override;
  void scores(std::span<const View> members, FunctionRef<void(size_t, std::optional<double>)> found) const override;
  std::optional<RankAndScore> rank(View member, bool reverse) const override;
  size_t count(const ScoreRange& range) const override;
  size_t count(const LexRange& range) const override;

  void range(RankRange range, bool reverse, Visit visit) const override;
  void range(const ScoreRange& range, size_t offset, bool reverse, VisitWhile visit) const override;
  void range(const LexRange& range, size_t offset, bool reverse, VisitWhile visit) const override;
  uint64_t scan(uint64_t cursor, size_t count, Visit visit) const override;
  void sample(size_t count, bool distinct, Visit visit) const override;

  void expect(size_t members, size_t bytes) override;
  PutResult put(View member, double score, PutCondition condition) override;
  size_t remove(std::span<const View> members) override;
  size_t remove(RankRange range) override;
  size_t remove(const ScoreRange& range) override;
  size_t remove(const LexRange& range) override;
  void pop(End end, size_t count, Visit visit) override;

 private:
  struct Interval {
    ZsetPlace first;
    ZsetPlace behind;
  };

  Interval places(const ScoreRange& range) const;
  Interval places(const LexRange& range) const;
  Interval places_by_walking(const LexRange& range) const;
  size_t count(const Interval& places) const;
  void walk(const Interval& places, size_t offset, bool reverse, VisitWhile visit) const;
  void erase(View member, int64_t ord);
  size_t erase(const std::vector<Element>& elements);
  size_t erase(const Interval& places);
};

/// The element of a rank within the set.
Element zset_element_at(SqlStore& store, KeyRow& row, size_t rank);

}  // namespace redipy::sql
