// SPDX-License-Identifier: Apache-2.0
//
// Asking for the topology, and finding the way by it. What becomes of each errand: errand.cpp.
#include "proxy/guide.h"

#include <boost/asio/post.hpp>

#include <algorithm>

#include "core/base/numbers.h"
#include "core/resp/reply_cursor.h"
#include "proxy/words.h"

namespace redipy::proxy {

namespace {

constexpr int64_t suspicious_ms = 500;     // so long without a reply that is due
constexpr int64_t answer_within_ms = 300;  // of a node that is asked for the topology; then another one is asked, too

/// The value of a line `name:value` in the reply to CLUSTER INFO.
View field_of(View info, View name) {
  for (size_t at = info.find(name); at != View::npos; at = info.find(name, at + 1)) {
    const bool begins = at == 0 || info[at - 1] == '\n';
    if (!begins || info.substr(at + name.size(), 1) != ":") continue;
    const size_t value = at + name.size() + 1;
    return info.substr(value, info.find('\r', value) - value);
  }
  return {};
}

}  // namespace

/// CLUSTER INFO and CLUSTER SLOTS, asked of one node.
class Guide::Question final : public Receiver {
 public:
  Question(Guide& guide, Address asked) : guide_(guide), asked_(std::move(asked)) {}

  void replies(View bytes, uint32_t whole) override {
    gathered_ += bytes;
    left_ -= whole;
    if (left_ > 0) return;
    const auto self = guide_.take(*this);
    guide_.told(asked_, gathered_);
  }
  void cut() override { guide_.take(*this); }

 private:
  Guide& guide_;
  const Address asked_;
  uint32_t left_ = 2;
  Bytes gathered_;
};

Guide::Guide(Hub& hub) : hub_(hub), topology_(hub.upstream().topology()) {}

Guide::~Guide() { stop(); }

void Guide::stop() {
  while (first_) first_->cancel();
}

void Guide::start() {
  hub_.watch_time();
  if (topology_.claim(Hub::now_ms())) look();
}

/// Takes over what any thread has learnt.
void Guide::renew() {
  if (topology_.epoch() == epoch_) return;
  epoch_ = topology_.epoch();
  map_ = topology_.map();
  nodes_.clear();
  primaries_ = map_->primaries();
  std::vector<Address> known = hub_.upstream().seeds();
  for (const SlotMap::Node& node : map_->nodes())
    known.push_back(nodes_.emplace_back(Node{address_of(node.host)}).address);
  hub_.retire_all_but(known);
  std::erase_if(watchers_, [](const auto& each) { return each.expired(); });
  for (const auto& each : watchers_) {
    asio::post(hub_.context(), [each] {
      if (const auto watcher = each.lock()) (*watcher)();
    });
  }
}

const SlotMap* Guide::map() {
  renew();
  if (!map_) start();
  return map_.get();
}

uint64_t Guide::epoch() {
  renew();
  return epoch_;
}

Bytes Guide::refusal() {
  if (map()) return {};
  return "UPSTREAM " + hub_.upstream().name() + ": no node of the cluster was heard" +
         (fault_.empty() ? "" : ": " + fault_);
}

std::optional<Address> Guide::node_of(int slot) {
  if (!map()) return std::nullopt;
  const SlotMap::Index index = map_->primary_of(static_cast<uint16_t>(slot));
  if (index == SlotMap::no_node) return std::nullopt;
  return nodes_[index].address;
}

Address Guide::any_node(uint64_t client) {
  if (!map() || primaries_.empty()) {
    const std::vector<Address>& seeds = hub_.upstream().seeds();
    return seeds[client % seeds.size()];
  }
  for (size_t i = 0; i < primaries_.size(); ++i) {
    const SlotMap::Index index = primaries_[(client + i) % primaries_.size()];
    if (channel(index, false, 2, 0).refusal().empty()) return nodes_[index].address;
  }
  return nodes_[primaries_[client % primaries_.size()]].address;
}

std::vector<int> Guide::primaries() {
  std::vector<int> slots;
  if (!map()) return slots;
  std::vector<bool> seen(nodes_.size(), false);
  for (int slot = 0; slot < static_cast<int>(slot_count); ++slot) {
    const SlotMap::Index index = map_->primary_of(static_cast<uint16_t>(slot));
    if (index == SlotMap::no_node || seen[index]) continue;
    seen[index] = true;
    slots.push_back(slot);
  }
  return slots;
}

Channel& Guide::channel(SlotMap::Index index, bool replica, int protocol, uint64_t client) {
  Node& node = nodes_[index];
  Hub::Pool*& pool = (replica ? node.replica : node.primary)[protocol == 3 ? 1 : 0];
  if (!pool) pool = &hub_.pool(node.address, protocol, replica);
  return hub_.shared(*pool, node.address, protocol, client);
}

Redirection Guide::note_redirection(View reply, const Address& asked) {
  Redirection redirection = read_redirection(reply, host_of(asked));
  if (redirection.kind == Redirection::Kind::moved && !redirection.host.name.empty()) {
    topology_.move_slot(redirection.slot, redirection.host);
  }
  if (redirection.kind == Redirection::Kind::moved || redirection.kind == Redirection::Kind::cluster_down)
    topology_.doubt();
  return redirection;
}

// --- asking

/// Asks one node, each time another one, of those that are there.
void Guide::look() {
  std::vector<Address> known;
  renew();
  for (const Node& node : nodes_) known.push_back(node.address);
  for (const Address& seed : hub_.upstream().seeds()) {
    if (std::find(known.begin(), known.end(), seed) == known.end()) known.push_back(seed);
  }
  Bytes why;
  for (size_t i = 0; i < known.size(); ++i) {
    const Address& address = known[next_asked_++ % known.size()];
    Channel& channel = hub_.shared(address, 2, 0);
    channel.start();
    if (!channel.refusal().empty()) {
      why = channel.refusal();
      continue;
    }
    const auto& question = questions_.emplace_back(std::make_unique<Question>(*this, address));
    const Bytes requests = command("CLUSTER", "INFO") + command("CLUSTER", "SLOTS");
    channel.send(*question, requests, 2, 0, {.repeatable = true}, nullptr);
    open_question_ms_ = Hub::now_ms();
    return;
  }
  unheard(why);
}

/// The question has its answer, or never will.
std::unique_ptr<Guide::Question> Guide::take(const Question& question) {
  const auto found =
      std::find_if(questions_.begin(), questions_.end(), [&](const auto& each) { return each.get() == &question; });
  auto taken = std::move(*found);
  questions_.erase(found);
  return taken;
}

void Guide::told(const Address& by, View replies) {
  open_question_ms_ = 0;
  ReplyCursor cursor(replies);
  const auto one_in_vain = [this](const Bytes& why) {
    fault_ = why;
    topology_.doubt();
    if (++unheard_ > nodes_.size() + hub_.upstream().seeds().size()) unheard(why);
  };
  if (cursor.is_error()) return one_in_vain(by.text() + ": " + Bytes(cursor.text()));
  const View info = cursor.text();
  const uint64_t cluster_epoch = parse_unsigned(field_of(info, "cluster_current_epoch")).value_or(0);
  const bool serves = field_of(info, "cluster_state") == "ok";
  cursor.skip();
  std::optional<SlotMap> map = SlotMap::from_slots(cursor.raw(), host_of(by));
  if (!map) return one_in_vain(by.text() + " told no topology");
  if (map->nodes().empty()) return one_in_vain(by.text() + " knows no node that has slots");
  const bool whole = map->covers_all_slots();
  const int64_t now = Hub::now_ms();
  if (!topology_.learn(std::move(*map), cluster_epoch, now)) return topology_.doubt();
  fault_.clear();
  unheard_ = 0;
  if (whole && serves) {
    topology_.well();
    hub_.upstream().cluster_is(Health::ready, {});
  } else {
    topology_.failing(now);
    hub_.upstream().cluster_is(Health::down, whole ? "the cluster says that it is down" : "some slots have no node");
  }
  renew();
  if (waiting_ > 0 && went_on_epoch_ != epoch_) go_on(now);
}

void Guide::unheard(const Bytes& why) {
  fault_ = why;
  topology_.failing(Hub::now_ms());
  hub_.upstream().cluster_is(Health::down, why);
}

/// A node that says nothing any more may have been replaced: then nothing more is expected of it.
void Guide::listen(int64_t now_ms) {
  if (now_ms - listened_ms_ < suspicious_ms / 4) return;
  listened_ms_ = now_ms;
  for (const auto& channel : hub_.all_shared()) {
    if (channel->silent_ms(now_ms) < suspicious_ms) continue;
    topology_.doubt();
    const bool serves = std::any_of(primaries_.begin(), primaries_.end(),
                                    [&](SlotMap::Index index) { return nodes_[index].address == channel->address(); });
    if (map_ && !serves && !channel->is_to_replica()) channel->renounce("another node has taken its place");
  }
}

void Guide::tick(int64_t now_ms) {
  listen(now_ms);
  if (open_question_ms_ != 0 && now_ms - open_question_ms_ > answer_within_ms) {
    open_question_ms_ = 0;
    topology_.doubt();
  }
  if (topology_.claim(now_ms)) look();
  renew();
  if (waiting_ > 0) go_on(now_ms);
}

}  // namespace redipy::proxy
