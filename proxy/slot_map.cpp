// SPDX-License-Identifier: Apache-2.0
//
// Reading a cluster's topology. Both replies are walked once; what is not known (newer entries of a node's map) is
// skipped.
#include "proxy/slot_map.h"

#include <algorithm>

#include "core/base/numbers.h"
#include "core/resp/reply_cursor.h"

namespace redipy {

std::vector<SlotMap::Index> SlotMap::primaries() const {
  std::vector<Index> found;
  std::vector<bool> seen(nodes_.size(), false);
  for (const Index index : slots_) {
    if (index == no_node || seen[index]) continue;
    seen[index] = true;
    found.push_back(index);
  }
  return found;
}

bool SlotMap::covers_all_slots() const { return std::find(slots_.begin(), slots_.end(), no_node) == slots_.end(); }

std::optional<SlotMap::Index> SlotMap::find(const Host& host) const {
  const auto found = by_host_.find({host.name, host.port});
  if (found == by_host_.end()) return std::nullopt;
  return found->second;
}

std::optional<SlotMap::Index> SlotMap::add(const Host& host) {
  if (const auto known = find(host)) return known;
  if (nodes_.size() == most_nodes) return std::nullopt;
  const auto index = static_cast<Index>(nodes_.size());
  nodes_.emplace_back().host = host;
  by_host_.emplace(std::pair(host.name, host.port), index);
  return index;
}

bool SlotMap::serve(Index node, int64_t first, int64_t last) {
  if (first < 0 || last < first || last >= slot_count) return false;
  nodes_[node].primary = true;
  std::fill(slots_.begin() + first, slots_.begin() + last + 1, node);
  return true;
}

bool SlotMap::move_slot(uint16_t slot, const Host& host) {
  const auto index = add(host);
  return index && serve(*index, slot, slot);
}

/// Walks one reply and fills one map.
class TopologyReader {
 public:
  TopologyReader(View reply, const SlotMap::Host& asked, bool tls) : at_(reply), asked_(asked), tls_(tls) {}

  std::optional<SlotMap> read_shards() {
    if (!at_.is_aggregate()) return std::nullopt;
    const size_t shards = at_.count();
    at_.enter();
    for (size_t i = 0; i < shards; ++i) {
      if (!read_shard()) return std::nullopt;
    }
    return std::move(map_);
  }

  std::optional<SlotMap> read_slots() {
    if (!at_.is_aggregate()) return std::nullopt;
    const size_t ranges = at_.count();
    at_.enter();
    for (size_t i = 0; i < ranges; ++i) {
      if (!read_range()) return std::nullopt;
    }
    return std::move(map_);
  }

 private:
  using Index = SlotMap::Index;

  /// One node as a reply describes it.
  struct Described {
    std::optional<Bytes> host;  // nullopt: not known
    int64_t port = 0;
    Bytes id;
    bool primary = false;
    bool healthy = true;
  };

  /// The host here: left out means the one that was asked, a question mark that nobody knows it.
  std::optional<Bytes> read_host() {
    const View text = at_.text();
    std::optional<Bytes> host;
    if (at_.is_null() || text.empty()) {
      host = asked_.name;
    } else if (text != "?") {
      host = Bytes(text);
    }
    at_.skip();
    return host;
  }

  std::optional<int64_t> read_integer() {
    const auto value = at_.integer();
    at_.skip();
    return value;
  }

  /// Adds the node. No_node if where it is is not known; nullopt if that is no address.
  std::optional<Index> add(const Described& described) {
    if (!described.host) return SlotMap::no_node;
    if (described.port == 0) return SlotMap::no_node;  // not reachable in the way wanted
    if (described.port < 0 || described.port > 65535) return std::nullopt;
    const auto index = map_.add({*described.host, static_cast<uint16_t>(described.port)});
    if (!index) return std::nullopt;
    SlotMap::Node& node = map_.nodes_[*index];
    node.id = described.id;
    node.healthy = described.healthy;
    return index;
  }

  void add_replica(Index primary, Index replica) {
    if (primary == SlotMap::no_node || replica == SlotMap::no_node || primary == replica) return;
    std::vector<Index>& replicas = map_.nodes_[primary].replicas;
    if (std::find(replicas.begin(), replicas.end(), replica) == replicas.end()) replicas.push_back(replica);
  }

  // --- CLUSTER SLOTS: [[first, last, [host, port, id, {more}], replica …] …]

  bool read_range() {
    const size_t parts = at_.count();
    if (!at_.is_aggregate() || parts < 3) return false;
    at_.enter();
    const auto first = read_integer();
    const auto last = read_integer();
    if (!first || !last) return false;
    Index primary = SlotMap::no_node;
    for (size_t i = 2; i < parts; ++i) {
      const auto index = read_slots_node();
      if (!index) return false;
      if (i > 2) {
        add_replica(primary, *index);
        continue;
      }
      primary = *index;
      if (primary != SlotMap::no_node && !map_.serve(primary, *first, *last)) return false;
    }
    return true;
  }

  std::optional<Index> read_slots_node() {
    size_t parts = at_.count();
    if (!at_.is_aggregate() || parts < 2) return std::nullopt;
    at_.enter();
    Described node;
    node.host = read_host();
    node.port = read_integer().value_or(-1);
    if (parts > 2) {
      node.id = at_.text();
      at_.skip();
    }
    for (; parts > 3 && !at_.at_end(); --parts) {
      if (node.host || !at_.is_aggregate()) {
        at_.skip();
        continue;
      }
      // What else is known of the node: its other names.
      size_t entries = at_.count() / 2;
      for (at_.enter(); entries > 0 && !at_.at_end(); --entries) {
        const View name = at_.text();
        at_.skip();
        if (name == "ip" && !at_.text().empty()) node.host = Bytes(at_.text());
        at_.skip();
      }
    }
    return add(node);
  }

  // --- CLUSTER SHARDS: [{slots: [first, last, …], nodes: [{id:, port:, tls-port:, endpoint:, role:, health:} …]} …]

  bool read_shard() {
    if (!at_.is_aggregate()) return false;
    size_t entries = at_.count() / 2;
    std::vector<std::pair<int64_t, int64_t>> ranges;
    std::vector<Index> members;
    Index primary = SlotMap::no_node;
    for (at_.enter(); entries > 0; --entries) {
      if (at_.at_end()) return false;
      const View name = at_.text();
      at_.skip();
      if (name == "slots") {
        if (!read_ranges(ranges)) return false;
      } else if (name == "nodes") {
        if (!read_members(members, primary)) return false;
      } else {
        at_.skip();
      }
    }
    if (primary == SlotMap::no_node) return true;
    map_.nodes_[primary].primary = true;
    for (const Index member : members) add_replica(primary, member);
    return std::all_of(ranges.begin(), ranges.end(),
                       [&](const auto& range) { return map_.serve(primary, range.first, range.second); });
  }

  bool read_ranges(std::vector<std::pair<int64_t, int64_t>>& ranges) {
    const size_t ends = at_.count();
    if (!at_.is_aggregate() || ends % 2 != 0 || ends > slot_count * 2) return false;
    at_.enter();
    for (size_t i = 0; i < ends; i += 2) {
      const auto first = read_integer();
      const auto last = read_integer();
      if (!first || !last) return false;
      ranges.emplace_back(*first, *last);
    }
    return true;
  }

  /// The primary is the healthy one, should there be two at the time of a failover.
  bool read_members(std::vector<Index>& members, Index& primary) {
    const size_t count = at_.count();
    if (!at_.is_aggregate()) return false;
    at_.enter();
    for (size_t i = 0; i < count; ++i) {
      const auto described = read_member();
      if (!described) return false;
      const auto index = add(*described);
      if (!index) return false;
      if (*index == SlotMap::no_node) continue;
      members.push_back(*index);
      const bool better = primary == SlotMap::no_node || (described->healthy && !map_.nodes_[primary].healthy);
      if (described->primary && better) primary = *index;
    }
    return true;
  }

  std::optional<Described> read_member() {
    if (!at_.is_aggregate()) return std::nullopt;
    Described node;
    std::optional<Bytes> address;
    bool has_endpoint = false;
    int64_t port = 0;
    int64_t tls_port = 0;
    size_t entries = at_.count() / 2;
    for (at_.enter(); entries > 0; --entries) {
      if (at_.at_end()) return std::nullopt;
      const View name = at_.text();
      at_.skip();
      if (name == "endpoint") {
        node.host = read_host();
        has_endpoint = true;
        continue;
      }
      if (name == "ip") {
        address = read_host();
        continue;
      }
      if (name == "port") port = at_.integer().value_or(-1);
      if (name == "tls-port") tls_port = at_.integer().value_or(-1);
      if (name == "id") node.id = at_.text();
      if (name == "role") node.primary = at_.text() == "master";
      if (name == "health") node.healthy = at_.text() == "online";
      at_.skip();
    }
    if (!has_endpoint || !node.host) node.host = address;
    node.port = tls_ ? tls_port : port;
    return node;
  }

  ReplyCursor at_;
  const SlotMap::Host& asked_;
  bool tls_;
  SlotMap map_;
};

std::optional<SlotMap> SlotMap::from_shards(View reply, const Host& asked, bool tls) {
  return TopologyReader(reply, asked, tls).read_shards();
}

std::optional<SlotMap> SlotMap::from_slots(View reply, const Host& asked) {
  return TopologyReader(reply, asked, false).read_slots();
}

Redirection read_redirection(View reply, const SlotMap::Host& asked) {
  Redirection redirection;
  if (reply.ends_with("\r\n")) reply.remove_suffix(2);
  const auto begins = [&](View word) {
    return reply.starts_with(word) && (reply.size() == word.size() || reply[word.size()] == ' ');
  };
  if (begins("-TRYAGAIN")) redirection.kind = Redirection::Kind::try_again;
  if (begins("-CLUSTERDOWN")) redirection.kind = Redirection::Kind::cluster_down;
  const bool moved = begins("-MOVED");
  if (!moved && !begins("-ASK")) return redirection;

  const size_t slot_at = reply.find(' ') + 1;
  const size_t space = reply.find(' ', slot_at);
  if (slot_at == 0 || space == View::npos) return redirection;
  const View address = reply.substr(space + 1);
  const size_t colon = address.rfind(':');  // an IPv6 address has others before it
  if (colon == View::npos) return redirection;
  const auto slot = parse_unsigned(reply.substr(slot_at, space - slot_at));
  const auto port = parse_unsigned(address.substr(colon + 1));
  if (!slot || *slot >= slot_count || !port || *port == 0 || *port > 65535) return redirection;
  redirection.kind = moved ? Redirection::Kind::moved : Redirection::Kind::ask;
  redirection.slot = static_cast<uint16_t>(*slot);
  const View name = address.substr(0, colon);
  redirection.host.port = static_cast<uint16_t>(*port);
  if (name.empty()) {
    redirection.host.name = asked.name;
  } else if (name != "?") {
    redirection.host.name = name;
  }
  return redirection;
}

}  // namespace redipy
