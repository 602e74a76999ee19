// SPDX-License-Identifier: Apache-2.0
//
// A Redis Cluster's topology: which node serves which slot, with which replicas. Read from CLUSTER SHARDS (7.0 and
// newer) or CLUSTER SLOTS, in either protocol version, and corrected by the redirections that nodes reply:
//
//   -MOVED 3999 10.0.0.1:6381    the slot is there now: correct the map, send the request there
//   -ASK 3999 10.0.0.1:6381      this one request only, after ASKING
//
// A node may leave its host out; it then means the host by which it was asked.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "core/base/backend_url.h"
#include "core/base/crc16.h"
#include "core/base/view.h"

namespace redipy {

/// One caller at a time; copy it to hand it on.
class SlotMap {
 public:
  using Host = BackendUrl::Host;
  using Index = uint16_t;
  static constexpr Index no_node = 0xffff;
  static constexpr size_t most_nodes = 4096;

  struct Node {
    Host host;                    ///< where to connect to: its TLS port if TLS was asked for
    Bytes id;                     ///< as the cluster names it; empty if not known
    bool primary = false;         ///< serves slots, or could
    bool healthy = true;          ///< as the cluster says; failed or loading ones are not
    std::vector<Index> replicas;  ///< of a primary
  };

  SlotMap() { slots_.fill(no_node); }

  /// Reads the complete reply to CLUSTER SHARDS or CLUSTER SLOTS of the node at `asked`. `tls`: the ports for TLS are
  /// wanted (CLUSTER SLOTS tells those of the connection that asked). Nullopt if it is no such reply (an error, say),
  /// or contradicts itself. Nodes whose host is not known are left out.
  static std::optional<SlotMap> from_shards(View reply, const Host& asked, bool tls);
  static std::optional<SlotMap> from_slots(View reply, const Host& asked);

  std::span<const Node> nodes() const { return nodes_; }
  const Node& node(Index index) const { return nodes_[index]; }
  /// The primary that serves the slot; no_node if none does. `slot` is below slot_count.
  Index primary_of(uint16_t slot) const { return slots_[slot]; }
  /// The primaries that serve slots, in the order of their first slot: all nodes that have keys.
  std::vector<Index> primaries() const;
  bool covers_all_slots() const;
  std::optional<Index> find(const Host& host) const;

  /// The slot is served there, as a MOVED has told; a node not known before is added. False if there are too many.
  bool move_slot(uint16_t slot, const Host& host);

 private:
  friend class TopologyReader;
  std::optional<Index> add(const Host& host);
  bool serve(Index node, int64_t first, int64_t last);

  std::array<Index, slot_count> slots_;
  std::vector<Node> nodes_;
  std::map<std::pair<Bytes, uint16_t>, Index> by_host_;
};

/// What a cluster's node replies instead of doing what was asked.
struct Redirection {
  enum class Kind : uint8_t { none, moved, ask, try_again, cluster_down };
  Kind kind = Kind::none;
  uint16_t slot = 0;   ///< of moved and ask
  SlotMap::Host host;  ///< of moved and ask; without a name if the cluster does not know it: ask for the topology
};

/// Reads an error reply, with its '-' and line end; `asked` is the node that replied. Kind none: it is something else.
Redirection read_redirection(View reply, const SlotMap::Host& asked);

}  // namespace redipy
