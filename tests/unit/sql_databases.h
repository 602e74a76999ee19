// SPDX-License-Identifier: Apache-2.0
//
// Databases for tests: SQLite in a temporary folder; those of servers where tests/with_database.py tells of one. And
// options of memory as those of a store in tables.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "core/memory/options.h"
#include "sql/driver_module.h"
#include "sql/sql_store.h"
#include "sql/sqlite_driver.h"
#include "temporary_folder.h"

namespace redipy {

enum class StoreKind { memory, sqlite, postgresql, mariadb };

inline const char* kind_name(StoreKind kind) {
  constexpr const char* names[] = {"memory", "sqlite", "postgresql", "mariadb"};
  return names[static_cast<size_t>(kind)];
}

inline const char* server_address(StoreKind kind) {
  return kind == StoreKind::postgresql ? std::getenv("REDIPY_TEST_POSTGRESQL")
         : kind == StoreKind::mariadb  ? std::getenv("REDIPY_TEST_MARIADB")
                                       : nullptr;
}

/// SQLite, and the servers that are there.
inline std::vector<StoreKind> sql_kinds() {
  std::vector<StoreKind> kinds{StoreKind::sqlite};
  for (const StoreKind kind : {StoreKind::postgresql, StoreKind::mariadb}) {
    if (server_address(kind) != nullptr) kinds.push_back(kind);
  }
  return kinds;
}

/// An empty database, for as long as this lives.
class SqlDatabase {
 public:
  explicit SqlDatabase(StoreKind kind = StoreKind::sqlite) : kind_(kind) {}
  SqlDatabase(const SqlDatabase&) = delete;
  SqlDatabase& operator=(const SqlDatabase&) = delete;

  std::string file() const { return folder_.file("data.db"); }
  std::unique_ptr<sql::Driver> driver() {
    std::unique_ptr<sql::Driver> driver;
    if (kind_ == StoreKind::sqlite) {
      driver = std::make_unique<sql::SqliteDriver>(file());
    } else {
      driver = sql::connect(kind_name(kind_), settings());
      if (!emptied_) empty(*driver);
      emptied_ = true;
    }
    driver->set_durability(sql::Durability::relaxed);
    return driver;
  }
  sql::ConnectionSettings settings() const {
    sql::ConnectionSettings result;
    std::istringstream words(server_address(kind_));
    for (std::string word; words >> word;) {
      const std::string value = word.substr(word.find('=') + 1);
      if (word.starts_with("host=")) result.host = value;
      if (word.starts_with("user=")) result.user = value;
      if (word.starts_with("database=")) result.database = value;
    }
    return result;
  }

 private:
  /// The tables stay, where there are any: making them takes far longer than most tests.
  void empty(sql::Driver& driver) const {
    try {
      driver.run(
          "DELETE FROM rp_key; DELETE FROM rp_hash; DELETE FROM rp_set; DELETE FROM rp_list; DELETE FROM rp_zset; "
          "DELETE FROM rp_trash; DELETE FROM rp_db; UPDATE rp_state SET epoch = 0, batch = 0, next_id = 1");
      return;
    } catch (const sql::SqlError&) {  // there are none yet
    }
    if (kind_ == StoreKind::postgresql) {
      driver.run("DROP SCHEMA public CASCADE; CREATE SCHEMA public");
    } else {
      const std::string name = settings().database;
      driver.run("DROP DATABASE " + name + "; CREATE DATABASE " + name + "; USE " + name);
    }
  }

  StoreKind kind_;
  bool emptied_ = false;
  TemporaryFolder folder_;
};

inline sql::Options sql_options(const Options& options) {
  sql::Options result;
  result.hash_max_listpack_entries = options.hash_max_listpack_entries;
  result.hash_max_listpack_value = options.hash_max_listpack_value;
  result.list_max_listpack_size = options.list_max_listpack_size;
  result.set_max_intset_entries = options.set_max_intset_entries;
  result.set_max_listpack_entries = options.set_max_listpack_entries;
  result.set_max_listpack_value = options.set_max_listpack_value;
  result.zset_max_listpack_entries = options.zset_max_listpack_entries;
  result.zset_max_listpack_value = options.zset_max_listpack_value;
  result.limits = options.limits;
  result.report_misses = options.report_misses;
  return result;
}

}  // namespace redipy
