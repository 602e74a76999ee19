// SPDX-License-Identifier: Apache-2.0
//
// What the store does with keys whatever their type: removing, renaming, copying, deadlines, what OBJECT and MEMORY
// tell. See sql_store.h.
#include <algorithm>
#include <utility>

#include "core/base/numbers.h"
#include "core/command/error.h"
#include "sql/element_tables.h"
#include "sql/names.h"
#include "sql/sql_store.h"

namespace redipy::sql {

namespace {

constexpr size_t longest_key = (size_t{1} << 30) - 1;

Coding first_coding(Type type) {
  switch (type) {
    case Type::string:
      return Coding::natural;
    case Type::set:
      return Coding::intset;
    default:
      return Coding::listpack;
  }
}

}  // namespace

// --- rows come and go

/// Makes a key that is absent, with nothing in it. In a row that just held another key of this name it keeps its
/// number: for SCAN it was there all the time.
void SqlStore::appear(KeyRow& row, Type type) {
  if (row.name.size() > longest_key) throw CommandError(error::string_too_long);
  check_name(*this, row.name);
  if (row.id == 0) row.id = next_id_++;
  row.present = true;
  row.type = type;
  row.coding = first_coding(type);
  row.used = now_ / 1000;
  ++row.space->keys;
  row.space->dirty = true;
  mark_dirty(row, true);
}

/// Makes a key absent; its value goes, too, unless another key has taken it.
void SqlStore::vanish(KeyRow& row, bool with_value) {
  if (with_value) discard(row.type, row.kid, row.n);
  set_row_deadline(row, no_deadline);
  row.present = false;
  row.type = Type::none;
  row.coding = Coding::natural;
  row.kid = row.n = row.lo = row.hi = row.bytes = row.skipped = 0;
  row.sparse = false;
  row.value = Bytes();
  row.value_loaded = false;
  ++row.life;
  --row.space->keys;
  row.space->dirty = true;
  mark_dirty(row, true);
}

void SqlStore::set_row_deadline(KeyRow& row, int64_t deadline) {
  if ((row.deadline == no_deadline) != (deadline == no_deadline)) {
    row.space->expires += deadline == no_deadline ? -size_t{1} : size_t{1};
    row.space->dirty = true;
  }
  row.deadline = deadline;
  mark_dirty(row);
}

void SqlStore::discard(Type type, int64_t kid, int64_t n) {
  constexpr int64_t few = 64;
  if (kid == 0) return;
  sketches_.erase(kid);
  if (n == 0) return;
  if (n <= few) {
    write(tables_of(type).clear, {kid});
  } else {
    write(Statement::trash_put, {kid, static_cast<int64_t>(type)});
    ++backlog_;
  }
}

void SqlStore::drop_elements(KeyRow& row) {
  discard(row.type, row.kid, row.n);
  row.kid = row.n = row.lo = row.hi = row.bytes = row.skipped = 0;
  row.sparse = false;
}

/// Gives the value and deadline of `from`, which becomes absent, to `to`, which is.
void SqlStore::take_value(KeyRow& to, KeyRow& from) {
  if (from.type == Type::string) value_of(from);
  appear(to, from.type);
  to.kid = from.kid;
  to.n = from.n;
  to.lo = from.lo;
  to.hi = from.hi;
  to.bytes = from.bytes;
  to.skipped = from.skipped;
  to.coding = from.coding;
  to.sparse = from.sparse;
  to.used = from.used;
  to.value = std::move(from.value);
  to.value_loaded = from.value_loaded;
  set_row_deadline(to, from.deadline);
  mark_dirty(to, true);
  vanish(from, false);
}

/// Gives a copy of them.
void SqlStore::copy_value(KeyRow& to, KeyRow& from) {
  if (from.type == Type::string) value_of(from);
  appear(to, from.type);
  to.n = from.n;
  to.lo = from.lo;
  to.hi = from.hi;
  to.bytes = from.bytes;
  to.coding = from.coding;
  to.sparse = from.sparse;
  to.value = from.value;
  to.value_loaded = from.value_loaded;
  if (from.kid != 0) write(tables_of(from.type).copy, {elements_of(to), from.kid});
  set_row_deadline(to, from.deadline);
  mark_dirty(to, true);
}

bool SqlStore::remove(View key, Removal) {
  KeyRow* row = locate(key);
  if (row == nullptr) return false;
  note(*row, Event::del);
  vanish(*row, true);
  return true;
}

bool SqlStore::rename(View from, View to) {
  KeyRow* source = locate(from);
  if (source == nullptr) return false;
  if (from == to) return true;
  if (KeyRow* target = locate(to)) vanish(*target, true);
  KeyRow& target = row_of(to);
  take_value(target, *source);
  note(target, Event::created);
  note(*source, Event::rename_from);
  note(target, Event::rename_to);
  return true;
}

bool SqlStore::move(View key, int database) {
  const int selected = selected_;
  select(database);
  const bool present = locate(key) != nullptr;
  KeyRow& target = row_of(key);
  select(selected);
  if (present) return false;
  KeyRow* source = locate(key);
  if (source == nullptr) return false;
  take_value(target, *source);
  select(database);
  note(target, Event::created);
  select(selected);
  note(*source, Event::move_from);
  select(database);
  note(target, Event::move_to);
  select(selected);
  return true;
}

bool SqlStore::copy(View from, View to, int database, bool replace) {
  KeyRow* source = locate(from);
  if (source == nullptr) return false;
  const int selected = selected_;
  select(database);
  KeyRow* target = locate(to);
  const bool place = target == nullptr || (replace && target != source);
  if (place) {
    if (target != nullptr) vanish(*target, true);
    KeyRow& row = row_of(to);
    copy_value(row, *source);
    note(row, Event::created);
    note(row, Event::copy_to);
  }
  select(selected);
  return place || target == source;
}

// --- whole databases

size_t SqlStore::flush(int database, std::optional<bool>) {
  end_changes();
  listener_.flushing(database, *this);
  end_changes();  // keys that were found expired
  flush_rows();   // so that all elements belong to a row of the table, by which they are found later
  size_t removed = 0;
  for (size_t i = 0; i < spaces_.size(); ++i) {
    if (database >= 0 && i != static_cast<size_t>(database)) continue;
    Keyspace& space = *spaces_[i];
    if (space.keys == 0) continue;
    removed += space.keys;
    write(Statement::trash_put, {space.dbid, int64_t{0}});
    ++backlog_;
    auto fresh = std::make_unique<Keyspace>();
    fresh->dbid = next_id_++;
    fresh->dirty = true;
    graveyard_.push_back(std::exchange(spaces_[i], std::move(fresh)));
  }
  select(selected_);
  return removed;
}

bool SqlStore::swap(int first, int second) {
  if (first == second) return true;
  end_changes();
  listener_.swapping(first, second, *this);
  end_changes();
  auto& one = spaces_[static_cast<size_t>(first)];
  auto& other = spaces_[static_cast<size_t>(second)];
  std::swap(one, other);
  one->dirty = other->dirty = true;
  wrote_ = true;
  select(selected_);
  return true;
}

SqlStore::Usage SqlStore::usage(int database) const {
  const Keyspace& space = *spaces_[static_cast<size_t>(database)];
  return {space.keys, space.expires};
}

// --- deadlines

void SqlStore::expire(KeyRow& row) {
  note(row, Event::expired);
  vanish(row, true);
  ++statistics_.expired;
}

std::optional<int64_t> SqlStore::deadline(View key) {
  const KeyRow* row = read(key);
  if (row == nullptr) return std::nullopt;
  return row->deadline;
}

bool SqlStore::set_deadline(View key, int64_t deadline) {
  KeyRow* row = locate(key);
  if (row == nullptr) return false;
  set_row_deadline(*row, deadline);
  use(*row);
  if (call_.event != Event::restore) note(*row, Event::expire);
  return true;
}

bool SqlStore::clear_deadline(View key) {
  KeyRow* row = locate(key);
  if (row == nullptr || row->deadline == no_deadline) return false;
  set_row_deadline(*row, no_deadline);
  use(*row);
  note(*row, Event::persist);
  return true;
}

// --- looking at keys

Type SqlStore::type(View key) {
  const KeyRow* row = read(key);
  return row ? row->type : Type::none;
}

bool SqlStore::touch(View key) {
  const bool touching = std::exchange(call_.touch, true);
  const bool there = read(key) != nullptr;
  call_.touch = touching;
  return there;
}

std::optional<ObjectInfo> SqlStore::object(View key) {
  const KeyRow* row = locate(key);
  if (row == nullptr) return std::nullopt;
  constexpr size_t longest_embedded = 44;
  constexpr View names[] = {"", "", "raw", "listpack", "quicklist", "intset", "hashtable", "skiplist"};
  ObjectInfo info{};
  info.type = row->type;
  info.encoding = names[static_cast<size_t>(row->coding)];
  if (row->coding == Coding::natural || row->coding == Coding::text) {
    info.encoding = row->size() <= longest_embedded ? "embstr" : "raw";
    if (row->coding == Coding::natural && parse_integer(row->value)) info.encoding = "int";
  }
  info.idle_seconds = std::max<int64_t>(0, now_ / 1000 - row->used);
  return info;
}

void SqlStore::set_idle_seconds(View key, int64_t seconds) {
  KeyRow* row = locate(key);
  if (row == nullptr) return;
  row->used = now_ / 1000 - std::max<int64_t>(seconds, 0);
  mark_dirty(*row);
}

void SqlStore::set_frequency(View, uint8_t) {}

std::optional<size_t> SqlStore::memory_usage(View key, size_t samples) {
  constexpr size_t row_overhead = 40;
  constexpr size_t element_overhead = 24;
  const KeyRow* row = locate(key);
  if (row == nullptr) return std::nullopt;
  const size_t own = row->name.size() + row_overhead;
  if (row->type == Type::string) return own + row->size();
  if (row->n == 0) return own;
  const auto most = samples == 0 ? row->n : static_cast<int64_t>(std::min(samples, row->size()));
  size_t seen = 0;
  size_t bytes = 0;
  const auto measure = [&](Row columns) {
    ++seen;
    for (const Value& value : columns) bytes += value.kind == Value::bytes ? value.view.size() : sizeof(int64_t);
  };
  if (row->type == Type::list) {
    read(Statement::list_forward, {row->kid, row->lo, most, int64_t{0}}, measure);
  } else {
    read(tables_of(row->type).from, {row->kid, View(), most, int64_t{0}}, measure);
  }
  if (seen == 0) return own;
  return own + row->size() * element_overhead + bytes * row->size() / seen;
}

}  // namespace redipy::sql
