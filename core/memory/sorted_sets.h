// SPDX-License-Identifier: Apache-2.0
//
// A sorted set in memory: a PackedList of members and scores (packed_scores.h) while it has no more than
// zset-max-listpack-entries members of no more than zset-max-listpack-value bytes, else a hash table and a tree of
// scores (sorted_table.h), and stays so.
#pragma once

#include "core/memory/handle.h"
#include "core/store/sorted_sets.h"

namespace redipy {

class MemorySortedSet final : public SortedSet, public Handle {
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
  PutResult put(View member, double score, PutCondition condition = {}) override;
  size_t remove(std::span<const View> members) override;
  size_t remove(RankRange range) override;
  size_t remove(const ScoreRange& range) override;
  size_t remove(const LexRange& range) override;
  void pop(End end, size_t count, Visit visit) override;

 private:
  bool packed() const;
  template <class Range>
  RankRange ranks(const Range& range) const;
  template <class VisitRanked>
  void visit_ranks(RankRange range, bool backward, VisitRanked visit) const;
  template <class Range>
  void visit_range(const Range& range, size_t offset, bool reverse, VisitWhile visit) const;
  void make_table();
  PutResult put_packed(View member, double score, PutCondition condition);
  PutResult put_in_table(View member, double score, PutCondition condition);
};

}  // namespace redipy
