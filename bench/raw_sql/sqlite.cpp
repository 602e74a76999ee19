// SPDX-License-Identifier: Apache-2.0
//
// Prepared statements on SQLite, with the settings of the server's store: WAL, synced at each commit.
#include <sqlite3.h>

#include <stdexcept>

#include "table.h"

namespace redipy::bench {

namespace {

class SqliteTable final : public RawTable {
 public:
  explicit SqliteTable(const std::string& where) {
    check(sqlite3_open(where.c_str(), &connection_));
    run("PRAGMA page_size=4096; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=16000; "
        "PRAGMA cache_size=-65536; CREATE TABLE IF NOT EXISTS raw (id INTEGER PRIMARY KEY, name BLOB NOT NULL, "
        "val BLOB NOT NULL); CREATE UNIQUE INDEX IF NOT EXISTS raw_name ON raw (name)");
    upsert_ = prepared("INSERT INTO raw (name, val) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET val = excluded.val");
    select_ = prepared("SELECT val FROM raw WHERE name = ?");
    begin_ = prepared("BEGIN IMMEDIATE");
    read_ = prepared("BEGIN");
    commit_ = prepared("COMMIT");
  }
  SqliteTable(const SqliteTable&) = delete;
  SqliteTable& operator=(const SqliteTable&) = delete;
  ~SqliteTable() override {
    for (sqlite3_stmt* statement : {upsert_, select_, begin_, read_, commit_}) sqlite3_finalize(statement);
    sqlite3_close(connection_);
  }

  void set(const std::vector<std::string>& keys, const std::string& value) override {
    step(begin_);
    for (const std::string& key : keys) {
      bind(upsert_, 1, key);
      bind(upsert_, 2, value);
      step(upsert_);
    }
    step(commit_);
  }

  std::size_t get(const std::vector<std::string>& keys) override {
    std::size_t found = 0;
    step(read_);
    for (const std::string& key : keys) {
      bind(select_, 1, key);
      if (sqlite3_step(select_) == SQLITE_ROW) found += sqlite3_column_bytes(select_, 0) > 0 ? 1U : 0U;
      sqlite3_reset(select_);
    }
    step(commit_);
    return found;
  }

 private:
  void check(int code) {
    if (code != SQLITE_OK && code != SQLITE_DONE && code != SQLITE_ROW)
      throw std::runtime_error(sqlite3_errmsg(connection_));
  }
  void run(const char* text) { check(sqlite3_exec(connection_, text, nullptr, nullptr, nullptr)); }
  sqlite3_stmt* prepared(const char* text) {
    sqlite3_stmt* statement = nullptr;
    check(sqlite3_prepare_v3(connection_, text, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr));
    return statement;
  }
  void bind(sqlite3_stmt* statement, int at, const std::string& bytes) {
    check(sqlite3_bind_blob64(statement, at, bytes.data(), bytes.size(), SQLITE_STATIC));
  }
  void step(sqlite3_stmt* statement) {
    check(sqlite3_step(statement));
    sqlite3_reset(statement);
  }

  sqlite3* connection_ = nullptr;
  sqlite3_stmt* upsert_ = nullptr;
  sqlite3_stmt* select_ = nullptr;
  sqlite3_stmt* begin_ = nullptr;
  sqlite3_stmt* read_ = nullptr;
  sqlite3_stmt* commit_ = nullptr;
};

}  // namespace

std::unique_ptr<RawTable> open_sqlite(const std::string& where) { return std::make_unique<SqliteTable>(where); }

}  // namespace redipy::bench
