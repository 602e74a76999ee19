// SPDX-License-Identifier: Apache-2.0
//
// Dividing: keys are given to parts by their slot, then laid out part by part, as in a counting sort.
#include "proxy/key_split.h"

#include <unordered_map>

#include "core/base/crc16.h"
#include "core/command/key_finder.h"
#include "proxy/request_writer.h"

namespace redipy {

uint16_t key_slot(View prefix, View key) {
  if (prefix.empty()) return key_slot(key);
  return key_slot(Bytes(prefix).append(key));
}

RequestSlots slots_of(const CommandTable::Entry& entry, const Args& args, View prefix) {
  RequestSlots slots;
  const bool valid = for_each_key(*entry.command, args, [&](FoundKey found) {
    if (found.index >= args.size()) return;
    const uint16_t slot = key_slot(prefix, args[found.index]);
    if (slots.count == RequestSlots::none) {
      slots = {RequestSlots::one, slot};
    } else if (slot != slots.slot) {
      slots.count = RequestSlots::several;
    }
  });
  return valid ? slots : RequestSlots{};
}

bool KeySplit::divide(const CommandTable::Entry& entry, const Args& args, View prefix) {
  args_ = args;
  prefix_ = prefix;
  step_ = static_cast<size_t>(entry.command->keys.specs[0].step);
  parts_.clear();
  part_of_key_.clear();
  if (args.size() < 2 || (args.size() - 1) % step_ != 0) return false;

  const size_t keys = (args.size() - 1) / step_;
  part_of_key_.reserve(keys);
  std::unordered_map<uint16_t, uint32_t> part_of_slot;
  for (size_t i = 1; i < args.size(); i += step_) {
    const uint16_t slot = key_slot(prefix, args[i]);
    const auto [found, added] = part_of_slot.try_emplace(slot, static_cast<uint32_t>(parts_.size()));
    if (added) parts_.push_back({slot, 0, 0});
    ++parts_[found->second].keys;
    part_of_key_.push_back(found->second);
  }

  std::vector<uint32_t> next(parts_.size());
  uint32_t first = 0;
  for (size_t i = 0; i < parts_.size(); ++i) {
    parts_[i].first = next[i] = first;
    first += parts_[i].keys;
  }
  keys_in_order_.resize(keys);
  for (size_t i = 0; i < keys; ++i) keys_in_order_[next[part_of_key_[i]]++] = static_cast<uint32_t>(1 + i * step_);
  return true;
}

void KeySplit::write(size_t part, Buffer& out) const {
  const Part& own = parts_[part];
  RequestWriter request(out, 1 + own.keys * step_);
  request.word(args_[0]);
  for (uint32_t i = 0; i < own.keys; ++i) {
    const size_t key = keys_in_order_[own.first + i];
    request.word(prefix_, args_[key], {});
    for (size_t more = 1; more < step_; ++more) request.word(args_[key + more]);
  }
}

}  // namespace redipy
