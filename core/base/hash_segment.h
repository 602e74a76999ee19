// SPDX-License-Identifier: Apache-2.0
//
// The building blocks of HashTable (hash_table.h, whose essay comes first): HashSlot, a pointer with some bits of the
// hash; HashChunk, 14 slots with a tag each, searched by one vector comparison; and HashSegment, an array of chunks
// that covers one contiguous range of hash values.
//
// Chunk, tags and overflow counts are the idea of Facebook's F14 ("Open-sourcing F14 for faster, more memory-efficient
// hash tables", 2019). We differ in the probe order: from chunk to the next chunk, and a home chunk that grows with the
// hash. That keeps a segment's items sorted by hash, up to a chunk, and SCAN needs just that.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <new>
#include <span>
#include <vector>

#include "core/base/prefetch.h"
#include "core/base/view.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace redipy {

// Where a hash stands in the order of the table: its upper 48 bits. The lower bits only make tags.
inline constexpr unsigned hash_position_bits = 48;
inline constexpr unsigned hash_tag_bits = 64 - hash_position_bits;

// A pointer to an item. Its upper 16 bits, which no address of a user process has, hold bits of the item's hash: by
// them a segment is rebuilt, and nearly every other item told apart, without a look at the items, each of which would
// be a cache miss.
template <class Item>
class HashSlot {
 public:
  static constexpr unsigned hash_bits = 16;

  HashSlot() = default;
  HashSlot(Item* item, std::uint64_t bits) : word_(reinterpret_cast<std::uintptr_t>(item) | bits << address_bits) {
    assert(this->item() == item && "an address of more than 48 bits");
  }

  // Reads and writes like the pointer it stands for.
  operator Item*() const { return item(); }
  HashSlot& operator=(Item* item) { return *this = HashSlot(item, bits()); }
  Item* operator->() const { return item(); }

  Item* item() const { return reinterpret_cast<Item*>(word_ & ((std::uint64_t{1} << address_bits) - 1)); }
  std::uint64_t bits() const { return word_ >> address_bits; }

 private:
  static constexpr unsigned address_bits = 64 - hash_bits;
  std::uint64_t word_;
};

// Two cache lines:  [ 14 tags | overflow | filled ]  [ 14 slots ]
//                     16 bytes                         112 bytes
template <class Item>
struct alignas(64) HashChunk {
  static constexpr unsigned slots = 14;
  static constexpr std::uint32_t all = (1U << slots) - 1;
  static constexpr std::uint8_t overflow_stuck = 255;

  std::uint8_t tags[slots];  // 0: the slot is empty
  std::uint8_t overflow;     // how many items went past this chunk as it was full; at 255 it stays
  std::uint8_t filled;       // of use only while a segment is built: how many slots are taken
  HashSlot<Item> items[slots];

  static std::uint8_t tag(std::uint64_t hash) {
    const auto low = static_cast<std::uint8_t>(hash);
    return low == 0 ? 1 : low;
  }

  // Bit i is set where slot i has this tag.
  std::uint32_t matches(std::uint8_t wanted) const {
#if defined(__SSE2__)
    const __m128i header = _mm_load_si128(reinterpret_cast<const __m128i*>(tags));
    const __m128i equal = _mm_cmpeq_epi8(header, _mm_set1_epi8(static_cast<char>(wanted)));
    return static_cast<std::uint32_t>(_mm_movemask_epi8(equal)) & all;
#else
    std::uint32_t found = 0;
    for (unsigned i = 0; i < slots; ++i) found |= static_cast<std::uint32_t>(tags[i] == wanted) << i;
    return found;
#endif
  }
  std::uint32_t empty() const { return matches(0); }

  // Counts one more item that goes past.
  void pass() { overflow += overflow != overflow_stuck; }

  // Calls f(number of the slot) for every item.
  template <class F>
  void for_each(F&& f) const {
    for (std::uint32_t left = ~empty() & all; left != 0; left &= left - 1) f(std::countr_zero(left));
  }
  void prefetch_items() const {
    for_each([this](int slot) { redipy::prefetch(items[slot].item()); });
  }
};

// A range of hash values and the chunks that hold it. A plain value of 16 bytes, as it lives in the directory; its
// chunks are given back by release(), not by a destructor.
//
//   hash  |<---- depth ---->|      the range: all hashes that agree in these bits; the directory knows which
//         |<-- window -->|<-------- 16 bits -------->|                      ...  |<-- tag -->|
//                                  in the slot                                    in the chunk
//
//   window  depth rounded down to a multiple of four: the slots hold at least 13 bits beyond depth, and keep what they
//           hold while the segment grows and splits; only every fourth split asks the items for new bits
//   width   number of chunks, 0 for a segment without items (it then shares the one chunk `nothing`)
//   home    of the bits from depth to the end of the slot's bits, as a fraction, times width: monotonic in the hash
template <class Item, class Traits>
struct HashSegment {
  using Slot = HashSlot<Item>;
  using Chunk = HashChunk<Item>;
  static_assert(sizeof(Chunk) == 128, "a chunk is two cache lines");

  // An item on its way from one array of chunks to another.
  struct Entry {
    std::uint64_t hash;
    Item* item;
  };

  Chunk* chunks = &nothing;
  std::uint32_t count = 0;
  std::uint32_t width : 24 = 0;
  std::uint32_t depth : 8 = 0;

  // The widths a segment goes through; times 128 bytes these are size classes of jemalloc. One that is full at the
  // largest is split. Larger ones, powers of two, come only if someone found keys of one and the same hash.
  static constexpr std::array<std::uint8_t, 18> widths = {1,  2,  3,  4,  5,  6,  8,  10, 12,
                                                          16, 20, 24, 28, 32, 40, 48, 56, 64};
  static constexpr std::uint32_t widest = widths.back();
  static constexpr std::uint32_t deepest = hash_position_bits - Slot::hash_bits;

  // How many items a width may hold: all 14 slots of a single chunk, 12 of 14 in the long run.
  static constexpr std::uint32_t limit(std::uint32_t width) { return width == 0 ? 0 : width * 12 + 2; }

  // The smallest width for so many items.
  static std::uint32_t width_for(std::size_t items) {
    if (items == 0) return 0;
    if (items > limit(widest)) return static_cast<std::uint32_t>(std::bit_ceil((items + 11) / 12));
    return *std::find_if(widths.begin(), widths.end(), [items](std::uint32_t wide) { return items <= limit(wide); });
  }

  bool full() const { return count >= limit(width); }
  std::size_t bytes() const { return width * sizeof(Chunk); }

  static std::uint32_t window(std::uint32_t depth) { return depth & ~3U; }
  std::uint64_t slot_bits(std::uint64_t hash) const { return hash << window(depth) >> (64 - Slot::hash_bits); }

  // What we know of the hash of an item here, without asking the item: the bits that make its slot, home and tag.
  std::uint64_t known_hash(const Chunk& chunk, int slot) const {
    return chunk.items[slot].bits() << (64 - Slot::hash_bits) >> window(depth) | chunk.tags[slot];
  }

  // The chunk where the search for a hash starts.
  std::uint32_t home(std::uint64_t hash) const {
    const std::uint32_t useful = Slot::hash_bits - (depth - window(depth));
    return static_cast<std::uint32_t>(((hash << depth >> (64 - useful)) * width) >> useful);
  }
  // The first position of a home, counted from the first of the segment.
  std::uint64_t begin_of(std::uint32_t home) const {
    if (home >= width) return std::uint64_t{1} << (hash_position_bits - depth);
    const std::uint32_t useful = Slot::hash_bits - (depth - window(depth));
    const std::uint64_t bits = ((std::uint64_t{home} << useful) + width - 1) / width;
    return bits << (deepest - window(depth));
  }
  std::uint32_t next(std::uint32_t chunk) const { return chunk + 1 == width ? 0 : chunk + 1; }

  // The slot that holds the key, null if there is none.
  Slot* find(std::uint64_t hash, View key) const {
    const std::uint8_t tag = Chunk::tag(hash);
    const std::uint64_t bits = slot_bits(hash);
    std::uint32_t at = home(hash);
    for (std::uint32_t probes = 0;;) {
      Chunk& chunk = chunks[at];
      for (std::uint32_t left = chunk.matches(tag); left != 0; left &= left - 1) {
        Slot& slot = chunk.items[std::countr_zero(left)];
        if (slot.bits() == bits && Traits::key(*slot.item()) == key) return &slot;
      }
      // Stuck overflow counts may go all the way round, hence the bound.
      if (chunk.overflow == 0 || ++probes >= width) return nullptr;
      at = next(at);
    }
  }

  // The item of the home chunk that has all we know of this hash without a look at it; null if there is none.
  Item* likely(std::uint64_t hash) const {
    const Chunk& chunk = chunks[home(hash)];
    const std::uint64_t bits = slot_bits(hash);
    for (std::uint32_t left = chunk.matches(Chunk::tag(hash)); left != 0; left &= left - 1) {
      const Slot& slot = chunk.items[std::countr_zero(left)];
      if (slot.bits() == bits) return slot.item();
    }
    return nullptr;
  }

  // Puts an item into the first free slot from its home on. There must be one; `count` is the caller's.
  void place(std::uint64_t hash, Item* item) {
    std::uint32_t at = home(hash);
    std::uint32_t empty = chunks[at].empty();
    for (; empty == 0; empty = chunks[at].empty()) {
      chunks[at].pass();
      at = next(at);
    }
    put(at, std::countr_zero(empty), hash, item);
  }

  // Empties a slot of this segment, found for this hash.
  void remove(std::uint64_t hash, const Slot* slot) {
    const auto offset = reinterpret_cast<std::uintptr_t>(slot) - reinterpret_cast<std::uintptr_t>(chunks);
    const auto holder = static_cast<std::uint32_t>(offset / sizeof(Chunk));
    chunks[holder].tags[slot - chunks[holder].items] = 0;
    for (std::uint32_t at = home(hash); at != holder; at = next(at)) {
      if (chunks[at].overflow != Chunk::overflow_stuck) --chunks[at].overflow;
    }
  }

  // Calls f(Item*) for every item, asking for those of the next chunk meanwhile.
  template <class F>
  void for_each(F&& f) const {
    if (width != 0) chunks[0].prefetch_items();
    for (std::uint32_t at = 0; at < width; ++at) {
      if (at + 1 < width) chunks[at + 1].prefetch_items();
      chunks[at].for_each([&](int slot) { f(chunks[at].items[slot].item()); });
    }
  }

  // The same until f(Item*) returns false; returns whether it never did.
  template <class F>
  bool for_each_while(F&& f) const {
    if (width != 0) chunks[0].prefetch_items();
    for (std::uint32_t at = 0; at < width; ++at) {
      if (at + 1 < width) chunks[at + 1].prefetch_items();
      for (std::uint32_t left = ~chunks[at].empty() & Chunk::all; left != 0; left &= left - 1) {
        if (!f(chunks[at].items[std::countr_zero(left)].item())) return false;
      }
    }
    return true;
  }

  // Calls f(Item*) for every item whose home is this chunk and whose position is not below that of `from`, which is a
  // hash of this segment with this home.
  template <class F>
  void for_each_at_home(std::uint32_t chunk, std::uint64_t from, F&& f) const {
    const std::uint64_t first = slot_bits(from);
    const bool between = from << window(depth) << Slot::hash_bits != 0;  // a place that the bits of slots do not tell
    std::uint32_t at = chunk;
    for (std::uint32_t probes = 0;;) {
      chunks[at].prefetch_items();
      chunks[at].for_each([&](int slot) {
        if (home(known_hash(chunks[at], slot)) != chunk) return;
        Item* item = chunks[at].items[slot].item();
        const std::uint64_t bits = chunks[at].items[slot].bits();
        if (bits < first || (bits == first && between && is_before(*item, from))) return;
        f(item);
      });
      if (chunks[at].overflow == 0 || ++probes >= width) return;
      at = next(at);
    }
  }

  // Appends all items with what a segment of this depth has to know of their hashes. `prefix`: any hash of our range.
  void gather(std::vector<Entry>& entries, std::uint64_t prefix, std::uint32_t new_depth) const {
    entries.reserve(entries.size() + count);
    if (window(new_depth) > window(depth)) {
      for_each([&entries](Item* item) { entries.push_back({Traits::hash(Traits::key(*item)), item}); });
      return;
    }
    const std::uint64_t common = depth == 0 ? 0 : prefix >> (64 - depth) << (64 - depth);
    for (std::uint32_t at = 0; at < width; ++at) {
      const Chunk& chunk = chunks[at];
      chunk.for_each([&](int slot) {
        entries.push_back({common | known_hash(chunk, slot), chunk.items[slot].item()});
      });
    }
  }

  // A new segment of these items.
  static HashSegment build(std::span<const Entry> entries, std::uint32_t width, std::uint32_t depth) {
    assert(entries.size() <= std::size_t{width} * Chunk::slots);
    HashSegment segment;
    segment.depth = depth & 0xff;
    if (width == 0) return segment;
    segment.width = width & 0xffffff;
    segment.count = static_cast<std::uint32_t>(entries.size());
    segment.chunks = static_cast<Chunk*>(allocate(segment.bytes()));
    for (std::uint32_t at = 0; at < width; ++at) {
      Chunk& chunk = *new (segment.chunks + at) Chunk;
      std::fill(std::begin(chunk.tags), std::end(chunk.tags), std::uint8_t{0});
      chunk.overflow = chunk.filled = 0;
    }
    // Not by place(): items come in the order of their homes, and to compare all tags of a chunk just after one of them
    // was written makes the processor wait.
    for (const Entry& entry : entries) {
      std::uint32_t at = segment.home(entry.hash);
      for (; segment.chunks[at].filled == Chunk::slots; at = segment.next(at)) segment.chunks[at].pass();
      segment.put(at, segment.chunks[at].filled++, entry.hash, entry.item);
    }
    return segment;
  }

  void release() {
    if (width != 0) deallocate(chunks, bytes());
    *this = HashSegment{};
  }

 private:
  void put(std::uint32_t chunk, int slot, std::uint64_t hash, Item* item) {
    chunks[chunk].tags[slot] = Chunk::tag(hash);
    chunks[chunk].items[slot] = Slot(item, slot_bits(hash));
  }

  static bool is_before(const Item& item, std::uint64_t hash) {
    return Traits::hash(Traits::key(item)) >> hash_tag_bits < hash >> hash_tag_bits;
  }

  // What a segment of width 0 points to, so that a search need not ask. Never written.
  static inline constinit Chunk nothing{};

  static constexpr std::size_t alignment = sizeof(Chunk);  // both lines of a chunk: one pair for the prefetcher

  // Traits may bring an allocator of its own: allocate(bytes, alignment), deallocate(memory, bytes, alignment).
  static void* allocate(std::size_t size) {
    if constexpr (requires { Traits::allocate(size, alignment); }) {
      return Traits::allocate(size, alignment);
    } else {
      return ::operator new (size, std::align_val_t{alignment});
    }
  }
  static void deallocate(void* memory, std::size_t size) {
    if constexpr (requires { Traits::deallocate(memory, size, alignment); }) {
      Traits::deallocate(memory, size, alignment);
    } else {
      ::operator delete (memory, std::align_val_t{alignment});
    }
  }
};

}  // namespace redipy
