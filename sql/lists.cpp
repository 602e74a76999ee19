// SPDX-License-Identifier: Apache-2.0
//
// See lists.h. `bytes` of the row follows what the elements would take in a listpack, for OBJECT ENCODING.
#include "sql/lists.h"

#include <algorithm>

#include "core/base/listpack.h"
#include "core/command/error.h"
#include "sql/sql_store.h"

namespace redipy::sql {

namespace {

constexpr size_t page_size = 256;
constexpr size_t first_page_size = 16;

int64_t packed_size(View element) { return static_cast<int64_t>(listpack::Entry(element).size()); }

/// How large a list may be that is kept in one piece in memory: by list-max-listpack-size.
struct SmallList {
  size_t bytes;
  size_t count;

  explicit SmallList(int setting)
      : bytes(setting >= 0 ? 8192 : size_t{2048} << std::min(-setting, 5)),
        count(setting > 0    ? static_cast<size_t>(setting)
              : setting == 0 ? 1
                             : SIZE_MAX) {}
  bool by_count() const { return count != SIZE_MAX; }
};

}  // namespace

// --- places

size_t SqlList::size() const { return row().size(); }

bool SqlList::dense() const { return !row().sparse; }

std::vector<SqlList::Element> SqlList::page(End from, int64_t position, size_t count, size_t offset) const {
  std::vector<Element> found;
  if (row().n == 0 || count == 0) return found;
  store().read(from == End::front ? Statement::list_forward : Statement::list_backward,
               {row().kid, position, static_cast<int64_t>(count), static_cast<int64_t>(offset)}, [&](Row columns) {
                 found.push_back({columns[0].number, store().keep(columns[1].view)});
               });
  return found;
}

template <class VisitElement>
void SqlList::walk(End from, VisitElement visit) const {
  int64_t position = from == End::front ? row().lo : row().hi;
  for (size_t count = first_page_size;; count = std::min(4 * count, page_size)) {
    const auto found = page(from, position, count);
    for (const Element& it : found) {
      if (!visit(it)) return;
    }
    if (found.size() < count) return;
    position = found.back().position + (from == End::front ? 1 : -1);
  }
}

/// Of an index within the list.
std::optional<SqlList::Element> SqlList::element_at(size_t index) const {
  if (dense()) {
    const int64_t position = row().lo + static_cast<int64_t>(index) * stride;
    std::optional<Element> found;
    store().read(Statement::list_at, {row().kid, position}, [&](Row columns) {
      found = Element{position, store().keep(columns[0].view)};
    });
    return found;
  }
  const bool nearer_front = index < size() / 2;
  const size_t offset = nearer_front ? index : size() - 1 - index;
  row().skipped += static_cast<int64_t>(offset);
  const auto found = nearer_front ? page(End::front, row().lo, 1, offset) : page(End::back, row().hi, 1, offset);
  return found.empty() ? std::nullopt : std::optional(found[0]);
}

int64_t SqlList::position_of(size_t index) const {
  if (dense()) return row().lo + static_cast<int64_t>(index) * stride;
  const auto found = element_at(index);
  return found ? found->position : row().hi;
}

/// Numbers the rows anew, without holes. Their old ones are thrown away with their number.
void SqlList::renumber() {
  KeyRow& it = row();
  const int64_t old = it.kid;
  it.kid = 0;
  store().write(Statement::list_renumber, {store().elements_of(it), old});
  store().discard(Type::list, old, it.n);
  it.lo = 0;
  it.hi = (it.n - 1) * stride;
  it.skipped = 0;
  it.sparse = false;
  store().mark_dirty(it);
}

/// Before a change of a sparse list.
void SqlList::renumber_if_worth() {
  constexpr int64_t worth = 10;
  constexpr int64_t few = 128;
  if (row().n > few && !dense() && row().skipped > worth * row().n) renumber();
}

void SqlList::write(int64_t position, View value) {
  store().write(Statement::list_put, {store().elements_of(row()), position, value});
}

// --- reading

std::optional<View> SqlList::at(size_t index) const {
  if (index >= size()) return std::nullopt;
  const auto found = element_at(index);
  return found ? std::optional(found->value) : std::nullopt;
}

void SqlList::range(RankRange range, Visit visit) const {
  if (range.count == 0) return;
  int64_t position = position_of(range.first);
  for (size_t left = range.count; left > 0;) {
    const auto found = page(End::front, position, std::min(left, page_size));
    if (found.empty()) return;
    for (const Element& it : found) visit(it.value);
    left -= found.size();
    position = found.back().position + 1;
  }
}

void SqlList::find(View value, End from, size_t skip, size_t max_compared,
                   FunctionRef<bool(size_t index)> found) const {
  size_t compared = 0;
  walk(from, [&](const Element& it) {
    const size_t index = from == End::front ? compared : size() - 1 - compared;
    ++compared;
    if (it.value == value) {
      if (skip > 0) {
        --skip;
      } else if (!found(index)) {
        return false;
      }
    }
    return compared != max_compared;
  });
}

// --- codings

/// Before elements are added: by Redis's rule they count with their bytes only.
void SqlList::grow_for(std::span<const View> elements) {
  constexpr size_t most_overhead = 10;
  constexpr size_t listpack_header = 7;
  size_t bytes = 0;
  for (const View element : elements) {
    if (element.size() > listpack::size_limit - most_overhead) throw CommandError(error::string_too_long);
    bytes += element.size();
  }
  if (row().coding != Coding::listpack) return;
  const SmallList limit(store().options().list_max_listpack_size);
  if (static_cast<size_t>(row().bytes) + listpack_header + bytes > limit.bytes ||
      size() + elements.size() > limit.count) {
    row().coding = Coding::quicklist;
  }
}

/// After elements were removed or replaced: a list that has shrunk to half of the limit is small again.
void SqlList::shrunk() {
  if (row().coding != Coding::quicklist) return;
  const SmallList limit(store().options().list_max_listpack_size);
  const bool small = limit.by_count() ? size() <= limit.count / 2 : static_cast<size_t>(row().bytes) <= limit.bytes / 2;
  if (small) row().coding = Coding::listpack;
}

int64_t SqlList::bytes_of(size_t first, size_t count) const {
  int64_t bytes = 0;
  range({first, count}, [&](View element) { bytes += packed_size(element); });
  return bytes;
}

// --- changing

void SqlList::push(End end, std::span<const View> elements) {
  if (elements.empty()) return;
  grow_for(elements);
  KeyRow& it = row();
  for (const View element : elements) {
    if (it.n == 0) {
      it.lo = it.hi = 0;
    } else if (end == End::front) {
      it.lo -= stride;
    } else {
      it.hi += stride;
    }
    write(end == End::front ? it.lo : it.hi, element);
    ++it.n;
    it.bytes += packed_size(element);
  }
  store().mark_changed(it);
}

void SqlList::pop(End end, size_t count, Visit visit) {
  if (count == 0) return;
  KeyRow& it = row();
  const bool all = count >= size();
  // The element behind tells where a sparse list then begins.
  const auto found = page(end, end == End::front ? it.lo : it.hi, count + (all || dense() ? 0 : 1));
  count = std::min(count, found.size());
  for (size_t i = 0; i < count; ++i) {
    visit(found[i].value);
    it.bytes -= packed_size(found[i].value);
  }
  if (all) {
    store().drop_elements(it);
  } else {
    const int64_t first = found.front().position;
    const int64_t last = found[count - 1].position;
    if (count == 1) {
      store().write(Statement::list_delete, {it.kid, first});
    } else {
      store().write(Statement::list_delete_between, {it.kid, std::min(first, last), std::max(first, last)});
    }
    const int64_t step = end == End::front ? stride : -stride;
    (end == End::front ? it.lo : it.hi) = dense() ? last + step : found[count].position;
    it.n -= static_cast<int64_t>(count);
  }
  shrunk();
  store().mark_changed(it);
}

void SqlList::trim(RankRange kept) {
  KeyRow& it = row();
  if (kept.count == 0) {
    store().drop_elements(it);
  } else if (kept.count < size()) {
    const size_t behind = size() - kept.first - kept.count;
    // Whichever is fewer is read.
    if (kept.count < size() / 2) {
      it.bytes = bytes_of(kept.first, kept.count);
    } else {
      it.bytes -= bytes_of(0, kept.first) + bytes_of(size() - behind, behind);
    }
    const int64_t lo = position_of(kept.first);
    const int64_t hi = position_of(kept.first + kept.count - 1);
    if (lo > it.lo) store().write(Statement::list_delete_between, {it.kid, it.lo, lo - 1});
    if (hi < it.hi) store().write(Statement::list_delete_between, {it.kid, hi + 1, it.hi});
    it.lo = lo;
    it.hi = hi;
    it.n = static_cast<int64_t>(kept.count);
  }
  shrunk();
  store().mark_changed(it);
}

void SqlList::set(size_t index, View element) {
  grow_for({&element, 1});
  renumber_if_worth();
  KeyRow& it = row();
  const auto old = element_at(index);
  if (!old) return;
  it.bytes += packed_size(element) - packed_size(old->value);
  write(old->position, element);
  shrunk();
  store().mark_changed(it);
}

bool SqlList::insert(View pivot, bool after, View element) {
  grow_for({&element, 1});
  std::optional<size_t> index;
  find(pivot, End::front, 0, 0, [&](size_t found) {
    index = found;
    return false;
  });
  if (!index) return false;
  const size_t place = *index + after;  // the index that the element will have
  if (place == 0 || place == size()) {
    push(place == 0 ? End::front : End::back, {&element, 1});
    return true;
  }
  KeyRow& it = row();
  int64_t before = position_of(place - 1);
  int64_t behind = position_of(place);
  if (behind - before < 2) {
    renumber();
    before = position_of(place - 1);
    behind = position_of(place);
  }
  write(before + (behind - before) / 2, element);
  it.sparse = true;
  ++it.n;
  it.bytes += packed_size(element);
  store().mark_changed(it);
  return true;
}

size_t SqlList::remove(View value, End from, size_t limit) {
  if (limit == 0) limit = SIZE_MAX;
  KeyRow& it = row();
  std::vector<int64_t> positions;
  walk(from, [&](const Element& element) {
    if (element.value == value) positions.push_back(element.position);
    return positions.size() < limit;
  });
  const size_t removed = positions.size();
  if (removed == 0) return 0;
  if (removed == size()) {
    store().drop_elements(it);
  } else {
    for (const int64_t position : positions) store().write(Statement::list_delete, {it.kid, position});
    it.n -= static_cast<int64_t>(removed);
    it.bytes -= static_cast<int64_t>(removed) * packed_size(value);
    it.lo = page(End::front, it.lo, 1).front().position;
    it.hi = page(End::back, it.hi, 1).front().position;
    it.sparse = it.n > 1 && (it.sparse || it.hi - it.lo != (it.n - 1) * stride);
    renumber_if_worth();
  }
  shrunk();
  store().mark_changed(it);
  return removed;
}

}  // namespace redipy::sql
