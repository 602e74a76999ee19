// SPDX-License-Identifier: Apache-2.0
// How long something took, for a few nanoseconds: the processor's cycle counter where it counts at a constant rate
// (x86 with an invariant TSC), else the steady clock in nanoseconds. A point in ticks means nothing by itself; only
// differences do, and only after ticks::to_ns or to_us.
#pragma once

#include <cstdint>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace redipy::ticks {

namespace detail {
extern const bool counter_is_constant;
int64_t steady_ns();
}  // namespace detail

inline int64_t now() {
#if defined(__x86_64__)
  if (detail::counter_is_constant) return static_cast<int64_t>(__rdtsc());
#endif
  return detail::steady_ns();
}

// Durations of so many ticks. The rate is measured against the steady clock since the process started, ever more
// exactly; a call in its first millisecond waits until that has passed. Any thread may call.
int64_t to_ns(int64_t duration);
int64_t to_us(int64_t duration);

// The same rate by itself, for a loop that converts often: holds for the next second at least.
double ns_per_tick();

}  // namespace redipy::ticks
