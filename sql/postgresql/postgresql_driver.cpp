// SPDX-License-Identifier: Apache-2.0
//
// See postgresql_driver.h.
#include "sql/postgresql/postgresql_driver.h"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <functional>
#include <optional>
#include <utility>

#include "sql/asked_names.h"
#include "sql/driver_module.h"

namespace redipy::sql {

namespace {

constexpr size_t most_parameters = 16;
constexpr size_t most_columns = 16;
constexpr size_t most_awaited = 512;  // answers that may gather on the way
constexpr Oid bytes_type = 17;
constexpr Oid bigint_type = 20;
constexpr const char* lock_number = "8243118266120237365";

constexpr const char* application = "redipy-server";

constexpr const char* session[] = {
    "SET client_min_messages=error",
    "SET enable_seqscan=off",
    "SET enable_hashjoin=off",
    "SET enable_mergejoin=off",
    "SET enable_bitmapscan=off",
    "SET plan_cache_mode=force_generic_plan",
    "SET jit=off",
};

struct Result {
  explicit Result(PGresult* r) : it(r) {}
  ~Result() { PQclear(it); }
  Result(const Result&) = delete;
  Result& operator=(const Result&) = delete;
  PGresult* it;
};

uint64_t swapped(uint64_t number) { return __builtin_bswap64(number); }

int64_t integer_of(const char* bytes, int size) {
  if (size == 4) {
    uint32_t number = 0;
    std::memcpy(&number, bytes, sizeof number);
    return static_cast<int32_t>(__builtin_bswap32(number));
  }
  uint64_t number = 0;
  std::memcpy(&number, bytes, sizeof number);
  return static_cast<int64_t>(swapped(number));
}

SqlError::Kind kind_of(View state) {
  const View group = state.substr(0, 2);
  if (group == "23") return SqlError::constraint;
  if (state == "25006") return SqlError::read_only;
  if (state == "53100") return SqlError::full;
  if (state == "54000") return SqlError::too_large;
  if (group == "08" || state.substr(0, 3) == "57P") return SqlError::lost;
  if (state == "55P03" || state == "40P01" || state == "40001") return SqlError::busy;
  return SqlError::other;
}

/// With $1, $2 … for the question marks.
std::string numbered(View text) {
  std::string result;
  int number = 0;
  for (const char c : text) {
    if (c == '?') {
      result += "$" + std::to_string(++number);
    } else {
      result += c;
    }
  }
  return result;
}

/// Names of the prepared statements: of single rows, of arrays, of many names.
std::string name_of(Statement statement) { return "s" + std::to_string(static_cast<size_t>(statement)); }
std::string array_name_of(Statement statement) { return "a" + std::to_string(static_cast<size_t>(statement)); }
std::string any_name_of(Statement statement) { return "n" + std::to_string(static_cast<size_t>(statement)); }

void append(std::string& to, uint32_t number) {
  const uint32_t bytes = __builtin_bswap32(number);
  to.append(reinterpret_cast<const char*>(&bytes), sizeof bytes);
}

/// The head of an array of one dimension: dimensions, whether there are NULLs, type; length, index of the first.
void begin_array(std::string& to, bool is_bytes, size_t elements) {
  to.clear();
  append(to, 1);
  append(to, 1);
  append(to, is_bytes ? bytes_type : bigint_type);
  append(to, static_cast<uint32_t>(elements));
  append(to, 1);
}

void append_element(std::string& to, const Value& value) {
  constexpr auto null = static_cast<uint32_t>(-1);
  switch (value.kind) {
    case Value::null:
      return append(to, null);
    case Value::integer: {
      append(to, sizeof(int64_t));
      const uint64_t bytes = swapped(static_cast<uint64_t>(value.number));
      to.append(reinterpret_cast<const char*>(&bytes), sizeof bytes);
      return;
    }
    case Value::bytes:
      append(to, static_cast<uint32_t>(value.view.size()));
      to += value.view;
  }
}

/// Of the columns that say which row of the table is meant.
size_t identity_of(std::span<const Value> row, const ArrayStatement& array) {
  size_t hash = 0;
  for (const Value& value : row.subspan(array.identity_first, array.identity_count)) {
    hash = hash * 1000003 +
           (value.kind == Value::bytes ? std::hash<View>()(value.view) : std::hash<int64_t>()(value.number));
  }
  return hash;
}

template <class Visit>
void for_each_row(PGresult* result, Visit visit) {
  std::array<Value, most_columns> row;
  const int columns = PQnfields(result);
  for (int i = 0; i < PQntuples(result); ++i) {
    for (int at = 0; at < columns; ++at) {
      const char* data = PQgetvalue(result, i, at);
      const int size = PQgetlength(result, i, at);
      Value& value = row[static_cast<size_t>(at)];
      if (PQgetisnull(result, i, at)) {
        value = Value();
      } else if (PQftype(result, at) == bytes_type) {
        value = Value(View(data, static_cast<size_t>(size)));
      } else {
        value = Value(integer_of(data, size));
      }
    }
    visit(Row(row).first(static_cast<size_t>(columns)));
  }
}

}  // namespace

PostgresqlDriver::PostgresqlDriver(ConnectionSettings settings) : settings_(std::move(settings)) {
  try {
    connect();
  } catch (...) {
    disconnect();
    throw;
  }
}

PostgresqlDriver::~PostgresqlDriver() { disconnect(); }

// --- the connection

/// Nothing here waits for longer than an answer may take, whatever becomes of the network meanwhile.
void PostgresqlDriver::connect() {
  const std::string port = settings_.port == 0 ? "" : std::to_string(settings_.port);
  const char* keywords[] = {
      "host", "port", "user", "password", "dbname", "keepalives", "client_encoding", "application_name", nullptr};
  const char* values[] = {settings_.host.c_str(),
                          port.c_str(),
                          settings_.user.c_str(),
                          settings_.password.c_str(),
                          settings_.database.c_str(),
                          "1",
                          "UTF8",
                          application,
                          nullptr};
  connection_ = PQconnectStartParams(keywords, values, 0);
  shake_hands();
  PQsetnonblocking(connection_, 1);
  if (PQenterPipelineMode(connection_) != 1) lost();
  for (const char* text : session) send_text(text);
  // Whoever holds a lock on our rows for long is to be told apart from a server that is silent.
  send_text(("SET lock_timeout=" + std::to_string(std::max(1, settings_.timeout_ms / 2))).c_str());
  finish([](const Awaited&, PGresult*) {});
  take_lock();
  set_durability(durability_);
}

void PostgresqlDriver::shake_hands() {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(settings_.timeout_ms);
  PostgresPollingStatusType status = PGRES_POLLING_WRITING;
  do {
    if (connection_ == nullptr || PQstatus(connection_) == CONNECTION_BAD) lost();
    pollfd socket{PQsocket(connection_), static_cast<short>(status == PGRES_POLLING_READING ? POLLIN : POLLOUT), 0};
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
    const int ready = left <= 0 ? 0 : ::poll(&socket, 1, static_cast<int>(left));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) silent();
    status = PQconnectPoll(connection_);
    if (status == PGRES_POLLING_FAILED) lost();
  } while (status != PGRES_POLLING_OK);
}

/// A connection of ours that was cut may live on in the server with the lock, and one that was closed goes a little
/// later: the former is ended, the latter waited for.
void PostgresqlDriver::take_lock() {
  if (session_ != 0) {
    send_text(("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name='" +
               std::string(application) + "' AND datname=current_database() AND pid=" + std::to_string(session_))
                  .c_str());
    try {
      finish([](const Awaited&, PGresult*) {});
    } catch (const SqlError& error) {  // then it is waited for
      if (error.kind() == SqlError::lost) throw;
    }
  }
  const std::string lock = std::string("SELECT pg_try_advisory_lock(") + lock_number + ")::int";
  const auto deadline =
      std::chrono::steady_clock::now() + std::chrono::milliseconds(std::min(2000, settings_.timeout_ms));
  for (;;) {
    bool locked = false;
    send_text(lock.c_str());
    finish([&](const Awaited&, PGresult* result) {
      if (PQntuples(result) == 1) locked = integer_of(PQgetvalue(result, 0, 0), 4) == 1;
    });
    if (locked) {
      session_ = PQbackendPID(connection_);
      return;
    }
    if (std::chrono::steady_clock::now() > deadline) break;
    send_text("SELECT pg_sleep(0.05)");
  }
  // Where we had it before, it may still be our own session: whoever goes on trying learns it by the epoch.
  throw SqlError(session_ == 0 ? SqlError::owned : SqlError::busy,
                 "another server has this database: its advisory lock is taken");
}

void PostgresqlDriver::disconnect() noexcept {
  PQfinish(std::exchange(connection_, nullptr));
  awaited_.clear();
  queue_.clear();
  queued_identities_.clear();
  for (Texts& it : texts_) it.prepared = it.array_prepared = it.any_prepared = false;
}

void PostgresqlDriver::reconnect() {
  disconnect();
  connect();
}

void PostgresqlDriver::lost() {
  std::string text = "PostgreSQL: ";
  text += connection_ ? PQerrorMessage(connection_) : "not connected";
  text.resize(text.find_last_not_of('\n') + 1);
  std::replace(text.begin(), text.end(), '\n', ' ');
  text.erase(std::remove(text.begin(), text.end(), '\t'), text.end());
  throw SqlError(SqlError::lost, text);
}

void PostgresqlDriver::silent() {
  disconnect();
  throw SqlError(SqlError::lost, "PostgreSQL: no answer within " + std::to_string(settings_.timeout_ms) + " ms");
}

void PostgresqlDriver::fail(PGresult* result) {
  const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const char* text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  if (state == nullptr || PQstatus(connection_) != CONNECTION_OK) lost();
  throw SqlError(kind_of(state), "PostgreSQL: " + std::string(text ? text : state));
}

/// Sends what is to be sent, and until an answer is there if one is wanted. Reads meanwhile, for else both sides might
/// wait for one another with full buffers.
void PostgresqlDriver::wait(bool for_result) {
  for (;;) {
    const int unsent = PQflush(connection_);
    if (unsent < 0) lost();
    if (unsent == 0 && !(for_result && PQisBusy(connection_))) return;
    pollfd socket{PQsocket(connection_), static_cast<short>(unsent > 0 ? POLLIN | POLLOUT : POLLIN), 0};
    const int ready = ::poll(&socket, 1, settings_.timeout_ms);
    if (ready < 0 && errno == EINTR) continue;
    if (ready == 0) silent();
    if (PQconsumeInput(connection_) != 1) lost();
  }
}

PGresult* PostgresqlDriver::next_result() {
  for (;;) {
    wait(true);
    if (PGresult* result = PQgetResult(connection_)) return result;
    if (PQstatus(connection_) != CONNECTION_OK) lost();
  }
}

// --- queueing and answers

PostgresqlDriver::Texts& PostgresqlDriver::texts(Statement statement) {
  Texts& it = texts_[static_cast<size_t>(statement)];
  if (!it.known) {
    it.array = array_statement(statement_text(statement, Dialect::postgresql));
    it.any = any_statement(statement_text(statement, Dialect::postgresql));
    it.known = true;
  }
  return it;
}

void PostgresqlDriver::prepare(const std::string& name, const std::string& text, bool& prepared) {
  if (PQsendPrepare(connection_, name.c_str(), text.c_str(), 0, nullptr) != 1) lost();
  awaited_.push_back({Awaited::preparation, &prepared});
  prepared = true;
}

void PostgresqlDriver::send(Awaited::Kind kind, Statement statement, std::span<const Value> parameters) {
  if (connection_ == nullptr) lost();
  const std::string name = name_of(statement);
  bool& prepared = texts(statement).prepared;
  if (!prepared) prepare(name, numbered(statement_text(statement, Dialect::postgresql)), prepared);
  std::array<const char*, most_parameters> values;
  std::array<int, most_parameters> lengths;
  std::array<uint64_t, most_parameters> integers;
  for (size_t i = 0; i < parameters.size(); ++i) {
    const Value& value = parameters[i];
    switch (value.kind) {
      case Value::null:
        values[i] = nullptr;
        lengths[i] = 0;
        break;
      case Value::integer:
        integers[i] = swapped(static_cast<uint64_t>(value.number));
        values[i] = reinterpret_cast<const char*>(&integers[i]);
        lengths[i] = sizeof(int64_t);
        break;
      case Value::bytes:
        values[i] = value.view.data() ? value.view.data() : "";
        lengths[i] = static_cast<int>(value.view.size());
        break;
    }
  }
  send_prepared(kind, name, parameters.size(), values.data(), lengths.data());
  ++statements_run_;
}

/// All parameters and columns are binary.
void PostgresqlDriver::send_prepared(Awaited::Kind kind, const std::string& name, size_t parameters,
                                     const char* const* values, const int* lengths) {
  static const std::array<int, most_parameters> binary = [] {
    std::array<int, most_parameters> all;
    all.fill(1);
    return all;
  }();
  if (PQsendQueryPrepared(connection_, name.c_str(), static_cast<int>(parameters), values, lengths, binary.data(), 1) !=
      1) {
    lost();
  }
  awaited_.push_back({kind});
}

/// The statement for many names, of pairs (number, name) with the same number.
void PostgresqlDriver::send_names(Statement statement, std::span<const Value> pairs) {
  if (connection_ == nullptr) lost();
  const std::string name = any_name_of(statement);
  Texts& it = texts(statement);
  if (!it.any_prepared) prepare(name, numbered(it.any), it.any_prepared);
  if (columns_.empty()) columns_.resize(1);
  std::string& names = columns_.front();
  begin_array(names, true, pairs.size() / 2);
  for (size_t i = 1; i < pairs.size(); i += 2) append_element(names, pairs[i]);
  const uint64_t number = swapped(static_cast<uint64_t>(pairs[0].number));
  const std::array<const char*, 2> values = {reinterpret_cast<const char*>(&number), names.data()};
  const std::array<int, 2> lengths = {sizeof number, static_cast<int>(names.size())};
  send_prepared(Awaited::rows, name, values.size(), values.data(), lengths.data());
  statements_run_ += pairs.size() / 2;
}

/// The statement for arrays, once for all rows; at(row, column) are its parameters.
void PostgresqlDriver::send_arrays(Awaited::Kind kind, Statement statement, size_t rows,
                                   FunctionRef<const Value&(size_t, size_t)> at) {
  if (connection_ == nullptr) lost();
  const std::string name = array_name_of(statement);
  Texts& it = texts(statement);
  if (!it.array_prepared) prepare(name, it.array.text, it.array_prepared);
  const size_t width = it.array.is_bytes.size();
  std::array<const char*, most_parameters> values;
  std::array<int, most_parameters> lengths;
  if (columns_.size() < width) columns_.resize(width);
  for (size_t column = 0; column < width; ++column) {
    std::string& bytes = columns_[column];
    begin_array(bytes, it.array.is_bytes[column], rows);
    for (size_t row = 0; row < rows; ++row) append_element(bytes, at(row, column));
    values[column] = bytes.data();
    lengths[column] = static_cast<int>(bytes.size());
  }
  send_prepared(kind, name, width, values.data(), lengths.data());
  statements_run_ += rows;
}

/// Sends the rows that wait.
void PostgresqlDriver::flush() {
  if (queue_.empty()) return;
  if (queue_.rows() == 1) {
    send(Awaited::change, queue_.statement(), queue_.row(0));
  } else {
    send_arrays(Awaited::change, queue_.statement(), queue_.rows(),
                [this](size_t row, size_t column) -> const Value& { return queue_.at(row, column); });
  }
  queue_.clear();
  queued_identities_.clear();
  if (awaited_.size() < most_awaited) return;
  // Half of the answers are taken, so that the server goes on with the other half meanwhile.
  if (PQsendFlushRequest(connection_) != 1) lost();
  drain([](const Awaited&, PGresult*) {}, most_awaited / 2);
}

void PostgresqlDriver::send_text(const char* text) {
  if (connection_ == nullptr) lost();
  if (PQsendQueryParams(connection_, text, 0, nullptr, nullptr, nullptr, nullptr, 1) != 1) lost();
  awaited_.push_back({Awaited::change});
}

/// Takes answers until at most so many are awaited. The first error is thrown when the last answer was taken; what
/// comes after it in the pipeline was not carried out.
void PostgresqlDriver::drain(VisitResult visit, size_t most_left) {
  std::optional<SqlError> error;
  while (awaited_.size() > most_left) {
    const Result result(next_result());
    const Awaited awaited = awaited_.front();
    awaited_.pop_front();
    switch (PQresultStatus(result.it)) {
      case PGRES_COMMAND_OK:
      case PGRES_TUPLES_OK:
        if (!error) visit(awaited, result.it);
        break;
      case PGRES_PIPELINE_SYNC:
        break;
      default:
        if (awaited.prepared != nullptr) *awaited.prepared = false;
        if (error) break;
        try {
          fail(result.it);
        } catch (const SqlError& thrown) {
          if (thrown.kind() == SqlError::lost) throw;
          error = thrown;
        }
        // From here to the next end of a pipeline nothing is carried out: there must be one to go on.
        if (most_left > 0 || awaited_.empty() || awaited_.back().kind != Awaited::end) {
          if (PQpipelineSync(connection_) != 1) lost();
          awaited_.push_back({Awaited::end});
          most_left = 0;
        }
    }
  }
  if (error) throw *error;
}

/// Waits for everything that is queued.
void PostgresqlDriver::finish(VisitResult visit) {
  if (connection_ == nullptr || PQpipelineSync(connection_) != 1) lost();
  awaited_.push_back({Awaited::end});
  ++round_trips_;
  drain(visit, 0);
}

// --- Driver

void PostgresqlDriver::run(const std::string& text) {
  flush();
  finish([](const Awaited&, PGresult*) {});
  if (PQexitPipelineMode(connection_) != 1 || PQsendQuery(connection_, text.c_str()) != 1) lost();
  ++round_trips_;
  std::optional<SqlError> error;
  for (;;) {
    wait(true);
    const Result result(PQgetResult(connection_));
    if (result.it == nullptr) break;
    const ExecStatusType status = PQresultStatus(result.it);
    if (error || status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) continue;
    try {
      fail(result.it);
    } catch (const SqlError& thrown) {
      if (thrown.kind() == SqlError::lost) throw;
      error = thrown;
    }
  }
  if (PQenterPipelineMode(connection_) != 1) lost();
  if (error) throw *error;
}

void PostgresqlDriver::read(Statement statement, std::span<const Value> parameters, VisitRow visit) {
  flush();
  send(Awaited::rows, statement, parameters);
  finish([&](const Awaited& awaited, PGresult* result) {
    if (awaited.kind == Awaited::rows) for_each_row(result, visit);
  });
}

void PostgresqlDriver::read_many(Statement statement, std::span<const Value> parameters, size_t rows,
                                 FunctionRef<void(size_t, Row)> visit) {
  if (rows == 0) return;
  if (rows == 1) return read(statement, parameters, [&](Row row) { visit(0, row); });
  flush();
  if (!texts(statement).any.empty() && AskedNames::alike(parameters, 0) == rows) {
    const AskedNames asked(parameters);
    send_names(statement, parameters);
    finish([&](const Awaited& awaited, PGresult* result) {
      if (awaited.kind != Awaited::rows) return;
      for_each_row(result, [&](Row row) { asked.for_each(row[0].view, [&](size_t i) { visit(i, row.subspan(1)); }); });
    });
    return;
  }
  const size_t width = parameters.size() / rows;
  send_arrays(Awaited::rows, statement, rows,
              [&](size_t row, size_t column) -> const Value& { return parameters[row * width + column]; });
  finish([&](const Awaited& awaited, PGresult* result) {
    if (awaited.kind != Awaited::rows) return;
    for_each_row(result, [&](Row row) { visit(static_cast<size_t>(row[0].number) - 1, row.subspan(1)); });
  });
}

void PostgresqlDriver::write(Statement statement, std::span<const Value> parameters) {
  const ArrayStatement& array = texts(statement).array;
  const size_t identity = array.identity_count == 0 ? 0 : identity_of(parameters, array);
  const bool joins = !queue_.empty() && queue_.statement() == statement && !array.text.empty() && !queue_.full() &&
                     (array.identity_count == 0 || !queued_identities_.contains(identity));
  if (!joins) flush();
  queue_.add(statement, parameters);
  if (array.identity_count > 0) queued_identities_.insert(identity);
}

size_t PostgresqlDriver::change(Statement statement, std::span<const Value> parameters) {
  size_t changed = 0;
  flush();
  send(Awaited::rows, statement, parameters);
  finish([&](const Awaited& awaited, PGresult* result) {
    if (awaited.kind == Awaited::rows) changed = std::strtoull(PQcmdTuples(result), nullptr, 10);
  });
  return changed;
}

void PostgresqlDriver::begin() { send_text("BEGIN"); }

void PostgresqlDriver::commit() {
  flush();
  send_text("COMMIT");
  bool committed = false;
  finish([&](const Awaited&, PGresult* result) { committed = std::strcmp(PQcmdStatus(result), "COMMIT") == 0; });
  if (!committed) throw SqlError(SqlError::other, "PostgreSQL: the transaction had failed and was rolled back");
}

void PostgresqlDriver::rollback() noexcept {
  queue_.clear();
  queued_identities_.clear();
  if (connection_ == nullptr) return;
  const auto ignore = [](const Awaited&, PGresult*) {};
  try {
    if (!awaited_.empty()) finish(ignore);
  } catch (const SqlError&) {  // it is what is being rolled back
  }
  try {
    if (connection_ == nullptr || PQstatus(connection_) != CONNECTION_OK) return;
    send_text("ROLLBACK");
    finish(ignore);
  } catch (const SqlError&) {
    disconnect();
  }
}

void PostgresqlDriver::set_durability(Durability durability) {
  durability_ = durability;
  run(durability == Durability::always ? "SET synchronous_commit=on" : "SET synchronous_commit=off");
}

void PostgresqlDriver::sync() {
  // A commit that waits for the disk takes all earlier ones along; it must have written something.
  run("SET synchronous_commit=on; UPDATE rp_state SET id=id WHERE id=1");
  set_durability(durability_);
}

uint64_t PostgresqlDriver::database_bytes() {
  uint64_t bytes = 0;
  flush();
  send_text("SELECT pg_database_size(current_database())");
  finish([&](const Awaited&, PGresult* result) {
    if (PQntuples(result) == 1) bytes = static_cast<uint64_t>(integer_of(PQgetvalue(result, 0, 0), 8));
  });
  return bytes;
}

}  // namespace redipy::sql

extern "C" redipy::sql::Driver* redipy_make_driver(const redipy::sql::ConnectionSettings& settings) {
  return new redipy::sql::PostgresqlDriver(settings);
}
