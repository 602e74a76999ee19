// SPDX-License-Identifier: Apache-2.0
// The time of day, as something that is handed in: the server hands in SystemClock, a test a ManualClock that it sets.
// Deadlines of keys are points of this time. For how long something took see ticks.h.
#pragma once

#include <atomic>
#include <cstdint>

namespace redipy {

class Clock {
 public:
  virtual ~Clock() = default;

  // Microseconds since 1970 (UTC). May jump, also backwards, when the system's clock is set.
  virtual int64_t now_us() const = 0;

  int64_t now_ms() const { return now_us() / 1000; }
};

class SystemClock final : public Clock {
 public:
  int64_t now_us() const override;
};

// Stands still until told otherwise. May be set by one thread and read by others.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(int64_t now_us = 1'700'000'000'000'000) : now_us_(now_us) {}

  int64_t now_us() const override { return now_us_.load(std::memory_order_relaxed); }
  void set_us(int64_t now_us) { now_us_.store(now_us, std::memory_order_relaxed); }
  void advance_us(int64_t by) { now_us_.fetch_add(by, std::memory_order_relaxed); }
  void advance_ms(int64_t by) { advance_us(by * 1000); }

 private:
  std::atomic<int64_t> now_us_;
};

}  // namespace redipy
