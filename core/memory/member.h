// SPDX-License-Identifier: Apache-2.0
//
// An element of a large sorted set: one block with its score and its bytes, which both the set's hash table (by bytes)
// and its tree (by score) point to. Read on: score_tree.h.
#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <new>

#include "core/base/heap.h"
#include "core/base/view.h"

namespace redipy {

// Made and freed only by make() and free(); its bytes follow the length at once, in the same block.
class Member {
 public:
  static Member* make(double score, View bytes) {
    assert(bytes.size() <= std::numeric_limits<std::uint32_t>::max());
    auto* member = new (heap::allocate(block_size(bytes.size()))) Member;
    member->score = score;
    member->length_ = static_cast<std::uint32_t>(bytes.size());
    if (!bytes.empty()) std::memcpy(reinterpret_cast<char*>(member) + header, bytes.data(), bytes.size());
    return member;
  }
  static void free(Member* member) { heap::release(member, member->memory()); }

  Member(const Member&) = delete;
  Member& operator=(const Member&) = delete;

  View bytes() const { return {reinterpret_cast<const char*>(this) + header, length_}; }
  // The size of the block, as it was asked for.
  std::size_t memory() const { return block_size(length_); }

  double score;  // once the member is in a tree, only that changes it

 private:
  Member() = default;

  static constexpr std::size_t header = sizeof(double) + sizeof(std::uint32_t);
  static constexpr std::size_t block_size(std::size_t length) { return std::max(header + length, sizeof(Member)); }

  std::uint32_t length_;
};

}  // namespace redipy
