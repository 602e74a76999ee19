// SPDX-License-Identifier: Apache-2.0
//
// See sorted_sets.h. Both forms turn bounds into ranks and walk by rank; what is above that is written once.
#include "core/memory/sorted_sets.h"

#include <limits>
#include <vector>

#include "core/command/error.h"
#include "core/memory/memory_store.h"
#include "core/memory/packed_draws.h"
#include "core/memory/packed_scores.h"
#include "core/memory/sorted_table.h"
#include "core/memory/table_walks.h"
#include "core/store/put_decision.h"

namespace redipy {

namespace {

/// The small form, whose reading methods do not change the list.
PackedScores scores_of(Entry& entry) { return PackedScores(entry.as<PackedList>()); }

/// A range counted from the highest, counted from the lowest.
RankRange mirrored(RankRange range, size_t size) { return {size - range.first - range.count, range.count}; }

}  // namespace

bool MemorySortedSet::packed() const { return entry().encoding() == Encoding::listpack; }

// --- reading

size_t MemorySortedSet::size() const {
  return packed() ? entry().as<PackedList>().size() / 2 : entry().as<SortedTable>().size();
}

std::optional<double> MemorySortedSet::score(View member) const {
  if (packed()) {
    const auto place = scores_of(entry()).find(member);
    return place ? std::optional(place->score) : std::nullopt;
  }
  const Member* found = entry().as<SortedTable>().find(member);
  return found ? std::optional(found->score) : std::nullopt;
}

void MemorySortedSet::scores(std::span<const View> members,
                             FunctionRef<void(size_t, std::optional<double>)> found) const {
  if (packed() || size() == 0) {
    for (size_t i = 0; i < members.size(); ++i) found(i, score(members[i]));
    return;
  }
  const auto& sorted = entry().as<SortedTable>();
  for_each_hash(
      sorted.table(), members.size(), [&](size_t i) { return members[i]; },
      [&](size_t i, uint64_t hash) {
        const Member* member = sorted.find(hash, members[i]);
        found(i, member ? std::optional(member->score) : std::nullopt);
      });
}

std::optional<RankAndScore> MemorySortedSet::rank(View member, bool reverse) const {
  RankAndScore result{};
  if (packed()) {
    const auto scores = scores_of(entry());
    const auto place = scores.find(member);
    if (!place) return std::nullopt;
    result = {scores.rank(*place), place->score};
  } else {
    const auto& sorted = entry().as<SortedTable>();
    const Member* found = sorted.find(member);
    if (!found) return std::nullopt;
    result = {sorted.rank(*found), found->score};
  }
  if (reverse) result.rank = size() - 1 - result.rank;
  return result;
}

template <class Range>
RankRange MemorySortedSet::ranks(const Range& range) const {
  if (range.empty()) return {};
  return packed() ? scores_of(entry()).ranks(range) : entry().as<SortedTable>().ranks(range);
}

size_t MemorySortedSet::count(const ScoreRange& range) const { return ranks(range).count; }
size_t MemorySortedSet::count(const LexRange& range) const { return ranks(range).count; }

/// Calls visit(member, score) until it returns false, for ranks from the lowest.
template <class VisitRanked>
void MemorySortedSet::visit_ranks(RankRange range, bool backward, VisitRanked visit) const {
  if (packed()) {
    scores_of(entry()).visit(range, backward, [&](const PackedList::Item& member, double score) {
      return visit(texts().add(member), score);
    });
  } else {
    entry().as<SortedTable>().visit(range, backward, visit);
  }
}

void MemorySortedSet::range(RankRange range, bool reverse, Visit visit) const {
  visit_ranks(reverse ? mirrored(range, size()) : range, reverse, [&](View member, double score) {
    visit(member, score);
    return true;
  });
}

template <class Range>
void MemorySortedSet::visit_range(const Range& range, size_t offset, bool reverse, VisitWhile visit) const {
  RankRange found = ranks(range);
  if (offset >= found.count) return;
  found.count -= offset;
  if (!reverse) found.first += offset;
  visit_ranks(found, reverse, visit);
}

void MemorySortedSet::range(const ScoreRange& range, size_t offset, bool reverse, VisitWhile visit) const {
  visit_range(range, offset, reverse, visit);
}

void MemorySortedSet::range(const LexRange& range, size_t offset, bool reverse, VisitWhile visit) const {
  visit_range(range, offset, reverse, visit);
}

uint64_t MemorySortedSet::scan(uint64_t cursor, size_t count, Visit visit) const {
  if (packed() || size() == 0) {
    range(RankRange{0, size()}, false, visit);
    return 0;
  }
  return scan_some(entry().as<SortedTable>().table(), cursor, count,
                   [&](const Member* member) { visit(member->bytes(), member->score); });
}

void MemorySortedSet::sample(size_t count, bool distinct, Visit visit) const {
  if (packed()) {
    listpack::Scratch text;
    return sample_entries(entry().as<PackedList>(), 2, count, distinct, store().random(), [&](PackedList::Iterator at) {
      const auto member = *at;
      visit(member.view(text), PackedScore::read(*++at));
    });
  }
  if (size() == 0) return;
  sample_items(entry().as<SortedTable>().table(), count, distinct, store().random(),
               [&](const Member* member) { visit(member->bytes(), member->score); });
}

// --- changing

void MemorySortedSet::make_table() {
  std::vector<Member*> members;
  members.reserve(size());
  listpack::Scratch text;
  scores_of(entry()).visit({0, size()}, false, [&](const PackedList::Item& member, double score) {
    members.push_back(Member::make(score, member.view(text)));
    return true;
  });
  SortedTable table;
  table.build(members);
  entry().destroy<PackedList>();
  entry().emplace(std::move(table));
  entry().set_encoding(Encoding::skiplist);
}

/// By Redis's rule: members that are put at once count as if each were new, and the first one's length decides, too.
void MemorySortedSet::expect(size_t members, size_t bytes) {
  if (!packed()) return;
  const Options& options = store().options();
  if (members > options.zset_max_listpack_entries || (size() == 0 && bytes > options.zset_max_listpack_value)) {
    make_table();
  }
}

PutResult MemorySortedSet::put_packed(View member, double score, PutCondition condition) {
  PackedScores scores = scores_of(entry());
  const auto place = scores.find(member);
  const PutResult result = decide(place ? std::optional(place->score) : std::nullopt, score, condition);
  if (result.outcome == PutResult::updated) {
    scores.update(*place, member, result.score);
  } else if (result.outcome == PutResult::added) {
    const Options& options = store().options();
    constexpr size_t most_overhead = 30;
    if (scores.size() + 1 > options.zset_max_listpack_entries || member.size() > options.zset_max_listpack_value ||
        entry().as<PackedList>().bytes() + member.size() + most_overhead > listpack::size_limit) {
      make_table();
      entry().as<SortedTable>().insert(hash_bytes(member), member, result.score);
    } else {
      scores.insert(member, result.score);
    }
  }
  return result;
}

PutResult MemorySortedSet::put_in_table(View member, double score, PutCondition condition) {
  auto& sorted = entry().as<SortedTable>();
  const uint64_t hash = hash_bytes(member);
  Member* found = sorted.find(hash, member);
  const PutResult result = decide(found ? std::optional(found->score) : std::nullopt, score, condition);
  if (result.outcome == PutResult::updated) {
    sorted.update(*found, result.score);
  } else if (result.outcome == PutResult::added) {
    sorted.insert(hash, member, result.score);
  }
  return result;
}

PutResult MemorySortedSet::put(View member, double score, PutCondition condition) {
  if (member.size() > std::numeric_limits<uint32_t>::max() / 2) throw CommandError(error::string_too_long);
  const PutResult result = packed() ? put_packed(member, score, condition) : put_in_table(member, score, condition);
  if (result.outcome == PutResult::added || result.outcome == PutResult::updated) store().mark_changed(entry());
  return result;
}

size_t MemorySortedSet::remove(std::span<const View> members) {
  size_t removed = 0;
  if (packed()) {
    PackedScores scores = scores_of(entry());
    for (const View member : members) {
      const auto place = scores.find(member);
      if (!place) continue;
      scores.erase(*place);
      ++removed;
    }
  } else if (size() > 0) {
    auto& sorted = entry().as<SortedTable>();
    for_each_hash(
        sorted.table(), members.size(), [&](size_t i) { return members[i]; },
        [&](size_t i, uint64_t hash) {
          Member* found = sorted.find(hash, members[i]);
          if (!found) return;
          sorted.erase(hash, *found);
          ++removed;
        });
  }
  if (removed > 0) store().mark_changed(entry());
  return removed;
}

size_t MemorySortedSet::remove(RankRange range) {
  if (range.count == 0) return 0;
  if (packed()) {
    scores_of(entry()).erase(range);
  } else {
    entry().as<SortedTable>().erase(range);
  }
  store().mark_changed(entry());
  return range.count;
}

size_t MemorySortedSet::remove(const ScoreRange& range) { return remove(ranks(range)); }
size_t MemorySortedSet::remove(const LexRange& range) { return remove(ranks(range)); }

void MemorySortedSet::pop(End end, size_t count, Visit visit) {
  const RankRange outermost{end == End::front ? 0 : size() - count, count};
  visit_ranks(outermost, end == End::back, [&](View member, double score) {
    visit(member, score);
    return true;
  });
  remove(outermost);
}

}  // namespace redipy
