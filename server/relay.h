// SPDX-License-Identifier: Apache-2.0
//
// What of one session is under way at upstreams, and the connections it has there for itself. Requests go out as they
// came; replies come back as they are and leave in the order of the requests, whichever connections they took:
//
//     lanes    [connection 1: 3 replies to come] [connection 2: 1] [connection 1: 2] …
//               goes straight to the client       is held until its turn
//
// A session whose next request is for somewhere else altogether (this server itself, its memory, another backend) waits
// until nothing is under way. Threads: its connection's; what is Relaxed others may look at.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "core/base/relaxed.h"
#include "core/resp/buffer.h"
#include "proxy/channel.h"
#include "proxy/errand.h"
#include "server/backends.h"

namespace redipy {

class Session;
namespace proxy {
class Guide;
}

/// Why a session has a connection of its own.
namespace pin {
inline constexpr unsigned watching = 1, subscribed = 2, tracking = 4, blocked = 8, redirected = 16, no_touch = 32;
inline constexpr unsigned subscribed_shards = 128;  ///< to shard channels, at a node of a cluster
/// To what each node of a cluster tells of its own keys only, at one where subscribers do not meet.
inline constexpr unsigned subscribed_apart = 256;
/// None of its own: it was used in a way that leaves traces there, and is not used again by another session.
inline constexpr unsigned used_up = 64;
}  // namespace pin

class Relay final : public proxy::Carrier {
 public:
  explicit Relay(Session& session);
  ~Relay() override;

  /// Nothing is under way.
  bool idle() const { return lanes_.empty(); }
  /// So much is under way that no more should be taken.
  bool full() const { return under_way_ >= most_under_way; }

  /// Sends requests, in RESP, of one command. `kept_back`: the client wants no replies.
  void forward(proxy::Channel& channel, View requests, uint32_t count, proxy::Traits traits,
               const CommandTable::Entry* entry, bool kept_back);

  /// SUBSCRIBE and its kin, with the number of confirmations that will come. `kept_back`: which are not the client's.
  void forward_subscription(proxy::Channel& channel, View request, uint32_t confirmations,
                            const CommandTable::Entry& entry, Place& place, bool kept_back = false);
  /// A request of one command to a backend with a prefix: `request` has it already, the reply loses it.
  void forward_rewritten(proxy::Channel& channel, View request, proxy::Traits traits, const CommandTable::Entry& entry,
                         Place& place, bool kept_back);

  /// A request of one command to the node of a cluster that has the slot (or Errand::any_slot); as the two above.
  struct Routed {
    int slot;
    bool stands_for_node;  ///< as Errand::Task has it
  };
  void forward_routed(Place& place, Routed where, View request, proxy::Traits traits, const CommandTable::Entry& entry,
                      bool kept_back);
  /// Whether that keeps the order of the session's requests: else it has to wait until nothing is under way.
  bool may_route(Place& place) const;

  /// The connection that requests for this backend take: its own if it has one, else a shared one.
  proxy::Channel& channel(Place& place);

  // --- connections of its own
  struct Pin {
    Place* place;
    std::shared_ptr<proxy::Channel> channel;
    unsigned reasons;
    bool asking = false;  ///< what it watches is about to be moved there: ASKING before the transaction
    std::unique_ptr<proxy::Listener> ear;  ///< hears what comes on it
  };
  Pin* pinned(const Place& place);
  Pin* pinned_for(const Place& place, unsigned reason);
  /// Ends the blocking command that waits on a connection of its own, as CLIENT UNBLOCK does.
  void unblock(bool with_error);
  /// Gives all back.
  void drop_pins();
  /// The reasons of connections that are lost; they are forgotten.
  unsigned take_lost();
  /// One for this backend, for one more reason.
  proxy::Channel& pin(Place& place, unsigned reason);
  proxy::Channel& pin(Place& place, unsigned reason, const proxy::Address& node);
  /// What the connection was used for is not certainly over there: nobody else gets it.
  void use_up(Place& place, unsigned reason);
  /// The reason is gone; with the last one the connection is given back.
  void unpin(Place& place, unsigned reason);
  bool any_pins() const { return !pins_.empty() || !monitors_.empty(); }
  std::vector<Pin>& pins() { return pins_; }

  // --- at all primaries of a cluster
  /// Where the session has connections of its own because of what was said on each (CLIENT TRACKING), requests take
  /// these. Null: it has none.
  proxy::Carrier* carrier(const Place& place);
  /// Its next request is sent with this one right before it: CLIENT CACHING.
  void say_ahead(Bytes request) { ahead_ = std::move(request); }
  Bytes take_ahead() { return std::exchange(ahead_, {}); }
  /// From now on a primary at which the session has no connection for the same reason makes an end of it.
  void expect_all_primaries(Place& place);
  proxy::Channel* at(const proxy::Address& node) override;

  // --- messages
  /// A connection on which MONITOR of the upstream is to be asked for: what scripts call there is shown to the session.
  proxy::Channel& monitor(Place& place);
  /// A flow has its reply, which is not sent yet: what comes from now on stands behind it.
  void hold_messages() { holding_ = true; }
  /// The reply is sent.
  void release_messages();

  /// The client is gone: whatever comes is dropped, connections of its own are closed. Not under the server's lock.
  void abandon();

 private:
  struct Lane;
  struct RoutedLane;
  struct Ear;
  struct MonitorEar;
  proxy::Channel& keep_own(Place& place, unsigned reason, std::shared_ptr<proxy::Channel> channel);
  void message(const proxy::Channel& by, const Place& place, View bytes);
  void gone(View why);
  Lane& lane_for(proxy::Channel& channel, bool kept_back, const KeyRewriting* rewriting,
                 const CommandTable::Entry* entry);
  void send(Lane& lane, View requests, uint32_t count, proxy::Traits traits, const CommandTable::Entry* entry);
  void advance();
  void deliver(View bytes);
  void pass_message(View bytes);
  bool is_at_all_primaries(Place& place, unsigned reasons);
  void look_around();

  static constexpr size_t most_under_way = 1024;

  Session& session_;
  std::deque<std::unique_ptr<Lane>> lanes_;
  std::unique_ptr<Lane> spare_;
  size_t under_way_ = 0;
  const proxy::Guide* routed_by_ = nullptr;  // what is under way was sent by this one's map
  uint64_t routed_epoch_ = 0;
  std::vector<Pin> pins_;
  std::vector<Pin> monitors_;  // on which nothing else is asked
  unsigned missing_ = 0;       // reasons for which a connection is lacking
  Bytes ahead_;
  bool holding_ = false;
  Buffer held_;                                     // messages that came while holding
  std::shared_ptr<std::function<void()>> watcher_;  // of clusters' maps
  std::vector<const Place*> watched_;
};

}  // namespace redipy
