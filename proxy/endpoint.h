// SPDX-License-Identifier: Apache-2.0
//
// What a backend's URL says about a real Redis: where it is, how to greet it, how long to wait for it. One value for
// all connections of a backend; it does not change while they live.
#pragma once

#include <cstdint>
#include <memory>

#include "core/base/view.h"

namespace redipy::proxy {

/// Where one server listens: host and port, or a Unix socket's path.
struct Address {
  Bytes host;
  uint16_t port = 0;
  Bytes path;  ///< not empty: a Unix socket

  Bytes text() const { return path.empty() ? host + ":" + std::to_string(port) : path; }
  bool operator==(const Address&) const = default;
};

class TlsContext;

struct Access {
  Bytes name;  ///< the backend's, for errors and the log
  Bytes user;  ///< empty: the default user
  Bytes password;
  int database = 0;                 ///< added to the client's: database n of the backend is n + database there
  std::shared_ptr<TlsContext> tls;  ///< null: without
  int64_t timeout_ms = 5000;        ///< from a request to its reply
  int64_t connect_timeout_ms = 1000;
  size_t most_pending_bytes = size_t{64} << 20;  ///< of requests that wait for a connection to take them
  bool reads_from_replica = false;               ///< greets with READONLY
};

}  // namespace redipy::proxy
