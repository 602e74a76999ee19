// SPDX-License-Identifier: Apache-2.0
// PackedList: a sequence of short strings and integers in one block of memory: small hashes, sets, sorted sets and
// lists, and the nodes of long lists. Its entries are those of Redis's listpack (core/base/listpack.h), always
// canonical. Unlike a listpack there may be slack at both ends, so that a queue does not move its content at each step:
//
//   block:  head | slack | entry entry … entry | slack         head: capacity, begin, end, count
//                 0     begin                 end     capacity
//
// The head has 8 bytes while the capacity fits 16 bits, else 20. The object itself is one pointer; empty is null.
//
// Memory: a block is as large as the allocator would make it anyway (heap::good_size), and no larger: its classes grow
// by a fifth or so, which is enough for a constant cost per push. Slack at the front is only kept where something was
// pushed or popped there.
//
// A position is the distance of an entry from the first one, in bytes. It holds until something before it changes.
// Views into the list hold until the list changes, and no operation may be given a view into the list itself.
#pragma once

#include <cstdint>
#include <utility>

#include "core/base/listpack.h"
#include "core/base/view.h"

namespace redipy {

// One caller at a time.
class PackedList {
 public:
  using Item = listpack::Item;
  using Entry = listpack::Entry;
  using Position = uint32_t;
  static constexpr Position none = UINT32_MAX;

  // Walks over the items, either way; a change of the list ends its use.
  class Iterator {
   public:
    explicit Iterator(const uint8_t* at) : at_(at) {}
    Item operator*() const { return listpack::get(at_); }
    bool is(const Entry& entry) const { return entry.equals(at_); }
    Iterator& operator++() {
      at_ = listpack::next(at_);
      return *this;
    }
    Iterator& operator--() {
      at_ = listpack::previous(at_);
      return *this;
    }
    bool operator==(const Iterator&) const = default;

   private:
    friend class PackedList;
    const uint8_t* at_;
  };

  PackedList() noexcept = default;
  PackedList(PackedList&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  PackedList& operator=(PackedList&& other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~PackedList() { clear(); }

  // A list with the same entries and no slack but the allocator's.
  PackedList copy() const;

  bool empty() const { return block_ == nullptr; }
  uint32_t size() const { return bounds().count; }
  uint32_t bytes() const {  // of all entries
    const Bounds now = bounds();
    return now.end - now.begin;
  }
  size_t memory() const;  // bytes of the block

  Iterator begin() const { return Iterator(entries()); }
  Iterator end() const { return Iterator(entries() + bytes()); }

  // Positions: first() … past_last(), which is where nothing is.
  static constexpr Position first() { return 0; }
  Position past_last() const { return bytes(); }
  Position next(Position position) const { return offset(listpack::next(place(position))); }
  Position previous(Position position) const { return offset(listpack::previous(place(position))); }
  Item get(Position position) const { return listpack::get(place(position)); }
  // From positions to iterators and back, of a list that is not empty.
  Iterator iterator(Position position) const { return Iterator(place(position)); }
  Position position(Iterator at) const { return offset(at.at_); }

  // Of a list that is not empty.
  Item front() const { return get(first()); }
  Item back() const { return get(previous(past_last())); }

  // The position of the entry with that index, walking from the nearer end; none when there is no such entry.
  Position at(uint32_t index) const;

  // The first entry that equals bytes, of that at `from` and every step-th after it; none when there is none. In a list
  // of pairs, step 2 looks at fields only. `from` may be past_last().
  Position find(View bytes, Position from = 0, uint32_t step = 1) const;

  void push_back(View bytes) { push_back(Entry(bytes)); }
  void push_back(int64_t number) { push_back(Entry(number)); }
  void push_back(const Entry& entry);
  void push_front(View bytes) { push_front(Entry(bytes)); }
  void push_front(int64_t number) { push_front(Entry(number)); }
  void push_front(const Entry& entry) { insert(first(), entry); }

  // Of a list that is not empty.
  void pop_front() { erase(first()); }
  void pop_back() { erase(previous(past_last())); }

  // Puts an entry before the one at position, which may be past_last(). The new entry then has that position.
  void insert(Position position, View bytes) { insert(position, Entry(bytes)); }
  void insert(Position position, int64_t number) { insert(position, Entry(number)); }
  void insert(Position position, const Entry& entry);

  // The same with two entries, one behind the other.
  void insert(Position position, const Entry& first, const Entry& second);

  // Puts another value into the place of the one at position.
  void replace(Position position, View bytes) { replace(position, Entry(bytes)); }
  void replace(Position position, int64_t number) { replace(position, Entry(number)); }
  void replace(Position position, const Entry& entry);

  // Takes away count entries from position on (fewer when there are fewer). What followed has that position then.
  void erase(Position position, uint32_t count = 1);

  // The same by index.
  void erase_range(uint32_t index, uint32_t count);

  void clear() noexcept;

  // Takes away the entries from index on, and returns them as a list.
  PackedList split(uint32_t index);

  // Adds the entries of another list at the back.
  void append(const PackedList& other);

  // Adds the whole as a listpack of Redis; not for more than listpack::size_limit bytes.
  void append_listpack_to(Bytes& out) const;

  // The list of a listpack that check() has accepted, with what it said.
  static PackedList from_listpack(View blob, listpack::Checked checked);

 private:
  struct Bounds {
    uint32_t capacity;
    uint32_t begin;
    uint32_t end;
    uint32_t count;
  };

  struct NarrowHead {
    uint16_t capacity;  // never 0
    uint16_t begin;
    uint16_t end;
    uint16_t count;
  };

  struct WideHead {
    uint16_t zero;  // where a narrow head has its capacity
    uint16_t unused;
    Bounds bounds;
  };

  bool narrow() const { return reinterpret_cast<const NarrowHead*>(block_)->capacity != 0; }
  size_t head_size() const { return narrow() ? sizeof(NarrowHead) : sizeof(WideHead); }

  Bounds bounds() const {
    if (block_ == nullptr) return {0, 0, 0, 0};
    const auto& head = *reinterpret_cast<const NarrowHead*>(block_);
    if (head.capacity != 0) [[likely]]
      return {head.capacity, head.begin, head.end, head.count};
    return reinterpret_cast<const WideHead*>(block_)->bounds;
  }

  void set_bounds(uint32_t begin, uint32_t end, uint32_t count);

  // What is at a position of a list that is not empty.
  uint8_t* place(Position position) const {
    const auto& head = *reinterpret_cast<const NarrowHead*>(block_);
    if (head.capacity != 0) [[likely]]
      return block_ + sizeof(NarrowHead) + head.begin + position;
    return block_ + sizeof(WideHead) + reinterpret_cast<const WideHead*>(block_)->bounds.begin + position;
  }

  // Where the first entry is; null of an empty list.
  uint8_t* entries() const { return block_ == nullptr ? nullptr : place(0); }

  Position offset(const uint8_t* at) const { return static_cast<Position>(at - place(0)); }

  // Replaces `removed` bytes at position by room for `added` ones and returns where they go; the count becomes count.
  uint8_t* splice(Position position, uint32_t removed, uint32_t added, uint32_t count);

  // What splice does when bytes must move to a new block, or within this one to share the slack anew.
  uint8_t* rebuild(size_t capacity, size_t begin, Position position, uint32_t removed, uint32_t added, uint32_t count);
  uint8_t* slide(size_t begin, Position position, uint32_t removed, uint32_t added, uint32_t count);

  uint8_t* block_ = nullptr;
};

}  // namespace redipy
