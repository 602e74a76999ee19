// SPDX-License-Identifier: Apache-2.0
// See packed_list.h. Everything that changes a list is splice(): it replaces a range of bytes by another, and decides
// which side moves, how the slack is shared, and when the block grows or shrinks.
#include "core/memory/packed_list.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <new>
#include <stdexcept>

#include "core/base/heap.h"

namespace redipy {
namespace {

// Below this many bytes, moving all of them costs less than thinking about it.
constexpr size_t small = 128;

constexpr uint32_t narrow_limit = UINT16_MAX;

// The capacity of a block that has room for so many bytes of entries, with what the allocator adds.
size_t good_capacity(size_t bytes, size_t narrow_head, size_t wide_head) {
  const size_t narrow = heap::good_size(narrow_head + bytes) - narrow_head;
  return narrow <= narrow_limit ? narrow : heap::good_size(wide_head + bytes) - wide_head;
}

}  // namespace

void PackedList::set_bounds(uint32_t begin, uint32_t end, uint32_t count) {
  if (narrow()) {
    auto& head = *reinterpret_cast<NarrowHead*>(block_);
    head.begin = static_cast<uint16_t>(begin);
    head.end = static_cast<uint16_t>(end);
    head.count = static_cast<uint16_t>(count);
  } else {
    auto& bounds = reinterpret_cast<WideHead*>(block_)->bounds;
    bounds.begin = begin;
    bounds.end = end;
    bounds.count = count;
  }
}

size_t PackedList::memory() const { return block_ == nullptr ? 0 : head_size() + bounds().capacity; }

void PackedList::clear() noexcept {
  if (block_ != nullptr) heap::release(block_, memory());
  block_ = nullptr;
}

// Makes a new block of that capacity, with all entries from begin on, and the gap.
uint8_t* PackedList::rebuild(size_t capacity, size_t begin, Position position, uint32_t removed, uint32_t added,
                             uint32_t count) {
  const bool is_narrow = capacity <= narrow_limit;
  const size_t head = is_narrow ? sizeof(NarrowHead) : sizeof(WideHead);
  auto* block = static_cast<uint8_t*>(heap::allocate(head + capacity));
  uint8_t* const target = block + head + begin;
  const uint32_t old_bytes = bytes();
  if (old_bytes > 0) {
    const uint8_t* const source = entries();
    std::memcpy(target, source, position);
    std::memcpy(target + position + added, source + position + removed, old_bytes - position - removed);
  }
  clear();
  block_ = block;
  if (is_narrow) {
    new (block) NarrowHead{.capacity = static_cast<uint16_t>(capacity), .begin = 0, .end = 0, .count = 0};
  } else {
    new (block) WideHead{.zero = 0,
                         .unused = 0,
                         .bounds = {.capacity = static_cast<uint32_t>(capacity), .begin = 0, .end = 0, .count = 0}};
  }
  set_bounds(static_cast<uint32_t>(begin), static_cast<uint32_t>(begin) + old_bytes - removed + added, count);
  return target + position;
}

// Moves all entries within the block so that the first is at begin, and makes the gap.
uint8_t* PackedList::slide(size_t begin, Position position, uint32_t removed, uint32_t added, uint32_t count) {
  const uint32_t old_bytes = bytes();
  uint8_t* const source = entries();
  uint8_t* const target = block_ + head_size() + begin;
  const uint32_t behind = old_bytes - position - removed;
  uint8_t* const back_target = target + position + added;
  const uint8_t* const back_source = source + position + removed;
  const auto move_front = [&] {
    if (target != source) std::memmove(target, source, position);
  };
  const auto move_back = [&] {
    if (back_target != back_source) std::memmove(back_target, back_source, behind);
  };
  // The part that moves away from the other goes first, so as not to be overwritten by it.
  if (target < source) {
    move_front();
    move_back();
  } else {
    move_back();
    move_front();
  }
  set_bounds(static_cast<uint32_t>(begin), static_cast<uint32_t>(begin) + old_bytes - removed + added, count);
  return target + position;
}

uint8_t* PackedList::splice(Position position, uint32_t removed, uint32_t added, uint32_t count) {
  const Bounds now = bounds();
  const uint32_t old_bytes = now.end - now.begin;
  const size_t new_bytes = size_t{old_bytes} - removed + added;
  if (new_bytes == 0) {
    clear();
    return nullptr;
  }
  if (new_bytes > listpack::size_limit) throw std::length_error("a packed list would become too long");

  const uint32_t front = position;
  const uint32_t back = old_bytes - position - removed;
  // Only an end at which something happens gets slack, so the front stays where it is until something is put or taken
  // there.
  const bool move_front = front < back && (front == 0 || now.begin > 0);
  const size_t slack = now.capacity - std::min<size_t>(now.capacity, new_bytes);

  if (added <= removed) {
    if (now.capacity > small && new_bytes < now.capacity / 2) {
      const size_t capacity = good_capacity(new_bytes + new_bytes / 4, sizeof(NarrowHead), sizeof(WideHead));
      if (capacity < now.capacity) {
        const size_t begin = now.begin == 0 ? 0 : (capacity - new_bytes) / (now.end == now.capacity ? 1 : 2);
        return rebuild(capacity, begin, position, removed, added, count);
      }
    }
    return slide(move_front ? now.begin + (removed - added) : now.begin, position, removed, added, count);
  }

  // It grows. The shorter side gives way if there is slack behind it.
  const uint32_t growth = added - removed;
  if (move_front && now.begin >= growth) return slide(now.begin - growth, position, removed, added, count);
  if (!move_front && now.capacity - now.end >= growth) return slide(now.begin, position, removed, added, count);

  // The slack on the other side, if any, is shared, unless so little is left that it would be used up at once.
  const size_t other_slack = move_front ? now.capacity - now.end : now.begin;
  if (now.capacity >= new_bytes && (slack >= new_bytes / 8 || new_bytes <= small)) {
    return slide(move_front ? slack - slack / 2 : slack / 2, position, removed, added, count);
  }
  const bool one_sided = other_slack == 0 || new_bytes <= small;
  const size_t capacity =
      good_capacity(one_sided ? new_bytes : new_bytes + new_bytes / 8, sizeof(NarrowHead), sizeof(WideHead));
  const size_t new_slack = capacity - new_bytes;
  const size_t front_slack = one_sided ? (move_front ? new_slack : 0) : new_slack / 2;
  return rebuild(capacity, front_slack, position, removed, added, count);
}

PackedList PackedList::copy() const {
  PackedList result;
  result.append(*this);
  return result;
}

PackedList::Position PackedList::at(uint32_t index) const {
  const Bounds now = bounds();
  if (index >= now.count) return none;
  const uint8_t* const first_entry = entries();
  const uint8_t* entry = nullptr;
  if (index <= now.count / 2) {
    entry = first_entry;
    for (uint32_t i = 0; i < index; ++i) entry = listpack::next(entry);
  } else {
    entry = first_entry + (now.end - now.begin);
    for (uint32_t i = now.count; i > index; --i) entry = listpack::previous(entry);
  }
  return static_cast<Position>(entry - first_entry);
}

PackedList::Position PackedList::find(View bytes, Position from, uint32_t step) const {
  if (block_ == nullptr) return none;
  const Entry wanted(bytes);
  const Bounds now = bounds();
  const uint8_t* const first_entry = entries();
  const uint8_t* const behind = first_entry + (now.end - now.begin);
  const uint8_t* entry = first_entry + from;
  while (entry != behind) {
    if (wanted.equals(entry)) return static_cast<Position>(entry - first_entry);
    for (uint32_t i = 0; i < step && entry != behind; ++i) entry = listpack::next(entry);
  }
  return none;
}

void PackedList::push_back(const Entry& entry) {
  const Bounds now = bounds();
  const auto size = static_cast<uint32_t>(entry.size());
  if (now.capacity - now.end >= size) {
    entry.write(block_ + head_size() + now.end);
    set_bounds(now.begin, now.end + size, now.count + 1);
  } else {
    entry.write(splice(now.end - now.begin, 0, size, now.count + 1));
  }
}

void PackedList::insert(Position position, const Entry& entry) {
  entry.write(splice(position, 0, static_cast<uint32_t>(entry.size()), size() + 1));
}

void PackedList::insert(Position position, const Entry& first, const Entry& second) {
  const auto first_size = static_cast<uint32_t>(first.size());
  const auto second_size = static_cast<uint32_t>(second.size());
  uint8_t* const place = splice(position, 0, first_size + second_size, size() + 2);
  first.write(place);
  second.write(place + first_size);
}

void PackedList::replace(Position position, const Entry& entry) {
  const uint8_t* const old = place(position);
  const auto old_size = static_cast<uint32_t>(listpack::next(old) - old);
  const auto new_size = static_cast<uint32_t>(entry.size());
  entry.write(new_size == old_size ? place(position) : splice(position, old_size, new_size, size()));
}

void PackedList::erase(Position position, uint32_t count) {
  const Bounds now = bounds();
  if (position >= now.end - now.begin) return;
  const uint8_t* const from = entries() + position;
  const uint8_t* const behind = entries() + (now.end - now.begin);
  const uint8_t* to = from;
  uint32_t erased = 0;
  for (; erased < count && to != behind; ++erased) to = listpack::next(to);
  splice(position, static_cast<uint32_t>(to - from), 0, now.count - erased);
}

void PackedList::erase_range(uint32_t index, uint32_t count) {
  const Position position = at(index);
  if (position == none) return;
  const uint32_t most = size() - index;
  if (count < most) {
    erase(position, count);
  } else {
    splice(position, bytes() - position, 0, index);  // to the end: nothing to walk over
  }
}

PackedList PackedList::split(uint32_t index) {
  PackedList tail;
  const Position position = at(index);
  if (position == none) return tail;
  const uint32_t tail_bytes = bytes() - position;
  std::memcpy(tail.splice(0, 0, tail_bytes, size() - index), entries() + position, tail_bytes);
  splice(position, tail_bytes, 0, index);
  return tail;
}

void PackedList::append(const PackedList& other) {
  assert(this != &other);
  const uint32_t added = other.bytes();
  if (added == 0) return;
  std::memcpy(splice(bytes(), 0, added, size() + other.size()), other.entries(), added);
}

void PackedList::append_listpack_to(Bytes& out) const {
  const Bounds now = bounds();
  const size_t entry_bytes = now.end - now.begin;
  out.reserve(out.size() + listpack::header_size + entry_bytes + 1);
  listpack::append_header(out, entry_bytes, now.count);
  if (entry_bytes > 0) out.append(reinterpret_cast<const char*>(entries()), entry_bytes);
  out += static_cast<char>(listpack::end_mark);
}

PackedList PackedList::from_listpack(View blob, listpack::Checked checked) {
  PackedList list;
  if (checked.count == 0) return list;
  const View body = blob.substr(listpack::header_size, blob.size() - listpack::header_size - 1);
  const auto* const from = reinterpret_cast<const uint8_t*>(body.data());
  if (checked.canonical) {
    std::memcpy(list.splice(0, 0, static_cast<uint32_t>(body.size()), checked.count), from, body.size());
    return list;
  }
  for (const uint8_t* at = from; at != from + body.size(); at = listpack::next(at)) {
    const Item item = listpack::get(at);
    list.push_back(item.is_integer() ? Entry(item.integer()) : Entry(item.text()));
  }
  return list;
}

}  // namespace redipy
