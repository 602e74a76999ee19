// SPDX-License-Identifier: Apache-2.0
//
// LATENCY: spikes of at least latency-monitor-threshold ms, the last 160 per kind of event. Guarded by the server's
// lock.
#pragma once

#include <array>
#include <cstdint>
#include <map>

#include "core/base/view.h"

namespace redipy {

class LatencyMonitor {
 public:
  struct Sample {
    int64_t time_s = 0;
    uint32_t latency_ms = 0;
  };
  struct Series {
    static constexpr size_t length = 160;
    std::array<Sample, length> samples{};
    size_t next = 0;
    uint32_t highest_ms = 0;
  };

  /// Spikes within one second count as one, the highest.
  void add(View event, int64_t time_s, uint32_t latency_ms);
  /// Forgets one event, or all (empty name); returns how many series went.
  size_t reset(View event);
  const std::map<Bytes, Series, std::less<>>& series() const { return series_; }

 private:
  std::map<Bytes, Series, std::less<>> series_;
};

}  // namespace redipy
