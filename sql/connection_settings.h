// SPDX-License-Identifier: Apache-2.0
//
// Where a database server is, as a backend's URL says.
#pragma once

#include <cstdint>
#include <string>

namespace redipy::sql {

struct ConnectionSettings {
  std::string host;  ///< a name or address; or the folder (PostgreSQL) or path (MariaDB) of a Unix socket
  uint16_t port = 0;
  std::string user;
  std::string password;
  std::string database;
  int timeout_ms = 5000;  ///< how long an answer may take until the connection counts as lost
};

}  // namespace redipy::sql
