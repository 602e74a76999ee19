// SPDX-License-Identifier: Apache-2.0
//
// ZADD's rules for one member, which every store obeys.
#pragma once

#include <cmath>
#include <optional>

#include "core/store/sorted_sets.h"

namespace redipy {

/// What a put comes to, by ZADD's rules; the score is written if it was added or updated.
inline PutResult decide(std::optional<double> current, double score, PutCondition condition) {
  if (std::isnan(score)) return {PutResult::not_a_number, score};
  if (!current) return {condition.only_existing ? PutResult::refused : PutResult::added, score};
  if (condition.only_new) return {PutResult::refused, *current};
  if (condition.increment) {
    score += *current;
    if (std::isnan(score)) return {PutResult::not_a_number, *current};
  }
  if ((condition.only_less && score >= *current) || (condition.only_greater && score <= *current)) {
    return {PutResult::refused, *current};
  }
  return {score == *current ? PutResult::unchanged : PutResult::updated, score};
}

}  // namespace redipy
