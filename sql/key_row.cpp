// SPDX-License-Identifier: Apache-2.0
//
// See key_row.h.
#include "sql/key_row.h"

namespace redipy::sql {

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
  const auto found = rows.find(name);
  if (found == rows.end()) return nullptr;
  found->second->recent = true;
  return found->second.get();
}

KeyRow& Keyspace::add(View name) {
  auto made = std::make_unique<KeyRow>();
  KeyRow& row = *made;
  row.name = name;
  row.space = this;
  rows.emplace(View(row.name), std::move(made));
  link(row);
  recount(row);
  return row;
}

void Keyspace::erase(KeyRow& row) {
  unlink(row);
  bytes -= row.counted;
  rows.erase(rows.find(View(row.name)));
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
