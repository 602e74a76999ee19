// SPDX-License-Identifier: Apache-2.0
//
// See hub.h.
#include "proxy/hub.h"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

#include "proxy/guide.h"

namespace redipy::proxy {

namespace {

constexpr auto tick_every = std::chrono::milliseconds(20);
constexpr size_t most_spare = 16;
constexpr View replica_mark = "replica ";

/// Counts the replies to what was sent last on some connections.
struct Countdown {
  size_t left = 1;
  bool by_upstream = true;
  std::function<void(bool)> callback;

  void one_less() {
    if (--left == 0) callback(by_upstream);
  }
};

class Last final : public Receiver {
 public:
  explicit Last(std::shared_ptr<Countdown> countdown) : countdown_(std::move(countdown)) { ++countdown_->left; }
  void replies(View bytes, uint32_t whole) override {
    countdown_->by_upstream = countdown_->by_upstream && !bytes.starts_with('-');
    static_cast<void>(whole);  // there is one, whole
    end();
  }
  void cut() override {
    countdown_->by_upstream = false;
    end();
  }
  uint64_t client() const override { return 0; }

 private:
  void end() {
    countdown_->one_less();
    delete this;
  }

  std::shared_ptr<Countdown> countdown_;
};

}  // namespace

Hub::Hub(std::shared_ptr<Upstream> upstream, Context& context, Poller& poller, Observer& observer)
    : upstream_(std::move(upstream)), context_(context), poller_(poller), observer_(observer), timer_(context) {}

Hub::~Hub() { stop(); }

void Hub::stop() {
  if (stopped_) return;
  stopped_ = true;
  timer_.cancel();
  if (guide_) guide_->stop();
  for (auto& [address, by_protocol] : pools_) {
    for (Pool& pool : by_protocol) {
      for (const auto& channel : pool.shared) channel->stop();
      for (const auto& channel : pool.spare) channel->stop();
    }
  }
  for (const auto& weak : owned_) {
    if (const auto channel = weak.lock()) channel->stop();
  }
  pools_.clear();
  owned_.clear();
}

void Hub::close(View why) {
  if (stopped_) return;
  stopped_ = true;
  closed_ = why;
  timer_.cancel();
  for (const auto& channel : channels()) channel->close(closed_);
  if (guide_) guide_->give_up_waiting();
}

std::vector<std::shared_ptr<Channel>> Hub::channels() const {
  std::vector<std::shared_ptr<Channel>> all = all_shared();
  for (const auto& weak : owned_) {
    if (auto channel = weak.lock()) all.push_back(std::move(channel));
  }
  return all;
}

void Hub::when_answered(std::function<void(bool)> callback) {
  auto countdown = std::make_shared<Countdown>();
  countdown->callback = std::move(callback);
  for (const auto& channel : channels()) {
    if (channel->is_idle() || channel->is_stopped() || channel->waits()) continue;
    // Requests are executed in the order of their connection: this one behind all others.
    channel->send(*new Last(countdown), "*1\r\n$4\r\nPING\r\n", 1, channel->database(), {.repeatable = true}, nullptr);
  }
  countdown->one_less();
}

int64_t Hub::now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

Hub::Pool& Hub::pool(const Address& address, int protocol, bool to_replica) {
  const Bytes name = to_replica ? Bytes(replica_mark) + address.text() : address.text();
  Pool& found = pools_[name][protocol == 3 ? 1 : 0];
  found.to_replica = to_replica;
  return found;
}

Guide& Hub::guide() {
  if (!guide_) guide_ = std::make_unique<Guide>(*this);
  return *guide_;
}

Channel& Hub::shared(const Address& address, int protocol, uint64_t client) {
  // One address is the usual case: no text is made to find it.
  const auto index = static_cast<size_t>(protocol == 3);
  Pool* found = last_pool_[index];
  if (!found || last_address_[index] != address) {
    found = last_pool_[index] = &pool(address, protocol);
    last_address_[index] = address;
  }
  return shared(*found, address, protocol, client);
}

Channel& Hub::shared(Pool& of, const Address& address, int protocol, uint64_t client) {
  const auto connections = static_cast<uint64_t>(upstream_->connections_per_thread());
  const auto wanted = static_cast<size_t>(connections == 1 ? 0 : client % connections);
  while (of.shared.size() <= wanted) {
    of.shared.push_back(
        std::make_shared<Channel>(*this, address, upstream_->access(), protocol, Channel::Kind::shared, of.to_replica));
    if (stopped_) of.shared.back()->close(closed_);
  }
  return *of.shared[wanted];
}

int64_t Hub::down_since(const Address& address) const {
  const auto found = pools_.find(address.text());
  if (found == pools_.end()) return 0;
  int64_t since = 0;
  for (const Pool& pool : found->second) {
    for (const auto& channel : pool.shared) since = std::max(since, channel->down_since_ms());
  }
  return since;
}

void Hub::retire_all_but(const std::vector<Address>& known) {
  std::erase_if(pools_, [&](auto& entry) {
    View name = entry.first;
    if (name.starts_with(replica_mark)) name.remove_prefix(replica_mark.size());
    if (std::any_of(known.begin(), known.end(), [&](const Address& address) { return address.text() == name; }))
      return false;
    for (const Pool& pool : entry.second) {
      if (std::any_of(pool.shared.begin(), pool.shared.end(),
                      [](const auto& channel) { return !channel->is_idle(); })) {
        return false;
      }
    }
    for (const Pool& pool : entry.second) {
      for (const auto& channel : pool.shared) channel->stop();
      for (const auto& channel : pool.spare) channel->stop();
    }
    return true;
  });
  last_pool_ = {};
}

std::shared_ptr<Channel> Hub::take(const Address& address, int protocol) {
  std::vector<std::shared_ptr<Channel>>& spare = pool(address, protocol).spare;
  while (!spare.empty()) {
    std::shared_ptr<Channel> channel = std::move(spare.back());
    spare.pop_back();
    if (!channel->is_stopped()) return channel;
  }
  auto channel = std::make_shared<Channel>(*this, address, upstream_->access(), protocol, Channel::Kind::owned);
  std::erase_if(owned_, [](const auto& weak) { return weak.expired(); });
  owned_.push_back(channel);
  if (stopped_) {
    // Whoever took it may send something first, and is to be answered.
    asio::post(context_, [channel, why = closed_] { channel->close(why); });
    return channel;
  }
  channel->start();
  return channel;
}

void Hub::give_back(std::shared_ptr<Channel> channel, bool clean) {
  if (!channel) return;
  channel->listen(nullptr);
  std::vector<std::shared_ptr<Channel>>& spare = pool(channel->address(), channel->protocol()).spare;
  if (clean && !stopped_ && !channel->is_stopped() && channel->is_idle() && spare.size() < most_spare) {
    channel->expect_messages(false);
    spare.push_back(std::move(channel));
    return;
  }
  channel->stop();
}

void Hub::give_up_owned(const Address& address, const Bytes& why) {
  // Not from within the event of another channel.
  asio::post(context_, [weak = weak_from_this(), address, why] {
    const auto self = weak.lock();
    if (!self) return;
    const auto owned = self->owned_;
    for (const auto& each : owned) {
      const auto channel = each.lock();
      if (channel && channel->address() == address && !channel->is_idle()) channel->give_up(why);
    }
  });
}

void Hub::warm() {
  if (upstream_->is_cluster()) return guide().start();
  shared(2, 0).start();
}

std::vector<std::shared_ptr<Channel>> Hub::all_shared() const {
  std::vector<std::shared_ptr<Channel>> all;
  for (const auto& [address, by_protocol] : pools_) {
    for (const Pool& pool : by_protocol) all.insert(all.end(), pool.shared.begin(), pool.shared.end());
  }
  return all;
}

size_t Hub::pending() const {
  size_t sum = 0;
  for (const auto& [address, by_protocol] : pools_) {
    for (const Pool& pool : by_protocol) {
      for (const auto& channel : pool.shared) sum += channel->pending();
    }
  }
  return sum;
}

void Hub::watch_time() {
  if (ticking_ || stopped_) return;
  ticking_ = true;
  timer_.expires_after(tick_every);
  timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (error || !self) return;
    self->tick();
  });
}

/// Goes on as long as there are connections: each is looked at now and then, whether or not it is used.
void Hub::tick() {
  ticking_ = false;
  if (stopped_) return;
  const int64_t now = now_ms();
  for (const auto& channel : channels()) channel->tick(now);
  if (guide_) guide_->tick(now);
  watch_time();
}

}  // namespace redipy::proxy
