// SPDX-License-Identifier: Apache-2.0
//
// See key_row.h.
#include "sql/key_row.h"

#include <memory>

namespace redipy::sql {

Keyspace::~Keyspace() {
  rows.clear([](KeyRow* row) { delete row; });
}

void Keyspace::link(KeyRow& row) {
  row.newer = nullptr;
  row.older = newest;
  if (newest != nullptr) newest->newer = &row;
  newest = &row;
  if (oldest == nullptr) oldest = &row;
}

void Keyspace::unlink(KeyRow& row) {
  (row.newer != nullptr ? row.newer->older : newest) = row.older;
  (row.older != nullptr ? row.older->newer : oldest) = row.newer;
}

KeyRow* Keyspace::find(View name) {
  const auto* const slot = rows.find(Traits::hash(name), name);
  if (slot == nullptr) return nullptr;
  KeyRow* const row = *slot;
  row->recent = true;
  return row;
}

KeyRow& Keyspace::add(View name) {
  auto made = std::make_unique<KeyRow>();
  made->name = name;
  made->space = this;
  rows.insert(Traits::hash(name), made.get());
  KeyRow& row = *made.release();
  link(row);
  recount(row);
  return row;
}

void Keyspace::erase(KeyRow& row) {
  unlink(row);
  bytes -= row.counted;
  delete rows.erase(Traits::hash(row.name), row.name);
}

void Keyspace::spare(KeyRow& row) {
  row.recent = false;
  unlink(row);
  link(row);
}

void Keyspace::recount(KeyRow& row) {
  const size_t now = row.memory();
  bytes += now - row.counted;
  row.counted = now;
}

}  // namespace redipy::sql
