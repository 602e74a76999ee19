// SPDX-License-Identifier: Apache-2.0
//
// A real Redis, or a Redis Cluster, as a backend: what its URL says, and what is known of it by all threads. The
// connections belong to the threads (hub.h).
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <set>

#include "core/base/backend_url.h"
#include "proxy/endpoint.h"
#include "proxy/topology.h"

namespace redipy::proxy {

/// What the connections have found, for INFO and BACKEND LIST.
struct Health {
  enum State : uint8_t { connecting, ready, down } state = connecting;
  Bytes version;
  Bytes role;
  Bytes mode;
  Bytes fault;  ///< why it is down
  int64_t latency_us = 0;
  uint64_t connections_made = 0;
  uint64_t connections_lost = 0;
  uint64_t retried = 0;     ///< requests that were sent again
  uint64_t unanswered = 0;  ///< requests that we answered with UPSTREAM
};

class Upstream {
 public:
  /// Throws std::runtime_error where a file that the URL names is no good.
  Upstream(Bytes name, BackendUrl url);

  const Bytes& name() const { return access_->name; }
  const BackendUrl& url() const { return url_; }
  const std::shared_ptr<const Access>& access() const { return access_; }
  /// Of one that is no cluster.
  const Address& address() const { return addresses_.front(); }
  /// The nodes that the URL names.
  const std::vector<Address>& seeds() const { return addresses_; }
  bool is_cluster() const { return url_.kind == BackendUrl::Kind::cluster; }
  int connections_per_thread() const { return pool_; }
  /// Of a cluster.
  Topology& topology() { return topology_; }

  // --- any thread
  Health health() const;
  void came_up(View version, View role, View mode);
  void went_down(View why);
  /// How the cluster as a whole is: one node says little.
  void cluster_is(Health::State state, const Bytes& fault);
  void lost_connection();
  void count_retried(uint64_t requests);
  void count_unanswered(uint64_t requests);
  void measured(int64_t latency_us);
  /// Whether it knows a command of this name, in any case; as long as it has not told, it may.
  bool may_know(View command) const;
  bool has_told_commands() const;
  void note_commands(std::set<Bytes, std::less<>> lower_case);
  /// Whether a database was chosen there before, with success.
  bool knows_database(int database) const { return database < 64 && (databases_ >> database & 1) != 0; }
  void note_database(int database) {
    if (database < 64) databases_ |= uint64_t{1} << database;
  }
  /// How many keys it held when it was last asked; nullopt if it never was.
  std::optional<size_t> known_keys() const;
  void note_keys(size_t keys);
  /// It has refused a request for what has nothing to do with it (OOM, BUSY and the like), just now.
  void note_rejection(int64_t now_ms) { rejected_ms_ = now_ms; }
  /// Whether it may refuse the next one, too: a script runs there, or it did so within the last second.
  bool may_reject(int64_t now_ms) const { return scripts > 0 || now_ms - rejected_ms_ < 1000; }
  std::atomic<int64_t> scripts{0};      ///< scripts and functions under way
  std::atomic<int64_t> connections{0};  ///< open now
  std::atomic<int64_t> pending{0};      ///< requests without a reply

 private:
  const BackendUrl url_;
  std::shared_ptr<const Access> access_;
  std::vector<Address> addresses_;
  int pool_ = 1;
  Topology topology_;
  std::atomic<uint64_t> databases_{1};       // a bit for each that is known to be there
  std::atomic<int64_t> rejected_ms_{-1000};  // by Hub::now_ms()
  mutable std::mutex mutex_;
  std::optional<size_t> keys_;
  std::set<Bytes, std::less<>> commands_;
  Health health_;
};

}  // namespace redipy::proxy
