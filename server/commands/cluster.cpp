// SPDX-License-Identifier: Apache-2.0
//
// The commands of a cluster's node, which this server is not: each is refused as by a Redis that runs alone. Clients
// ask to find out whether they talk to a cluster.
#include "server/commands/families.h"
#include "server/session.h"

namespace redipy {

namespace {

void refuse(Session&, const Args&, Reply&) { throw CommandError("ERR This instance has cluster support disabled"); }

constexpr Flags asking = flag::stale;
constexpr Flags ruling = flag::stale | flag::admin;
constexpr Flags passing = flag::fast | flag::connection;

constexpr Command row(View name, int arity, Flags flags, View summary, View since) {
  return {name,   "",          arity,   flags, no_keys,
          refuse, Event::none, summary, since, "O(1), refused as in a Redis that is no node of a cluster"};
}

constexpr Command cluster_subcommands[] = {
    row("ADDSLOTS", -3, ruling, "Takes slots.", "3.0.0"),
    row("ADDSLOTSRANGE", -4, ruling, "Takes ranges of slots.", "7.0.0"),
    row("BUMPEPOCH", 2, ruling | flag::random_reply, "Advances the epoch.", "3.0.0"),
    row("COUNT-FAILURE-REPORTS", 3, ruling | flag::random_reply, "Counts who holds a node for failed.", "3.0.0"),
    row("COUNTKEYSINSLOT", 3, asking, "Counts the keys of a slot.", "3.0.0"),
    row("DELSLOTS", -3, ruling, "Gives slots up.", "3.0.0"),
    row("DELSLOTSRANGE", -4, ruling, "Gives ranges of slots up.", "7.0.0"),
    row("FAILOVER", -2, ruling, "Has a replica take over.", "3.0.0"),
    row("FLUSHSLOTS", 2, ruling, "Gives all slots up.", "3.0.0"),
    row("FORGET", 3, ruling, "Forgets a node.", "3.0.0"),
    row("GETKEYSINSLOT", 4, asking | flag::random_reply, "Lists keys of a slot.", "3.0.0"),
    row("HELP", 2, asking, "Explains the subcommands.", "5.0.0"),
    row("INFO", 2, asking | flag::random_reply, "Tells the state of the node.", "3.0.0"),
    row("KEYSLOT", 3, asking, "Tells a key's slot.", "3.0.0"),
    row("LINKS", 2, asking | flag::random_reply, "Lists the links to other nodes.", "7.0.0"),
    row("MEET", -4, ruling, "Joins another node.", "3.0.0"),
    row("MYID", 2, asking, "Tells the node's id.", "3.0.0"),
    row("MYSHARDID", 2, asking | flag::new_in_72 | flag::random_reply, "Tells the shard's id.", "7.2.0"),
    row("NODES", 2, asking | flag::random_reply, "Lists the nodes.", "3.0.0"),
    row("REPLICAS", 3, ruling | flag::random_reply, "Lists a node's replicas.", "5.0.0"),
    row("REPLICATE", 3, ruling, "Makes the node a replica.", "3.0.0"),
    row("RESET", -2, ruling, "Forgets the cluster.", "3.0.0"),
    row("SAVECONFIG", 2, ruling, "Writes the node's file.", "3.0.0"),
    row("SET-CONFIG-EPOCH", 3, ruling, "Sets the epoch.", "3.0.0"),
    row("SETSLOT", -4, ruling, "Binds a slot to a node.", "3.0.0"),
    row("SHARDS", 2, asking | flag::random_reply, "Lists slots and their nodes.", "7.0.0"),
    row("SLAVES", 3, ruling | flag::random_reply, "Lists a node's replicas.", "3.0.0"),
    row("SLOTS", 2, asking | flag::random_reply, "Lists slots and their nodes.", "3.0.0"),
};

constexpr Command rows[] = {
    {"CLUSTER", "", -2, 0, no_keys, nullptr, Event::none, "Tells about the cluster.", "3.0.0", "O(1)",
     cluster_subcommands},
    row("READONLY", 1, passing | flag::loading | flag::stale, "Allows reads from a cluster's replicas.", "3.0.0"),
    row("READWRITE", 1, passing | flag::loading | flag::stale, "Takes READONLY back.", "3.0.0"),
    row("ASKING", 1, passing, "Follows an ASK of a cluster.", "3.0.0"),
};

}  // namespace

std::span<const Command> cluster_rows() { return rows; }

}  // namespace redipy
