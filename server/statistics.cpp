// SPDX-License-Identifier: Apache-2.0
//
// Percentiles and rates.
#include "server/statistics.h"

#include <sys/resource.h>

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

namespace {
int64_t process_cpu_us() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1'000'000 + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}
}  // namespace

int64_t Statistics::cpu_us() const { return process_cpu_us() - cpu_us_before; }

uint64_t Statistics::command_nanoseconds() const {
  uint64_t sum = 0;
  for (const CommandStatistics& command : commands) sum += command.nanoseconds;
  return sum;
}

void Statistics::reset() {
  for (CommandStatistics& command : commands) command = {};
  errors.clear();
  errors_there.clear();
  for (uint64_t* count :
       {&commands_processed, &connections_received, &connections_rejected, &error_replies, &output_limit_disconnections,
        &query_limit_disconnections, &evicted_clients, &tracking_invalidations, &eventloop_cycles}) {
    *count = 0;
  }
  for (std::atomic<uint64_t>* count : {&input_bytes, &output_bytes, &reads, &writes}) *count = 0;
  for (Rate* rate : {&commands_rate, &input_rate, &output_rate, &cycles_rate, &cpu_rate}) *rate = {};
  cpu_us_before = process_cpu_us();
}

double Statistics::Rate::per_second() const {
  return std::accumulate(samples.begin(), samples.end(), 0.0) / static_cast<double>(samples.size());
}

}  // namespace redipy
