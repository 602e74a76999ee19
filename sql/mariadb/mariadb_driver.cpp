// SPDX-License-Identifier: Apache-2.0
//
// See mariadb_driver.h.
#include "sql/mariadb/mariadb_driver.h"

#include <mysql.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include "sql/array_statements.h"
#include "sql/asked_names.h"
#include "sql/driver_module.h"

namespace redipy::sql {

namespace {

constexpr size_t most_parameters = 16;
constexpr size_t most_columns = 16;
constexpr size_t first_column_size = 4096;
const std::string lock_name = "CONCAT('redipy-server.', MD5(DATABASE()))";  // a name has up to 64 bytes

SqlError::Kind kind_of(unsigned number) {
  switch (number) {
    case 1022:
    case 1048:
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
  // A value that must not be is an error, whatever the server's setting; what only reads needs no COMMIT.
  run("SET SESSION sql_mode='STRICT_ALL_TABLES', autocommit=1");
  // Whoever holds a lock on our rows for long is to be told apart from a server that is silent.
  run("SET SESSION innodb_lock_wait_timeout=" + std::to_string(seconds / 2));
  // A connection of ours that was cut may live on in the server with the lock, and one that was closed goes a little
  // later. Numbers of connections come again after a restart, so only what holds the lock is ended.
  if (session_ != 0 && ask("SELECT IS_USED_LOCK(" + lock_name + ")") == static_cast<int64_t>(session_)) {
    mysql_query(connection_, ("KILL CONNECTION " + std::to_string(session_)).c_str());
  }
  const std::string patience = std::to_string(std::min(2000, settings_.timeout_ms / 2) / 1000.0);
  if (ask("SELECT GET_LOCK(" + lock_name + ", " + patience + ")") != 1) {
    // Where we had it before, it may still be our own session: whoever goes on trying learns it by the epoch.
    throw SqlError(session_ == 0 ? SqlError::owned : SqlError::busy,
                   "another server has this database: its named lock is taken");
  }
  session_ = mysql_thread_id(connection_);
}

/// The number that the text selects; -1 if none.
int64_t MariadbDriver::ask(const std::string& text) {
  ++round_trips_;
  if (connection_ == nullptr || mysql_real_query(connection_, text.data(), text.size()) != 0) fail();
  MYSQL_RES* result = mysql_store_result(connection_);
  if (result == nullptr) fail();
  const MYSQL_ROW row = mysql_fetch_row(result);
  const int64_t number = row != nullptr && row[0] != nullptr ? std::strtoll(row[0], nullptr, 10) : -1;
  mysql_free_result(result);
  return number;
}

void MariadbDriver::disconnect() noexcept {
  const auto close = [](Prepared& it) {
    if (it.handle != nullptr) mysql_stmt_close(std::exchange(it.handle, nullptr));
  };
  for (Prepared& it : prepared_) close(it);
  for (auto& lists : prepared_lists_) {
    for (Prepared& it : lists) close(it);
  }
  if (connection_ != nullptr) mysql_close(std::exchange(connection_, nullptr));
  queue_.clear();
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
  Prepared& it = prepared_[static_cast<size_t>(statement)];
  if (it.handle == nullptr) prepare(it, statement_text(statement, Dialect::mariadb));
  return it;
}

/// One of list_lengths.
MariadbDriver::Prepared& MariadbDriver::prepared_list(Statement statement, size_t length) {
  const auto at =
      static_cast<size_t>(std::find(list_lengths.begin(), list_lengths.end(), length) - list_lengths.begin());
  Prepared& it = prepared_lists_[static_cast<size_t>(statement)][at];
  if (it.handle == nullptr) prepare(it, list_statement(statement_text(statement, Dialect::mariadb), length));
  return it;
}

void MariadbDriver::prepare(Prepared& it, View text) {
  if (connection_ == nullptr) fail();
  MYSQL_STMT* handle = mysql_stmt_init(connection_);
  ++round_trips_;
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
}

void MariadbDriver::execute(MYSQL_STMT* handle, std::span<const Value> parameters) {
  std::vector<MYSQL_BIND> binds(parameters.size());
  std::vector<long long> integers(parameters.size());
  std::vector<unsigned long> lengths(parameters.size());
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
  ++round_trips_;
  if (mysql_stmt_execute(handle) != 0) fail(handle);
  ++statements_run_;
}

void MariadbDriver::read(Statement statement, std::span<const Value> parameters, VisitRow visit) {
  flush();
  const Prepared& it = prepared(statement);
  execute(it.handle, parameters);
  fetch(it, visit);
}

/// The rows that the statement has found.
void MariadbDriver::fetch(const Prepared& it, VisitRow visit) {
  MYSQL_STMT* handle = it.handle;
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
  const size_t width = rows == 0 ? 0 : parameters.size() / rows;
  if (rows <= 1 || list_statement(statement_text(statement, Dialect::mariadb), 1).empty()) {
    for (size_t i = 0; i < rows; ++i) {
      read(statement, parameters.subspan(i * width, width), [&](Row row) { visit(i, row); });
    }
    return;
  }
  flush();
  // A list is of rows whose first parameter is the same.
  for (size_t begin = 0; begin < rows;) {
    const size_t end = begin + std::min(AskedNames::alike(parameters, begin), list_lengths.back());
    read_list(statement, parameters.subspan(2 * begin, 2 * (end - begin)),
              [&](size_t i, Row row) { visit(begin + i, row); });
    begin = end;
  }
}

/// Of pairs (number, name) with the same number. What is found says by its name whose it is.
void MariadbDriver::read_list(Statement statement, std::span<const Value> parameters,
                              FunctionRef<void(size_t, Row)> visit) {
  const size_t rows = parameters.size() / 2;
  const AskedNames asked(parameters);
  std::vector<Value> list = {parameters[0]};
  for (size_t i = 0; i < rows; ++i) list.push_back(parameters[2 * i + 1]);
  const size_t length = *std::lower_bound(list_lengths.begin(), list_lengths.end(), rows);
  list.resize(1 + length, list.back());
  const Prepared& it = prepared_list(statement, length);
  execute(it.handle, list);
  fetch(it, [&](Row row) { asked.for_each(row[0].view, [&](size_t i) { visit(i, row.subspan(1)); }); });
}

void MariadbDriver::write(Statement statement, std::span<const Value> parameters) {
  if (!queue_.empty() && (queue_.statement() != statement || queue_.full() || prepared(statement).alone)) flush();
  queue_.add(statement, parameters);
}

/// Sends the rows that wait.
void MariadbDriver::flush() {
  if (queue_.empty()) return;
  MYSQL_STMT* handle = prepared(queue_.statement()).handle;
  if (queue_.rows() > 1) {
    flush_rows(handle);
  } else {
    execute(handle, queue_.row(0));
  }
  queue_.clear();
}

/// As arrays, a column behind the other.
void MariadbDriver::flush_rows(MYSQL_STMT* handle) {
  struct Column {
    std::vector<long long> integers;
    std::vector<char*> bytes;
    std::vector<unsigned long> lengths;
    std::vector<char> indicators;
  };
  const size_t rows = queue_.rows();
  const size_t width = queue_.width();
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
      const Value& it = queue_.at(i, at);
      integers |= it.kind == Value::integer;
      column.integers[i] = it.number;
      column.bytes[i] = const_cast<char*>(it.view.data() ? it.view.data() : "");
      column.lengths[i] = it.view.size();
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
  ++round_trips_;
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
  ++round_trips_;
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
  ++round_trips_;
  if (connection_ == nullptr || mysql_commit(connection_) != 0) fail();
}

void MariadbDriver::rollback() noexcept {
  queue_.clear();
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
