// SPDX-License-Identifier: Apache-2.0
//
// See mariadb_driver.h.
#include "sql/mariadb/mariadb_driver.h"

#include <mysql.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include "sql/driver_module.h"

namespace redipy::sql {

namespace {

constexpr size_t most_parameters = 16;
constexpr size_t most_columns = 16;
constexpr size_t most_queued = 256;  // rows that go out together
constexpr size_t most_queued_bytes = size_t{4} << 20;
constexpr size_t first_column_size = 4096;
const std::string lock_name = "CONCAT('redipy-server.', MD5(DATABASE()))";  // a name has up to 64 bytes

SqlError::Kind kind_of(unsigned number) {
  switch (number) {
    case 1022:
    case 1062:
      return SqlError::constraint;
    case 1053:  // the server goes down
    case 1152:
    case 1927:
    case 2002:
    case 2003:
    case 2006:
    case 2013:
    case 2055:
      return SqlError::lost;
    case 1290:
    case 1836:
      return SqlError::read_only;
    case 1021:
    case 1114:
      return SqlError::full;
    case 1205:
    case 1213:
      return SqlError::busy;
    case 1118:
    case 1153:
    case 1406:
      return SqlError::too_large;
    default:
      return SqlError::other;
  }
}

bool is_integer(enum_field_types type) {
  switch (type) {
    case MYSQL_TYPE_TINY:
    case MYSQL_TYPE_SHORT:
    case MYSQL_TYPE_INT24:
    case MYSQL_TYPE_LONG:
    case MYSQL_TYPE_LONGLONG:
    case MYSQL_TYPE_NEWDECIMAL:
      return true;
    default:
      return false;
  }
}

}  // namespace

MariadbDriver::MariadbDriver(ConnectionSettings settings) : settings_(std::move(settings)) {
  try {
    connect();
  } catch (...) {
    disconnect();
    throw;
  }
}

MariadbDriver::~MariadbDriver() { disconnect(); }

// --- the connection

void MariadbDriver::connect() {
  connection_ = mysql_init(nullptr);
  // The library counts in whole seconds; one less than the shortest is for waiting for locks.
  const auto seconds = static_cast<unsigned>(std::max(2, (settings_.timeout_ms + 999) / 1000));
  for (const mysql_option option : {MYSQL_OPT_CONNECT_TIMEOUT, MYSQL_OPT_READ_TIMEOUT, MYSQL_OPT_WRITE_TIMEOUT}) {
    mysql_optionsv(connection_, option, &seconds);
  }
  mysql_optionsv(connection_, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  const bool socket = settings_.host.starts_with('/');
  const auto or_null = [](const std::string& text) { return text.empty() ? nullptr : text.c_str(); };
  if (mysql_real_connect(connection_, socket ? nullptr : or_null(settings_.host), or_null(settings_.user),
                         or_null(settings_.password), or_null(settings_.database), settings_.port,
                         socket ? settings_.host.c_str() : nullptr, CLIENT_MULTI_STATEMENTS) == nullptr) {
    fail();
  }
  run("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED");
  // Whoever holds a lock on our rows for long is to be told apart from a server that is silent.
  run("SET SESSION innodb_lock_wait_timeout=" + std::to_string(seconds / 2));
  // A connection of ours that was cut may live on in the server with the lock, and one that was closed goes a little
  // later. Numbers of connections come again after a restart, so only what holds the lock is ended.
  if (session_ != 0 && ask("SELECT IS_USED_LOCK(" + lock_name + ")") == static_cast<int64_t>(session_)) {
    mysql_query(connection_, ("KILL CONNECTION " + std::to_string(session_)).c_str());
  }
  session_ = mysql_thread_id(connection_);
  const std::string patience = std::to_string(std::min(2000, settings_.timeout_ms / 2) / 1000.0);
  if (ask("SELECT GET_LOCK(" + lock_name + ", " + patience + ")") != 1) {
    throw SqlError(SqlError::owned, "another server has this database: its named lock is taken");
  }
}

/// The number that the text selects; -1 if none.
int64_t MariadbDriver::ask(const std::string& text) {
  if (connection_ == nullptr || mysql_real_query(connection_, text.data(), text.size()) != 0) fail();
  MYSQL_RES* result = mysql_store_result(connection_);
  if (result == nullptr) fail();
  const MYSQL_ROW row = mysql_fetch_row(result);
  const int64_t number = row != nullptr && row[0] != nullptr ? std::strtoll(row[0], nullptr, 10) : -1;
  mysql_free_result(result);
  return number;
}

void MariadbDriver::disconnect() noexcept {
  for (Prepared& it : prepared_) {
    if (it.handle != nullptr) mysql_stmt_close(std::exchange(it.handle, nullptr));
  }
  if (connection_ != nullptr) mysql_close(std::exchange(connection_, nullptr));
  queued_.clear();
  queued_bytes_ = 0;
}

void MariadbDriver::reconnect() {
  disconnect();
  connect();
}

void MariadbDriver::fail(unsigned number, const char* text) {
  throw SqlError(kind_of(number), "MariaDB: " + std::string(text));
}

void MariadbDriver::fail() {
  if (connection_ == nullptr) throw SqlError(SqlError::lost, "MariaDB: not connected");
  fail(mysql_errno(connection_), mysql_error(connection_));
}

void MariadbDriver::fail(MYSQL_STMT* handle) { fail(mysql_stmt_errno(handle), mysql_stmt_error(handle)); }

// --- statements

MariadbDriver::Prepared& MariadbDriver::prepared(Statement statement) {
  if (connection_ == nullptr) fail();
  Prepared& it = prepared_[static_cast<size_t>(statement)];
  if (it.handle != nullptr) return it;
  const View text = statement_text(statement, Dialect::mariadb);
  MYSQL_STMT* handle = mysql_stmt_init(connection_);
  if (mysql_stmt_prepare(handle, text.data(), text.size()) != 0) {
    const unsigned number = mysql_stmt_errno(handle);
    const std::string reason = mysql_stmt_error(handle);
    mysql_stmt_close(handle);
    fail(number, reason.c_str());
  }
  it.handle = handle;
  it.alone = text.find(" SELECT ") != View::npos;
  it.integers.clear();
  if (MYSQL_RES* fields = mysql_stmt_result_metadata(handle)) {
    for (unsigned i = 0; i < mysql_num_fields(fields); ++i) {
      it.integers.push_back(is_integer(mysql_fetch_field_direct(fields, i)->type));
    }
    mysql_free_result(fields);
  }
  return it;
}

void MariadbDriver::execute(MYSQL_STMT* handle, std::span<const Value> parameters) {
  std::array<MYSQL_BIND, most_parameters> binds{};
  std::array<long long, most_parameters> integers;
  std::array<unsigned long, most_parameters> lengths;
  for (size_t i = 0; i < parameters.size(); ++i) {
    const Value& value = parameters[i];
    MYSQL_BIND& bind = binds[i];
    if (value.kind == Value::null) {
      bind.buffer_type = MYSQL_TYPE_NULL;
    } else if (value.kind == Value::integer) {
      integers[i] = value.number;
      bind.buffer_type = MYSQL_TYPE_LONGLONG;
      bind.buffer = &integers[i];
    } else {
      lengths[i] = value.view.size();
      bind.buffer_type = MYSQL_TYPE_BLOB;
      bind.buffer = const_cast<char*>(value.view.data() ? value.view.data() : "");
      bind.buffer_length = lengths[i];
      bind.length = &lengths[i];
    }
  }
  unsigned one_row = 0;
  mysql_stmt_attr_set(handle, STMT_ATTR_ARRAY_SIZE, &one_row);
  if (!parameters.empty() && mysql_stmt_bind_param(handle, binds.data()) != 0) fail(handle);
  if (mysql_stmt_execute(handle) != 0) fail(handle);
  ++statements_run_;
}

void MariadbDriver::read(Statement statement, std::span<const Value> parameters, VisitRow visit) {
  flush();
  const Prepared& it = prepared(statement);
  MYSQL_STMT* handle = it.handle;
  execute(handle, parameters);
  const size_t count = it.integers.size();
  std::array<MYSQL_BIND, most_columns> binds{};
  std::array<long long, most_columns> integers{};
  std::array<unsigned long, most_columns> lengths{};
  std::array<my_bool, most_columns> nulls{};
  if (columns_.size() < count) columns_.resize(count, Bytes(first_column_size, '\0'));
  const auto bind_bytes = [&](size_t i) {
    binds[i].buffer = columns_[i].data();
    binds[i].buffer_length = columns_[i].size();
  };
  for (size_t i = 0; i < count; ++i) {
    binds[i].length = &lengths[i];
    binds[i].is_null = &nulls[i];
    if (it.integers[i]) {
      binds[i].buffer_type = MYSQL_TYPE_LONGLONG;
      binds[i].buffer = &integers[i];
    } else {
      binds[i].buffer_type = MYSQL_TYPE_BLOB;
      bind_bytes(i);
    }
  }
  if (mysql_stmt_bind_result(handle, binds.data()) != 0 || mysql_stmt_store_result(handle) != 0) fail(handle);
  std::array<Value, most_columns> row;
  for (;;) {
    const int status = mysql_stmt_fetch(handle);
    if (status == MYSQL_NO_DATA) break;
    if (status == 1) fail(handle);
    bool grown = false;
    for (size_t i = 0; i < count; ++i) {
      if (nulls[i] != 0) {
        row[i] = Value();
      } else if (it.integers[i]) {
        row[i] = Value(int64_t{integers[i]});
      } else {
        if (lengths[i] > columns_[i].size()) {
          columns_[i].resize(lengths[i]);
          bind_bytes(i);
          if (mysql_stmt_fetch_column(handle, &binds[i], static_cast<unsigned>(i), 0) != 0) fail(handle);
          grown = true;
        }
        row[i] = Value(View(columns_[i].data(), lengths[i]));
      }
    }
    visit(Row(row).first(count));
    if (grown && mysql_stmt_bind_result(handle, binds.data()) != 0) fail(handle);
  }
  mysql_stmt_free_result(handle);
}

void MariadbDriver::read_many(Statement statement, std::span<const Value> parameters, size_t rows,
                              FunctionRef<void(size_t, Row)> visit) {
  if (rows == 0) return;
  const size_t width = parameters.size() / rows;
  for (size_t i = 0; i < rows; ++i) {
    read(statement, parameters.subspan(i * width, width), [&](Row row) { visit(i, row); });
  }
}

void MariadbDriver::write(Statement statement, std::span<const Value> parameters) {
  if (statement != queued_statement_ || prepared(statement).alone) flush();
  queued_statement_ = statement;
  for (const Value& value : parameters) {
    queued_.push_back({value.kind, value.number, Bytes(value.view)});
    queued_bytes_ += value.view.size();
  }
  if (queued_.size() >= most_queued * parameters.size() || queued_bytes_ >= most_queued_bytes) flush();
}

/// Sends the rows that wait.
void MariadbDriver::flush() {
  if (queued_.empty()) return;
  MYSQL_STMT* handle = prepared(queued_statement_).handle;
  const size_t width = mysql_stmt_param_count(handle);
  const size_t rows = queued_.size() / width;
  if (rows > 1) {
    flush_rows(handle, rows);
  } else {
    std::array<Value, most_parameters> row;
    for (size_t i = 0; i < width; ++i) {
      const Queued& it = queued_[i];
      row[i] = it.kind == Value::null ? Value() : it.kind == Value::integer ? Value(it.number) : Value(View(it.bytes));
    }
    execute(handle, std::span<const Value>(row).first(width));
  }
  queued_.clear();
  queued_bytes_ = 0;
}

/// As arrays, a column behind the other.
void MariadbDriver::flush_rows(MYSQL_STMT* handle, size_t rows) {
  struct Column {
    std::vector<long long> integers;
    std::vector<char*> bytes;
    std::vector<unsigned long> lengths;
    std::vector<char> indicators;
  };
  const size_t width = queued_.size() / rows;
  std::vector<Column> columns(width);
  std::array<MYSQL_BIND, most_parameters> binds{};
  for (size_t at = 0; at < width; ++at) {
    Column& column = columns[at];
    column.integers.resize(rows);
    column.bytes.resize(rows);
    column.lengths.resize(rows);
    column.indicators.resize(rows);
    bool integers = false;
    for (size_t i = 0; i < rows; ++i) {
      Queued& it = queued_[i * width + at];
      integers |= it.kind == Value::integer;
      column.integers[i] = it.number;
      column.bytes[i] = it.bytes.data();
      column.lengths[i] = it.bytes.size();
      column.indicators[i] = it.kind == Value::null ? STMT_INDICATOR_NULL : STMT_INDICATOR_NONE;
    }
    MYSQL_BIND& bind = binds[at];
    bind.buffer_type = integers ? MYSQL_TYPE_LONGLONG : MYSQL_TYPE_BLOB;
    bind.buffer = integers ? static_cast<void*>(column.integers.data()) : static_cast<void*>(column.bytes.data());
    bind.length = column.lengths.data();
    bind.u.indicator = column.indicators.data();
  }
  auto count = static_cast<unsigned>(rows);
  mysql_stmt_attr_set(handle, STMT_ATTR_ARRAY_SIZE, &count);
  if (mysql_stmt_bind_param(handle, binds.data()) != 0 || mysql_stmt_execute(handle) != 0) fail(handle);
  statements_run_ += rows;
}

size_t MariadbDriver::change(Statement statement, std::span<const Value> parameters) {
  flush();
  MYSQL_STMT* handle = prepared(statement).handle;
  execute(handle, parameters);
  return mysql_stmt_affected_rows(handle);
}

void MariadbDriver::run(const std::string& text) {
  flush();
  if (connection_ == nullptr || mysql_real_query(connection_, text.data(), text.size()) != 0) fail();
  for (;;) {
    if (MYSQL_RES* result = mysql_store_result(connection_)) mysql_free_result(result);
    const int more = mysql_next_result(connection_);
    if (more < 0) return;
    if (more > 0) fail();
  }
}

// --- transactions

void MariadbDriver::begin() { run("BEGIN"); }

void MariadbDriver::commit() {
  flush();
  if (connection_ == nullptr || mysql_commit(connection_) != 0) fail();
}

void MariadbDriver::rollback() noexcept {
  queued_.clear();
  queued_bytes_ = 0;
  if (connection_ != nullptr && mysql_rollback(connection_) != 0) disconnect();
}

uint64_t MariadbDriver::database_bytes() {
  flush();
  const int64_t bytes =
      ask("SELECT SUM(data_length + index_length) FROM information_schema.tables WHERE table_schema = DATABASE()");
  return static_cast<uint64_t>(std::max<int64_t>(bytes, 0));
}

}  // namespace redipy::sql

extern "C" redipy::sql::Driver* redipy_make_driver(const redipy::sql::ConnectionSettings& settings) {
  return new redipy::sql::MariadbDriver(settings);
}
