// SPDX-License-Identifier: Apache-2.0
//
// The driver for MariaDB, by its Connector/C. Every statement is prepared once. The protocol knows no pipeline, but
// statements that take arrays: writes gather while they are of one statement, and go out together. What is asked for
// many names goes out as a list of them (array_statements.h).
//
// How much a COMMIT waits for is a setting of the whole server there (innodb_flush_log_at_trx_commit, by default 1:
// until all is on the disk), which is none of our business to change. A named lock keeps a second server out.
#pragma once

#include <array>
#include <vector>

#include "sql/connection_settings.h"
#include "sql/driver.h"
#include "sql/write_queue.h"

struct st_mysql;
struct st_mysql_stmt;

namespace redipy::sql {

class MariadbDriver final : public Driver {
 public:
  explicit MariadbDriver(ConnectionSettings settings);
  ~MariadbDriver() override;
  MariadbDriver(const MariadbDriver&) = delete;
  MariadbDriver& operator=(const MariadbDriver&) = delete;

  Dialect dialect() const override { return Dialect::mariadb; }
  bool remote() const override { return true; }
  /// An index takes 3,072 bytes.
  size_t longest_name() const override { return 2600; }
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
  /// The server's setting decides.
  void set_durability(Durability) override {}
  void sync() override {}
  uint64_t statements() const override { return statements_run_; }
  uint64_t round_trips() const override { return round_trips_; }
  uint64_t database_bytes() override;

 private:
  struct Prepared {
    st_mysql_stmt* handle = nullptr;
    bool alone = false;          ///< takes no arrays: what inserts rows that it selects
    std::vector<bool> integers;  ///< which columns of its rows are
  };
  /// Lengths of lists; shorter ones are filled up with what is in them already. Each name costs the server time when it
  /// plans, also one that is there twice.
  static constexpr std::array<size_t, 17> list_lengths = {2,  4,  6,  8,  12, 16,  20,  24, 28,
                                                          32, 40, 48, 64, 96, 128, 256, 512};

  void connect();
  int64_t ask(const std::string& text);
  void disconnect() noexcept;
  Prepared& prepared(Statement statement);
  Prepared& prepared_list(Statement statement, size_t length);
  void prepare(Prepared& it, View text);
  void fetch(const Prepared& it, VisitRow visit);
  void read_list(Statement statement, std::span<const Value> parameters, FunctionRef<void(size_t, Row)> visit);
  void execute(st_mysql_stmt* handle, std::span<const Value> parameters);
  void flush();
  void flush_rows(st_mysql_stmt* handle);
  [[noreturn]] void fail(unsigned number, const char* text);
  [[noreturn]] void fail();
  [[noreturn]] void fail(st_mysql_stmt* handle);

  ConnectionSettings settings_;
  st_mysql* connection_ = nullptr;
  unsigned long session_ = 0;  // the server's number of the connection
  Prepared prepared_[statement_count];
  std::array<Prepared, list_lengths.size()> prepared_lists_[statement_count];
  WriteQueue queue_;
  std::vector<Bytes> columns_;  // room for the bytes of a row
  uint64_t statements_run_ = 0;
  uint64_t round_trips_ = 0;
};

}  // namespace redipy::sql
