// SPDX-License-Identifier: Apache-2.0
//
// Prepared statements on MariaDB: writes are arrays of parameters bound at once, reads name all keys of a batch in one
// statement, which is prepared for the first batch's size.
#include <mysql.h>

#include <sstream>
#include <stdexcept>

#include "table.h"

namespace redipy::bench {

namespace {

std::string part(const std::string& where, const std::string& name) {
  std::istringstream words(where);
  for (std::string word; words >> word;) {
    if (word.compare(0, name.size() + 1, name + "=") == 0) return word.substr(name.size() + 1);
  }
  return {};
}

class MariadbTable final : public RawTable {
 public:
  explicit MariadbTable(const std::string& where) : connection_(mysql_init(nullptr)) {
    if (!mysql_real_connect(connection_, nullptr, part(where, "user").c_str(), nullptr, part(where, "database").c_str(),
                            0, part(where, "host").c_str(), 0)) {
      fail();
    }
    run("CREATE TABLE IF NOT EXISTS raw (name VARBINARY(512) PRIMARY KEY, val LONGBLOB NOT NULL) ENGINE=InnoDB");
    upsert_ = prepared("INSERT INTO raw (name, val) VALUES (?, ?) ON DUPLICATE KEY UPDATE val = VALUES(val)");
    // In a transaction: MariaDB runs an array as one statement after the other, each with a commit of its own.
    mysql_autocommit(connection_, 0);
  }
  MariadbTable(const MariadbTable&) = delete;
  MariadbTable& operator=(const MariadbTable&) = delete;
  ~MariadbTable() override {
    if (upsert_) mysql_stmt_close(upsert_);
    if (select_) mysql_stmt_close(select_);
    mysql_close(connection_);
  }

  void set(const std::vector<std::string>& keys, const std::string& value) override {
    std::vector<const char*> names;
    std::vector<unsigned long> name_sizes;
    const std::vector<const char*> values(keys.size(), value.data());
    std::vector<unsigned long> value_sizes(keys.size(), value.size());
    for (const std::string& key : keys) {
      names.push_back(key.data());
      name_sizes.push_back(key.size());
    }
    MYSQL_BIND bind[2] = {};
    bind[0].buffer_type = bind[1].buffer_type = MYSQL_TYPE_BLOB;
    bind[0].buffer = names.data();
    bind[0].length = name_sizes.data();
    bind[1].buffer = const_cast<const char**>(values.data());
    bind[1].length = value_sizes.data();
    auto count = static_cast<unsigned int>(keys.size());
    mysql_stmt_attr_set(upsert_, STMT_ATTR_ARRAY_SIZE, &count);
    if (mysql_stmt_bind_param(upsert_, bind) || mysql_stmt_execute(upsert_) || mysql_commit(connection_)) fail(upsert_);
  }

  std::size_t get(const std::vector<std::string>& keys) override {
    if (!select_) {
      std::string text = "SELECT val FROM raw WHERE name IN (?";
      for (std::size_t i = 1; i < keys.size(); ++i) text += ",?";
      select_ = prepared(text + ")");
    }
    std::vector<MYSQL_BIND> bind(keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i) {
      bind[i].buffer_type = MYSQL_TYPE_BLOB;
      bind[i].buffer = const_cast<char*>(keys[i].data());
      bind[i].buffer_length = keys[i].size();
    }
    if (mysql_stmt_bind_param(select_, bind.data()) || mysql_stmt_execute(select_)) fail(select_);
    char value[4096];
    unsigned long size = 0;
    MYSQL_BIND result = {};
    result.buffer_type = MYSQL_TYPE_BLOB;
    result.buffer = value;
    result.buffer_length = sizeof value;
    result.length = &size;
    if (mysql_stmt_bind_result(select_, &result)) fail(select_);
    std::size_t found = 0;
    while (mysql_stmt_fetch(select_) == 0) ++found;
    mysql_stmt_free_result(select_);
    mysql_commit(connection_);
    return found;
  }

 private:
  [[noreturn]] void fail(MYSQL_STMT* statement = nullptr) const {
    const std::string text = statement ? mysql_stmt_error(statement) : "";
    throw std::runtime_error(text.empty() ? mysql_error(connection_) : text);
  }
  void run(const std::string& text) const {
    if (mysql_real_query(connection_, text.data(), text.size())) fail();
  }
  MYSQL_STMT* prepared(const std::string& text) const {
    MYSQL_STMT* const statement = mysql_stmt_init(connection_);
    if (mysql_stmt_prepare(statement, text.data(), text.size())) fail(statement);
    return statement;
  }

  MYSQL* connection_;
  MYSQL_STMT* upsert_ = nullptr;
  MYSQL_STMT* select_ = nullptr;
};

}  // namespace

std::unique_ptr<RawTable> open_mariadb(const std::string& where) { return std::make_unique<MariadbTable>(where); }

}  // namespace redipy::bench
