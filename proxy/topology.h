// SPDX-License-Identifier: Apache-2.0
//
// What all threads know of a cluster: which node has which slot, and whether the cluster is well. It is learnt from the
// nodes (guide.h asks them) and corrected by their redirections. A map that was handed out does not change; a newer one
// has another epoch.
//
// A node that was cut off may tell what was true once. So replies that were made in an earlier epoch of the cluster
// than one already heard of are passed over for a while.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>

#include "proxy/endpoint.h"
#include "proxy/slot_map.h"

namespace redipy::proxy {

/// Any thread. Times are Hub::now_ms().
class Topology {
 public:
  /// Null as long as no node was heard.
  std::shared_ptr<const SlotMap> map() const;
  /// Grows whenever a slot or a replica is elsewhere than before.
  uint64_t epoch() const { return epoch_.load(std::memory_order_acquire); }

  /// A node has told this. `cluster_epoch`: the cluster's own count, as the node knows it. False if it was passed over.
  bool learn(SlotMap map, uint64_t cluster_epoch, int64_t now_ms);
  /// A node has said that the slot is there now.
  void move_slot(uint16_t slot, const SlotMap::Host& host);

  /// Whether the nodes should be asked now; if so, nobody else is told so for a moment.
  bool claim(int64_t now_ms);
  /// What is known seems to be wrong: claim() is true soon.
  void doubt() { doubted_.store(true, std::memory_order_relaxed); }
  /// Since when no node was heard, or the cluster says that it does not serve; 0: all is well.
  int64_t failing_since() const { return failing_since_.load(std::memory_order_relaxed); }
  void well() { failing_since_.store(0, std::memory_order_relaxed); }
  void failing(int64_t now_ms);

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const SlotMap> map_;
  uint64_t cluster_epoch_ = 0;
  int64_t learnt_ms_ = 0;
  std::atomic<uint64_t> epoch_{0};
  std::atomic<int64_t> asked_ms_{0};
  std::atomic<int64_t> failing_since_{0};
  std::atomic<bool> doubted_{true};
};

/// Where a node is.
inline Address address_of(const SlotMap::Host& host) { return {.host = host.name, .port = host.port, .path = {}}; }
inline SlotMap::Host host_of(const Address& address) { return {.name = address.host, .port = address.port}; }

}  // namespace redipy::proxy
