// SPDX-License-Identifier: Apache-2.0
//
// What goes on in the background, between the batches of clients: removing keys whose time is over, deleting the rows
// of what was thrown away. See sql_store.h.
#include "sql/element_tables.h"
#include "sql/sql_store.h"

namespace redipy::sql {

namespace {

/// A row of rp_key as the reaper needs it.
struct Found {
  int64_t id;
  int64_t dbid;
  View name;
  Type type;
  int64_t kid;
  int64_t n;
};

}  // namespace

bool SqlStore::expire_some(size_t limit) {
  if (keeps_expired_) return false;
  begin({.write = true, .event = Event::none, .touch = false});
  flush_rows();
  std::vector<Found> found;
  read(Statement::key_due, {now_, static_cast<int64_t>(limit)}, [&](Row row) {
    found.push_back({row[0].number, row[1].number, keep(row[2].view), static_cast<Type>(row[3].number), row[4].number,
                     row[5].number});
  });
  const int selected = selected_;
  for (const Found& it : found) {
    bool live = false;
    for (int i = 0; i < databases() && !live; ++i) {
      if (spaces_[static_cast<size_t>(i)]->dbid != it.dbid) continue;
      live = true;
      select(i);
      locate(it.name);  // removes it
    }
    if (live) continue;
    discard(it.type, it.kid, it.n);  // its database was flushed
    write(Statement::key_delete, {it.id});
  }
  select(selected);
  end();
  return found.size() == limit;
}

bool SqlStore::reclaim(size_t limit) {
  if (!loaded_) load();
  if (!graveyard_.empty()) {
    Keyspace& space = *graveyard_.back();
    for (size_t i = 0; i < limit * 4 && space.oldest != nullptr; ++i) space.erase(*space.oldest);
    if (space.oldest == nullptr) graveyard_.pop_back();
  }
  if (backlog_ == 0) return !graveyard_.empty();
  const auto most = static_cast<int64_t>(limit);
  int64_t kid = 0;
  int64_t type = 0;
  read(Statement::trash_first, {}, [&](Row row) {
    kid = row[0].number;
    type = row[1].number;
  });
  bool done = false;
  wrote_ = true;
  if (type != 0) {
    const Value parameters[] = {kid, kid, most};
    open_transaction();  // what is fenced off must not delete, either
    done = driver_->change(tables_of(static_cast<Type>(type)).reap, parameters) < limit;
  } else {
    std::vector<Found> found;
    read(Statement::key_of_db, {kid, most}, [&](Row row) {
      found.push_back({row[0].number, kid, View(), static_cast<Type>(row[1].number), row[2].number, row[3].number});
    });
    for (const Found& it : found) {
      discard(it.type, it.kid, it.n);
      write(Statement::key_delete, {it.id});
    }
    done = found.size() < limit;
  }
  if (done) {
    write(Statement::trash_delete, {kid});
    --backlog_;
  }
  return backlog_ > 0 || !graveyard_.empty();
}

}  // namespace redipy::sql
