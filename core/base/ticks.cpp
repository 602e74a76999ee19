// SPDX-License-Identifier: Apache-2.0
// See ticks.h. The rate is the quotient of both clocks' advance since the start. It is taken anew whenever the time
// since the start has grown tenfold (1 ms, 10 ms, ... up to 10 s), by which time the two readings' own delay no longer
// counts.
#include "core/base/ticks.h"

#include <time.h>

#include <atomic>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace redipy::ticks {
namespace {

bool read_whether_constant() {
#if defined(__x86_64__)
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  constexpr unsigned power_management = 0x80000007;
  constexpr unsigned invariant_tsc = 1U << 8;
  return __get_cpuid(power_management, &a, &b, &c, &d) != 0 && (d & invariant_tsc) != 0;
#else
  return false;
#endif
}

}  // namespace

const bool detail::counter_is_constant = read_whether_constant();

namespace {

/// Both clocks at one moment. A turn of another program between the two readings would spoil them, so the closest of a
/// few pairs is taken.
struct Reading {
  int64_t ticks = 0;
  int64_t ns = 0;
};

Reading read_both() {
  Reading best;
  int64_t shortest = INT64_MAX;
  for (int i = 0; i < 5; ++i) {
    const int64_t before = now();
    const int64_t ns = detail::steady_ns();
    const int64_t taken = now() - before;
    if (taken >= shortest) continue;
    shortest = taken;
    best = {before + taken / 2, ns};
  }
  return best;
}

const Reading start = read_both();

constexpr int64_t first_measurement_ns = 1'000'000;
constexpr int64_t last_measurement_ns = 10'000'000'000;

std::atomic<double> measured_rate{0};
std::atomic<int64_t> next_measurement_ns{first_measurement_ns};  // since the start

double measure() {
  int64_t elapsed_ns = 0;
  int64_t elapsed_ticks = 0;
  do {
    const Reading at = read_both();
    elapsed_ticks = at.ticks - start.ticks;
    elapsed_ns = at.ns - start.ns;
  } while (elapsed_ns < first_measurement_ns);
  const double rate = static_cast<double>(elapsed_ns) / static_cast<double>(elapsed_ticks);
  measured_rate.store(rate, std::memory_order_relaxed);
  int64_t next = elapsed_ns * 10;
  if (elapsed_ns >= last_measurement_ns) next = INT64_MAX;
  next_measurement_ns.store(next, std::memory_order_relaxed);
  return rate;
}

double rate() {
  const double known = measured_rate.load(std::memory_order_relaxed);
  if (known == 0) return measure();
  const auto age_ns = static_cast<double>(now() - start.ticks) * known;
  if (age_ns < static_cast<double>(next_measurement_ns.load(std::memory_order_relaxed))) return known;
  return measure();
}

}  // namespace

int64_t detail::steady_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

int64_t to_ns(int64_t duration) {
  if (!detail::counter_is_constant) return duration;
  return static_cast<int64_t>(static_cast<double>(duration) * rate());
}

double ns_per_tick() { return detail::counter_is_constant ? rate() : 1.0; }

int64_t to_us(int64_t duration) { return to_ns(duration) / 1000; }

}  // namespace redipy::ticks
