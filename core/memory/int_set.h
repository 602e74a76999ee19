// SPDX-License-Identifier: Apache-2.0
// IntSet: a set of integers as a sorted array in one block, each of 16, 32 or 64 bits, whichever the widest needs (it
// grows with the first integer that needs more, and never shrinks, as Redis's intset). The object is one pointer; empty
// is null. Looking up is a binary search without branches that depend on the data.
//
//   block:  size (4) | width 2, 4 or 8, and capacity (4) | integer … | slack       little endian
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "core/base/random.h"
#include "core/base/view.h"

namespace redipy {

// One caller at a time.
class IntSet {
 public:
  IntSet() noexcept = default;
  IntSet(IntSet&& other) noexcept : head_(std::exchange(other.head_, nullptr)) {}
  IntSet& operator=(IntSet&& other) noexcept {
    std::swap(head_, other.head_);
    return *this;
  }
  ~IntSet() { clear(); }

  IntSet copy() const;

  bool empty() const { return head_ == nullptr; }
  uint32_t size() const { return head_ == nullptr ? 0 : head_->size; }
  size_t memory() const;  // bytes of the block

  bool contains(int64_t number) const;

  // Whether the set changed: false when number was in it already. Throws std::length_error beyond 2^27 integers.
  bool add(int64_t number);

  // Whether the set changed: false when number was not in it.
  bool remove(int64_t number);

  // The index-th by size; index < size().
  int64_t at(uint32_t index) const;

  // One of them, each with the same probability; of a set that is not empty.
  int64_t random(Random& source) const { return at(static_cast<uint32_t>(source.below(size()))); }

  void clear() noexcept;

  // Adds the set as Redis's intset: width (4), size (4), integers. Not of an empty set, which Redis does not know.
  void append_intset_to(Bytes& out) const;

  // The set of such a blob; nullopt when it is empty, not sorted, holds one twice, or its sizes are wrong.
  static std::optional<IntSet> from_intset(View blob);

 private:
  struct Head {
    uint32_t size;
    uint32_t width : 4;  // bytes of each integer
    uint32_t capacity : 28;

    const unsigned char* integers() const { return reinterpret_cast<const unsigned char*>(this + 1); }
    unsigned char* integers() { return reinterpret_cast<unsigned char*>(this + 1); }
  };

  // The index of the first that is not less than number.
  uint32_t lower_bound(int64_t number) const;

  // Makes a block for `capacity` integers or more of that width, and moves what there is into it.
  void rebuild(uint32_t capacity, uint32_t width);

  Head* head_ = nullptr;
};

}  // namespace redipy
