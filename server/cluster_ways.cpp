// SPDX-License-Identifier: Apache-2.0
//
// See cluster_ways.h. Keys decide; for commands without, the row's tips, or their names where these do not tell.
#include "server/cluster_ways.h"

#include <algorithm>

#include "core/base/crc16.h"
#include "proxy/key_split.h"
#include "proxy/words.h"
#include "server/relay.h"
#include "server/session.h"

namespace redipy {

namespace {

struct Named {
  View full_name;
  ClusterWay::Kind kind;
};
constexpr Named named[] = {
    {"publish", ClusterWay::meeting},
    {"pubsub|channels", ClusterWay::meeting},
    {"pubsub|numpat", ClusterWay::meeting},
    {"pubsub|numsub", ClusterWay::meeting},
    {"pubsub|shardchannels", ClusterWay::everywhere},
    {"pubsub|shardnumsub", ClusterWay::counted},
    {"scan", ClusterWay::scan},
    {"randomkey", ClusterWay::random_key},
    {"save", ClusterWay::everywhere},
    {"bgsave", ClusterWay::everywhere},
    {"bgrewriteaof", ClusterWay::everywhere},
    {"debug|reload", ClusterWay::everywhere},
    {"debug|set-active-expire", ClusterWay::everywhere},
    {"debug|digest", ClusterWay::refused},
    {"debug|populate", ClusterWay::refused},
};

bool is_about_prefix(const ClusterWay& way, const CommandTable::Entry& entry) {
  return way.kind == ClusterWay::scan || entry.full_name == "keys";
}

}  // namespace

int slot_of_prefix(View prefix) {
  if (prefix.find('{') == View::npos) return -1;
  const uint16_t one = key_slot(prefix, "a");
  return one == key_slot(prefix, "b") ? one : -1;
}

int meeting_slot(const Place& place) { return key_slot(place.name); }

ClusterWay cluster_way(const Place& place, const CommandTable::Entry& entry, const Args& args) {
  if (entry.full_name == "debug|object" || entry.full_name == "debug|digest-value") {
    // Their rows do not say where the keys are.
    if (args.size() < 3) return {};
    const uint16_t slot = key_slot(place.prefix(), args[2]);
    for (const View key : args.from(3)) {
      if (key_slot(place.prefix(), key) != slot) return {ClusterWay::crossed, -1};
    }
    return {ClusterWay::slot, slot};
  }
  const RequestSlots slots = slots_of(entry, args, place.prefix());
  if (slots.count == RequestSlots::one) return {ClusterWay::slot, slots.slot};
  if (slots.count == RequestSlots::several)
    return {is_divisible(entry) ? ClusterWay::divided : ClusterWay::crossed, -1};

  const auto found = std::find_if(std::begin(named), std::end(named),
                                  [&](const Named& one) { return one.full_name == entry.full_name; });
  ClusterWay way;
  if (found != std::end(named)) {
    way.kind = found->kind;
  } else if (entry.command->is(tip::all_shards | tip::all_nodes)) {
    way.kind = ClusterWay::everywhere;
  }
  if (way.kind == ClusterWay::meeting) way.slot_number = meeting_slot(place);
  const int common = way.kind == ClusterWay::slot || is_about_prefix(way, entry) ? slot_of_prefix(place.prefix()) : -1;
  if (common >= 0) return {ClusterWay::slot, common};
  return way;
}

View joining_slot(int& slot, const Place& place, const CommandTable::Entry& entry, const Args& args) {
  const ClusterWay way = cluster_way(place, entry, args);
  if (way.kind == ClusterWay::crossed || way.kind == ClusterWay::divided) return error::crossed_slots;
  if (way.kind != ClusterWay::slot && way.kind != ClusterWay::meeting) return error::beyond_one_node;
  if (way.kind == ClusterWay::meeting || way.slot_number < 0) return {};
  if (slot >= 0 && slot != way.slot_number) return error::crossed_slots;
  slot = way.slot_number;
  return {};
}

bool forward_in_cluster(Session& session, Place& place, const CommandTable::Entry& entry, const Args& args,
                        View bytes) {
  Relay& relay = session.relay();
  if (relay.full() || !relay.may_route(place)) return false;
  const ClusterWay way = cluster_way(place, entry, args);
  if (way.kind != ClusterWay::slot && way.kind != ClusterWay::meeting) return false;
  const proxy::Traits traits{.repeatable = entry.command->is(flag::read) && !entry.command->is(flag::write)};
  const Relay::Routed where{way.slot_number, way.kind == ClusterWay::meeting};
  const bool as_it_came = bytes.size() > 2 && bytes[0] == '*' && bytes[1] >= '1' && bytes[1] <= '9';
  if (!place.rewriting && as_it_came) {
    relay.forward_routed(place, where, bytes, traits, entry, false);
    return true;
  }
  Buffer request;
  if (!place.rewriting) {
    proxy::append_command(request, std::span<const View>(args.begin(), args.end()));
  } else if (!place.rewriting->prefix_request(entry, args, request)) {
    return false;
  }
  relay.forward_routed(place, where, request.view(), traits, entry, false);
  return true;
}

}  // namespace redipy
