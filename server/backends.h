// SPDX-License-Identifier: Apache-2.0
//
// The backends of this server by name, and which keys live where. The first one that the configuration names is the
// default: keys that match no route, and commands without keys, are its.
//
// Backends and routes change while the server runs (BACKEND ADD, …: flows_backends.cpp), one change at a time. What was
// changed is in the state file before it takes effect.
//
// Threads: guarded by the server's lock. A place is removed only when no route uses it and it is not the default;
// whoever works with places beyond the lock, in several steps, holds on to snapshot() and so to them all.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "core/base/backend_url.h"
#include "core/command/backend.h"
#include "core/memory/memory_backend.h"
#include "proxy/key_rewriting.h"
#include "proxy/upstream.h"
#include "scripting/lua_upstream.h"
#include "server/backend_state.h"
#include "server/state_file.h"

namespace redipy {

class Executor;
class Server;
class Session;
struct NetworkThread;

/// A backend with its name. Either the data are ours (owner() is there), or it is an upstream's.
struct Place : std::enable_shared_from_this<Place> {
  Bytes name;
  BackendUrl url;
  uint64_t id = 0;                            ///< never used again for another
  std::unique_ptr<MemoryBackend> memory;      ///< null where the data are elsewhere
  std::unique_ptr<Executor> executor;         ///< where the data are in tables: its thread runs all commands on them
  std::shared_ptr<proxy::Upstream> upstream;  ///< null where the data are ours
  std::unique_ptr<KeyRewriting> rewriting;    ///< of an upstream's requests and replies; null without a prefix
  std::unique_ptr<script::LuaScripts> lua;    ///< graphs as the upstream is sent them
  std::atomic<bool> removed{false};           ///< no new connections there

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
inline constexpr View unknown_under_prefix =
    "ERR unknown command: where its keys are is not known, so it cannot be kept to the backend's prefix";
inline constexpr View crossed_backends = "CROSSBACKEND Keys in request belong to different backends";
}  // namespace error

class Backends {
 public:
  explicit Backends(Server& server) : server_(server) {}

  /// Makes what the configuration names; throws std::runtime_error where that cannot be.
  void configure();

  using Places = std::vector<std::shared_ptr<Place>>;

  Place& main() const { return *main_; }
  Place* find(View name) const;
  const Places& all() const { return *places_; }
  /// All of now, which live as long as this is held.
  const std::shared_ptr<const Places>& snapshot() const { return places_; }
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

  // --- changes at run time
  /// Where a key would belong without the route `without`, and with one to `with` behind all others.
  Place& of_changed(View key, View without, const Route* with) const;
  bool has_route(View pattern) const;

  /// One at a time: false while there is another.
  bool begin_change();
  void end_change();
  /// From now to end_change() commands wait that may write to a key that fits the pattern, in any database.
  void hold_writes(Bytes pattern) { held_ = std::move(pattern); }
  bool holds_writes() const { return held_.has_value(); }
  /// Whether this command of the session's has to wait for that.
  bool holds_back(const Session& session, const CommandTable::Entry& entry, const Args& args) const;

  const BackendState& state() const { return state_; }
  const BackendState::Pairs& configured_backends() const { return configured_backends_; }
  const BackendState::Pairs& configured_routes() const { return configured_routes_; }
  const StateFile& state_file() const { return state_file_; }

  /// Throws std::runtime_error where there cannot be such a backend. Without the lock.
  std::shared_ptr<Place> make(Bytes name, BackendUrl url);
  // They take effect with what the state file holds already. What sessions have at stake is seen to.
  void add(std::shared_ptr<Place> place, BackendState state);
  void remove(Place& place, BackendState state);
  void route(Route route, BackendState state);
  void unroute(View pattern, BackendState state);

  /// How to have something done on each network thread, soon and without the lock; the network says.
  using OnThreads = std::function<void(std::function<void(NetworkThread&)>)>;
  void on_threads(size_t threads, OnThreads post) {
    threads_ = threads;
    on_threads_ = std::move(post);
  }
  size_t threads() const { return threads_; }
  void post_to_threads(std::function<void(NetworkThread&)> work) const {
    if (on_threads_) on_threads_(std::move(work));
  }

 private:
  Place& routed(View key) const;
  script::LuaTarget lua_target(const Place& place) const;
  void changed();
  void set_places(Places places);
  void rerouted(View pattern);

  Server& server_;
  std::shared_ptr<const Places> places_ = std::make_shared<const Places>();
  Place* main_ = nullptr;
  std::vector<Route> routes_;
  bool simple_ = true;
  bool any_executor_ = false;
  std::atomic<uint64_t> next_id_{1};
  BackendState state_;
  BackendState::Pairs configured_backends_;
  BackendState::Pairs configured_routes_;
  StateFile state_file_{{}};
  bool changing_ = false;
  std::optional<Bytes> held_;
  size_t threads_ = 0;
  OnThreads on_threads_;
};

}  // namespace redipy
