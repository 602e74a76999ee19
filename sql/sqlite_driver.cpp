// SPDX-License-Identifier: Apache-2.0
//
// See sqlite_driver.h.
#include "sql/sqlite_driver.h"

#include <sqlite3.h>

#include <array>
#include <utility>

#include "sql/wal_vfs.h"

namespace redipy::sql {

namespace {

constexpr int busy_timeout_ms = 2000;
constexpr size_t most_columns = 16;

/// A statement in use, which is reset whatever happens.
class Use {
 public:
  explicit Use(sqlite3_stmt* statement) : statement_(statement) {}
  ~Use() { sqlite3_reset(statement_); }
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;

 private:
  sqlite3_stmt* statement_;
};

void bind(sqlite3_stmt* statement, int at, const Value& value) {
  switch (value.kind) {
    case Value::null:
      sqlite3_bind_null(statement, at);
      break;
    case Value::integer:
      sqlite3_bind_int64(statement, at, value.number);
      break;
    case Value::bytes: {
      const char* data = value.view.data();
      if (data == nullptr) data = "";  // a null pointer would bind NULL
      sqlite3_bind_blob64(statement, at, data, value.view.size(), SQLITE_STATIC);
      break;
    }
  }
}

Value column(sqlite3_stmt* statement, int at) {
  switch (sqlite3_column_type(statement, at)) {
    case SQLITE_NULL:
      return {};
    case SQLITE_INTEGER:
      return Value(int64_t{sqlite3_column_int64(statement, at)});
    default: {
      const void* data = sqlite3_column_blob(statement, at);
      const auto size = static_cast<size_t>(sqlite3_column_bytes(statement, at));
      return data == nullptr ? Value(View("", 0)) : Value(View(static_cast<const char*>(data), size));
    }
  }
}

SqlError::Kind kind_of(int code) {
  switch (code & 0xff) {
    case SQLITE_CONSTRAINT:
      return SqlError::constraint;
    case SQLITE_READONLY:
      return SqlError::read_only;
    case SQLITE_FULL:
      return SqlError::full;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return SqlError::busy;
    case SQLITE_TOOBIG:
      return SqlError::too_large;
    default:
      return SqlError::other;
  }
}

}  // namespace

SqliteDriver::SqliteDriver(const std::string& path) : path_(path), lock_(path + ".lock") {
  try {
    open();
  } catch (...) {
    close();
    throw;
  }
}

SqliteDriver::~SqliteDriver() { close(); }

void SqliteDriver::open() {
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  if (sqlite3_open_v2(path_.c_str(), &connection_, flags, wal_vfs()) != SQLITE_OK) fail();
  sqlite3_busy_timeout(connection_, busy_timeout_ms);
  run("PRAGMA page_size=4096; PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=16000; PRAGMA cache_size=-65536; "
      "PRAGMA secure_delete=OFF; PRAGMA temp_store=MEMORY; PRAGMA foreign_keys=OFF");
  set_durability(durability_);
}

void SqliteDriver::close() {
  for (sqlite3_stmt*& statement : prepared_) sqlite3_finalize(std::exchange(statement, nullptr));
  sqlite3_finalize(std::exchange(begin_, nullptr));
  sqlite3_finalize(std::exchange(commit_, nullptr));
  sqlite3_close(std::exchange(connection_, nullptr));
}

void SqliteDriver::fail() const {
  const int code = connection_ ? sqlite3_extended_errcode(connection_) : SQLITE_NOMEM;
  const char* text = connection_ ? sqlite3_errmsg(connection_) : "out of memory";
  throw SqlError(kind_of(code), "SQLite: " + std::string(text));
}

void SqliteDriver::run(const std::string& text) {
  if (sqlite3_exec(connection_, text.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) fail();
}

sqlite3_stmt* SqliteDriver::prepared(Statement statement) {
  sqlite3_stmt*& kept = prepared_[static_cast<size_t>(statement)];
  if (kept != nullptr) [[likely]]
    return kept;
  const View text = statement_text(statement, Dialect::sqlite);
  if (sqlite3_prepare_v3(connection_, text.data(), static_cast<int>(text.size()), SQLITE_PREPARE_PERSISTENT, &kept,
                         nullptr) != SQLITE_OK) {
    fail();
  }
  return kept;
}

sqlite3_stmt* SqliteDriver::bound(Statement statement, std::span<const Value> parameters) {
  sqlite3_stmt* it = prepared(statement);
  int at = 0;
  for (const Value& value : parameters) bind(it, ++at, value);
  ++statements_run_;
  return it;
}

void SqliteDriver::read(Statement statement, std::span<const Value> parameters, VisitRow visit) {
  sqlite3_stmt* it = bound(statement, parameters);
  const Use use(it);
  std::array<Value, most_columns> row;
  const auto columns = static_cast<size_t>(sqlite3_column_count(it));
  for (;;) {
    const int code = sqlite3_step(it);
    if (code == SQLITE_DONE) return;
    if (code != SQLITE_ROW) fail();
    for (size_t i = 0; i < columns; ++i) row[i] = column(it, static_cast<int>(i));
    visit(Row(row).first(columns));
  }
}

void SqliteDriver::read_many(Statement statement, std::span<const Value> parameters, size_t rows,
                             FunctionRef<void(size_t, Row)> visit) {
  if (rows == 0) return;
  const size_t width = parameters.size() / rows;
  for (size_t i = 0; i < rows; ++i) {
    read(statement, parameters.subspan(i * width, width), [&](Row row) { visit(i, row); });
  }
}

/// Runs a statement that gives no rows.
void SqliteDriver::finish(sqlite3_stmt* statement) {
  const Use use(statement);
  if (sqlite3_step(statement) != SQLITE_DONE) fail();
}

void SqliteDriver::write(Statement statement, std::span<const Value> parameters) {
  finish(bound(statement, parameters));
}

size_t SqliteDriver::change(Statement statement, std::span<const Value> parameters) {
  finish(bound(statement, parameters));
  return static_cast<size_t>(sqlite3_changes64(connection_));
}

void SqliteDriver::simple(sqlite3_stmt*& kept, const char* text) {
  if (kept == nullptr &&
      sqlite3_prepare_v3(connection_, text, -1, SQLITE_PREPARE_PERSISTENT, &kept, nullptr) != SQLITE_OK) {
    fail();
  }
  finish(kept);
}

void SqliteDriver::begin() { simple(begin_, "BEGIN"); }

void SqliteDriver::commit() { simple(commit_, "COMMIT"); }

void SqliteDriver::rollback() noexcept {
  if (connection_ != nullptr && sqlite3_get_autocommit(connection_) == 0) {
    sqlite3_exec(connection_, "ROLLBACK", nullptr, nullptr, nullptr);
  }
}

void SqliteDriver::reconnect() {
  close();
  open();
}

void SqliteDriver::set_durability(Durability durability) {
  durability_ = durability;
  // Never OFF: a power failure could then break the file.
  run(durability == Durability::always ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
}

void SqliteDriver::sync() {
  // A checkpoint syncs the log before it reads it.
  const int code = sqlite3_wal_checkpoint_v2(connection_, nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  if (code != SQLITE_OK && (code & 0xff) != SQLITE_BUSY) fail();
}

uint64_t SqliteDriver::database_bytes() {
  uint64_t pages = 0;
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(connection_, "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()", -1,
                         &statement, nullptr) == SQLITE_OK &&
      sqlite3_step(statement) == SQLITE_ROW) {
    pages = static_cast<uint64_t>(sqlite3_column_int64(statement, 0));
  }
  sqlite3_finalize(statement);
  return pages;
}

}  // namespace redipy::sql
