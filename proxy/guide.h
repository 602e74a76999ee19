// SPDX-License-Identifier: Apache-2.0
//
// The ways through a cluster, for one network thread: sends errands (errand.h) to the node that has their slot, sees to
// those that come back without a reply, and asks the nodes for their topology: at first, every few seconds, and
// whenever a redirection or a lost node says that what is known is old.
//
// Threads: everything on the thread of its hub, which owns it.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "proxy/errand.h"
#include "proxy/hub.h"
#include "proxy/topology.h"

namespace redipy::proxy {

class Guide {
 public:
  explicit Guide(Hub& hub);
  ~Guide();
  Guide(const Guide&) = delete;
  Guide& operator=(const Guide&) = delete;

  /// Null as long as it is not known; then start() was called already. It holds until the next call of anything here.
  const SlotMap* map();
  /// Another one: requests may go elsewhere than before.
  uint64_t epoch();
  /// Some request of the client took another way than straight to its node; later ones would overtake it.
  bool has_strays(uint64_t client) const { return !strays_.empty() && strays_.contains(client); }
  /// Begins to look for the cluster.
  void start();

  /// Where the slot is; nullopt if that is not known.
  std::optional<Address> node_of(int slot);
  /// A node that is there as far as is known, always the same for a client.
  Address any_node(uint64_t client);
  /// For each primary a slot that stands for it, in the order of the slots.
  std::vector<int> primaries();
  /// Reads an error reply of the node there and learns from it, if it is a redirection.
  Redirection note_redirection(View reply, const Address& asked);
  /// Has it called, from the thread's event loop, whenever there is another map; as long as it lives.
  void watch(std::weak_ptr<std::function<void()>> watcher) { watchers_.push_back(std::move(watcher)); }
  /// Why no request can be sent now; empty if the cluster is there.
  Bytes refusal();

  void tick(int64_t now_ms);
  /// The hub is closed: errands that wait, now or later, get an error.
  void give_up_waiting();
  /// The hub stops: errands hear nothing more.
  void stop();
  Hub& hub() { return hub_; }

 private:
  friend class Errand;
  class Question;
  struct Node {
    Address address;
    std::array<Hub::Pool*, 2> primary{};  // the pools of its connections, by protocol
    std::array<Hub::Pool*, 2> replica{};
  };

  void renew();
  void look();
  std::unique_ptr<Question> take(const Question& question);
  void told(const Address& by, View replies);
  void unheard(const Bytes& why);
  void listen(int64_t now_ms);

  void enter(Errand& errand);
  void leave(Errand& errand);
  void dispatch(Errand& errand);
  void send(Errand& errand, Channel& channel, bool asking);
  void redirect(Errand& errand, const Redirection& redirection);
  void wait(Errand& errand, View fault);
  void finish(Errand& errand, View bytes, uint32_t whole);
  void give_up(Errand& errand);
  void stray(Errand& errand);
  bool must_wait(const Errand& errand) const;
  void go_on(int64_t now_ms);
  bool is_hopeless(const Errand& errand, int64_t now_ms) const;
  Channel* channel_for(Errand& errand);
  Channel* own_or_shared(const Errand& errand, const Address& node);
  Channel* usable(Errand& errand, Channel* channel);
  Channel& channel(SlotMap::Index index, bool replica, int protocol, uint64_t client);

  Hub& hub_;
  Topology& topology_;
  std::shared_ptr<const SlotMap> map_;
  uint64_t epoch_ = 0;
  std::vector<Node> nodes_;  // by the map's index
  std::vector<SlotMap::Index> primaries_;
  std::vector<std::weak_ptr<std::function<void()>>> watchers_;
  Errand* first_ = nullptr;
  Errand* last_ = nullptr;
  size_t waiting_ = 0;
  std::unordered_map<uint64_t, uint32_t> strays_;  // by client
  int64_t went_on_ms_ = 0;
  uint64_t went_on_epoch_ = 0;
  size_t next_asked_ = 0;
  std::vector<std::unique_ptr<Question>> questions_;  // under way; those of an ended channel stay here to the end
  int64_t open_question_ms_ = 0;                      // since when a node has not answered; 0: none is asked
  std::vector<Errand*> doomed_;
  Bytes fault_;         // why no node could be asked
  size_t unheard_ = 0;  // nodes that were asked in vain, in a row
  int64_t listened_ms_ = 0;
};

}  // namespace redipy::proxy
