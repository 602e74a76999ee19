// SPDX-License-Identifier: Apache-2.0
//
// A sorted set as a store hands it out: members ordered by score, then by bytes. Ranks are 0-based from the lowest;
// `reverse` counts and visits from the highest.
#pragma once

#include <optional>
#include <span>

#include "core/base/function_ref.h"
#include "core/store/types.h"

namespace redipy {

struct ScoredMember {
  double score;
  View member;
};

/// ZADD's conditions on one member.
struct PutCondition {
  bool only_new = false;       ///< NX
  bool only_existing = false;  ///< XX
  bool only_greater = false;   ///< GT: an existing score only grows
  bool only_less = false;      ///< LT
  bool increment = false;      ///< INCR: the score given is added to the one there (absent: 0)
};

struct PutResult {
  enum Outcome : uint8_t { added, updated, unchanged, refused, not_a_number } outcome = unchanged;
  double score = 0;  ///< the member's score now, unless refused or not_a_number
};

struct RankAndScore {
  size_t rank;
  double score;
};

/// The sorted set at a key, or a new one (Store::make_sorted_set). A handle, and each view it gives, holds until the
/// next change through the store or the end of the command. A sorted set that is emptied is removed by the store at
/// the command's end. Scores are never NaN.
class SortedSet {
 public:
  using Visit = FunctionRef<void(View member, double score)>;
  /// Returns whether to go on.
  using VisitWhile = FunctionRef<bool(View member, double score)>;

  virtual ~SortedSet() = default;

  virtual size_t size() const = 0;
  virtual std::optional<double> score(View member) const = 0;
  /// Calls found(i, score) for each of the members in their order; nullopt where absent.
  virtual void scores(std::span<const View> members, FunctionRef<void(size_t, std::optional<double>)> found) const = 0;
  virtual std::optional<RankAndScore> rank(View member, bool reverse) const = 0;
  virtual size_t count(const ScoreRange& range) const = 0;
  virtual size_t count(const LexRange& range) const = 0;

  /// Visits by rank; the range lies within the set (counted from the highest when `reverse`).
  virtual void range(RankRange range, bool reverse, Visit visit) const = 0;
  /// Visits the members in the range of scores, in order, after skipping `offset` of them.
  virtual void range(const ScoreRange& range, size_t offset, bool reverse, VisitWhile visit) const = 0;
  /// Visits the members in the range of members (all scores being equal), after skipping `offset` of them.
  virtual void range(const LexRange& range, size_t offset, bool reverse, VisitWhile visit) const = 0;
  /// As Hash::scan.
  virtual uint64_t scan(uint64_t cursor, size_t count, Visit visit) const = 0;
  /// As Hash::sample.
  virtual void sample(size_t count, bool distinct, Visit visit) const = 0;

  /// So many members are about to be put, the first (or longest) of so many bytes: a hint, by which a store may choose
  /// how to keep them.
  virtual void expect(size_t members, size_t bytes) {
    static_cast<void>(members);
    static_cast<void>(bytes);
  }
  /// Adds or changes one member under the condition.
  virtual PutResult put(View member, double score, PutCondition condition = {}) = 0;
  /// Removes the members; returns how many there were.
  virtual size_t remove(std::span<const View> members) = 0;
  virtual size_t remove(RankRange range) = 0;
  virtual size_t remove(const ScoreRange& range) = 0;
  virtual size_t remove(const LexRange& range) = 0;
  /// Visits the `count` lowest (End::front) or highest members (at most size()), outermost first, then removes them.
  /// The views hold during the visit.
  virtual void pop(End end, size_t count, Visit visit) = 0;
};

}  // namespace redipy
