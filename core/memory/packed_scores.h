// SPDX-License-Identifier: Apache-2.0
//
// A small sorted set: a PackedList of member, score, member, score …, in order. All is found by walking, which for a
// hundred members costs less than anything else.
//
// A score that is a whole number is an integer entry (minus zero becomes zero by it, in Redis, too). Any other is text
// of nine bytes, a letter that no integer begins with and the double as it lies in memory: that is read at once, where
// digits would have to be parsed at every step. (Nobody else sees this form: DUMP visits members and scores.)
#pragma once

#include <cstddef>
#include <optional>

#include "core/memory/packed_list.h"
#include "core/store/sorted_sets.h"

namespace redipy {

/// A score on its way into a PackedList. Not copied: the entry looks into it.
class PackedScore {
 public:
  explicit PackedScore(double score) : entry_(encode(score)) {}
  PackedScore(const PackedScore&) = delete;
  PackedScore& operator=(const PackedScore&) = delete;

  const PackedList::Entry& entry() const { return entry_; }
  static double read(const PackedList::Item& item);

 private:
  PackedList::Entry encode(double score);

  char text_[1 + sizeof(double)];
  PackedList::Entry entry_;
};

/// What can be done with such a list. A reference to it, for the time of one call.
class PackedScores {
 public:
  using Position = PackedList::Position;
  using Item = PackedList::Item;

  struct Place {
    Position at = PackedList::none;  ///< of the member
    double score = 0;
  };

  explicit PackedScores(PackedList& list) : list_(list) {}

  size_t size() const { return list_.size() / 2; }
  /// Where a member is; nullopt if it is absent.
  std::optional<Place> find(View member) const;
  size_t rank(Place place) const;

  /// Adds a member that is absent.
  void insert(View member, double score);
  /// Gives the member there another score.
  void update(Place place, View member, double score);
  void erase(Place place) { list_.erase(place.at, 2); }
  void erase(RankRange range);

  /// The members within the bounds, as ranks.
  RankRange ranks(const ScoreRange& range) const;
  RankRange ranks(const LexRange& range) const;

  /// Calls visit(item, score) for a range of ranks, from its end if `backward`, until that returns false.
  template <class VisitItem>
  void visit(RankRange range, bool backward, VisitItem visit) const {
    if (range.count == 0) return;
    const size_t first = backward ? range.first + range.count - 1 : range.first;
    auto at = list_.iterator(list_.at(static_cast<uint32_t>(2 * first)));
    for (size_t left = range.count; left > 0; --left) {
      const Item member = *at;
      if (!visit(member, PackedScore::read(*++at)) || left == 1) return;
      if (backward) {
        --at, --at, --at;
      } else {
        ++at;
      }
    }
  }

 private:
  template <class Before, class Within>
  RankRange ranks_where(Before before, Within within) const;

  PackedList& list_;
};

}  // namespace redipy
