// SPDX-License-Identifier: Apache-2.0
//
// Where in a cluster a command goes: to the node of its keys' slot, to some node, to every primary, or divided over
// slots.
#pragma once

#include "core/command/table.h"
#include "server/backends.h"

namespace redipy {

class Session;

struct ClusterWay {
  enum Kind : uint8_t {
    slot,        ///< to the node that has `slot`; Errand::any_slot: to any
    meeting,     ///< to the node where all who publish and subscribe meet
    divided,     ///< a command of its own for each slot
    everywhere,  ///< to each primary; one reply is made of theirs
    scan,        ///< SCAN: to one primary after the other
    random_key,  ///< RANDOMKEY: to one of them
    counted,     ///< PUBSUB SHARDNUMSUB: everywhere, counts are added up
    crossed,     ///< its keys lie in several slots
    refused,     ///< it has no meaning over several nodes
  } kind = slot;
  int slot_number = -1;
};

ClusterWay cluster_way(const Place& place, const CommandTable::Entry& entry, const Args& args);

/// Sends a request, whose bytes these are, to its node. False, with nothing done, if that takes more, or has to wait
/// until nothing of the session is under way.
bool forward_in_cluster(Session& session, Place& place, const CommandTable::Entry& entry, const Args& args, View bytes);

/// Has a transaction in a cluster, whose slot (-1: none yet) is given, go on with this command; gives the error if that
/// cannot be.
View joining_slot(int& slot, const Place& place, const CommandTable::Entry& entry, const Args& args);

/// The slot of all keys that begin with the prefix, where a hash tag in it decides that; else -1.
int slot_of_prefix(View prefix);
/// The slot whose node is where a backend's subscribers and publishers meet.
int meeting_slot(const Place& place);

namespace error {
inline constexpr View crossed_slots = "CROSSSLOT Keys in request don't hash to the same slot";
inline constexpr View beyond_one_node = "ERR what asks several nodes of a cluster cannot be part of a transaction";
inline constexpr View no_databases = "ERR SELECT is not allowed in cluster mode";
}  // namespace error

}  // namespace redipy
