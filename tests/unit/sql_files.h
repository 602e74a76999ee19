// SPDX-License-Identifier: Apache-2.0
//
// A temporary folder with a database in it, and options of memory as those of a store in tables.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "core/memory/options.h"
#include "sql/sql_store.h"
#include "sql/sqlite_driver.h"

namespace redipy {

class SqlFolder {
 public:
  SqlFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "redipy-sql-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~SqlFolder() { std::filesystem::remove_all(path_); }
  SqlFolder(const SqlFolder&) = delete;
  SqlFolder& operator=(const SqlFolder&) = delete;

  std::string file() const { return path_ / "data.db"; }
  std::unique_ptr<sql::Driver> driver() const {
    auto driver = std::make_unique<sql::SqliteDriver>(file());
    driver->set_durability(sql::Durability::relaxed);
    return driver;
  }

 private:
  std::filesystem::path path_;
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
