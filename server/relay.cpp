// SPDX-License-Identifier: Apache-2.0
//
// See relay.h.
#include "server/relay.h"

#include <algorithm>

#include "proxy/hub.h"
#include "server/server.h"
#include "server/session.h"

namespace redipy {

/// Requests that took one connection, one behind another, with no other's in between.
struct Relay::Lane final : proxy::Receiver {
  explicit Lane(Relay& of) : relay(of) {}

  void replies(View bytes, uint32_t whole) override {
    left -= whole;
    relay.under_way_ -= whole;
    if (!kept_back) {
      if (relay.lanes_.front().get() == this) {
        relay.deliver(bytes);
      } else {
        held.append(bytes);
      }
    }
    if (left == 0 && relay.lanes_.front().get() == this) relay.advance();
  }
  bool takes_parts() const override { return relay.lanes_.front().get() == this; }
  uint64_t client() const override { return relay.session_.id(); }
  void cut() override {
    // The client has read half a reply: there is no way on but to close.
    relay.session_.killed = true;
    relay.session_.link().wake();
  }

  Relay& relay;
  proxy::Channel* channel = nullptr;
  uint32_t left = 0;
  bool kept_back = false;
  Buffer held;
};

Relay::Relay(Session& session) : session_(session) {}
Relay::~Relay() { abandon(); }

void Relay::forward(proxy::Channel& channel, View requests, uint32_t count, proxy::Traits traits,
                    const CommandTable::Entry* entry, bool kept_back) {
  Lane* lane = lanes_.empty() ? nullptr : lanes_.back().get();
  if (!lane || lane->channel != &channel || lane->kept_back != kept_back) {
    lanes_.push_back(spare_ ? std::move(spare_) : std::make_unique<Lane>(*this));
    lane = lanes_.back().get();
    lane->channel = &channel;
    lane->kept_back = kept_back;
  }
  lane->left += count;
  under_way_ += count;
  channel.send(*lane, requests, count, session_.database, traits, entry);
}

/// The first lane is through: what waited behind it goes on.
void Relay::advance() {
  while (!lanes_.empty() && lanes_.front()->left == 0) {
    std::unique_ptr<Lane> done = std::move(lanes_.front());
    lanes_.pop_front();
    done->held.release();
    spare_ = std::move(done);
    if (!lanes_.empty() && !lanes_.front()->held.empty()) {
      deliver(lanes_.front()->held.view());
      lanes_.front()->held.clear();
    }
  }
  if (lanes_.empty() && session_.draining) {
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

proxy::Channel& Relay::pin(Place& place, unsigned reason) {
  if (Pin* const own = pinned(place)) {
    own->reasons |= reason;
    return *own->channel;
  }
  auto channel = session_.link().hub(place).take(session_.protocol());
  channel->listen(this);
  pins_.push_back({&place, std::move(channel), reason});
  return *pins_.back().channel;
}

void Relay::unpin(Place& place, unsigned reason) {
  Pin* const own = pinned(place);
  if (!own) return;
  // What else it was used for leaves traces there: such a connection is not used again.
  constexpr unsigned leaves_nothing = pin::watching | pin::blocked;
  if ((reason & ~leaves_nothing) != 0) own->reasons |= pin::used_up;
  own->reasons &= ~reason;
  if ((own->reasons & ~pin::used_up) != 0) return;
  const bool clean = own->reasons == 0;
  auto channel = std::move(own->channel);
  pins_.erase(pins_.begin() + (own - pins_.data()));
  session_.link().hub(place).give_back(std::move(channel), clean);
}

void Relay::drop_pins() {
  const std::vector<Pin> pins = std::exchange(pins_, {});
  for (const Pin& pin : pins) session_.link().hub(*pin.place).give_back(pin.channel, false);
}

unsigned Relay::take_lost() {
  unsigned reasons = 0;
  std::erase_if(pins_, [&](const Pin& pin) {
    if (!pin.channel->is_stopped()) return false;
    reasons |= pin.reasons;
    return true;
  });
  return reasons;
}

void Relay::forward_subscription(proxy::Channel& channel, View request, uint32_t confirmations,
                                 const CommandTable::Entry& entry, const Args&, Place&) {
  forward(channel, request, confirmations, {.patient = true, .confirmations = true}, &entry, false);
}

void Relay::abandon() {
  for (const auto& lane : lanes_) {
    if (lane->left > 0) lane->channel->forget(*lane);
  }
  lanes_.clear();
  under_way_ = 0;
  const std::vector<Pin> pins = std::move(pins_);
  pins_.clear();
  for (const Pin& pin : pins) {
    pin.channel->listen(nullptr);
    pin.channel->abort("the client is gone");
  }
}

void Relay::message(View bytes) { deliver(bytes); }

void Relay::gone(View why) { session_.upstream_gone(*this, why); }

}  // namespace redipy
