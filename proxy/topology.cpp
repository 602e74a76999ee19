// SPDX-License-Identifier: Apache-2.0
//
// See topology.h.
#include "proxy/topology.h"

#include <algorithm>
#include <optional>
#include <vector>

namespace redipy::proxy {

namespace {

constexpr int64_t ask_every_ms = 3000;
constexpr int64_t ask_again_ms = 60;  // where it is in doubt
constexpr int64_t trust_later_epoch_ms = 10000;

/// Whether requests would go the same ways by both.
bool same(const SlotMap& first, const SlotMap& second) {
  std::vector<std::optional<SlotMap::Index>> there;  // by the index in `first`, the index in `second`
  for (const SlotMap::Node& node : first.nodes()) {
    there.push_back(second.find(node.host));
    if (!there.back()) continue;
    std::vector<SlotMap::Host> replicas;
    std::vector<SlotMap::Host> replicas_there;
    for (const SlotMap::Index each : node.replicas) replicas.push_back(first.node(each).host);
    for (const SlotMap::Index each : second.node(*there.back()).replicas)
      replicas_there.push_back(second.node(each).host);
    const auto known = [&](const SlotMap::Host& host) {
      return std::find(replicas_there.begin(), replicas_there.end(), host) != replicas_there.end();
    };
    if (replicas.size() != replicas_there.size() || !std::all_of(replicas.begin(), replicas.end(), known)) return false;
  }
  for (uint16_t slot = 0; slot < slot_count; ++slot) {
    const SlotMap::Index one = first.primary_of(slot);
    const SlotMap::Index other = second.primary_of(slot);
    if (one == SlotMap::no_node ? other != one : !there[one] || *there[one] != other) return false;
  }
  return true;
}

}  // namespace

std::shared_ptr<const SlotMap> Topology::map() const {
  const std::lock_guard guard(mutex_);
  return map_;
}

bool Topology::learn(SlotMap map, uint64_t cluster_epoch, int64_t now_ms) {
  const std::lock_guard guard(mutex_);
  if (map_ && cluster_epoch < cluster_epoch_ && now_ms - learnt_ms_ < trust_later_epoch_ms) return false;
  cluster_epoch_ = cluster_epoch;
  learnt_ms_ = now_ms;
  if (map_ && same(*map_, map)) return true;
  map_ = std::make_shared<const SlotMap>(std::move(map));
  epoch_.fetch_add(1, std::memory_order_release);
  return true;
}

void Topology::move_slot(uint16_t slot, const SlotMap::Host& host) {
  doubt();
  const std::lock_guard guard(mutex_);
  if (!map_) return;
  const SlotMap::Index known = map_->primary_of(slot);
  if (known != SlotMap::no_node && map_->node(known).host == host) return;
  auto moved = std::make_shared<SlotMap>(*map_);
  if (!moved->move_slot(slot, host)) return;
  map_ = std::move(moved);
  epoch_.fetch_add(1, std::memory_order_release);
}

bool Topology::claim(int64_t now_ms) {
  int64_t asked = asked_ms_.load(std::memory_order_relaxed);
  const bool soon = doubted_.load(std::memory_order_relaxed) || failing_since() != 0;
  if (asked != 0 && now_ms - asked < (soon ? ask_again_ms : ask_every_ms)) return false;
  if (!asked_ms_.compare_exchange_strong(asked, now_ms, std::memory_order_relaxed)) return false;
  doubted_.store(false, std::memory_order_relaxed);
  return true;
}

void Topology::failing(int64_t now_ms) {
  int64_t none = 0;
  failing_since_.compare_exchange_strong(none, now_ms, std::memory_order_relaxed);
  doubt();
}

}  // namespace redipy::proxy
