// SPDX-License-Identifier: Apache-2.0
// See clock.h.
#include "core/base/clock.h"

#include <time.h>

namespace redipy {

int64_t SystemClock::now_us() const {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000;
}

}  // namespace redipy
