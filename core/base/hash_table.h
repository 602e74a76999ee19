// SPDX-License-Identifier: Apache-2.0
//
// HashTable: pointers to items that live elsewhere, found by key, kept in the order of their hashes. It holds the keys
// of a database (tens of millions) and the elements of a large hash, set or sorted set. It grows by small steps, is
// about three quarters full at any time (some 12 bytes per item), and SCAN over it needs no memory between calls.
//
// THE SHAPE
//
//   hash   0110 1001 0111 ... ..................................  01011010
//          '--+---''--------------------+--------------------'    '--+---'
//        directory        where in the segment (home chunk)         tag
//
//   directory         segments              one chunk (128 bytes)
//   +-----+
//   | 00  |---------> [c0][c1][c2]          +-------------------+--------------+
//   | 01  |---------> [c0][c1][c2][c3]      | 14 tags, overflow | 14 pointers  |---> items
//   | 10  |----+----> [c0][c1]              +-------------------+--------------+
//   | 11  |---'
//   +-----+
//
// A chunk is F14's (hash_segment.h): one comparison of 16 bytes tells which of 14 items may be the one, and 16 more
// bits of the hash, kept in the pointer, leave hardly a wrong one to be touched. A full chunk counts how many items it
// sent on to the next one; a search goes on only while that count is not zero, so an absent key is mostly found absent
// in one chunk.
//
// A segment is an array of 1 to 64 chunks and covers all hashes with the same leading bits. Full, it moves to an array
// a fifth longer or so; full at 64 chunks it is split in two by the next bit. The directory maps the leading bits to
// the segment, several entries to the same one where that has fewer bits than the longest, and is doubled if a segment
// needs a bit more (extendible hashing: Fagin, Nievergelt, Pippenger, Strong, 1979). So no step moves more than some
// 800 items, mostly without touching them: microseconds, be there a thousand items or a hundred million. There is never
// a second table, and nothing is rehashed as a whole; only the directory, 16 bytes per segment, is copied as a whole.
// Segments emptied to a quarter shrink, and merge with the segment that differs in the last bit only if together they
// are half of what would be split: erasing and inserting by turns moves nothing.
//
// A table with one segment (up to some 770 items) has no directory; an empty one owns nothing at all.
//
// SCAN
//
// All of this keeps one promise: *the place of an item is monotonic in its hash*. Directory, segment and home chunk
// each look at the leading bits left over from the one before, as a number:
//
//   hashes  0 ........................................................... 2^48 (the upper 48 bits: the position)
//           |    segment 00    |   segment 01     |            segment 1            |
//           |  c0 |  c1 |  c2  | c0 | c1 | c2 |c3 |      c0       |      c1         |
//                       ^ cursor
//
// Thus a cursor is a position. scan(cursor) calls back for each item whose position lies in [cursor, next), where next
// is the place where the next home chunk begins, and returns next. Whatever happens to the table between two calls
// (growth, splits, merges), an item that is there from start to end has one position, which lies in exactly one of
// these intervals: it is returned, and returned once. This is more than Redis promises, no state is kept, and there are
// no reversed bits to understand. What an item in the wrong chunk costs us: to give all of home chunk c, we look at c,
// and on as long as the overflow counts say so, and keep the items whose home is c; the bits in the slots tell.
//
// A cursor is below 2^48, so clients that keep it in a double keep it exact. The same order gives consistent snapshots
// while writes go on: what lies below the snapshot's cursor is written, what lies above has to be saved before it is
// changed; position() of the hash tells which.
//
// Items are not owned. One caller at a time. Failing to allocate throws or ends the process, as the allocator decides.
#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/base/hash_segment.h"
#include "core/base/random.h"
#include "core/base/view.h"

namespace redipy {

// Traits: static View key(const Item&); static std::uint64_t hash(View), all 64 bits good,
// and seeded if keys come from outside. Optionally allocate and deallocate, see hash_segment.h.
// Every `hash` argument below is Traits::hash(key).
template <class Item, class Traits>
class HashTable {
 public:
  using Slot = HashSlot<Item>;  // reads and writes like an Item*

  HashTable() = default;
  HashTable(HashTable&& other) noexcept { swap(other); }
  HashTable& operator=(HashTable&& other) noexcept {
    HashTable taken(std::move(other));
    swap(taken);
    return *this;
  }
  ~HashTable() { clear(); }

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  // The slot that holds the item of this key, null if absent; another item of the same key may be assigned to it. It
  // holds until the next insert or erase.
  Slot* find(std::uint64_t hash, View key) const { return segments_[index(hash)].find(hash, key); }

  // Adds an item, whose key must be absent.
  void insert(std::uint64_t hash, Item* item) {
    std::size_t at = owner(hash);
    if (segments_[at].full()) {
      grow(at);
      at = owner(hash);
    }
    segments_[at].place(hash, item);
    ++segments_[at].count;
    ++size_;
  }

  // Takes the item of this key out and returns it, null if absent.
  Item* erase(std::uint64_t hash, View key) {
    Slot* slot = find(hash, key);
    return slot == nullptr ? nullptr : erase_slot(hash, slot);
  }

  // The same for a slot that find() gave for this hash, with no change to the table since.
  Item* erase_slot(std::uint64_t hash, Slot* slot) {
    Item* item = *slot;
    const std::size_t at = owner(hash);
    Segment& segment = segments_[at];
    segment.remove(hash, slot);
    --segment.count;
    --size_;
    if (segment.count * 4 < segment.width * Chunk::slots && (segment.width > 1 || segment.count == 0)) shrink(at);
    return item;
  }

  // Puts an item into the slot of another one with an equal key, and returns that.
  static Item* replace(Slot* slot, Item* item) {
    Item* old = *slot;
    *slot = item;
    return old;
  }

  // Ask the memory for what find() will need, in two stages, so that the waits of several searches overlap: first the
  // chunk for all of them, then (by then it is there) the item with a matching tag.
  void prefetch(std::uint64_t hash) const {
    const Segment& segment = segments_[index(hash)];
    const char* chunk = reinterpret_cast<const char*>(segment.chunks + segment.home(hash));
    redipy::prefetch(chunk);
    redipy::prefetch(chunk + sizeof(Chunk) / 2);
  }
  void prefetch_item(std::uint64_t hash) const {
    if (const Item* item = likely(hash)) redipy::prefetch(item);
  }

  // The item that find() would look at first, without a look at it; null if there is none in the first chunk.
  Item* likely(std::uint64_t hash) const { return segments_[index(hash)].likely(hash); }

  // Calls f(Item*) for every item, in the order of their positions up to a chunk. f must not change the table.
  template <class F>
  void for_each(F&& f) const {
    for_each_segment([&f](std::size_t, const Segment& segment) { segment.for_each(f); });
  }

  // The same until f(Item*) returns false; returns whether it never did.
  template <class F>
  bool for_each_while(F&& f) const {
    for (std::size_t at = 0; at < entries(); at += span(segments_[at])) {
      if (!segments_[at].for_each_while(f)) return false;
    }
    return true;
  }

  // Where a hash stands in the order of scan().
  static constexpr std::uint64_t position(std::uint64_t hash) { return hash >> hash_tag_bits; }

  // Calls f(Item*) for every item with a position in [cursor, next), and returns next: begin with 0, go on with what
  // came back, until that is 0. One call gives the items of one chunk, often none in a small or thinned out table.
  // f must not change the table. A cursor beyond all positions (made up by a client) gives nothing and 0.
  template <class F>
  std::uint64_t scan(std::uint64_t cursor, F&& f) const {
    if (cursor >> hash_position_bits != 0) return 0;
    const std::uint64_t hash = cursor << hash_tag_bits;
    const Segment& segment = segments_[index(hash)];
    const std::uint32_t home = segment.home(hash);
    segment.for_each_at_home(home, hash, f);

    const std::uint64_t begin =
        segment.depth == 0 ? 0 : cursor >> (hash_position_bits - segment.depth) << (hash_position_bits - segment.depth);
    const std::uint64_t next = begin + segment.begin_of(home + 1);
    return next >> hash_position_bits != 0 ? 0 : next;
  }

  // Some item, each with the same chance; null if the table is empty.
  //
  // We throw a dart at a rectangle, as high as the directory and as wide as the widest segment may be. A slot is one
  // point of it, at the first of its segment's entries; all other points are misses, and we throw again.
  Item* random(Random& random) const {
    if (size_ == 0) return nullptr;
    const std::uint32_t broadest = depth_ == 0 ? one_.width : std::uint32_t{1} << broadest_;
    constexpr int patience = 100;
    for (int i = 0; i < patience; ++i) {
      const std::size_t at = index(random.next());
      const Segment& segment = segments_[at];
      const std::uint64_t slot = random.below(std::uint64_t{broadest} * Chunk::slots);
      if (first_entry(at) != at || slot >= segment.width * Chunk::slots) continue;
      const Chunk& chunk = segment.chunks[slot / Chunk::slots];
      if (chunk.tags[slot % Chunk::slots] != 0) return chunk.items[slot % Chunk::slots];
    }
    return nth(random.below(size_));  // nearly all was erased from one end: count instead
  }

  // Forgets all items, after calling f(Item*) for each, and gives all memory back. f may free the item.
  template <class F>
  void clear(F&& f) {
    for_each_segment([&f](std::size_t, Segment& segment) {
      segment.for_each(f);
      segment.release();
    });
    if (segments_ != &one_) delete[] segments_;
    segments_ = &one_;
    one_ = Segment{};
    size_ = 0;
    depth_ = 0;
    deepest_ = 1;
    broadest_ = std::bit_width(Segment::widest - 1);
  }
  void clear() {
    clear([](Item*) {});
  }

  // Bytes owned, the table object and the items not counted. Looks at every segment.
  std::size_t memory() const {
    std::size_t bytes = depth_ == 0 ? 0 : entries() * sizeof(Segment);
    for_each_segment([&bytes](std::size_t, const Segment& segment) { bytes += segment.bytes(); });
    return bytes;
  }

  void swap(HashTable& other) noexcept {
    std::swap(segments_, other.segments_);
    std::swap(one_, other.one_);
    std::swap(size_, other.size_);
    std::swap(deepest_, other.deepest_);
    std::swap(broadest_, other.broadest_);
    std::swap(depth_, other.depth_);
    if (segments_ == &other.one_) segments_ = &one_;
    if (other.segments_ == &one_) other.segments_ = &other.one_;
  }

 private:
  friend struct HashTableInspector;  // the tests' look inside

  using Segment = HashSegment<Item, Traits>;
  using Chunk = typename Segment::Chunk;
  using Entry = typename Segment::Entry;

  // Two segments become one if that one is then half of a segment that would be split, or less.
  static constexpr std::uint32_t merge_limit = Segment::limit(Segment::widest) / 2;

  std::size_t entries() const { return std::size_t{1} << depth_; }
  std::size_t index(std::uint64_t hash) const { return static_cast<std::size_t>((hash >> 1) >> (63 - depth_)); }

  // How many entries of the directory lead to a segment, and the first of these: the one whose `count` is kept.
  std::size_t span(const Segment& segment) const { return std::size_t{1} << (depth_ - segment.depth); }
  std::size_t first_entry(std::size_t at) const { return at & ~(span(segments_[at]) - 1); }
  std::size_t owner(std::uint64_t hash) const { return first_entry(index(hash)); }

  template <class F>
  void for_each_segment(F&& f) const {
    for (std::size_t at = 0, next = 0; at < entries(); at = next) {
      next = at + span(segments_[at]);
      f(at, segments_[at]);
    }
  }

  // The smallest hash of an entry.
  std::uint64_t hash_of(std::size_t entry) const { return depth_ == 0 ? 0 : std::uint64_t{entry} << (64 - depth_); }

  Item* nth(std::uint64_t rank) const {
    Item* result = nullptr;
    for_each_segment([&](std::size_t, const Segment& segment) {
      if (result == nullptr && rank < segment.count) {
        segment.for_each([&](Item* item) {
          if (rank-- == 0) result = item;
        });
      } else if (result == nullptr) {
        rank -= segment.count;
      }
    });
    return result;
  }

  void assign(std::size_t first, const Segment& segment) {
    std::fill_n(segments_ + first, span(segment), segment);
    while (segment.width > std::uint32_t{1} << broadest_) ++broadest_;
  }

  // Whether one more bit tells the segment's items apart, as far as the directory may grow for it. It always does,
  // unless hundreds of hashes agree in all bits that the directory could reasonably have.
  bool may_split(const Segment& segment) const {
    return segment.depth < depth_ || (depth_ < Segment::deepest && entries() <= size_ / 32);
  }

  void grow(std::size_t first) {
    const Segment& segment = segments_[first];
    if (segment.width >= Segment::widest && may_split(segment)) {
      split(first);
    } else {
      resize(first, Segment::width_for(Segment::limit(segment.width) + 1));
    }
  }

  void resize(std::size_t first, std::uint32_t width) {
    Segment old = segments_[first];
    std::vector<Entry> items;
    old.gather(items, hash_of(first), old.depth);
    assign(first, Segment::build(items, width, old.depth));
    old.release();  // NOLINT(clang-analyzer-cplusplus.NewDeleteLeaks): the new one is in the directory
  }

  void split(std::size_t first) {
    Segment old = segments_[first];
    if (old.depth == depth_) {
      double_directory();
      first *= 2;
    }
    std::vector<Entry> items;
    old.gather(items, hash_of(first), old.depth + 1);
    const std::uint64_t bit = std::uint64_t{1} << (63 - old.depth);
    const auto middle =
        std::partition(items.begin(), items.end(), [bit](const Entry& e) { return (e.hash & bit) == 0; });
    const auto half = [&](auto begin, auto end) {
      const auto count = static_cast<std::size_t>(end - begin);
      return Segment::build({begin, end}, Segment::width_for(count + count / 16 + 1), old.depth + 1);
    };
    const Segment lower = half(items.begin(), middle);
    assign(first, lower);
    assign(first + span(lower), half(middle, items.end()));
    if (lower.depth == depth_) deepest_ += 2;
    old.release();
  }

  // A segment is nearly empty: merges it with its neighbours where these are, too, else makes it smaller.
  void shrink(std::size_t first) {
    std::uint32_t depth = segments_[first].depth;
    std::size_t count = segments_[first].count;
    for (; depth > 0; --depth) {
      const std::size_t distance = std::size_t{1} << (depth_ - depth);
      const Segment& buddy = segments_[first ^ distance];
      if (buddy.depth != depth || count + buddy.count > merge_limit) break;
      count += buddy.count;
      first &= ~distance;
    }

    std::vector<Entry> items;
    items.reserve(count);
    const std::size_t end = first + (std::size_t{1} << (depth_ - depth));
    for (std::size_t at = first, next = first; at < end; at = next) {
      Segment& old = segments_[at];
      next = at + span(old);
      if (old.depth == depth_) --deepest_;
      old.gather(items, hash_of(at), depth);
      Segment(old).release();
    }
    const Segment segment = Segment::build(items, Segment::width_for(count + count / 2), depth);
    assign(first, segment);
    if (depth == depth_) ++deepest_;
    // NOLINTNEXTLINE(clang-analyzer-cplusplus.NewDeleteLeaks): the new one is in the directory
    if (deepest_ == 0) halve_directory();
  }

  void double_directory() {
    auto* segments = new Segment[entries() * 2];
    for (std::size_t at = 0; at < entries(); ++at) segments[2 * at] = segments[2 * at + 1] = segments_[at];
    change_directory(segments, depth_ + 1U);
    deepest_ = 0;
  }

  // No segment needs the last bit of the directory: leaves out all that none needs.
  void halve_directory() {
    std::uint32_t depth = 0;
    for_each_segment(
        [&depth](std::size_t, const Segment& segment) { depth = std::max<std::uint32_t>(depth, segment.depth); });
    Segment* segments = depth == 0 ? &one_ : new Segment[std::size_t{1} << depth];
    for (std::size_t at = 0; at < std::size_t{1} << depth; ++at) segments[at] = segments_[at << (depth_ - depth)];
    change_directory(segments, depth);
    deepest_ = 0;
    for_each_segment([this](std::size_t, const Segment& segment) { deepest_ += segment.depth == depth_; });
  }

  void change_directory(Segment* segments, std::uint32_t depth) {
    if (segments_ != &one_) delete[] segments_;
    segments_ = segments;
    depth_ = static_cast<std::uint8_t>(depth);
  }

  Segment* segments_ = &one_;  // the directory: 2^depth_ entries
  Segment one_;                // a directory of one entry
  std::size_t size_ = 0;
  std::uint32_t deepest_ = 1;                                    // how many segments need all bits of the directory
  std::uint8_t depth_ = 0;                                       // leading bits that index the directory
  std::uint8_t broadest_ = std::bit_width(Segment::widest - 1);  // no segment is or was wider than 2^broadest_
};

}  // namespace redipy
