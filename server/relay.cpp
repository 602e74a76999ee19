// SPDX-License-Identifier: Apache-2.0
//
// See relay.h.
#include "server/relay.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "core/resp/reply_cursor.h"
#include "proxy/guide.h"
#include "proxy/hub.h"
#include "proxy/words.h"
#include "server/server.h"
#include "server/session.h"

namespace redipy {

namespace {

/// Whether nodes of a cluster send messages on this channel for themselves, and tell no other node.
bool is_told_by_each_node(View channel) {
  return channel.starts_with("__keyspace@") || channel.starts_with("__keyevent@") || channel.starts_with("__redis__:");
}

constexpr View broken_redirect = "tracking-redir-broken";

bool first_is_confirmation(View reply) { return proxy::first_element(reply).ends_with("subscribe"); }

/// Of client tracking: a push, or in RESP2 a message on a channel of this name.
bool is_invalidation(View message) {
  ReplyCursor cursor(message);
  cursor.enter();
  if (cursor.text() == "invalidate") return true;
  cursor.skip();
  return cursor.text() == "__redis__:invalidate";
}

/// Writes the invalidation without keys that belong to another backend, and so do not exist here. False: none is left.
bool keep_own_keys(Server& server, const Place& place, View message, Buffer& out) {
  ReplyCursor cursor(message);
  const size_t elements = cursor.count();
  cursor.enter();
  for (size_t i = 1; i < elements; ++i) cursor.skip();
  if (cursor.is_null() || !cursor.is_aggregate()) {
    out.append(message);  // all that the client has
    return true;
  }
  const View keys = cursor.raw();
  const View head = message.substr(0, static_cast<size_t>(keys.data() - message.data()));
  const size_t count = cursor.count();
  Buffer kept;
  size_t left = 0;
  cursor.enter();
  {
    const std::lock_guard guard(server.lock());
    for (size_t i = 0; i < count; ++i, cursor.skip()) {
      if (&server.backends().of(cursor.text()) != &place) continue;
      kept.append(cursor.raw());
      ++left;
    }
  }
  out.append(head);
  out.append("*" + std::to_string(left) + "\r\n");
  out.append(kept.view());
  return left > 0;
}

}  // namespace

/// Requests that took one connection, one behind another, with no other's in between.
struct Relay::Lane : proxy::Receiver {
  explicit Lane(Relay& of) : relay(of) {}

  void replies(View bytes, uint32_t whole) override {
    left -= whole;
    relay.under_way_ -= whole;
    if (!kept_back) {
      if (rewriting) {
        rewrite(bytes);
      } else {
        pass_on(bytes);
      }
    }
    if (left == 0 && relay.lanes_.front().get() == this) relay.advance();
  }
  void pass_on(View bytes) {
    if (relay.lanes_.front().get() == this) {
      relay.deliver(bytes);
    } else {
      held.append(bytes);
    }
  }
  /// Takes the prefix off, reply by reply.
  void rewrite(View bytes) {
    Buffer out;
    for (ReplyCursor reply(bytes); !reply.at_end(); reply.skip()) {
      const bool kept = entry->group == Group::pubsub && first_is_confirmation(reply.raw())
                            ? rewriting->strip_message(reply.raw(), out)
                            : rewriting->strip_reply(*entry, reply.raw(), out);
      if (!kept) out.append(relay.session_.protocol() == 3 ? "_\r\n" : "$-1\r\n");
    }
    pass_on(out.view());
  }
  bool takes_parts() const override { return !rewriting && relay.lanes_.front().get() == this; }
  uint64_t client() const override { return relay.session_.id(); }
  /// Its replies are wanted no more.
  virtual void forget() {
    if (left > 0) channel->forget(*this);
  }
  virtual bool is_reusable() const { return true; }
  void cut() override {
    // The client has read half a reply: there is no way on but to close.
    relay.session_.killed = true;
    relay.session_.link().wake();
  }

  Relay& relay;
  proxy::Channel* channel = nullptr;
  uint32_t left = 0;
  bool kept_back = false;
  const KeyRewriting* rewriting = nullptr;  // of replies that carry keys, under a prefix
  const CommandTable::Entry* entry = nullptr;
  Buffer held;
};

/// One request to a cluster, which may come back by another way than it went.
struct Relay::RoutedLane final : Lane {
  struct Trip final : proxy::Errand {
    explicit Trip(RoutedLane& of) : lane(of) {}
    void arrived(View bytes, uint32_t whole) override { lane.replies(bytes, whole); }
    bool takes_parts() const override { return lane.takes_parts(); }
    void cut() override { lane.cut(); }
    RoutedLane& lane;
  };
  explicit RoutedLane(Relay& of) : Lane(of), trip(*this) {}
  void forget() override { trip.cancel(); }
  bool is_reusable() const override { return false; }

  Trip trip;
};

/// On one connection of the session's own.
struct Relay::Ear final : proxy::Listener {
  Ear(Relay& of, const Place& where) : relay(of), place(where) {}
  void message(const proxy::Channel& by, View bytes) override { relay.message(by, place, bytes); }
  void gone(View why) override { relay.gone(why); }  // which may end this

  Relay& relay;
  const Place& place;
};

/// On a connection that monitors an upstream. What clients send is shown as they send it here, so only what scripts
/// call is of interest: "+1700000000.000000 [0 lua] "set" …".
struct Relay::MonitorEar final : proxy::Listener {
  explicit MonitorEar(Session& of) : session(of) {}
  void message(const proxy::Channel&, View bytes) override {
    const size_t source = bytes.find(" lua] ");
    if (source == View::npos || source > bytes.find(']')) return;
    const std::lock_guard guard(session.server().lock());
    if (!session.monitor) return;
    session.inbox().status(bytes.substr(1, bytes.size() - 3));
    session.wake();
  }
  void gone(View) override {}

  Session& session;
};

Relay::Relay(Session& session) : session_(session) {}
Relay::~Relay() { abandon(); }

Relay::Lane& Relay::lane_for(proxy::Channel& channel, bool kept_back, const KeyRewriting* rewriting,
                             const CommandTable::Entry* entry) {
  Lane* lane = lanes_.empty() ? nullptr : lanes_.back().get();
  if (!lane || lane->channel != &channel || lane->kept_back != kept_back || lane->rewriting != rewriting ||
      (rewriting && lane->entry != entry)) {
    lanes_.push_back(spare_ ? std::move(spare_) : std::make_unique<Lane>(*this));
    lane = lanes_.back().get();
    lane->channel = &channel;
    lane->kept_back = kept_back;
    lane->rewriting = rewriting;
    lane->entry = entry;
  }
  return *lane;
}

void Relay::send(Lane& lane, View requests, uint32_t count, proxy::Traits traits, const CommandTable::Entry* entry) {
  lane.left += count;
  under_way_ += count;
  lane.channel->send(lane, requests, count, session_.database, traits, entry);
}

void Relay::forward(proxy::Channel& channel, View requests, uint32_t count, proxy::Traits traits,
                    const CommandTable::Entry* entry, bool kept_back) {
  send(lane_for(channel, kept_back, nullptr, entry), requests, count, traits, entry);
}

void Relay::forward_rewritten(proxy::Channel& channel, View request, proxy::Traits traits,
                              const CommandTable::Entry& entry, Place& place, bool kept_back) {
  const KeyRewriting* const rewriting = place.rewriting->carries_keys(entry) ? place.rewriting.get() : nullptr;
  send(lane_for(channel, kept_back, rewriting, &entry), request, 1, traits, &entry);
}

bool Relay::may_route(Place& place) const {
  proxy::Guide& guide = session_.link().hub(place).guide();
  if (guide.has_strays(session_.id())) return false;
  return !routed_by_ || (routed_by_ == &guide && routed_epoch_ == guide.epoch());
}

void Relay::forward_routed(Place& place, Routed where, View request, proxy::Traits traits,
                           const CommandTable::Entry& entry, bool kept_back) {
  proxy::Guide& guide = session_.link().hub(place).guide();
  routed_by_ = &guide;
  routed_epoch_ = guide.epoch();
  auto made = std::make_unique<RoutedLane>(*this);
  RoutedLane& lane = *made;
  lane.left = 1;
  lane.kept_back = kept_back;
  lane.rewriting = place.rewriting && place.rewriting->carries_keys(entry) ? place.rewriting.get() : nullptr;
  lane.entry = &entry;
  lanes_.push_back(std::move(made));
  ++under_way_;
  lane.trip.begin(guide, request,
                  {.slot = where.slot,
                   .protocol = session_.protocol(),
                   .client = session_.id(),
                   .traits = traits,
                   .entry = &entry,
                   .stands_for_node = where.stands_for_node,
                   .carrier = pins_.empty() ? nullptr : carrier(place),
                   .ahead = take_ahead()});
}

/// The first lane is through: what waited behind it goes on.
void Relay::advance() {
  while (!lanes_.empty() && lanes_.front()->left == 0) {
    std::unique_ptr<Lane> done = std::move(lanes_.front());
    lanes_.pop_front();
    if (done->is_reusable()) {
      done->held.release();
      spare_ = std::move(done);
    }
    if (!lanes_.empty() && !lanes_.front()->held.empty()) {
      deliver(lanes_.front()->held.view());
      lanes_.front()->held.clear();
    }
  }
  if (lanes_.empty()) routed_by_ = nullptr;
  if (lanes_.empty() && (session_.draining || session_.closing)) {
    session_.draining = false;
    session_.link().wake();
  }
}

void Relay::deliver(View bytes) { session_.link().deliver(bytes); }

proxy::Channel& Relay::channel(Place& place) {
  if (!pins_.empty()) {
    if (Pin* const own = pinned(place)) return *own->channel;
  }
  return session_.link().hub(place).shared(session_.protocol(), session_.id());
}

Relay::Pin* Relay::pinned(const Place& place) {
  const auto found = std::find_if(pins_.begin(), pins_.end(), [&](const Pin& pin) { return pin.place == &place; });
  return found == pins_.end() ? nullptr : &*found;
}

Relay::Pin* Relay::pinned_for(const Place& place, unsigned reason) {
  const auto found = std::find_if(pins_.begin(), pins_.end(),
                                  [&](const Pin& pin) { return pin.place == &place && (pin.reasons & reason) != 0; });
  return found == pins_.end() ? nullptr : &*found;
}

proxy::Channel& Relay::pin(Place& place, unsigned reason, const proxy::Address& node) {
  for (Pin& own : pins_) {
    if (own.place != &place || own.channel->address() != node || own.channel->is_stopped()) continue;
    own.reasons |= reason;
    return *own.channel;
  }
  return keep_own(place, reason, session_.link().hub(place).take(node, session_.protocol()));
}

proxy::Channel& Relay::pin(Place& place, unsigned reason) {
  if (Pin* const own = pinned(place)) {
    own->reasons |= reason;
    return *own->channel;
  }
  return keep_own(place, reason, session_.link().hub(place).take(session_.protocol()));
}

proxy::Channel& Relay::keep_own(Place& place, unsigned reason, std::shared_ptr<proxy::Channel> channel) {
  auto ear = std::make_unique<Ear>(*this, place);
  channel->listen(ear.get());
  pins_.push_back(
      {.place = &place, .channel = std::move(channel), .reasons = reason, .asking = false, .ear = std::move(ear)});
  return *pins_.back().channel;
}

proxy::Channel& Relay::monitor(Place& place) {
  auto ear = std::make_unique<MonitorEar>(session_);
  auto channel = session_.link().hub(place).take(session_.protocol());
  channel->listen(ear.get());
  channel->expect_lines();
  monitors_.push_back({.place = &place,
                       .channel = std::move(channel),
                       .reasons = pin::used_up,
                       .asking = false,
                       .ear = std::move(ear)});
  return *monitors_.back().channel;
}

void Relay::use_up(Place& place, unsigned reason) {
  if (Pin* const own = pinned_for(place, reason)) own->reasons |= pin::used_up;
}

void Relay::unpin(Place& place, unsigned reason) {
  Pin* const own = pinned_for(place, reason);
  if (!own) return;
  // What else it was used for leaves traces there: such a connection is not used again.
  constexpr unsigned leaves_nothing = pin::watching | pin::blocked;
  if ((reason & ~leaves_nothing) != 0) own->reasons |= pin::used_up;
  own->reasons &= ~reason;
  if ((reason & pin::watching) != 0) own->asking = false;
  if ((own->reasons & ~pin::used_up) != 0) return;
  const bool clean = own->reasons == 0;
  auto channel = std::move(own->channel);
  pins_.erase(pins_.begin() + (own - pins_.data()));
  session_.link().hub(place).give_back(std::move(channel), clean);
}

void Relay::unblock(bool with_error) {
  for (const Pin& pin : pins_) {
    if ((pin.reasons & pin::blocked) == 0) continue;
    if (pin.channel->remote_id() == 0) return pin.channel->abort("it was unblocked before it was connected");
    // The upstream decides: what it has given to the client already arrives all the same.
    proxy::Channel& other =
        session_.link().hub(*pin.place).shared(pin.channel->address(), session_.protocol(), session_.id());
    other.send_unanswered(proxy::command("CLIENT", "UNBLOCK", std::to_string(pin.channel->remote_id()),
                                         with_error ? "ERROR" : "TIMEOUT"));
    return;
  }
}

void Relay::drop_pins() {
  ahead_.clear();
  for (std::vector<Pin>* const own : {&pins_, &monitors_}) {
    const std::vector<Pin> pins = std::exchange(*own, {});
    for (const Pin& pin : pins) session_.link().hub(*pin.place).give_back(pin.channel, false);
  }
}

unsigned Relay::take_lost() {
  unsigned reasons = std::exchange(missing_, 0);
  std::erase_if(pins_, [&](const Pin& pin) {
    if (!pin.channel->is_stopped()) return false;
    reasons |= pin.reasons;
    return true;
  });
  return reasons;
}

void Relay::forward_subscription(proxy::Channel& channel, View request, uint32_t confirmations,
                                 const CommandTable::Entry& entry, Place& place, bool kept_back) {
  send(lane_for(channel, kept_back, place.rewriting.get(), &entry), request, confirmations,
       {.patient = true, .confirmations = true}, &entry);
}

void Relay::abandon() {
  for (const auto& lane : lanes_) lane->forget();
  lanes_.clear();
  routed_by_ = nullptr;
  under_way_ = 0;
  for (std::vector<Pin>* const own : {&pins_, &monitors_}) {
    const std::vector<Pin> pins = std::exchange(*own, {});
    for (const Pin& pin : pins) {
      pin.channel->listen(nullptr);
      pin.channel->abort("the client is gone");
    }
  }
}

proxy::Carrier* Relay::carrier(const Place& place) {
  const Pin* const own = pinned_for(place, pin::tracking | pin::no_touch);
  return own && place.upstream->is_cluster() ? this : nullptr;
}

proxy::Channel* Relay::at(const proxy::Address& node) {
  bool tracks = false;
  Place* place = nullptr;
  for (Pin& own : pins_) {
    if ((own.reasons & (pin::tracking | pin::no_touch)) == 0) continue;
    if (own.channel->address() == node) return own.channel.get();
    tracks = tracks || (own.reasons & pin::tracking) != 0;
    place = own.place;
  }
  if (tracks || !place) return nullptr;  // what is read there would not be tracked
  proxy::Channel& added = pin(*place, pin::no_touch, node);
  added.send_unanswered(proxy::command("CLIENT", "NO-TOUCH", "ON"));
  return &added;
}

void Relay::expect_all_primaries(Place& place) {
  if (std::find(watched_.begin(), watched_.end(), &place) != watched_.end()) return;
  watched_.push_back(&place);
  if (!watcher_) watcher_ = std::make_shared<std::function<void()>>([this] { look_around(); });
  session_.link().hub(place).guide().watch(watcher_);
}

bool Relay::is_at_all_primaries(Place& place, unsigned reasons) {
  proxy::Guide& guide = session_.link().hub(place).guide();
  for (const int slot : guide.primaries()) {
    const auto node = guide.node_of(slot);
    const bool there = std::any_of(pins_.begin(), pins_.end(), [&](const Pin& own) {
      return own.place == &place && (own.reasons & reasons) != 0 && own.channel->address() == node;
    });
    if (!there) return false;
  }
  return true;
}

/// Another node has slots now, perhaps. What it tells would be missed.
void Relay::look_around() {
  constexpr std::pair<unsigned, unsigned> kinds[] = {
      {pin::tracking, pin::tracking},
      {pin::redirected, pin::redirected},
      {pin::subscribed_apart, pin::subscribed_apart | pin::subscribed},
  };
  Bytes name;
  for (const auto& kind : kinds) {
    for (const Pin& own : pins_) {
      if ((own.reasons & kind.first) == 0 || !own.place->upstream->is_cluster()) continue;
      if (is_at_all_primaries(*own.place, kind.second)) continue;
      missing_ |= kind.first;
      name = own.place->name;
    }
  }
  if (missing_ != 0) session_.upstream_gone(*this, "UPSTREAM " + name + ": another node of the cluster has slots now");
}

void Relay::message(const proxy::Channel& by, const Place& place, View bytes) {
  const auto from = std::find_if(pins_.begin(), pins_.end(), [&](const Pin& one) { return one.channel.get() == &by; });
  constexpr unsigned both = pin::subscribed_apart | pin::subscribed;
  if (from != pins_.end() && (from->reasons & both) == pin::subscribed_apart) {
    // What was published comes from where subscribers meet; from here, what this node tells of itself.
    ReplyCursor part(bytes);
    part.enter();
    const View kind = part.text();
    if (kind == "message" || kind == "pmessage") {
      part.skip();
      if (kind == "pmessage") part.skip();
      if (!is_told_by_each_node(part.text())) return;
    }
  }
  const KeyRewriting* const rewriting = place.rewriting.get();
  Buffer stripped;
  if (rewriting && !rewriting->strip_message(bytes, stripped)) return;
  const View shown = rewriting ? stripped.view() : bytes;
  if (shown.front() == '>' && proxy::first_element(shown) == broken_redirect) {
    // Of the session's own connection there; the client knows that session by its number here.
    uint64_t redirect = 0;
    {
      const std::lock_guard guard(session_.server().lock());
      session_.tracking.broken_redirect = true;
      redirect = session_.tracking.redirect;
    }
    return pass_message(">2\r\n$" + std::to_string(broken_redirect.size()) + "\r\n" + Bytes(broken_redirect) +
                        "\r\n:" + std::to_string(redirect) + "\r\n");
  }
  if (!is_invalidation(shown)) return pass_message(shown);
  Buffer own;
  if (keep_own_keys(session_.server(), place, shown, own)) pass_message(own.view());
}

void Relay::pass_message(View bytes) {
  if (holding_) {
    held_.append(bytes);
  } else {
    deliver(bytes);
  }
}

void Relay::release_messages() {
  holding_ = false;
  if (held_.empty()) return;
  deliver(held_.view());
  held_.release();
}

void Relay::gone(View why) { session_.upstream_gone(*this, why); }

}  // namespace redipy
