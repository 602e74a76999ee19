// SPDX-License-Identifier: Apache-2.0
//
// What flows ask of a cluster: at the node of a slot, wherever that is and wherever it moves meanwhile; at each
// primary; of divided commands each part where it belongs.
#pragma once

#include <chrono>
#include <functional>

#include "proxy/errand.h"
#include "server/cluster_ways.h"
#include "server/flows.h"

namespace redipy::flows {

struct Part {
  int slot;
  Bytes request;                 ///< in RESP
  bool stands_for_node = false;  ///< as Errand::Task has it
};
/// Asks all at once; the replies in the order of the parts.
Awaitable<std::vector<Bytes>> ask_parts(Flow& flow, Place& place, const std::vector<Part>& parts, proxy::Traits traits,
                                        uint32_t replies = 1);
/// Asks at the node that has the slot, or, where the place is no cluster, simply there. Several replies: of one block.
Awaitable<Bytes> ask_at(Flow& flow, Place& place, int slot, View request, uint32_t replies, proxy::Traits traits);
/// The same of a cluster, on a connection that nobody else waits behind. `asks` hears of each node that is asked.
Awaitable<Bytes> ask_own(Flow& flow, Place& place, int slot, View request, uint32_t replies, proxy::Traits traits,
                         const std::function<void(const proxy::Address& node)>* asks = nullptr);
/// Asks a command wherever its keys are, or wherever else it has to go, and gives the one reply as clients see it.
Awaitable<Bytes> ask_cluster(Flow& flow, Place& place, const CommandTable::Entry& entry, const Args& args);
/// Asks each primary these words, without any prefix.
Awaitable<Bytes> ask_primaries(Flow& flow, Place& place, const CommandTable::Entry& entry,
                               const std::vector<View>& words);

/// Where the slot is; waits until that is known, and throws if that takes too long.
Awaitable<proxy::Address> node_of(Flow& flow, Place& place, int slot);
/// A slot for each primary.
Awaitable<std::vector<int>> primaries_of(Flow& flow, Place& place);
Awaitable<void> pause(Flow& flow, std::chrono::milliseconds time);
/// The slot of the command's keys; Errand::any_slot without keys, or where the place is no cluster. Throws CROSSSLOT.
int slot_of(const Place& place, const CommandTable::Entry& entry, const Args& args);

/// As their namesakes, at a cluster.
Awaitable<void> blocking_in_cluster(Flow& flow);
Awaitable<void> watch_in_cluster(Flow& flow);
Awaitable<void> wait_in_cluster(Flow& flow);
Awaitable<Bytes> kill_script_in_cluster(Flow& flow, Place& place);
/// Keeps our own account of what the session is subscribed to; returns how many confirmations will come.
uint32_t note_subscriptions(Session& session, View name, const Args& args);
void subscribe_in_cluster(Session& session, const CommandTable::Entry& entry, const Args& args, Place& place,
                          Reply& reply);

}  // namespace redipy::flows
