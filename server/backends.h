// SPDX-License-Identifier: Apache-2.0
//
// The backends of this server by name, and which keys live where. The first one that the configuration names is the
// default: keys that match no route, and commands without keys, are its.
//
// Threads: guarded by the server's lock. A place stays where it is until it is removed, which takes that no route uses it
// and that it is not the default.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "core/base/backend_url.h"
#include "core/command/backend.h"
#include "core/memory/memory_backend.h"
#include "proxy/key_rewriting.h"
#include "proxy/upstream.h"
#include "scripting/lua_upstream.h"

namespace redipy {

class Executor;
class Server;

/// A backend with its name. Either the data are ours (owner() is there), or it is an upstream's.
struct Place {
  Bytes name;
  BackendUrl url;
  uint64_t id = 0;                             ///< never used again for another
  std::unique_ptr<MemoryBackend> memory;       ///< null where the data are elsewhere
  std::unique_ptr<Executor> executor;          ///< where the data are in tables: its thread runs all commands on them
  std::shared_ptr<proxy::Upstream> upstream;   ///< null where the data are ours
  std::unique_ptr<KeyRewriting> rewriting;     ///< of an upstream's requests and replies; null without a prefix
  std::unique_ptr<script::LuaScripts> lua;     ///< graphs as the upstream is sent them

  ~Place();
  Backend* owner() const;
  /// On an executor's data, for its own thread only.
  Store* store() const;
  const Bytes& prefix() const { return url.prefix; }
  View kind() const;
};

/// Where a request is to run.
struct Destination {
  enum Kind : uint8_t {
    one,      ///< at `place`
    all,      ///< it is about whole keyspaces, and there are several
    crossed,  ///< its keys belong to different backends
  } kind = one;
  Place* place = nullptr;
};

namespace error {
inline constexpr View crossed_backends = "CROSSBACKEND Keys in request belong to different backends";
}  // namespace error

class Backends {
 public:
  explicit Backends(Server& server) : server_(server) {}

  /// Makes what the configuration names; throws std::runtime_error where that cannot be.
  void configure();

  Place& main() const { return *places_.front(); }
  Place* find(View name) const;
  const std::vector<std::shared_ptr<Place>>& all() const { return places_; }
  struct Route {
    Bytes pattern;
    Place* place;
  };
  const std::vector<Route>& routes() const { return routes_; }

  /// There is one backend, it runs commands at once, and keys are what they are: nothing needs to be looked up.
  bool simple() const { return simple_; }
  Place& of(View key) const { return routes_.empty() ? main() : routed(key); }
  Destination destination(const CommandTable::Entry* entry, const Args& args) const;
  /// Whether a command is about whole keyspaces (KEYS, SCAN, FLUSHALL …).
  static bool spans_keyspace(const Command& command);

  bool any_upstream() const;
  bool any_executor() const { return any_executor_; }
  void for_each_executor(FunctionRef<void(Executor&)> visit) const;
  /// Some upstream's URL says config=relay.
  bool any_config_relay() const;
  void for_each_memory(FunctionRef<void(MemoryBackend&)> visit) const;

 private:
  std::shared_ptr<Place> make(Bytes name, BackendUrl url);
  Place& routed(View key) const;
  script::LuaTarget lua_target(const Place& place) const;
  void changed();

  Server& server_;
  std::vector<std::shared_ptr<Place>> places_;
  std::vector<Route> routes_;
  bool simple_ = true;
  bool any_executor_ = false;
  uint64_t next_id_ = 1;
};

}  // namespace redipy
