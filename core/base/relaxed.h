// SPDX-License-Identifier: Apache-2.0
//
// A number, flag or enum that one thread may change while others look at it: each load and store is a relaxed atomic,
// which costs no more than a plain one. It says nothing about any other memory; who needs that takes a lock.
#pragma once

#include <atomic>

namespace redipy {

template <class T>
class Relaxed {
 public:
  constexpr Relaxed() = default;
  constexpr Relaxed(T value) : value_(value) {}  // NOLINT(google-explicit-constructor): stands where a T stood
  Relaxed(const Relaxed& other) : value_(T(other)) {}
  Relaxed& operator=(const Relaxed& other) { return *this = T(other); }
  Relaxed& operator=(T value) {
    value_.store(value, std::memory_order_relaxed);
    return *this;
  }
  operator T() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<T> value_{};
};

}  // namespace redipy
