// SPDX-License-Identifier: Apache-2.0
//
// The small words that the store's contract and the commands share: types of value, ends of a list, what happens to a
// deadline, bounds of a range. Times are milliseconds since 1970 in UTC unless a name says otherwise.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

#include "core/base/view.h"

namespace redipy {

enum class Type : uint8_t { none, string, list, set, sorted_set, hash, stream };

/// The name that TYPE replies: "none", "string", "list", "set", "zset", "hash", "stream".
constexpr View type_name(Type type) {
  constexpr View names[] = {"none", "string", "list", "set", "zset", "hash", "stream"};
  return names[static_cast<size_t>(type)];
}

enum class End : uint8_t { front, back };

/// What a write does to the key's deadline.
struct Expiry {
  enum Kind : uint8_t { keep, none, at } kind = none;
  int64_t deadline = 0;  ///< ms since 1970, when kind is `at`
};

constexpr int64_t no_deadline = -1;

/// Bounds of a range of scores. Empty when low > high, or they are equal and one is exclusive.
struct ScoreRange {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool low_exclusive = false;
  bool high_exclusive = false;

  constexpr bool above_low(double score) const { return low_exclusive ? score > low : score >= low; }
  constexpr bool below_high(double score) const { return high_exclusive ? score < high : score <= high; }
  constexpr bool empty() const { return low > high || (low == high && (low_exclusive || high_exclusive)); }
};

/// One bound of a range of members in byte order.
struct LexBound {
  enum Kind : uint8_t { minimum, inclusive, exclusive, maximum } kind = minimum;
  View member;
};

struct LexRange {
  LexBound low{LexBound::minimum, {}};
  LexBound high{LexBound::maximum, {}};

  constexpr bool above_low(View member) const {
    switch (low.kind) {
      case LexBound::minimum:
        return true;
      case LexBound::inclusive:
        return member >= low.member;
      case LexBound::exclusive:
        return member > low.member;
      case LexBound::maximum:
        return false;
    }
    return false;
  }
  constexpr bool below_high(View member) const {
    switch (high.kind) {
      case LexBound::maximum:
        return true;
      case LexBound::inclusive:
        return member <= high.member;
      case LexBound::exclusive:
        return member < high.member;
      case LexBound::minimum:
        return false;
    }
    return false;
  }
  /// Whether no member can lie in it.
  constexpr bool empty() const {
    if (low.kind == LexBound::maximum || high.kind == LexBound::minimum) return true;
    if (low.kind == LexBound::minimum || high.kind == LexBound::maximum) return false;
    if (low.member > high.member) return true;
    return low.member == high.member && (low.kind == LexBound::exclusive || high.kind == LexBound::exclusive);
  }
};

/// Elements [first, first + count) by rank, 0-based.
struct RankRange {
  size_t first = 0;
  size_t count = 0;
};

/// Turns Redis's start and stop (negative: from the end, stop inclusive) into a RankRange within `size` elements.
constexpr RankRange rank_range(int64_t start, int64_t stop, size_t size) {
  const auto length = static_cast<int64_t>(size);
  if (start < 0) start = start + length < 0 ? 0 : start + length;
  if (stop < 0) stop += length;
  if (stop >= length) stop = length - 1;
  if (start > stop || start >= length) return {};
  return {static_cast<size_t>(start), static_cast<size_t>(stop - start + 1)};
}

}  // namespace redipy
