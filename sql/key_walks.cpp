// SPDX-License-Identifier: Apache-2.0
//
// Walks over keys: SCAN, KEYS, RANDOMKEY. Keys are walked from the highest id down: a key keeps its id as long as it
// exists, and new ones get higher ids, so that the cursor is simply the last id, and a scan ends however fast keys are
// added. See sql_store.h.
#include <algorithm>
#include <limits>

#include "sql/sql_store.h"

namespace redipy::sql {

namespace {

struct Found {
  int64_t id;
  View name;
  Type type;
};

constexpr int64_t page = 512;

}  // namespace

void SqlStore::for_each_key(FunctionRef<bool(View key, Type type)> visit) {
  flush_rows();
  int64_t below = std::numeric_limits<int64_t>::max();
  for (;;) {
    Arena names;
    std::vector<Found> found;
    int64_t rows = 0;
    read(Statement::key_scan, {below, page}, [&](Row row) {
      ++rows;
      below = row[0].number;
      const bool past = row[4].kind != Value::null && row[4].number <= now_;
      if (row[1].number != space_->dbid || past) return;
      found.push_back({row[0].number, names.keep(row[2].view), static_cast<Type>(row[3].number)});
    });
    for (const Found& it : found) {
      if (!visit(it.name, it.type)) return;
    }
    if (rows < page) return;
  }
}

uint64_t SqlStore::scan(uint64_t cursor, size_t count, FunctionRef<void(View key, Type type)> visit) {
  // Other databases' keys lie between ours.
  constexpr int most_pages = 10;
  flush_rows();
  constexpr auto top = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  int64_t below = static_cast<int64_t>(cursor == 0 || cursor > top ? top : cursor);
  const auto wanted = static_cast<int64_t>(std::clamp<size_t>(count, 1, 1 << 20));
  std::vector<View> expired;
  std::vector<Found> found;
  bool more = true;
  for (int i = 0; i < most_pages && more && found.size() < static_cast<size_t>(wanted); ++i) {
    int64_t rows = 0;
    read(Statement::key_scan, {below, wanted}, [&](Row row) {
      ++rows;
      below = row[0].number;
      if (row[1].number != space_->dbid) return;
      const View name = keep(row[2].view);
      if (row[4].kind != Value::null && row[4].number <= now_) {
        expired.push_back(name);
      } else {
        found.push_back({row[0].number, name, static_cast<Type>(row[3].number)});
      }
    });
    more = rows == wanted;
  }
  for (const View name : expired) locate(name);  // removes it
  for (const Found& it : found) visit(it.name, it.type);
  return more ? static_cast<uint64_t>(below) : 0;
}

/// The name in a row of (…, name, exp), unless its time is over: then the key is removed.
std::optional<View> SqlStore::alive(const Value& name, const Value& deadline) {
  const View kept = keep(name.view);
  if (deadline.kind == Value::null || deadline.number > now_) return kept;
  return std::nullopt;
}

std::optional<View> SqlStore::random_key() {
  if (space_->keys == 0) return std::nullopt;
  flush_rows();
  // Ids are mostly dense: a random one that is taken is a fair choice.
  constexpr int patience = 64;
  int64_t least = 0;
  int64_t most = 0;
  read(Statement::key_top, {}, [&](Row row) {
    least = row[0].number;
    most = row[1].number;
  });
  const auto draw = [&] {
    return least + static_cast<int64_t>(random_.below(static_cast<uint64_t>(most - least) + 1));
  };
  std::optional<View> found;
  for (int i = 0; i < patience && !found; ++i) {
    read(Statement::key_at, {draw()}, [&](Row row) {
      if (row[0].number == space_->dbid) found = alive(row[1], row[2]);
    });
  }
  constexpr size_t few = 10'000;
  if (!found && space_->keys <= few) {
    for (int i = 0; i < patience && !found; ++i) {
      read(Statement::key_nth, {space_->dbid, static_cast<int64_t>(random_.below(space_->keys))},
           [&](Row row) { found = alive(row[0], row[1]); });
    }
  }
  for (int i = 0; i < patience && !found; ++i) {
    read(Statement::key_below, {draw()}, [&](Row row) {
      if (!found && row[0].number == space_->dbid) found = alive(row[1], row[2]);
    });
  }
  if (!found) {  // nearly all have expired, or belong to other databases
    for_each_key([&](View key, Type) {
      found = keep(key);
      return false;
    });
  }
  return found;
}

}  // namespace redipy::sql
