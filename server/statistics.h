// SPDX-License-Identifier: Apache-2.0
//
// What INFO, LATENCY and CONFIG RESETSTAT count. Guarded by the server's lock, but for what says otherwise.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "core/base/view.h"

namespace redipy {

/// How often a command took how long: buckets of a quarter of a power of two of nanoseconds (error below 12 %).
class LatencyHistogram {
 public:
  void add(uint64_t ns) {
    ++buckets_[bucket(ns)];
    ++total_;
  }
  uint64_t total() const { return total_; }
  /// The time, in ns, that `percent` of the calls did not exceed (the upper edge of its bucket).
  uint64_t percentile(double percent) const;
  /// Calls of at most `ns`.
  uint64_t count_up_to(uint64_t ns) const;

 private:
  static constexpr size_t bucket(uint64_t ns) {
    if (ns < 4) return static_cast<size_t>(ns);
    const auto power = static_cast<size_t>(std::bit_width(ns) - 1);
    return power * 4 + ((ns >> (power - 2)) & 3);
  }
  static constexpr uint64_t upper_edge(size_t bucket) {
    if (bucket < 8) return bucket < 4 ? bucket : 4;
    const size_t power = bucket / 4;
    return ((4 + bucket % 4 + 1) << (power - 2)) - 1;
  }
  std::array<uint32_t, 256> buckets_{};
  uint64_t total_ = 0;
};

struct CommandStatistics {
  uint64_t calls = 0;
  uint64_t nanoseconds = 0;
  uint64_t rejected = 0;
  uint64_t rejected_there = 0;  ///< of these: by an upstream
  uint64_t failed = 0;
  std::unique_ptr<LatencyHistogram> latency;
};

struct Statistics {
  std::vector<CommandStatistics> commands;  ///< by CommandTable::Entry::id
  using Errors = std::map<Bytes, uint64_t, std::less<>>;
  Errors errors;        ///< by their first word
  Errors errors_there;  ///< of these: an upstream's
  uint64_t commands_processed = 0;
  uint64_t connections_received = 0;
  uint64_t connections_rejected = 0;
  uint64_t error_replies = 0;
  uint64_t output_limit_disconnections = 0;
  uint64_t query_limit_disconnections = 0;
  uint64_t evicted_clients = 0;
  uint64_t tracking_invalidations = 0;
  std::atomic<uint64_t> input_bytes{0};   ///< any thread
  std::atomic<uint64_t> output_bytes{0};  ///< any thread
  std::atomic<uint64_t> reads{0};         ///< any thread
  std::atomic<uint64_t> writes{0};        ///< any thread
  int64_t cpu_us_before = 0;              ///< CPU time of the process that is not counted any more
  uint64_t eventloop_cycles = 0;
  uint64_t peak_memory = 0;

  // Rates over the last samples, taken by the cron.
  struct Rate {
    std::array<double, 16> samples{};
    size_t next = 0;
    uint64_t last_count = 0;
    void sample(uint64_t count, double seconds);
    double per_second() const;
  };
  Rate commands_rate, input_rate, output_rate, cycles_rate, cpu_rate;

  /// CPU time of the process since the last reset.
  int64_t cpu_us() const;
  uint64_t command_nanoseconds() const;
  /// CONFIG RESETSTAT: as at the start, but for the peak of memory.
  void reset();
};

}  // namespace redipy
