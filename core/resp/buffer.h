// SPDX-License-Identifier: Apache-2.0
//
// A growing run of bytes that is written at its end and never initialised first. Replies are formed in one.
#pragma once

#include <algorithm>
#include <cstring>
#include <limits>
#include <memory>
#include <new>

#include "core/base/view.h"

namespace redipy {

/// More was to be written than may be: whoever forms the reply ends it here.
struct BufferLimit : std::bad_alloc {
  const char* what() const noexcept override { return "the reply is larger than the client may let wait"; }
};

class Buffer {
 public:
  static constexpr size_t no_limit = std::numeric_limits<size_t>::max();

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  size_t capacity() const { return capacity_; }
  const char* data() const { return data_.get(); }
  char* data() { return data_.get(); }
  View view() const { return {data_.get(), size_}; }

  /// Room for `count` more bytes at the end; they count once commit() is told of them.
  char* reserve(size_t count) {
    if (capacity_ - size_ < count) grow(count);
    return data_.get() + size_;
  }
  /// Growing beyond `bytes` throws BufferLimit, once, and is remembered.
  void set_limit(size_t bytes) { limit_ = bytes; }
  bool reached_limit() const { return reached_limit_; }
  void commit(size_t count) { size_ += count; }
  void append(View bytes) {
    if (bytes.empty()) return;
    std::memcpy(reserve(bytes.size()), bytes.data(), bytes.size());
    size_ += bytes.size();
  }
  /// Forgets all bytes from `size` on.
  void truncate(size_t size) { size_ = size; }
  void clear() {
    size_ = 0;
    reached_limit_ = false;
  }
  /// Forgets the first `count` bytes.
  void drop_front(size_t count) {
    size_ -= count;
    if (size_ > 0) std::memmove(data_.get(), data_.get() + count, size_);
  }
  /// Gives the memory back, too.
  void release() {
    data_.reset();
    size_ = capacity_ = 0;
    reached_limit_ = false;
  }

 private:
  void grow(size_t count) {
    if (size_ + count > limit_) {
      limit_ = no_limit;
      reached_limit_ = true;
      throw BufferLimit();
    }
    const size_t wanted = std::max({size_ + count, capacity_ * 2, size_t{256}});
    std::unique_ptr<char[]> larger(new char[wanted]);
    if (size_ > 0) std::memcpy(larger.get(), data_.get(), size_);
    data_ = std::move(larger);
    capacity_ = wanted;
  }

  std::unique_ptr<char[]> data_;
  size_t size_ = 0;
  size_t capacity_ = 0;
  size_t limit_ = no_limit;
  bool reached_limit_ = false;
};

}  // namespace redipy
