// SPDX-License-Identifier: Apache-2.0
//
// See latency_monitor.h.
#include "server/latency_monitor.h"

#include <algorithm>

namespace redipy {

void LatencyMonitor::add(View event, int64_t time_s, uint32_t latency_ms) {
  auto found = series_.find(event);
  if (found == series_.end()) found = series_.emplace(Bytes(event), Series{}).first;
  Series& series = found->second;
  series.highest_ms = std::max(series.highest_ms, latency_ms);
  Sample& last = series.samples[(series.next + Series::length - 1) % Series::length];
  if (last.time_s == time_s) {
    last.latency_ms = std::max(last.latency_ms, latency_ms);
    return;
  }
  series.samples[series.next] = {time_s, latency_ms};
  series.next = (series.next + 1) % Series::length;
}

size_t LatencyMonitor::reset(View event) {
  if (event.empty()) {
    const size_t count = series_.size();
    series_.clear();
    return count;
  }
  const auto found = series_.find(event);
  if (found == series_.end()) return 0;
  series_.erase(found);
  return 1;
}

}  // namespace redipy
