// SPDX-License-Identifier: Apache-2.0
//
// The driver for SQLite: one file, one connection, every statement prepared once. The file is in WAL mode, so that
// other programs may read it and back it up while the server writes. A second server is kept out by a lock on a file
// beside the database (SQLite's own exclusive mode would keep out the readers as well).
#pragma once

#include "sql/driver.h"
#include "sql/lock_file.h"

struct sqlite3;
struct sqlite3_stmt;

namespace redipy::sql {

class SqliteDriver final : public Driver {
 public:
  /// Opens or makes the file. Throws SqlError: owned, if another server has it.
  explicit SqliteDriver(const std::string& path);
  ~SqliteDriver() override;
  SqliteDriver(const SqliteDriver&) = delete;
  SqliteDriver& operator=(const SqliteDriver&) = delete;

  Dialect dialect() const override { return Dialect::sqlite; }
  void run(const std::string& text) override;
  void read(Statement statement, std::span<const Value> parameters, VisitRow visit) override;
  void read_many(Statement statement, std::span<const Value> parameters, size_t rows,
                 FunctionRef<void(size_t, Row)> visit) override;
  void write(Statement statement, std::span<const Value> parameters) override;
  size_t change(Statement statement, std::span<const Value> parameters) override;
  void begin() override;
  void commit() override;
  void rollback() noexcept override;
  void reconnect() override;
  void set_durability(Durability durability) override;
  void sync() override;
  uint64_t statements() const override { return statements_run_; }
  uint64_t database_bytes() override;

 private:
  void open();
  void close();
  sqlite3_stmt* prepared(Statement statement);
  sqlite3_stmt* bound(Statement statement, std::span<const Value> parameters);
  void finish(sqlite3_stmt* statement);
  void simple(sqlite3_stmt*& kept, const char* text);
  [[noreturn]] void fail() const;

  std::string path_;
  LockFile lock_;
  sqlite3* connection_ = nullptr;
  sqlite3_stmt* prepared_[statement_count] = {};
  sqlite3_stmt* begin_ = nullptr;
  sqlite3_stmt* commit_ = nullptr;
  Durability durability_ = Durability::always;
  uint64_t statements_run_ = 0;
};

}  // namespace redipy::sql
