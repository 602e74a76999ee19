// SPDX-License-Identifier: Apache-2.0
//
// Counts durations in buckets that are 1/64 of their value wide, so that a percentile is right to 1.6 % at any scale.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace redipy::bench {

class Histogram {
 public:
  void add(std::int64_t nanoseconds) {
    ++counts_[bucket_of(static_cast<std::uint64_t>(nanoseconds < 0 ? 0 : nanoseconds))];
    ++total_;
  }

  // The duration that `share` (0..1) of all stay at or below, as the upper end of its bucket; 0 without any.
  std::uint64_t percentile(double share) const {
    const auto wanted = static_cast<std::uint64_t>(share * static_cast<double>(total_));
    std::uint64_t seen = 0;
    for (std::size_t bucket = 0; bucket < counts_.size(); ++bucket) {
      seen += counts_[bucket];
      if (seen > 0 && seen >= wanted) return upper_end(bucket);
    }
    return 0;
  }

 private:
  // Values below 128 have a bucket each; above, the highest bit and the six below it name the bucket.
  static std::size_t bucket_of(std::uint64_t value) {
    if (value < 128) return value;
    const auto shift = static_cast<unsigned>(std::bit_width(value)) - 7;
    return 64 * std::size_t{shift} + (value >> shift);
  }

  static std::uint64_t upper_end(std::size_t bucket) {
    if (bucket < 128) return bucket;
    const std::size_t shift = bucket / 64 - 1;
    return ((bucket - 64 * shift + 1) << shift) - 1;
  }

  std::array<std::uint64_t, 64 * 60> counts_{};
  std::uint64_t total_ = 0;
};

}  // namespace redipy::bench
