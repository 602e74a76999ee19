// SPDX-License-Identifier: Apache-2.0
//
// WATCH: who watches which key. A change to a watched key breaks the transactions of its watchers, once and for all:
// nothing is compared at EXEC. Guarded by the server's lock.
#pragma once

#include <map>
#include <vector>

#include "server/database_key.h"

namespace redipy {

class Session;
class Store;

class Watches {
 public:
  void watch(Session& session, int database, View key);
  /// Forgets all that the session watches.
  void unwatch(Session& session);

  void changed(int database, View key) {
    if (!by_key_.empty()) break_watchers(database, key);
  }
  /// All keys of `database` (-1: of all) are about to go: those that exist break their watchers.
  void flushing(int database, Store& store);
  /// Two databases are about to change places: whoever watches a key that exists in either is broken.
  void swapping(int first, int second, Store& store);
  size_t size() const { return by_key_.size(); }

 private:
  void break_watchers(int database, View key);

  std::map<DatabaseKey, std::vector<Session*>, DatabaseKeyLess> by_key_;
};

}  // namespace redipy
