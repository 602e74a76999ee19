// SPDX-License-Identifier: Apache-2.0
//
// Prepared statements on PostgreSQL whose parameters are whole arrays: one statement and one round trip for any number
// of keys. Arrays in binary, as PostgreSQL's documentation of array_send has them.
#include <libpq-fe.h>

#include <array>
#include <stdexcept>

#include "table.h"

namespace redipy::bench {

namespace {

constexpr unsigned bytea = 17;
constexpr unsigned bytea_array = 1001;

void append_number(std::string& to, std::uint32_t number) {
  for (int shift = 24; shift >= 0; shift -= 8) to += static_cast<char>((number >> shift) & 0xFF);
}

void begin_array(std::string& to, std::size_t elements) {
  to.clear();
  for (const std::size_t number : {std::size_t{1}, std::size_t{0}, std::size_t{bytea}, elements, std::size_t{1}}) {
    append_number(to, static_cast<std::uint32_t>(number));
  }
}

void append_element(std::string& to, const std::string& bytes) {
  append_number(to, static_cast<std::uint32_t>(bytes.size()));
  to += bytes;
}

class PostgresqlTable final : public RawTable {
 public:
  explicit PostgresqlTable(const std::string& where) : connection_(PQconnectdb(where.c_str())) {
    if (PQstatus(connection_) != CONNECTION_OK) fail();
    done(PQexec(connection_, "SET client_min_messages = warning"));
    done(PQexec(connection_, "CREATE TABLE IF NOT EXISTS raw (name bytea PRIMARY KEY, val bytea NOT NULL)"));
    constexpr std::array<Oid, 2> arrays = {bytea_array, bytea_array};
    done(PQprepare(connection_, "set",
                   "INSERT INTO raw (name, val) SELECT * FROM unnest($1, $2) "
                   "ON CONFLICT (name) DO UPDATE SET val = excluded.val",
                   2, arrays.data()));
    done(PQprepare(connection_, "get", "SELECT val FROM raw WHERE name = ANY ($1)", 1, arrays.data()));
  }
  PostgresqlTable(const PostgresqlTable&) = delete;
  PostgresqlTable& operator=(const PostgresqlTable&) = delete;
  ~PostgresqlTable() override { PQfinish(connection_); }

  void set(const std::vector<std::string>& keys, const std::string& value) override {
    begin_array(keys_, keys.size());
    begin_array(values_, keys.size());
    for (const std::string& key : keys) {
      append_element(keys_, key);
      append_element(values_, value);
    }
    done(execute("set", 2));
  }

  std::size_t get(const std::vector<std::string>& keys) override {
    begin_array(keys_, keys.size());
    for (const std::string& key : keys) append_element(keys_, key);
    PGresult* const result = execute("get", 1);
    const auto found = static_cast<std::size_t>(PQntuples(result));
    done(result);
    return found;
  }

 private:
  [[noreturn]] void fail() const { throw std::runtime_error(PQerrorMessage(connection_)); }
  void done(PGresult* result) const {
    const ExecStatusType status = PQresultStatus(result);
    PQclear(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) fail();
  }
  PGresult* execute(const char* name, int parameters) const {
    const std::array<const char*, 2> bytes = {keys_.data(), values_.data()};
    const std::array<int, 2> sizes = {static_cast<int>(keys_.size()), static_cast<int>(values_.size())};
    constexpr std::array<int, 2> binary = {1, 1};
    return PQexecPrepared(connection_, name, parameters, bytes.data(), sizes.data(), binary.data(), 1);
  }

  PGconn* connection_;
  std::string keys_;
  std::string values_;
};

}  // namespace

std::unique_ptr<RawTable> open_postgresql(const std::string& where) {
  // libpq has its own word for one of the three.
  std::string settings = where;
  if (const std::size_t at = settings.find("database="); at != std::string::npos) settings.replace(at, 8, "dbname");
  return std::make_unique<PostgresqlTable>(settings);
}

}  // namespace redipy::bench
