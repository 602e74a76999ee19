// SPDX-License-Identifier: Apache-2.0
//
// The backends `sqlite:`, `postgresql:` and `mysql:`: runs batches of commands on a SqlStore, as memory_backend.h does
// in memory. Whoever calls it begins and commits the store's transactions around any number of such batches; an error
// of the database (SqlError) escapes, in the midst of a command: then the transaction has to be rolled back.
#pragma once

#include "core/command/backend.h"
#include "sql/sql_store.h"

namespace redipy::sql {

/// One caller at a time: the executor's thread. An observer may call run() again between two commands.
class SqlBackend final : public Backend {
 public:
  /// See SqlStore.
  SqlBackend(std::unique_ptr<Driver> driver, const Clock& clock, int databases, ChangeListener& listener)
      : store_(std::move(driver), clock, databases, listener) {}

  void run(Batch& batch) override;
  Store* store() override { return &store_; }
  SqlStore& tables() { return store_; }

 private:
  void run_one(const Batch& batch, const Request& request);
  void refuse(const Batch& batch, const Request& request, size_t mark, View error);

  SqlStore store_;
};

}  // namespace redipy::sql
