// SPDX-License-Identifier: Apache-2.0
//
// The bytes a connection has received and not done with.
//
//     data                begin          parsed            end        capacity
//      │ done, may go      │ a request     │ not yet looked  │ room       │
//      │                   │ half read     │ at              │            │
//
// A half-read request's words are views into [begin, parsed); where the bytes move, its session is told.
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>

namespace redipy {

class Input {
 public:
  const char* begin() const { return data_.get() + begin_; }
  const char* parsed() const { return data_.get() + parsed_; }
  const char* end() const { return data_.get() + end_; }
  size_t size() const { return end_ - begin_; }
  size_t capacity() const { return capacity_; }

  /// All before `at` is done with; parsing goes on at `parsed`. Nothing moves: a read into room() may be under way.
  void advance(const char* at, const char* parsed) {
    begin_ = static_cast<size_t>(at - data_.get());
    parsed_ = static_cast<size_t>(parsed - data_.get());
  }

  /// Room for at least `count` more bytes, or, if `exactly`, no more. Calls moved(begin, end, distance) when the kept
  /// bytes change their place.
  template <class Moved>
  void make_room(size_t count, bool exactly, Moved moved) {
    if (begin_ == end_) begin_ = parsed_ = end_ = 0;
    if (capacity_ - end_ >= count) return;
    const char* const old_begin = begin();
    const char* const old_end = end();
    const size_t kept = size();
    if (begin_ >= kept && capacity_ - kept >= count) {
      std::memcpy(data_.get(), old_begin, kept);
      moved(old_begin, old_end, data_.get() - old_begin);
    } else {
      replace(exactly ? kept + count : std::max(kept + count, std::min(capacity_ * 2, kept + most_growth)), moved);
    }
    parsed_ -= begin_;
    end_ = kept;
    begin_ = 0;
  }
  /// Gives back all room; as make_room().
  template <class Moved>
  void shrink(Moved moved) {
    const size_t kept = size();
    if (kept == 0) return release();
    replace(kept, moved);
    parsed_ -= begin_;
    end_ = kept;
    begin_ = 0;
  }
  char* room() { return data_.get() + end_; }
  size_t room_size() const { return capacity_ - end_; }
  void commit(size_t count) { end_ += count; }

  /// Gives the memory back; only when empty.
  void release() {
    data_.reset();
    begin_ = parsed_ = end_ = capacity_ = 0;
  }

 private:
  static constexpr size_t most_growth = size_t{1} << 20;

  /// Other memory, with the kept bytes at its beginning.
  template <class Moved>
  void replace(size_t capacity, Moved moved) {
    const char* const old_begin = begin();
    const size_t kept = size();
    std::unique_ptr<char[]> other(new char[capacity]);
    if (kept > 0) std::memcpy(other.get(), old_begin, kept);
    if (kept > 0) moved(old_begin, end(), other.get() - old_begin);
    data_ = std::move(other);
    capacity_ = capacity;
  }

  std::unique_ptr<char[]> data_;
  size_t begin_ = 0;
  size_t parsed_ = 0;
  size_t end_ = 0;
  size_t capacity_ = 0;
};

}  // namespace redipy
