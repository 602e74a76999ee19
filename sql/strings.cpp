// SPDX-License-Identifier: Apache-2.0
//
// See strings.h.
#include "sql/strings.h"

#include <algorithm>

#include "core/base/numbers.h"
#include "sql/sql_store.h"

namespace redipy::sql {

namespace {

/// The row now holds what is in `value`.
void changed(SqlStore& store, KeyRow& row, Coding coding) {
  row.n = static_cast<int64_t>(row.value.size());
  row.coding = coding;
  row.value_loaded = true;
  store.mark_changed(row);
  store.mark_dirty(row, true);
}

}  // namespace

View SqlString::get() const { return store().value_of(row()); }

size_t SqlString::size() const { return row().size(); }

View SqlString::range(size_t offset, size_t length) const {
  if (offset >= size() || length == 0) return {};
  length = std::min(length, size() - offset);
  if (row().value_loaded || length > size() / 2) return get().substr(offset, length);
  View found;
  store().read(Statement::key_range, {static_cast<int64_t>(offset + 1), static_cast<int64_t>(length), row().id},
               [&](Row columns) { found = store().keep(columns[0].view); });
  return found;
}

std::optional<int64_t> SqlString::integer() const {
  if (size() > integer_text_size) return std::nullopt;
  return parse_integer(get());
}

void SqlString::set(View value) {
  row().value = value;
  changed(store(), row(), Coding::text);
}

void SqlString::set(int64_t value) {
  char text[integer_text_size];
  row().value.assign(text, format_integer(value, text));
  changed(store(), row(), Coding::natural);
}

void SqlString::set_bytes(View value) {
  row().value = value;
  changed(store(), row(), Coding::raw);
}

void SqlString::patch(size_t offset, View bytes) {
  get();
  Bytes& value = row().value;
  if (offset + bytes.size() > value.size()) value.resize(offset + bytes.size(), '\0');
  value.replace(offset, bytes.size(), bytes);
  changed(store(), row(), Coding::raw);
}

// --- what the store does with strings

View SqlStore::value_of(KeyRow& row) {
  if (!row.value_loaded) {
    read(Statement::key_value, {row.id}, [&](Row columns) { row.value = columns[0].view; });
    row.value_loaded = true;
    row.space->recount(row);
  }
  return row.value;
}

void SqlStore::put_string(View key, View value, Expiry expiry) {
  KeyRow* found = locate(key);
  KeyRow& row = found != nullptr ? *found : row_of(key);
  if (found == nullptr) {
    appear(row, Type::string);
    note(row, Event::created);
  } else {
    if (row.type != Type::string) {
      discard(row.type, row.kid, row.n);
      row.kid = 0;
      row.lo = row.hi = row.bytes = 0;
      row.type = Type::string;
      ++row.life;
    }
    use(row);
  }
  row.value = value;
  row.value_loaded = true;
  row.n = static_cast<int64_t>(value.size());
  row.coding = Coding::natural;
  if (expiry.kind != Expiry::keep) {
    set_row_deadline(row, expiry.kind == Expiry::at ? expiry.deadline : no_deadline);
  }
  mark_dirty(row, true);
  note(row, call_.event);
  if (expiry.kind == Expiry::at && call_.event != Event::restore) note(row, Event::expire);
}

}  // namespace redipy::sql
