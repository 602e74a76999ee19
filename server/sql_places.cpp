// SPDX-License-Identifier: Apache-2.0
//
// See sql_places.h.
#include "server/sql_places.h"

#include "server/notifications.h"
#include "sql/driver_module.h"
#include "sql/sqlite_driver.h"

namespace redipy {

std::unique_ptr<sql::Driver> connect_database(const BackendUrl& url) {
  if (url.kind == BackendUrl::Kind::sqlite) return std::make_unique<sql::SqliteDriver>(url.path);
  sql::ConnectionSettings settings;
  settings.host = url.hosts.front().name;
  settings.port = url.hosts.front().port;
  settings.user = url.user.value_or(Bytes());
  settings.password = url.password.value_or(Bytes());
  settings.database = url.path;
  settings.timeout_ms = static_cast<int>(url.upstream.timeout.count());
  return sql::connect(url.kind == BackendUrl::Kind::mysql ? "mariadb" : "postgresql", settings);
}

sql::Options sql_options(const Settings& settings) {
  sql::Options options;
  options.hash_max_listpack_entries = static_cast<size_t>(settings.hash_max_listpack_entries);
  options.hash_max_listpack_value = static_cast<size_t>(settings.hash_max_listpack_value);
  options.list_max_listpack_size = settings.list_max_listpack_size;
  options.set_max_intset_entries = static_cast<size_t>(settings.set_max_intset_entries);
  options.set_max_listpack_entries = static_cast<size_t>(settings.set_max_listpack_entries);
  options.set_max_listpack_value = static_cast<size_t>(settings.set_max_listpack_value);
  options.zset_max_listpack_entries = static_cast<size_t>(settings.zset_max_listpack_entries);
  options.zset_max_listpack_value = static_cast<size_t>(settings.zset_max_listpack_value);
  options.report_misses = notify::wants(settings.notify_keyspace_events, EventClass::missed);
  options.limits.max_string_bytes = settings.proto_max_bulk_len;
  options.limits.hll_sparse_max_bytes = settings.hll_sparse_max_bytes;
  options.cache_bytes = settings.sql_cache_size;
  return options;
}

sql::Durability sql_durability(const Settings& settings) {
  if (settings.sql_durability == "always") return sql::Durability::always;
  return settings.sql_durability == "everysec" ? sql::Durability::everysec : sql::Durability::relaxed;
}

}  // namespace redipy
