// SPDX-License-Identifier: Apache-2.0
//
// The backends `sqlite:`, `postgresql:` and `mysql:`: runs batches of commands on a SqlStore, as memory_backend.h does
// in memory. Whoever calls it begins and commits the store's transactions around any number of such batches; an error
// of the database (SqlError) escapes, in the midst of a command: then the transaction has to be rolled back.
#pragma once

#include "core/command/backend.h"
#include "core/store/prefixed_store.h"
#include "sql/sql_store.h"

namespace redipy::sql {

/// One caller at a time: the executor's thread, or whom it lends the store to. An observer may call run() again between
/// two commands.
class SqlBackend final : public Backend {
 public:
  /// See SqlStore. `prefix`: what every key gets, unseen by commands and listener; keys without it are others'.
  SqlBackend(std::unique_ptr<Driver> driver, const Clock& clock, int databases, ChangeListener& listener,
             View prefix = {});

  void run(Batch& batch) override;
  /// Runs as many of the first requests as only read what is held in memory (SqlStore::holds). Returns how many. They
  /// need no transaction and no database, so they may run between two batches on any thread.
  size_t run_held(const Batch& batch);
  /// As commands see it.
  Store* store() override { return &front_; }
  /// Fetches what commands on a database are about to ask for: keys, then elements of their values. Throws SqlError.
  void fetch_ahead(int database, std::span<const View> keys, std::span<const SqlStore::ElementName> elements);
  /// The tables themselves, whose keys have the prefix.
  SqlStore& tables() { return store_; }

 private:
  bool reads_what_is_held(const Command& command, const Args& args) const;

  const Bytes prefix_;
  const std::unique_ptr<PrefixedStore> prefixed_;  // null without a prefix
  SqlStore store_;
  Store& front_;  // what handlers are given: the one or the other
};

}  // namespace redipy::sql
