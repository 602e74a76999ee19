// SPDX-License-Identifier: Apache-2.0
//
// The connections of one network thread to one backend: a small pool for each protocol version that its sessions share,
// and those that sessions have for themselves for a while. Of a cluster: the same for each node.
//
// Threads: everything on the hub's thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "core/net/poller.h"
#include "proxy/channel.h"
#include "proxy/upstream.h"

namespace redipy::proxy {

class Guide;

class Hub : public std::enable_shared_from_this<Hub> {
 public:
  using Context = asio::io_context;

  Hub(std::shared_ptr<Upstream> upstream, Context& context, Poller& poller, Observer& observer);
  ~Hub();
  /// Ends all connections; to be called before the hub goes.
  void stop();
  /// The backend is no more, or the server ends: ends all connections, so that whoever waits for replies gets an error.
  /// The hub stays, and what is asked of it later is answered so, too.
  void close(View why);
  bool is_closed() const { return !closed_.empty(); }
  /// Calls back, once, when all that has been sent on this hub's connections by now is answered, but for what may take
  /// any time. False: not all of it by the upstream.
  void when_answered(std::function<void(bool by_upstream)> callback);

  Upstream& upstream() { return *upstream_; }
  const std::shared_ptr<Upstream>& shared_upstream() const { return upstream_; }
  Context& context() { return context_; }
  Poller& poller() { return poller_; }
  Observer& observer() { return observer_; }

  /// The connections to one node, in one protocol version.
  struct Pool {
    bool to_replica = false;
    std::vector<std::shared_ptr<Channel>> shared;
    std::vector<std::shared_ptr<Channel>> spare;
  };
  /// It stays where it is until the address is retired.
  Pool& pool(const Address& address, int protocol, bool to_replica = false);
  /// The ways through a cluster; made when first asked for.
  Guide& guide();

  /// The connection that this client's requests take, of those that are shared; made when first asked for.
  Channel& shared(const Address& address, int protocol, uint64_t client);
  Channel& shared(Pool& of, const Address& address, int protocol, uint64_t client);
  Channel& shared(int protocol, uint64_t client) { return shared(upstream_->address(), protocol, client); }

  /// A connection for a session alone, connected or about to be, in the database of the URL.
  std::shared_ptr<Channel> take(const Address& address, int protocol);
  std::shared_ptr<Channel> take(int protocol) { return take(upstream_->address(), protocol); }
  /// The session needs it no longer. `clean`: nothing is watched, subscribed, tracked or under way on it.
  void give_back(std::shared_ptr<Channel> channel, bool clean);

  /// A server cannot be reached: whoever waits for it on connections of their own is told.
  void give_up_owned(const Address& address, const Bytes& why);

  /// Steady time.
  static int64_t now_ms();
  /// Has tick() called soon, and again as long as there is something to wait for.
  void watch_time();
  /// Sees to it that shared connections exist, so that an upstream's state is known before anyone asks.
  void warm();
  size_t pending() const;
  std::vector<std::shared_ptr<Channel>> all_shared() const;
  /// Since when the node there cannot be reached; 0: it can, as far as is known.
  int64_t down_since(const Address& address) const;
  /// Closes the connections, as far as they are idle, to nodes that are not among these.
  void retire_all_but(const std::vector<Address>& known);

 private:
  std::vector<std::shared_ptr<Channel>> channels() const;
  void tick();

  const std::shared_ptr<Upstream> upstream_;
  Context& context_;
  Poller& poller_;
  Observer& observer_;
  std::map<Bytes, std::array<Pool, 2>> pools_;  // by address; by "replica " and address
  std::array<Pool*, 2> last_pool_{};
  std::array<Address, 2> last_address_;
  std::vector<std::weak_ptr<Channel>> owned_;
  std::unique_ptr<Guide> guide_;
  asio::steady_timer timer_;
  bool ticking_ = false;
  bool stopped_ = false;
  Bytes closed_;  // why, if close() was called
};

}  // namespace redipy::proxy
