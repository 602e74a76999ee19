// SPDX-License-Identifier: Apache-2.0
//
// See packed_scores.h.
#include "core/memory/packed_scores.h"

#include <cstring>

namespace redipy {

namespace {

constexpr char mark = 'd';
constexpr double exact_limit = 9007199254740992;  // 2^53: whole numbers up to here are exact

}  // namespace

PackedList::Entry PackedScore::encode(double score) {
  if (score >= -exact_limit && score <= exact_limit) {
    const auto whole = static_cast<int64_t>(score);
    if (static_cast<double>(whole) == score) return PackedList::Entry(whole);
  }
  text_[0] = mark;
  std::memcpy(text_ + 1, &score, sizeof score);
  return PackedList::Entry(View(text_, sizeof text_));
}

double PackedScore::read(const PackedList::Item& item) {
  if (item.is_integer()) return static_cast<double>(item.integer());
  double score = 0;
  std::memcpy(&score, item.text().data() + 1, sizeof score);
  return score;
}

std::optional<PackedScores::Place> PackedScores::find(View member) const {
  const Position at = list_.find(member, 0, 2);
  if (at == PackedList::none) return std::nullopt;
  return Place{at, PackedScore::read(list_.get(list_.next(at)))};
}

size_t PackedScores::rank(Place place) const {
  size_t rank = 0;
  const auto found = list_.iterator(place.at);
  for (auto at = list_.begin(); at != found; ++rank) ++ ++at;
  return rank;
}

void PackedScores::insert(View member, double score) {
  const PackedList::Entry member_entry(member);
  const PackedScore packed(score);
  const auto insert_at = [&](Position at) { list_.insert(at, member_entry, packed.entry()); };
  // Often scores grow: times, counters.
  if (list_.empty() || PackedScore::read(list_.back()) < score) return insert_at(list_.past_last());
  listpack::Scratch text;
  for (auto at = list_.begin(); at != list_.end();) {
    const auto here = at;
    const Item other = *at;
    const double other_score = PackedScore::read(*++at);
    ++at;
    if (other_score < score || (other_score == score && other.view(text) < member)) continue;
    return insert_at(list_.position(here));
  }
  insert_at(list_.past_last());
}

void PackedScores::update(Place place, View member, double score) {
  erase(place);
  insert(member, score);
}

void PackedScores::erase(RankRange range) {
  list_.erase_range(static_cast<uint32_t>(2 * range.first), static_cast<uint32_t>(2 * range.count));
}

/// before(member, score) is true for those below the range, within(member, score) for those not above it.
template <class Before, class Within>
RankRange PackedScores::ranks_where(Before before, Within within) const {
  RankRange result;
  for (auto at = list_.begin(); at != list_.end(); ++at) {
    const Item member = *at;
    const double score = PackedScore::read(*++at);
    if (result.count == 0 && before(member, score)) {
      ++result.first;
    } else if (within(member, score)) {
      ++result.count;
    } else {
      break;
    }
  }
  return result;
}

RankRange PackedScores::ranks(const ScoreRange& range) const {
  return ranks_where([&](const Item&, double score) { return !range.above_low(score); },
                     [&](const Item&, double score) { return range.below_high(score); });
}

RankRange PackedScores::ranks(const LexRange& range) const {
  listpack::Scratch text;
  return ranks_where([&](const Item& member, double) { return !range.above_low(member.view(text)); },
                     [&](const Item& member, double) { return range.below_high(member.view(text)); });
}

}  // namespace redipy
