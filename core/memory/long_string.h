// SPDX-License-Identifier: Apache-2.0
//
// The bytes of a string that is too long for its entry, in a block of their own. They grow at the end at a constant
// cost per byte: room is doubled up to a MiB, and from there on grows by a MiB at a time, as in Redis.
//
//   block:  size 64 | capacity 64 | bytes …
//
// The object is one pointer; the empty string is null.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "core/base/view.h"

namespace redipy {

/// One caller at a time.
class LongString {
 public:
  LongString() noexcept = default;
  explicit LongString(View bytes) { assign(bytes); }
  LongString(LongString&& other) noexcept : head_(std::exchange(other.head_, nullptr)) {}
  LongString& operator=(LongString&& other) noexcept {
    std::swap(head_, other.head_);
    return *this;
  }
  ~LongString() { clear(); }

  LongString copy() const { return LongString(view()); }

  View view() const { return head_ ? View(bytes(), head_->size) : View(); }
  size_t size() const { return head_ ? head_->size : 0; }
  size_t memory() const;  ///< bytes of the block

  /// Replaces all bytes, which may be a part of these. Gives room back that is of no use any more.
  void assign(View bytes);
  /// Writes at `offset`, not into itself; what lies between the end and `offset` becomes zeros.
  void patch(size_t offset, View bytes);
  /// Room for at least so many bytes.
  void reserve(size_t capacity);
  void clear() noexcept;

 private:
  struct Head {
    uint64_t size;
    uint64_t capacity;
  };

  char* bytes() const { return reinterpret_cast<char*>(head_ + 1); }

  Head* head_ = nullptr;
};

}  // namespace redipy
