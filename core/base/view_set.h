// SPDX-License-Identifier: Apache-2.0
//
// A set of views for the length of one command: open addressing over indexes into a list, which keeps the order in
// which members came. For what must be gathered aside (unions, differences) or looked through for duplicates.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/function_ref.h"
#include "core/base/hash.h"
#include "core/base/view.h"

namespace redipy {

class ViewSet {
 public:
  void reserve(size_t count) {
    entries_.reserve(count);
    size_t capacity = 16;
    while (capacity < count * 2) capacity *= 2;
    if (capacity > slots_.size()) rebuild(capacity);
  }

  size_t size() const { return size_; }

  /// False if the member was there.
  bool add(View member) {
    if ((entries_.size() + 1) * 2 > slots_.size()) rebuild(slots_.empty() ? 16 : slots_.size() * 2);
    const auto hash = static_cast<uint32_t>(hash_bytes(member) >> 32);
    Slot* slot = find(member, hash);
    if (slot->entry != none) {
      Entry& entry = entries_[slot->entry];
      if (!entry.removed) return false;
      entry.removed = false;
    } else {
      *slot = {static_cast<uint32_t>(entries_.size()), hash};
      entries_.push_back({member, false});
    }
    ++size_;
    return true;
  }

  void remove(View member) {
    if (slots_.empty()) return;
    const Slot* slot = find(member, static_cast<uint32_t>(hash_bytes(member) >> 32));
    if (slot->entry == none || entries_[slot->entry].removed) return;
    entries_[slot->entry].removed = true;
    --size_;
  }

  void for_each(FunctionRef<void(View)> visit) const {
    for (const Entry& entry : entries_) {
      if (!entry.removed) visit(entry.member);
    }
  }

 private:
  static constexpr uint32_t none = ~uint32_t{0};
  struct Slot {
    uint32_t entry = none;
    uint32_t hash = 0;
  };
  struct Entry {
    View member;
    bool removed;
  };

  /// The slot of the member, or the empty one where it would go. At most half of the slots are taken.
  Slot* find(View member, uint32_t hash) {
    const size_t mask = slots_.size() - 1;
    for (size_t at = hash & mask;; at = (at + 1) & mask) {
      Slot& slot = slots_[at];
      if (slot.entry == none || (slot.hash == hash && entries_[slot.entry].member == member)) return &slot;
    }
  }

  void rebuild(size_t capacity) {
    std::vector<Slot> old(capacity);
    old.swap(slots_);
    const size_t mask = capacity - 1;
    for (const Slot& slot : old) {
      if (slot.entry == none) continue;
      size_t at = slot.hash & mask;
      while (slots_[at].entry != none) at = (at + 1) & mask;
      slots_[at] = slot;
    }
  }

  std::vector<Slot> slots_;
  std::vector<Entry> entries_;
  size_t size_ = 0;
};

}  // namespace redipy
