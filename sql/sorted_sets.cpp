// SPDX-License-Identifier: Apache-2.0
//
// See sorted_sets.h.
#include "sql/sorted_sets.h"

#include <algorithm>

#include "core/store/put_decision.h"
#include "sql/flags.h"
#include "sql/names.h"
#include "sql/scores.h"
#include "sql/zset_ranks.h"

namespace redipy::sql {

namespace {

constexpr size_t first_page = 16;  // often only a few are wanted
constexpr size_t largest_page = 512;

std::optional<int64_t> find_ord(SqlStore& store, const KeyRow& row, View member) {
  std::optional<int64_t> ord;
  if (row.n == 0) return ord;
  look_up(
      store, row, Statement::zset_get, {&member, 1},
      [&](size_t, const ElementsAhead::Known& it) {
        if (it.present) ord = it.number;
        return true;
      },
      [&](size_t, const Value& column) { ord = column.number; });
  return ord;
}

}  // namespace

Element zset_element_at(SqlStore& store, KeyRow& row, size_t rank) {
  const auto found = zset::by_rank(store, row, rank, 1);
  return found.empty() ? Element() : found[0];
}

// --- reading

size_t SqlSortedSet::size() const { return row().size(); }

std::optional<double> SqlSortedSet::score(View member) const {
  const auto ord = find_ord(store(), row(), member);
  return ord ? std::optional(ord_to_score(*ord)) : std::nullopt;
}

void SqlSortedSet::scores(std::span<const View> members, FunctionRef<void(size_t, std::optional<double>)> found) const {
  std::vector<std::optional<double>> all(members.size());
  if (row().n > 0) {
    look_up(
        store(), row(), Statement::zset_get, members,
        [&](size_t i, const ElementsAhead::Known& it) {
          if (it.present) all[i] = ord_to_score(it.number);
          return true;
        },
        [&](size_t i, const Value& column) { all[i] = ord_to_score(column.number); });
  }
  for (size_t i = 0; i < members.size(); ++i) found(i, all[i]);
}

std::optional<RankAndScore> SqlSortedSet::rank(View member, bool reverse) const {
  const auto ord = find_ord(store(), row(), member);
  if (!ord) return std::nullopt;
  const size_t rank = zset::rank_of(store(), row(), {*ord, Bytes(member)});
  return RankAndScore{reverse ? size() - 1 - rank : rank, ord_to_score(*ord)};
}

SqlSortedSet::Interval SqlSortedSet::places(const ScoreRange& range) const {
  const int64_t low = score_to_ord(range.low);
  const int64_t high = score_to_ord(range.high);
  return {{range.low_exclusive ? low + 1 : low, {}}, {range.high_exclusive ? high : high + 1, {}}};
}

/// The members' scores should be equal: then the first one's is everyone's.
SqlSortedSet::Interval SqlSortedSet::places(const LexRange& range) const {
  Interval result{ZsetPlace::lowest(), ZsetPlace::highest()};
  const auto first = zset::page(store(), row(), ZsetPlace::lowest(), 1);
  if (first.empty()) return result;
  const int64_t ord = first[0].number;
  if (zset::page_down(store(), row(), ZsetPlace::highest(), 1)[0].number != ord) return places_by_walking(range);
  if (range.low.kind == LexBound::inclusive) result.first = {ord, Bytes(range.low.member)};
  if (range.low.kind == LexBound::exclusive) result.first = {ord, successor(range.low.member)};
  if (range.high.kind == LexBound::inclusive) result.behind = {ord, successor(range.high.member)};
  if (range.high.kind == LexBound::exclusive) result.behind = {ord, Bytes(range.high.member)};
  return result;
}

/// Among several scores, for which Redis promises nothing: from the first that the range does not lie above to the next
/// that it does not reach, as if the members rose with their scores.
SqlSortedSet::Interval SqlSortedSet::places_by_walking(const LexRange& range) const {
  Interval result{ZsetPlace::highest(), ZsetPlace::highest()};
  bool begun = false;
  ZsetPlace place = ZsetPlace::lowest();
  for (;;) {
    const auto found = zset::page(store(), row(), place, largest_page);
    for (const Element& it : found) {
      if (!begun && range.above_low(it.name)) {
        begun = true;
        result.first = {it.number, Bytes(it.name)};
      }
      if (begun && !range.below_high(it.name)) {
        result.behind = {it.number, Bytes(it.name)};
        return result;
      }
    }
    if (found.size() < largest_page) return result;
    place = {found.back().number, successor(found.back().name)};
  }
}

size_t SqlSortedSet::count(const Interval& places) const {
  const size_t behind = zset::rank_of(store(), row(), places.behind);
  const size_t before = zset::rank_of(store(), row(), places.first);
  return behind > before ? behind - before : 0;
}

size_t SqlSortedSet::count(const ScoreRange& range) const { return range.empty() ? 0 : count(places(range)); }
size_t SqlSortedSet::count(const LexRange& range) const { return range.empty() ? 0 : count(places(range)); }

void SqlSortedSet::range(RankRange range, bool reverse, Visit visit) const {
  while (range.count > 0) {
    const size_t count = std::min(range.count, largest_page);
    const size_t first = reverse ? size() - range.first - count : range.first;
    auto found = zset::by_rank(store(), row(), first, count);
    if (reverse) std::reverse(found.begin(), found.end());
    for (const Element& it : found) visit(it.name, ord_to_score(it.number));
    range.first += count;
    range.count -= count;
  }
}

/// Visits what lies between two places, after skipping `offset` of them.
void SqlSortedSet::walk(const Interval& places, size_t offset, bool reverse, VisitWhile visit) const {
  // To skip many, a rank is quicker than to walk.
  if (offset > largest_page) {
    const size_t first = zset::rank_of(store(), row(), places.first);
    const size_t behind = zset::rank_of(store(), row(), places.behind);
    if (behind <= first || offset >= behind - first) return;
    const Element at = zset_element_at(store(), row(), reverse ? behind - 1 - offset : first + offset);
    Interval rest = places;
    ZsetPlace& end = reverse ? rest.behind : rest.first;
    end.ord = at.number;
    end.member = reverse ? successor(at.name) : Bytes(at.name);
    return walk(rest, 0, reverse, visit);
  }
  ZsetPlace place = reverse ? places.behind : places.first;
  for (size_t count = first_page;; count = std::min(4 * count, largest_page)) {
    const auto found = reverse ? zset::page_down(store(), row(), place, count, offset)
                               : zset::page(store(), row(), place, count, offset);
    offset = 0;
    for (const Element& it : found) {
      // Spelled out: g++ 12 destroys the temporary of a conditional within braces twice.
      const bool beyond =
          reverse ? places.first.is_above(it.number, it.name) : !places.behind.is_above(it.number, it.name);
      if (beyond) return;
      if (!visit(it.name, ord_to_score(it.number))) return;
    }
    if (found.size() < count) return;
    place.ord = found.back().number;
    place.member = found.back().name;
    if (!reverse) place.member = successor(place.member);
  }
}

void SqlSortedSet::range(const ScoreRange& range, size_t offset, bool reverse, VisitWhile visit) const {
  if (!range.empty()) walk(places(range), offset, reverse, visit);
}

void SqlSortedSet::range(const LexRange& range, size_t offset, bool reverse, VisitWhile visit) const {
  if (!range.empty()) walk(places(range), offset, reverse, visit);
}

uint64_t SqlSortedSet::scan(uint64_t cursor, size_t count, Visit visit) const {
  if (row().coding == Coding::listpack) {
    range(RankRange{0, size()}, false, visit);
    return 0;
  }
  return scan_elements(store(), row(), cursor, count,
                       [&](const Element& it) { visit(it.name, ord_to_score(it.number)); });
}

void SqlSortedSet::sample(size_t count, bool distinct, Visit visit) const {
  sample_elements(store(), row(), count, distinct, [&](const Element& it) { visit(it.name, ord_to_score(it.number)); });
}

// --- changing

void SqlSortedSet::expect(size_t members, size_t bytes) {
  const Options& options = store().options();
  if (members > options.zset_max_listpack_entries || (row().n == 0 && bytes > options.zset_max_listpack_value)) {
    row().coding = Coding::skiplist;
  }
}

PutResult SqlSortedSet::put(View member, double score, PutCondition condition) {
  check_names(store(), {&member, 1});
  KeyRow& it = row();
  const auto current = find_ord(store(), it, member);
  const PutResult result = decide(current ? std::optional(ord_to_score(*current)) : std::nullopt, score, condition);
  if (result.outcome != PutResult::added && result.outcome != PutResult::updated) return result;
  const int64_t ord = score_to_ord(result.score);
  store().write(Statement::zset_put, {store().elements_of(it), member, ord});
  if (current) {
    zset::removed(store(), it, *current, member);
  } else {
    const Options& options = store().options();
    if (it.size() + 1 > options.zset_max_listpack_entries || member.size() > options.zset_max_listpack_value) {
      it.coding = Coding::skiplist;
    }
  }
  zset::added(store(), it, ord, member);
  store().mark_changed(it);
  return result;
}

void SqlSortedSet::erase(View member, int64_t ord) {
  store().write(Statement::zset_delete, {row().kid, member});
  zset::removed(store(), row(), ord, member);
}

size_t SqlSortedSet::erase(const std::vector<Element>& elements) {
  if (elements.empty()) return 0;
  if (elements.size() == size()) {
    store().drop_elements(row());
  } else {
    for (const Element& it : elements) erase(it.name, it.number);
  }
  store().mark_changed(row());
  return elements.size();
}

size_t SqlSortedSet::remove(std::span<const View> members) {
  size_t removed = 0;
  for (const View member : members) {
    const auto ord = find_ord(store(), row(), member);
    if (!ord) continue;
    erase(member, *ord);
    ++removed;
  }
  if (removed > 0) store().mark_changed(row());
  return removed;
}

size_t SqlSortedSet::remove(RankRange range) {
  if (range.count == 0) return 0;
  if (range.count == size()) {
    store().drop_elements(row());
    store().mark_changed(row());
    return range.count;
  }
  return erase(zset::by_rank(store(), row(), range.first, range.count));
}

size_t SqlSortedSet::erase(const Interval& places) {
  const size_t first = zset::rank_of(store(), row(), places.first);
  const size_t behind = zset::rank_of(store(), row(), places.behind);
  return behind > first ? remove(RankRange{first, behind - first}) : 0;
}

size_t SqlSortedSet::remove(const ScoreRange& range) { return range.empty() ? 0 : erase(places(range)); }
size_t SqlSortedSet::remove(const LexRange& range) { return range.empty() ? 0 : erase(places(range)); }

void SqlSortedSet::pop(End end, size_t count, Visit visit) {
  if (count == 0) return;
  const auto found = end == End::front ? zset::page(store(), row(), ZsetPlace::lowest(), count)
                                       : zset::page_down(store(), row(), ZsetPlace::highest(), count);
  for (const Element& it : found) visit(it.name, ord_to_score(it.number));
  erase(found);
}

}  // namespace redipy::sql
