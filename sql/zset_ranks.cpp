// SPDX-License-Identifier: Apache-2.0
//
// See zset_ranks.h.
#include "sql/zset_ranks.h"

#include <algorithm>

namespace redipy::sql::zset {

namespace {

/// A place as bytes of the same order, for the sketch: the ord big-endian with its sign turned, then the member.
Bytes key_of(int64_t ord, View member) {
  Bytes key;
  key.reserve(sizeof ord + member.size());
  const uint64_t bits = static_cast<uint64_t>(ord) ^ (uint64_t{1} << 63);
  for (int shift = 56; shift >= 0; shift -= 8) key.push_back(static_cast<char>(bits >> shift));
  return key.append(member);
}

ZsetPlace place_of(View key) {
  if (key.empty()) return ZsetPlace::lowest();
  uint64_t bits = 0;
  for (size_t i = 0; i < sizeof bits; ++i) bits = bits << 8 | static_cast<uint8_t>(key[i]);
  return {static_cast<int64_t>(bits ^ (uint64_t{1} << 63)), Bytes(key.substr(sizeof bits))};
}

RankSketch& sketch_of(SqlStore& store, const KeyRow& row) {
  if (RankSketch* found = store.sketch(row.kid)) return *found;
  RankSketch& sketch = store.add_sketch(row.kid);
  sketch.append({}, 0);
  size_t left = row.size();
  ZsetPlace boundary = ZsetPlace::lowest();
  while (left > 2 * RankSketch::stretch) {
    const auto next = page(store, row, boundary, 1, RankSketch::stretch);
    if (next.empty()) break;
    boundary = {next[0].number, Bytes(next[0].name)};
    sketch.append(key_of(boundary.ord, boundary.member), RankSketch::stretch);
    left -= RankSketch::stretch;
  }
  sketch.close(left);
  return sketch;
}

size_t count_between(SqlStore& store, const KeyRow& row, const ZsetPlace& first, const ZsetPlace& behind) {
  int64_t count = 0;
  if (store.driver().dialect() == Dialect::mariadb) {
    store.read(Statement::zset_count,
               {row.kid, first.ord, first.ord, View(first.member), behind.ord, behind.ord, View(behind.member)},
               [&](Row columns) { count = columns[0].number; });
  } else {
    store.read(Statement::zset_count, {row.kid, first.ord, View(first.member), behind.ord, View(behind.member)},
               [&](Row columns) { count = columns[0].number; });
  }
  return static_cast<size_t>(count);
}

std::vector<Element> walk(SqlStore& store, Statement statement, const KeyRow& row, const ZsetPlace& place, size_t count,
                          size_t offset) {
  std::vector<Element> found;
  if (row.n == 0 || count == 0) return found;
  const auto add = [&](Row columns) { found.push_back({store.keep(columns[1].view), {}, columns[0].number}); };
  const View member = place.member;
  const auto limit = static_cast<int64_t>(count);
  const auto skip = static_cast<int64_t>(offset);
  if (store.driver().dialect() == Dialect::mariadb) {
    store.read(statement, {row.kid, place.ord, place.ord, member, limit, skip}, add);
  } else {
    store.read(statement, {row.kid, place.ord, member, limit, skip}, add);
  }
  return found;
}

}  // namespace

std::vector<Element> page(SqlStore& store, const KeyRow& row, const ZsetPlace& from, size_t count, size_t offset) {
  return walk(store, Statement::zset_forward, row, from, count, offset);
}

std::vector<Element> page_down(SqlStore& store, const KeyRow& row, const ZsetPlace& below, size_t count,
                               size_t offset) {
  return walk(store, Statement::zset_backward, row, below, count, offset);
}

std::vector<Element> by_rank(SqlStore& store, const KeyRow& row, size_t first, size_t count) {
  constexpr size_t few = RankSketch::stretch;  // rows to walk over from an end
  if (first <= few || row.n < sketch_from) return page(store, row, ZsetPlace::lowest(), count, first);
  const size_t behind = row.size() - std::min(row.size(), first + count);
  if (behind <= few && count <= few) {
    auto found = page_down(store, row, ZsetPlace::highest(), row.size() - first - behind, behind);
    std::reverse(found.begin(), found.end());
    return found;
  }
  const RankSketch::Place place = sketch_of(store, row).of_rank(first);
  return page(store, row, place_of(place.boundary), count, place.within);
}

size_t rank_of(SqlStore& store, const KeyRow& row, const ZsetPlace& place) {
  if (row.n == 0) return 0;
  if (row.n < sketch_from) return count_between(store, row, ZsetPlace::lowest(), place);
  const RankSketch::Place stretch = sketch_of(store, row).of_key(key_of(place.ord, place.member));
  return stretch.before + count_between(store, row, place_of(stretch.boundary), place);
}

void added(SqlStore& store, KeyRow& row, int64_t ord, View member) {
  ++row.n;
  RankSketch* sketch = store.sketch(row.kid);
  if (sketch == nullptr) return;
  const Bytes key = key_of(ord, member);
  if (!sketch->add(key)) return;
  constexpr size_t half = RankSketch::longest_stretch / 2;
  const auto middle = page(store, row, place_of(sketch->of_key(key).boundary), 1, half);
  if (!middle.empty()) sketch->cut(key, key_of(middle[0].number, middle[0].name), half);
}

void removed(SqlStore& store, KeyRow& row, int64_t ord, View member) {
  --row.n;
  if (RankSketch* sketch = store.sketch(row.kid)) sketch->remove(key_of(ord, member));
}

}  // namespace redipy::sql::zset
