// SPDX-License-Identifier: Apache-2.0
//
// The two building blocks of HashTable (hash_table.h, whose essay comes first): HashChunk, 14 slots with a tag of the
// hash each, searched by one vector comparison; and HashSegment, an array of chunks that covers one contiguous range
// of hash values.
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
#include <string_view>
#include <utility>
#include <vector>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace redipy {

// Where a hash stands in the order of the table: its upper 48 bits. The lower bits only make tags.
inline constexpr unsigned hash_position_bits = 48;
inline constexpr unsigned hash_tag_bits = 64 - hash_position_bits;

// The upper half of a product of 64 bits each: x / 2^64 of y.
inline std::uint64_t multiply_high(std::uint64_t x, std::uint64_t y) {
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::uint64_t>((static_cast<Wide>(x) * y) >> 64);
}

// Two cache lines:  [ 14 tags | overflow | unused ]  [ 14 item pointers ]
//                     16 bytes                         112 bytes
template <class Item>
struct alignas(64) HashChunk {
  static constexpr unsigned slots = 14;
  static constexpr std::uint32_t all = (1U << slots) - 1;
  static constexpr std::uint8_t overflow_stuck = 255;

  std::uint8_t tags[slots];  // 0: the slot is empty
  std::uint8_t overflow;     // how many items went past this chunk as it was full; at 255 it stays
  std::uint8_t unused;
  Item* items[slots];

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
  std::uint32_t used() const { return ~empty() & all; }

  template <class F>
  void for_each(F&& f) const {
    for (std::uint32_t left = used(); left != 0; left &= left - 1) f(items[std::countr_zero(left)]);
  }
  void prefetch_items() const {
    for_each([](const Item* item) { __builtin_prefetch(item); });
  }
};

// A range of hash values and the chunks that hold it. A plain value of 16 bytes, as it lives in the directory; its
// chunks are given back by release(), not by a destructor.
//
//   depth   the range is that of all hashes whose upper `depth` bits are the same; the directory knows which
//   width   number of chunks, 0 for a segment without items (it then shares the one chunk `nothing`)
//   home    of the bits after these, as a fraction of their range, times the width: monotonic in the hash
template <class Item, class Traits>
struct HashSegment {
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

  // How many items a width may hold: all 14 slots of a single chunk, 12 of 14 in the long run.
  static constexpr std::uint32_t limit(std::uint32_t width) { return width == 0 ? 0 : width * 12 + 2; }

  // The smallest width for so many items.
  static std::uint32_t width_for(std::size_t items) {
    if (items == 0) return 0;
    if (items > limit(widest)) return static_cast<std::uint32_t>(std::bit_ceil((items + 11) / 12));
    return *std::find_if(widths.begin(), widths.end(), [items](std::uint32_t width) { return items <= limit(width); });
  }

  bool full() const { return count >= limit(width); }
  std::size_t bytes() const { return width * sizeof(Chunk); }

  // The chunk where the search for a hash starts. Depends on the position only (the upper 48 bits).
  std::uint32_t home(std::uint64_t hash) const {
    return static_cast<std::uint32_t>(multiply_high(hash >> hash_tag_bits << hash_tag_bits << depth, width));
  }
  std::uint32_t next(std::uint32_t chunk) const { return chunk + 1 == width ? 0 : chunk + 1; }

  // The slot that holds the key, null if there is none.
  Item** find(std::uint64_t hash, std::string_view key) const {
    const std::uint8_t tag = Chunk::tag(hash);
    std::uint32_t at = home(hash);
    for (std::uint32_t probes = 0;;) {
      Chunk& chunk = chunks[at];
      for (std::uint32_t left = chunk.matches(tag); left != 0; left &= left - 1) {
        Item*& item = chunk.items[std::countr_zero(left)];
        if (Traits::key(*item) == key) return &item;
      }
      // Stuck overflow counts may go all the way round, hence the bound.
      if (chunk.overflow == 0 || ++probes >= width) return nullptr;
      at = next(at);
    }
  }

  // Puts an item into the first free slot from its home on. There must be one; `count` is the caller's.
  void place(std::uint64_t hash, Item* item) {
    std::uint32_t at = home(hash);
    std::uint32_t empty = chunks[at].empty();
    for (; empty == 0; empty = chunks[at].empty()) {
      if (chunks[at].overflow != Chunk::overflow_stuck) ++chunks[at].overflow;
      at = next(at);
    }
    const int slot = std::countr_zero(empty);
    chunks[at].tags[slot] = Chunk::tag(hash);
    chunks[at].items[slot] = item;
  }

  // Empties a slot of this segment, found for this hash.
  void remove(std::uint64_t hash, Item** slot) {
    const auto offset = reinterpret_cast<std::uintptr_t>(slot) - reinterpret_cast<std::uintptr_t>(chunks);
    const auto holder = static_cast<std::uint32_t>(offset / sizeof(Chunk));
    chunks[holder].tags[slot - chunks[holder].items] = 0;
    for (std::uint32_t at = home(hash); at != holder; at = next(at)) {
      if (chunks[at].overflow != Chunk::overflow_stuck) --chunks[at].overflow;
    }
  }

  // Calls f with every item, asking for those of the next chunk meanwhile.
  template <class F>
  void for_each(F&& f) const {
    if (width != 0) chunks[0].prefetch_items();
    for (std::uint32_t at = 0; at < width; ++at) {
      if (at + 1 < width) chunks[at + 1].prefetch_items();
      chunks[at].for_each(f);
    }
  }

  // Calls f with every item whose home is this chunk and whose position is not below `from`.
  template <class F>
  void for_each_at_home(std::uint32_t chunk, std::uint64_t from, F&& f) const {
    std::uint32_t at = chunk;
    chunks[at].prefetch_items();
    for (std::uint32_t probes = 0;;) {
      chunks[at].for_each([&](Item* item) {
        const std::uint64_t hash = Traits::hash(Traits::key(*item));
        if (home(hash) == chunk && hash >> hash_tag_bits >= from) f(item);
      });
      if (chunks[at].overflow == 0 || ++probes >= width) return;
      at = next(at);
      chunks[at].prefetch_items();
    }
  }

  // Appends all items with their hashes.
  void gather(std::vector<Entry>& entries) const {
    entries.reserve(entries.size() + count);
    for_each([&entries](Item* item) { entries.push_back({Traits::hash(Traits::key(*item)), item}); });
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
      chunk.overflow = chunk.unused = 0;
    }
    for (const Entry& entry : entries) segment.place(entry.hash, entry.item);
    return segment;
  }

  void release() {
    if (width != 0) deallocate(chunks, bytes());
    *this = HashSegment{};
  }

 private:
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
      ::operator delete (memory, size, std::align_val_t{alignment});
    }
  }
};

}  // namespace redipy
