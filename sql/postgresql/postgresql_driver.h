// SPDX-License-Identifier: Apache-2.0
//
// The driver for PostgreSQL, by libpq in pipeline mode. Writes gather while they are of one statement, and are sent as
// one whose parameters are arrays (array_statements.h), without waiting; a read sends what is queued and itself in one
// go and waits for its own result, so that a batch costs a round trip per read and one for COMMIT. Bytes and integers
// go over the wire as they are, in binary.
//
// Every access of ours is by an index, and plans are made once: the planner is told so per session, as one that has
// been made while tables were empty would walk them from end to end. A session-wide advisory lock keeps a second server
// out.
#pragma once

#include <deque>
#include <unordered_set>

#include "sql/array_statements.h"
#include "sql/connection_settings.h"
#include "sql/driver.h"
#include "sql/write_queue.h"

extern "C" {
using PGconn = struct pg_conn;
using PGresult = struct pg_result;
}

namespace redipy::sql {

class PostgresqlDriver final : public Driver {
 public:
  explicit PostgresqlDriver(ConnectionSettings settings);
  ~PostgresqlDriver() override;
  PostgresqlDriver(const PostgresqlDriver&) = delete;
  PostgresqlDriver& operator=(const PostgresqlDriver&) = delete;

  Dialect dialect() const override { return Dialect::postgresql; }
  bool remote() const override { return true; }
  /// An index takes rows of up to 2,704 bytes.
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
  void set_durability(Durability durability) override;
  void sync() override;
  uint64_t statements() const override { return statements_run_; }
  uint64_t round_trips() const override { return round_trips_; }
  uint64_t database_bytes() override;

 private:
  /// What an answer that is awaited belongs to.
  struct Awaited {
    enum Kind : uint8_t { preparation, change, rows, end } kind;
    bool* prepared = nullptr;  // what is not prepared after all, if it fails
  };
  /// A statement and its forms for arrays and for many names.
  struct Texts {
    bool known = false;
    bool prepared = false;
    bool array_prepared = false;
    bool any_prepared = false;
    ArrayStatement array;
    std::string any;  // for many names; empty: there is none
  };
  using VisitResult = FunctionRef<void(const Awaited&, PGresult*)>;

  void connect();
  void shake_hands();
  void disconnect() noexcept;
  void take_lock();
  Texts& texts(Statement statement);
  void prepare(const std::string& name, const std::string& text, bool& prepared);
  void send(Awaited::Kind kind, Statement statement, std::span<const Value> parameters);
  void send_arrays(Awaited::Kind kind, Statement statement, size_t rows, FunctionRef<const Value&(size_t, size_t)> at);
  void send_prepared(Awaited::Kind kind, const std::string& name, size_t parameters, const char* const* values,
                     const int* lengths);
  void send_names(Statement statement, std::span<const Value> pairs);
  void send_text(const char* text);
  void flush();
  void finish(VisitResult visit);
  void drain(VisitResult visit, size_t most_left);
  PGresult* next_result();
  void wait(bool for_result);
  [[noreturn]] void fail(PGresult* result);
  [[noreturn]] void lost();
  [[noreturn]] void silent();

  ConnectionSettings settings_;
  PGconn* connection_ = nullptr;
  int session_ = 0;  // the server's number of the connection
  Texts texts_[statement_count];
  WriteQueue queue_;
  std::unordered_set<size_t> queued_identities_;  // hashes of which rows of the table the queue is about
  std::vector<std::string> columns_;              // the arrays of a statement
  std::deque<Awaited> awaited_;
  Durability durability_ = Durability::always;
  uint64_t statements_run_ = 0;
  uint64_t round_trips_ = 0;
};

}  // namespace redipy::sql
