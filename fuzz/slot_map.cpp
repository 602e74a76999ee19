// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as the reply to CLUSTER SLOTS and CLUSTER SHARDS, as a redirection, and as replies of a cluster's nodes
// that are to be merged.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "core/resp/reply_scanner.h"
#include "proxy/reply_merge.h"
#include "proxy/slot_map.h"

namespace {

using redipy::Merge;
using redipy::ReplyScanner;
using redipy::SlotMap;
using redipy::View;

void check(const SlotMap& map) {
  for (uint16_t slot = 0; slot < redipy::slot_count; ++slot) {
    const auto primary = map.primary_of(slot);
    if (primary != SlotMap::no_node && (primary >= map.nodes().size() || !map.node(primary).primary)) std::abort();
  }
  for (const auto& node : map.nodes()) {
    if (node.host.port == 0 || map.find(node.host) == std::nullopt) std::abort();
    for (const auto replica : node.replicas) {
      if (replica >= map.nodes().size()) std::abort();
    }
  }
}

bool is_one_reply(View bytes) {
  ReplyScanner scanner;
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  return scanner.scan(at, end) == ReplyScanner::Result::complete && at == end;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto exact = std::make_unique<char[]>(size);
  std::memcpy(exact.get(), data, size);
  const View reply(exact.get(), size);
  const SlotMap::Host asked{"asked", 7000};
  if (const auto map = SlotMap::from_slots(reply, asked)) check(*map);
  if (const auto map = SlotMap::from_shards(reply, asked, size % 2 == 0)) check(*map);
  (void)redipy::read_redirection(reply, asked);

  redipy::Buffer out;
  // The first reply in the bytes, merged with itself.
  ReplyScanner scanner;
  const char* at = reply.data();
  if (scanner.scan(at, reply.data() + reply.size()) != ReplyScanner::Result::complete) return 0;
  const View first(reply.data(), static_cast<size_t>(at - reply.data()));
  for (const Merge kind : {Merge::in_order, Merge::sum, Merge::minimum, Merge::all_succeeded, Merge::one_succeeded,
                           Merge::logical_and, Merge::concatenate}) {
    redipy::ReplyMerge merge(kind, 2, {0, 1, 1, 0});
    merge.add(0, first);
    merge.add(1, first);
    out.clear();
    merge.write(out);
    if (!is_one_reply(out.view())) std::abort();
  }
  return 0;
}
