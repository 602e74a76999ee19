// SPDX-License-Identifier: Apache-2.0
//
// See sorted_table.h.
#include "core/memory/sorted_table.h"

#include <algorithm>
#include <vector>

#include "core/base/heap.h"

namespace redipy {

void SortedTable::clear() noexcept {
  if (!parts_) return;
  parts_->table.clear([](Member* member) { Member::free(member); });
  // The members are gone: the tree is cleared without a look at them.
  parts_->tree.clear([](Member*) {});
  delete parts_;
  parts_ = nullptr;
}

SortedTable SortedTable::copy() const {
  std::vector<Member*> members;
  members.reserve(size());
  visit({0, size()}, false, [&](View member, double score) {
    members.push_back(Member::make(score, member));
    return true;
  });
  SortedTable result;
  result.build(members);
  return result;
}

void SortedTable::build(std::span<Member* const> members) {
  if (members.empty()) return;
  parts_ = new Parts;
  parts_->tree.build(members);
  for (Member* member : members) parts_->table.insert(hash_bytes(member->bytes()), member);
}

void SortedTable::insert(uint64_t hash, View member, double score) {
  if (!parts_) parts_ = new Parts;
  Member* made = Member::make(score, member);
  parts_->table.insert(hash, made);
  parts_->tree.insert(made);
}

void SortedTable::erase(uint64_t hash, Member& member) {
  parts_->tree.erase(member.score, member.bytes());
  parts_->table.erase(hash, member.bytes());
  Member::free(&member);
}

void SortedTable::erase(RankRange range) {
  if (range.count == 0) return;
  if (range.count == size()) return clear();
  parts_->tree.erase_range(range.first, range.first + range.count, [this](Member* member) {
    parts_->table.erase(hash_bytes(member->bytes()), member->bytes());
    Member::free(member);
  });
}

RankRange SortedTable::ranks(const ScoreRange& range) const {
  if (!parts_ || range.empty()) return {};
  const ScoreTree& tree = parts_->tree;
  const size_t from = (range.low_exclusive ? tree.upper_bound(range.low) : tree.lower_bound(range.low)).rank;
  const size_t to = (range.high_exclusive ? tree.lower_bound(range.high) : tree.upper_bound(range.high)).rank;
  return from < to ? RankRange{from, to - from} : RankRange{};
}

RankRange SortedTable::ranks(const LexRange& range) const {
  if (!parts_ || range.empty()) return {};
  const ScoreTree& tree = parts_->tree;
  const auto rank_of = [&](const LexBound& bound, bool behind) -> size_t {
    switch (bound.kind) {
      case LexBound::minimum:
        return 0;
      case LexBound::maximum:
        return tree.size();
      default:
        return (behind ? tree.upper_bound(bound.member) : tree.lower_bound(bound.member)).rank;
    }
  };
  const size_t from = rank_of(range.low, range.low.kind == LexBound::exclusive);
  const size_t to = rank_of(range.high, range.high.kind == LexBound::inclusive);
  return from < to ? RankRange{from, to - from} : RankRange{};
}

size_t SortedTable::memory(size_t samples) const {
  if (!parts_) return 0;
  const size_t looked_at = samples == 0 ? size() : std::min(samples, size());
  size_t bytes = 0;
  size_t seen = 0;
  parts_->table.for_each_while([&](const Member* member) {
    if (seen == looked_at) return false;
    ++seen;
    bytes += heap::good_size(member->memory());
    return true;
  });
  if (seen > 0) {
    bytes = static_cast<size_t>(static_cast<double>(bytes) / static_cast<double>(seen) * static_cast<double>(size()));
  }
  return bytes + parts_->table.memory() + parts_->tree.memory() + heap::good_size(sizeof(Parts));
}

}  // namespace redipy
