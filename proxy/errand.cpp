// SPDX-License-Identifier: Apache-2.0
//
// What becomes of an errand: the other half of Guide.
#include "proxy/errand.h"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <set>
#include <utility>

#include "core/resp/reply_cursor.h"
#include "proxy/guide.h"
#include "proxy/words.h"

namespace redipy::proxy {

namespace {

constexpr int64_t go_on_every_ms = 40;
constexpr uint8_t most_hops_at_once = 5;

using Order = std::pair<uint64_t, int>;  // client and slot

}  // namespace

View redirection_in(View replies) {
  View first;
  View last;
  for (ReplyCursor cursor(replies); !cursor.at_end(); cursor.skip()) {
    last = cursor.raw();
    if (!first.empty() || last.front() != '-') continue;
    if (read_redirection(last, {}).kind != Redirection::Kind::none) first = last;
  }
  const bool refused = last == first || last.starts_with("-EXECABORT");
  return refused ? first : View();
}

void Errand::begin(Guide& guide, View request, const Task& task) {
  guide_ = &guide;
  task_ = task;
  task_.traits.guided = true;
  request_ = request;
  begun_ms_ = Hub::now_ms();
  guide.enter(*this);
  guide.dispatch(*this);
}

void Errand::cancel() {
  if (state_ == State::idle) return;
  if (state_ == State::under_way) channel_->forget(*this);
  guide_->leave(*this);
}

void Errand::replies(View bytes, uint32_t whole) {
  if (task_.replies > 1) {
    gathered_ += bytes;
    left_ -= whole;
    if (left_ > 0) return;
    const Bytes all = std::exchange(gathered_, {});
    if (const View found = redirection_in(all); !found.empty() && is_redirected(found)) return;
    return guide_->finish(*this, all, task_.replies);
  }
  if (!begun_ && whole > 0 && bytes.front() == '-' && is_redirected(bytes)) return;
  if (whole > 0) return guide_->finish(*this, bytes, whole);
  begun_ = true;
  arrived(bytes, 0);
}

/// Goes another way if this error reply tells it to.
bool Errand::is_redirected(View bytes) {
  const Redirection redirection = guide_->note_redirection(bytes, channel_->address());
  if (redirection.kind == Redirection::Kind::none) {
    const View text = error_text(bytes);
    if (task_.stands_for_node && text.starts_with("READONLY ")) {
      // The node is no primary any more.
      guide_->wait(*this, text);
      return true;
    }
    if (!asked_primary_ && channel_->is_to_replica() &&
        (text.starts_with("MASTERDOWN ") || text.starts_with("LOADING "))) {
      asked_primary_ = true;
      guide_->dispatch(*this);
      return true;
    }
    return false;
  }
  fault_ = error_text(bytes);
  guide_->redirect(*this, redirection);
  return true;
}

bool Errand::takes_over(View error, bool repeatable) {
  guide_->topology_.doubt();
  if (begun_ || !repeatable) return false;
  gathered_.clear();
  if (channel_->is_to_replica()) asked_primary_ = true;
  guide_->wait(*this, error);
  return true;
}

// --- the register of those on their way

void Guide::enter(Errand& errand) {
  errand.before_ = last_;
  (last_ ? last_->after_ : first_) = &errand;
  last_ = &errand;
}

void Guide::leave(Errand& errand) {
  (errand.before_ ? errand.before_->after_ : first_) = errand.after_;
  (errand.after_ ? errand.after_->before_ : last_) = errand.before_;
  errand.before_ = errand.after_ = nullptr;
  if (errand.state_ == Errand::State::waiting) --waiting_;
  errand.state_ = Errand::State::idle;
  if (errand.doomed_) std::replace(doomed_.begin(), doomed_.end(), &errand, static_cast<Errand*>(nullptr));
  if (!errand.strayed_) return;
  const auto found = strays_.find(errand.task_.client);
  if (--found->second == 0) strays_.erase(found);
}

void Guide::stray(Errand& errand) {
  if (std::exchange(errand.strayed_, true)) return;
  ++strays_[errand.task_.client];
}

// --- ways

Channel* Guide::channel_for(Errand& errand) {
  const Errand::Task& task = errand.task_;
  if (!map()) {
    errand.fault_ = refusal();
    return nullptr;
  }
  if (task.slot == Errand::any_slot) {
    return usable(errand, own_or_shared(errand, any_node(task.client)));
  }
  const SlotMap::Index primary = map_->primary_of(static_cast<uint16_t>(task.slot));
  if (primary == SlotMap::no_node) {
    errand.fault_ = "CLUSTERDOWN Hash slot not served";
    return nullptr;
  }
  const std::vector<SlotMap::Index>& replicas = map_->node(primary).replicas;
  if (task.carrier) return usable(errand, task.carrier->at(nodes_[primary].address));
  if (hub_.upstream().access()->reads_from_replica && task.traits.repeatable && !task.stands_for_node &&
      !errand.asked_primary_ && !replicas.empty()) {
    for (size_t i = 0; i < replicas.size(); ++i) {
      Channel& replica = channel(replicas[(task.client + i) % replicas.size()], true, task.protocol, task.client);
      if (replica.refusal().empty()) return &replica;
    }
  }
  return usable(errand, &channel(primary, false, task.protocol, task.client));
}

Channel* Guide::own_or_shared(const Errand& errand, const Address& node) {
  if (errand.task_.carrier) return errand.task_.carrier->at(node);
  return &hub_.shared(node, errand.task_.protocol, errand.task_.client);
}

/// The channel where it takes requests; else null, and the errand has a fault.
Channel* Guide::usable(Errand& errand, Channel* channel) {
  if (channel && channel->refusal().empty()) return channel;
  errand.fault_ = channel ? channel->refusal()
                          : "UPSTREAM " + hub_.upstream().name() + ": the client has no connection to the slot's node";
  return nullptr;
}

/// An earlier one of the same client for the same slot waits.
bool Guide::must_wait(const Errand& errand) const {
  if (waiting_ == 0 || errand.task_.slot == Errand::any_slot) return false;
  for (const Errand* each = errand.before_; each; each = each->before_) {
    if (each->state_ == Errand::State::waiting && each->task_.client == errand.task_.client &&
        each->task_.slot == errand.task_.slot) {
      return true;
    }
  }
  return false;
}

void Guide::dispatch(Errand& errand) {
  if (must_wait(errand)) return wait(errand, errand.fault_);
  if (Channel* const channel = channel_for(errand)) return send(errand, *channel, false);
  wait(errand, errand.fault_);
}

void Guide::send(Errand& errand, Channel& channel, bool asking) {
  if (errand.state_ == Errand::State::waiting) --waiting_;
  errand.state_ = Errand::State::under_way;
  errand.channel_ = &channel;
  errand.left_ = errand.task_.replies;
  if (asking) channel.send_unanswered(command("ASKING"));
  if (!errand.task_.ahead.empty()) channel.send_unanswered(errand.task_.ahead);
  channel.send(errand, errand.request_, errand.task_.replies, 0, errand.task_.traits, errand.task_.entry);
}

void Guide::redirect(Errand& errand, const Redirection& redirection) {
  stray(errand);
  errand.asked_primary_ = true;
  const bool to_other = redirection.kind == Redirection::Kind::moved || redirection.kind == Redirection::Kind::ask;
  if (!to_other || redirection.host.name.empty() || ++errand.hops_ > most_hops_at_once)
    return wait(errand, errand.fault_);
  // Of ASKING and what is to be said ahead, each would end the other: it waits until the slot has moved.
  if (redirection.kind == Redirection::Kind::ask && !errand.task_.ahead.empty()) return wait(errand, errand.fault_);
  if (errand.task_.slot == Errand::any_slot) errand.task_.slot = redirection.slot;
  if (must_wait(errand)) return wait(errand, errand.fault_);
  Channel* const channel = usable(errand, own_or_shared(errand, address_of(redirection.host)));
  if (!channel) return wait(errand, errand.fault_);
  send(errand, *channel, redirection.kind == Redirection::Kind::ask);
}

void Guide::wait(Errand& errand, View fault) {
  stray(errand);
  if (errand.state_ != Errand::State::waiting) ++waiting_;
  errand.state_ = Errand::State::waiting;
  errand.channel_ = nullptr;
  if (errand.fault_ != fault) errand.fault_ = Bytes(fault);
  if (errand.fault_.empty()) {
    errand.fault_ =
        "UPSTREAM " + hub_.upstream().name() + ": an earlier request for the same slot could not be executed";
  }
  if (hub_.is_closed()) return give_up_waiting();
  topology_.doubt();
  hub_.watch_time();
}

void Guide::give_up_waiting() {
  // Soon: whoever begins one is not answered from within. The hub stays for it, whatever becomes of the backend.
  asio::post(hub_.context(), [hub = hub_.shared_from_this(), this] { go_on(Hub::now_ms()); });
}

/// It would wait in vain: its time is up, or what it waits for has not come for as long as it might wait.
bool Guide::is_hopeless(const Errand& errand, int64_t now_ms) const {
  const int64_t patience = hub_.upstream().access()->timeout_ms;
  if (hub_.is_closed() || errand.overtaken_ || now_ms - errand.begun_ms_ > patience) return true;
  int64_t since = topology_.failing_since();
  if (map_ && errand.task_.slot != Errand::any_slot && !errand.fault_.starts_with("CLUSTERDOWN ")) {
    const SlotMap::Index primary = map_->primary_of(static_cast<uint16_t>(errand.task_.slot));
    if (primary != SlotMap::no_node) since = hub_.down_since(nodes_[primary].address);
  }
  return since != 0 && now_ms - since > patience;
}

/// Those that wait are sent once more, in their order: but none before later ones of its client for its slot came back.
void Guide::go_on(int64_t now_ms) {
  doomed_.clear();
  for (Errand* each = first_; each; each = each->after_) {
    if (each->state_ != Errand::State::waiting || !is_hopeless(*each, now_ms)) continue;
    each->doomed_ = true;
    doomed_.push_back(each);
  }
  std::reverse(doomed_.begin(), doomed_.end());
  while (!doomed_.empty()) {
    Errand* const each = doomed_.back();
    doomed_.pop_back();
    if (!each) continue;
    each->doomed_ = false;
    give_up(*each);
  }
  if (waiting_ == 0 || (now_ms - went_on_ms_ < go_on_every_ms && went_on_epoch_ == epoch_)) return;
  went_on_ms_ = now_ms;
  went_on_epoch_ = epoch_;
  std::set<Order> held_up;
  std::vector<Errand*> ready;
  for (Errand* each = last_; each; each = each->before_) {
    const Order order{each->task_.client, each->task_.slot};
    if (each->state_ == Errand::State::under_way) {
      if (order.second != Errand::any_slot) held_up.insert(order);
    } else if (each->state_ == Errand::State::waiting && !held_up.contains(order)) {
      ready.push_back(each);
    }
  }
  uint64_t sent = 0;
  for (auto each = ready.rbegin(); each != ready.rend(); ++each) {
    (*each)->hops_ = 0;
    dispatch(**each);
    if ((*each)->state_ == Errand::State::under_way) ++sent;
  }
  if (sent > 0) hub_.upstream().count_retried(sent);
}

void Guide::finish(Errand& errand, View bytes, uint32_t whole) {
  if (waiting_ > 0 && errand.task_.slot != Errand::any_slot) {
    for (Errand* each = errand.before_; each; each = each->before_) {
      if (each->state_ == Errand::State::waiting && each->task_.client == errand.task_.client &&
          each->task_.slot == errand.task_.slot) {
        each->overtaken_ = true;
      }
    }
  }
  leave(errand);
  errand.arrived(bytes, whole);
}

void Guide::give_up(Errand& errand) {
  const Answered answered{errand.task_.entry, 1, 1, 1, 0, errand.task_.client, {}};
  const Bytes code = errand.fault_.substr(0, errand.fault_.find(' '));
  hub_.observer().answered({&answered, 1}, {&code, 1});
  if (code == "UPSTREAM") hub_.upstream().count_unanswered(1);
  Bytes bytes;
  for (uint32_t i = 0; i < errand.task_.replies; ++i) bytes += "-" + errand.fault_ + "\r\n";
  leave(errand);
  errand.arrived(bytes, errand.task_.replies);
}

}  // namespace redipy::proxy
