// SPDX-License-Identifier: Apache-2.0
//
// A request on its way through a cluster, until it has its reply. Whoever sends it sees none of the cluster's
// redirections, nor that a node was gone and another has its slots now:
//
//     begin ──> at a node ──reply──────────────────────────────> arrived()
//       │        │     ▲
//       │        ├──MOVED, ASK─> at the node named
//       │        ├──TRYAGAIN, CLUSTERDOWN, never executed──┐
//       └────────┴── no node has the slot, or it is down ──┴─> waiting ── all that wait, in their order, now and then
//
// It waits at most as long as a reply may take. What may have been executed is not sent again, unless it only reads.
// Two requests of one client for one slot are never executed in another order than they came in: what waits is held up
// by later ones under way, and is given its error where one of these was executed meanwhile.
//
// Threads: everything on the thread of its hub.
#pragma once

#include "proxy/endpoint.h"
#include "proxy/receiver.h"
#include "proxy/traits.h"

namespace redipy::proxy {

class Channel;
class Guide;

/// Connections that a client has for itself at the nodes, in place of those that all share.
class Carrier {
 public:
  virtual ~Carrier() = default;
  /// Null: it has none there, and cannot have one.
  virtual Channel* at(const Address& node) = 0;
};

class Errand : public Receiver {
 public:
  static constexpr int any_slot = -1;  ///< no key decides where it goes

  struct Task {
    int slot = any_slot;
    uint32_t replies = 1;  ///< of one block (traits.whole) more than one
    int protocol = 2;
    uint64_t client = 0;
    Traits traits{};
    const CommandTable::Entry* entry = nullptr;
    /// No key belongs to the slot: it stands for the node that has it (KEYS at each primary).
    bool stands_for_node = false;
    Carrier* carrier = nullptr;  ///< null: connections that all share
    Bytes ahead{};               ///< a request that is said right before it, on the same connection
  };

  Errand() = default;
  Errand(const Errand&) = delete;
  Errand& operator=(const Errand&) = delete;
  ~Errand() override { cancel(); }

  /// Sends the request, in RESP. Once; never answers from within.
  void begin(Guide& guide, View request, const Task& task);
  /// Nobody wants its reply any more.
  void cancel();

 protected:
  /// The reply, as Receiver::replies() has it; of a block all replies at once. The last thing that the errand does: it
  /// may be destroyed from within.
  virtual void arrived(View bytes, uint32_t whole) = 0;

 private:
  friend class Guide;
  enum class State : uint8_t { idle, under_way, waiting };

  void replies(View bytes, uint32_t whole) final;
  bool takes_over(View error, bool repeatable) final;
  uint64_t client() const final { return task_.client; }
  bool is_redirected(View bytes);

  Guide* guide_ = nullptr;
  Errand* before_ = nullptr;  // in the order of begin()
  Errand* after_ = nullptr;
  Task task_;
  State state_ = State::idle;
  bool begun_ = false;          // a part of its reply was handed on
  bool strayed_ = false;        // it did not go the straight way
  bool overtaken_ = false;      // a later one was executed while it waited
  bool doomed_ = false;         // about to be given up
  bool asked_primary_ = false;  // no replica will do
  uint8_t hops_ = 0;
  int64_t begun_ms_ = 0;
  Channel* channel_ = nullptr;  // while under way
  Bytes request_;
  Bytes gathered_;  // of a block
  uint32_t left_ = 0;
  Bytes fault_;  // what it is answered if it waits in vain: an error without '-'
};

/// Of the replies to a block, the one that says why it was not executed, if that is a cluster's redirection; else
/// empty.
View redirection_in(View replies);

}  // namespace redipy::proxy
