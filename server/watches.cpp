// SPDX-License-Identifier: Apache-2.0
//
// See watches.h.
#include "server/watches.h"

#include <algorithm>
#include <utility>

#include "core/store/store.h"
#include "server/session.h"

namespace redipy {

void Watches::watch(Session& session, int database, View key) {
  auto& watched = session.transaction.watched;
  const auto same = [&](const WatchedKey& other) { return other.database == database && other.key == key; };
  if (std::any_of(watched.begin(), watched.end(), same)) return;
  watched.push_back({database, Bytes(key)});
  by_key_[{database, Bytes(key)}].push_back(&session);
}

void Watches::unwatch(Session& session) {
  for (const WatchedKey& watched : session.transaction.watched) {
    const auto found = by_key_.find(std::pair<int, View>(watched.database, watched.key));
    std::erase(found->second, &session);
    if (found->second.empty()) by_key_.erase(found);
  }
  session.transaction.watched.clear();
}

void Watches::break_watchers(int database, View key) {
  const auto found = by_key_.find(std::pair<int, View>(database, key));
  if (found == by_key_.end()) return;
  for (Session* session : found->second) session->transaction.broken = true;
}

void Watches::flushing(int database, Store& store) {
  const int selected = store.database();
  for (const auto& [key, sessions] : by_key_) {
    if (database >= 0 && key.first != database) continue;
    store.select(key.first);
    if (!store.exists(key.second)) continue;
    for (Session* session : sessions) session->transaction.broken = true;
  }
  store.select(selected);
}

void Watches::swapping(int first, int second, Store& store) {
  const int selected = store.database();
  for (const auto& [key, sessions] : by_key_) {
    if (key.first != first && key.first != second) continue;
    bool there = false;
    for (const int database : {first, second}) {
      store.select(database);
      there = there || store.exists(key.second);
    }
    if (!there) continue;
    for (Session* session : sessions) session->transaction.broken = true;
  }
  store.select(selected);
}

}  // namespace redipy
