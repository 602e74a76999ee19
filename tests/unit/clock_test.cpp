// SPDX-License-Identifier: Apache-2.0
// Clocks: the one that tests set, and that the others run forward in the right unit.
#include "core/base/clock.h"

#include <gtest/gtest.h>

#include <chrono>

#include "core/base/ticks.h"

namespace redipy {
namespace {

TEST(ClockTest, a_manual_clock_stands_until_told) {
  ManualClock clock(5'000);
  EXPECT_EQ(clock.now_us(), 5'000);
  clock.advance_us(999);
  EXPECT_EQ(clock.now_ms(), 5);
  clock.advance_ms(2);
  EXPECT_EQ(clock.now_us(), 7'999);
  clock.set_us(1);
  EXPECT_EQ(clock.now_ms(), 0);
}

TEST(ClockTest, the_system_clock_tells_the_time_of_day) {
  using std::chrono::duration_cast;
  using std::chrono::microseconds;
  using std::chrono::system_clock;
  const auto now = [] { return duration_cast<microseconds>(system_clock::now().time_since_epoch()).count(); };
  const int64_t before = now();
  const int64_t ours = SystemClock().now_us();
  EXPECT_LE(before, ours);
  EXPECT_LE(ours, now());
}

TEST(ClockTest, ticks_run_forward_and_last_a_sensible_time) {
  const int64_t begin = ticks::now();
  int64_t end = begin;
  while (ticks::to_us(end - begin) < 50) end = ticks::now();
  EXPECT_GT(end, begin);
  EXPECT_EQ(ticks::to_ns(0), 0);
  // A tick is between a nanosecond and a twentieth of one on every machine that has such a counter.
  EXPECT_GE(ticks::to_ns(1'000'000), 50'000);
  EXPECT_LE(ticks::to_ns(1'000'000), 2'000'000);
}

}  // namespace
}  // namespace redipy
