// SPDX-License-Identifier: Apache-2.0
//
// Percentiles and rates.
#include "server/statistics.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace redipy {

uint64_t LatencyHistogram::percentile(double percent) const {
  const auto wanted = static_cast<uint64_t>(std::ceil(static_cast<double>(total_) * percent / 100.0));
  uint64_t seen = 0;
  for (size_t i = 0; i < buckets_.size(); ++i) {
    seen += buckets_[i];
    if (seen >= std::max<uint64_t>(wanted, 1)) return upper_edge(i);
  }
  return 0;
}

uint64_t LatencyHistogram::count_up_to(uint64_t ns) const {
  uint64_t seen = 0;
  for (size_t i = 0; i < buckets_.size() && upper_edge(i) <= ns; ++i) seen += buckets_[i];
  return seen;
}

void Statistics::Rate::sample(uint64_t count, double seconds) {
  if (seconds > 0) samples[next] = static_cast<double>(count - last_count) / seconds;
  next = (next + 1) % samples.size();
  last_count = count;
}

double Statistics::Rate::per_second() const {
  return std::accumulate(samples.begin(), samples.end(), 0.0) / static_cast<double>(samples.size());
}

}  // namespace redipy
