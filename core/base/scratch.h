// SPDX-License-Identifier: Apache-2.0
// A vector that keeps its memory from one use to the next, one in each thread, so that commands on several elements
// allocate nothing once warm. What had to grow large is given back.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace redipy {

// Takes the thread's spare vector of T, or a new one where that is in use, and puts it back at its end.
template <typename T>
class Scratch {
 public:
  Scratch() : vector_(std::move(spare())) { vector_.clear(); }
  ~Scratch() {
    constexpr size_t each = sizeof(T);  // NOLINT(bugprone-sizeof-expression): of a pointer where T is one
    if (vector_.capacity() * each <= most_kept) spare() = std::move(vector_);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  std::vector<T>& operator*() { return vector_; }
  const std::vector<T>& operator*() const { return vector_; }
  std::vector<T>* operator->() { return &vector_; }
  const std::vector<T>* operator->() const { return &vector_; }

 private:
  static constexpr size_t most_kept = size_t{64} << 10;

  static std::vector<T>& spare() {
    thread_local std::vector<T> vector;
    return vector;
  }

  std::vector<T> vector_;
};

}  // namespace redipy
