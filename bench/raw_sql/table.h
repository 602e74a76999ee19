// SPDX-License-Identifier: Apache-2.0
//
// The table that redipy-raw-sql fills and reads: a key and its value, by prepared statements, as fast as the library
// lets a program do it that wants nothing else. One implementation per database (sqlite.cpp, postgresql.cpp,
// mariadb.cpp); no line of the server's is in them, so neither can share the other's mistakes.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace redipy::bench {

/// Errors are std::runtime_error with the database's own text. One thread.
class RawTable {
 public:
  virtual ~RawTable() = default;
  /// Inserts or overwrites all of them in one transaction, which is synced when this returns. No key twice.
  virtual void set(const std::vector<std::string>& keys, const std::string& value) = 0;
  /// Reads them; returns how many were there.
  virtual std::size_t get(const std::vector<std::string>& keys) = 0;
};

/// `where` is a path, or of database servers "host=… user=… database=…": the host is PostgreSQL's folder of sockets,
/// and MariaDB's socket.
std::unique_ptr<RawTable> open_sqlite(const std::string& where);
std::unique_ptr<RawTable> open_postgresql(const std::string& where);
std::unique_ptr<RawTable> open_mariadb(const std::string& where);

}  // namespace redipy::bench
