// SPDX-License-Identifier: Apache-2.0
//
// The URL that names a backend: where data lives, how to get there, and the options that follow as a query.
//
//   memory:                                            sqlite:///absolute/file.db      sqlite://relative.db
//   postgresql://user:pass@host:port/database          mysql://user:pass@host:port/database      (host: also %2Fpath)
//   redis://[user:pass@]host[:port][/db]               rediss:// (TLS)
//   redis+unix://[user:pass@]/path[?db=n]
//   redis+cluster://[user:pass@]host[:port][,…]        rediss+cluster:// (TLS)
//
// The parser is strict, so that a slip is told rather than guessed around: user, password, path and option values are
// percent-decoded ('+' stays '+'); blanks, control characters, '#' and an '@' that does not end the user and password
// are refused unless escaped; an option that does not apply to the kind of backend, or comes twice, is refused. No
// error repeats any part of the URL but the scheme and an option's name, neither of which can be part of a password.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "core/base/view.h"

namespace redipy {

/// What is wrong with a URL, in words to follow "backend URL: ".
class BackendUrlError : public std::runtime_error {
 public:
  explicit BackendUrlError(const Bytes& text) : std::runtime_error(text) {}
};

/// Options of redis://, redis+unix:// and redis+cluster://, and of their TLS variants; `timeout` of database servers,
/// too.
struct UpstreamOptions {
  int pool = 1;                                     ///< pool: shared connections per network thread and node, 1 to 64
  std::chrono::milliseconds timeout{5000};          ///< timeout: of a reply; 1ms to 1h, "500" and "500ms", "2s"
  std::chrono::milliseconds connect_timeout{2000};  ///< connect-timeout: of a connection with TLS and AUTH
  bool read_from_replicas = false;                  ///< read=replica (or primary); clusters only
  bool lua_trusted = false;                         ///< lua=trusted: Lua source is relayed although there is a prefix
  bool relay_config = false;                        ///< config=relay: CONFIG speaks of the upstream
  Bytes ca_file;                                    ///< cacert: whom to trust; empty: whom the system trusts
  Bytes certificate_file;                           ///< cert: ours, with key; empty: none
  Bytes key_file;                                   ///< key
  Bytes server_name;                                ///< sni: whose certificate it has to be; empty: the host's
  bool verify = true;                               ///< tls-verify=yes|no

  bool operator==(const UpstreamOptions&) const = default;
};

struct BackendUrl {
  enum class Kind : uint8_t { memory, sqlite, postgresql, mysql, redis, cluster };

  struct Host {
    Bytes name;  ///< a name or an address; IPv6 without brackets; a database server's Unix socket: a path
    uint16_t port = 0;
    bool operator==(const Host&) const = default;
  };

  Kind kind = Kind::memory;
  bool tls = false;
  std::vector<Host> hosts;        ///< one; of a cluster several; none of memory, sqlite and a Unix socket
  std::optional<Bytes> user;      ///< redis: never without a password
  std::optional<Bytes> password;  ///< may be empty
  Bytes path;                     ///< sqlite: the file; redis: the Unix socket; postgresql, mysql: the database's name
  int database = 0;               ///< redis: which to SELECT
  std::vector<std::pair<Bytes, Bytes>> options;  ///< the query, decoded, in its order, each name once
  Bytes prefix;  ///< option prefix: what every key gets, on any kind; without '*', '__' in front
  UpstreamOptions upstream;
  Bytes shown;  ///< the URL with *** for the password

  bool is_upstream() const { return kind == Kind::redis || kind == Kind::cluster; }
  bool operator==(const BackendUrl&) const = default;
};

/// Throws BackendUrlError.
BackendUrl parse_backend_url(View text);

/// Any text that may hold a URL, with *** for what may be a password in it: for logs of what could not be parsed. Hides
/// too much rather than too little.
Bytes hide_password(View text);

}  // namespace redipy
