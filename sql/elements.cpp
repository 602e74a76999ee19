// SPDX-License-Identifier: Apache-2.0
//
// See elements.h.
#include "sql/elements.h"

#include <algorithm>
#include <memory>
#include <unordered_set>

#include "core/base/numbers.h"
#include "sql/element_tables.h"
#include "sql/sorted_sets.h"

namespace redipy::sql {

namespace {

constexpr size_t page = 512;

/// Of a hash the columns are field, value [, ord], of the others member, number.
Element element_of(SqlStore& store, const KeyRow& row, Row columns) {
  Element element{store.keep(columns[0].view), {}, 0};
  if (row.type == Type::hash) {
    element.value = store.keep(columns[1].view);
    if (columns.size() > 2) element.number = columns[2].number;
  } else if (columns.size() > 1) {
    element.number = columns[1].number;
  }
  return element;
}

/// The sketch of a hash's or set's names, made if there is none.
RankSketch& sketch_of(SqlStore& store, const KeyRow& row) {
  if (RankSketch* found = store.sketch(row.kid)) return *found;
  RankSketch& sketch = store.add_sketch(row.kid);
  sketch.append({}, 0);
  size_t left = row.size();
  Bytes boundary;
  while (left > 2 * RankSketch::stretch) {
    const auto next = some_elements(store, row, boundary, 1, RankSketch::stretch);
    if (next.empty()) break;
    boundary = next[0].name;
    sketch.append(boundary, RankSketch::stretch);
    left -= RankSketch::stretch;
  }
  sketch.close(left);
  return sketch;
}

/// The element of a rank: by name, of a sorted set by score.
Element element_at(SqlStore& store, KeyRow& row, size_t rank) {
  if (row.type == Type::sorted_set) return zset_element_at(store, row, rank);
  std::vector<Element> found;
  if (row.n < sketch_from) {
    found = some_elements(store, row, {}, 1, rank);
  } else {
    const RankSketch::Place place = sketch_of(store, row).of_rank(rank);
    found = some_elements(store, row, place.boundary, 1, place.within);
  }
  return found.empty() ? Element() : found[0];
}

}  // namespace

std::vector<Element> all_elements(SqlStore& store, const KeyRow& row) {
  std::vector<Element> all;
  if (row.n == 0) return all;
  all.reserve(row.size());
  const auto add = [&](Row columns) { all.push_back(element_of(store, row, columns)); };
  if (row.type == Type::sorted_set) {
    store.read(Statement::zset_from, {row.kid, View(), row.n, int64_t{0}}, add);
    return all;
  }
  store.read(row.type == Type::hash ? Statement::hash_all : Statement::set_all, {row.kid}, add);
  if (row.coding == Coding::intset) {
    for (Element& it : all) it.number = parse_integer(it.name).value_or(0);
  }
  std::sort(all.begin(), all.end(),
            [](const Element& left, const Element& right) { return left.number < right.number; });
  return all;
}

std::vector<Element> some_elements(SqlStore& store, const KeyRow& row, View first, size_t count, size_t offset) {
  std::vector<Element> found;
  if (row.n == 0) return found;
  store.read(tables_of(row.type).from, {row.kid, first, static_cast<int64_t>(count), static_cast<int64_t>(offset)},
             [&](Row columns) { found.push_back(element_of(store, row, columns)); });
  return found;
}

void walk_elements(SqlStore& store, const KeyRow& row, FunctionRef<bool(const Element&)> visit) {
  Bytes first;
  for (;;) {
    const auto found = some_elements(store, row, first, page);
    for (const Element& element : found) {
      if (!visit(element)) return;
    }
    if (found.size() < page) return;
    first = successor(found.back().name);
  }
}

uint64_t scan_elements(SqlStore& store, const KeyRow& row, uint64_t cursor, size_t count,
                       FunctionRef<void(const Element&)> visit) {
  const size_t wanted = std::clamp<size_t>(count, 1, size_t{1} << 20);
  Bytes first;
  if (cursor != 0) {
    if (const auto place = store.places().find(cursor, row.kid)) first = *place;
  }
  const auto found = some_elements(store, row, first, wanted + 1);
  for (size_t i = 0; i < std::min(wanted, found.size()); ++i) visit(found[i]);
  return found.size() > wanted ? store.places().remember(row.kid, found[wanted].name) : 0;
}

void sample_elements(SqlStore& store, KeyRow& row, size_t count, bool distinct,
                     FunctionRef<void(const Element&)> visit) {
  const size_t size = row.size();
  if (size == 0 || count == 0) return;
  Random& random = store.random();
  if (distinct) count = std::min(count, size);
  constexpr size_t worth_reading_all = 8;  // of so many draws from so many times as many elements
  if (count > 1 && count >= size / worth_reading_all) {
    const auto all = all_elements(store, row);
    size_t wanted = count;
    if (!distinct) {
      for (; wanted > 0; --wanted) visit(all[random.below(all.size())]);
      return;
    }
    for (size_t i = 0; i < all.size() && wanted > 0; ++i) {
      if (random.below(all.size() - i) >= wanted) continue;
      visit(all[i]);
      --wanted;
    }
    return;
  }
  std::unordered_set<size_t> drawn;
  for (size_t left = count; left > 0;) {
    const size_t rank = random.below(size);
    if (distinct && count > 1 && !drawn.insert(rank).second) continue;
    visit(element_at(store, row, rank));
    --left;
  }
}

void look_up(SqlStore& store, const KeyRow& row, Statement statement, std::span<const View> names,
             FunctionRef<bool(size_t, const ElementsAhead::Known&)> known,
             FunctionRef<void(size_t, const Value&)> found) {
  const auto is_known = [&](size_t i) {
    const auto* it = store.known(row.kid, names[i]);
    return it != nullptr && known(i, *it);
  };
  if (names.size() == 1) {
    if (!is_known(0)) store.read(statement, {row.kid, names[0]}, [&](Row columns) { found(0, columns[0]); });
    return;
  }
  std::vector<size_t> asked;
  std::vector<Value> parameters;
  parameters.reserve(2 * names.size());
  for (size_t i = 0; i < names.size(); ++i) {
    if (is_known(i)) continue;
    asked.push_back(i);
    parameters.insert(parameters.end(), {Value(row.kid), Value(names[i])});
  }
  store.read_many(statement, parameters, asked.size(), [&](size_t i, Row columns) { found(asked[i], columns[0]); });
}

void find_names(SqlStore& store, const KeyRow& row, Statement has, std::span<const View> names,
                std::span<bool> present) {
  std::fill(present.begin(), present.end(), false);
  if (row.n == 0 || names.empty()) return;
  look_up(
      store, row, has, names,
      [&](size_t i, const ElementsAhead::Known& it) {
        present[i] = it.present;
        return true;
      },
      [&](size_t i, const Value&) { present[i] = true; });
}

void element_added(SqlStore& store, KeyRow& row, View name) {
  ++row.n;
  RankSketch* sketch = store.sketch(row.kid);
  if (sketch == nullptr || !sketch->add(name)) return;
  const RankSketch::Place place = sketch->of_key(name);
  constexpr size_t half = RankSketch::longest_stretch / 2;
  const auto middle = some_elements(store, row, place.boundary, 1, half);
  if (!middle.empty()) sketch->cut(name, middle[0].name, half);
}

void element_removed(SqlStore& store, KeyRow& row, View name) {
  --row.n;
  if (RankSketch* sketch = store.sketch(row.kid)) sketch->remove(name);
}

RankSketch& SqlStore::add_sketch(int64_t kid) { return sketches_[kid]; }

}  // namespace redipy::sql
