// SPDX-License-Identifier: Apache-2.0
//
// Scores as 64-bit integers of the same order, which every database compares exactly and which have a place for the
// infinities: the bits of the double, and of a negative one all bits but the sign flipped. -0 becomes 0.
#pragma once

#include <bit>
#include <cstdint>

namespace redipy::sql {

constexpr int64_t score_to_ord(double score) {
  if (score == 0) return 0;
  const auto bits = std::bit_cast<int64_t>(score);
  return bits < 0 ? bits ^ INT64_MAX : bits;
}

constexpr double ord_to_score(int64_t ord) { return std::bit_cast<double>(ord < 0 ? ord ^ INT64_MAX : ord); }

}  // namespace redipy::sql
