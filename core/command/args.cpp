// SPDX-License-Identifier: Apache-2.0
//
// Conversions of arguments, and the errors that need their words put in.
#include "core/command/args.h"

#include <cmath>
#include <limits>

#include "core/base/numbers.h"

namespace redipy {

int64_t Args::integer(size_t i, View refusal) const {
  if (const auto value = parse_integer(words_[i])) return *value;
  throw CommandError(refusal);
}

int64_t Args::integer(size_t i, int64_t least, int64_t most, View refusal) const {
  const int64_t value = integer(i, refusal);
  if (value < least || value > most) throw CommandError(refusal);
  return value;
}

double Args::number(size_t i, View refusal) const {
  if (const auto value = parse_double(words_[i])) return *value;
  throw CommandError(refusal);
}

std::optional<int64_t> Args::timeout(size_t i, int64_t now_ms) const {
  const auto seconds = parse_long_double(words_[i]);
  if (!seconds) throw CommandError(error::timeout_not_a_float);
  const long double ms = *seconds * 1000;
  if (ms > static_cast<long double>(std::numeric_limits<int64_t>::max())) {
    throw CommandError("ERR timeout is out of range");
  }
  if (ms < 0) throw CommandError(error::timeout_negative);
  if (ms == 0) return std::nullopt;
  const auto whole = static_cast<int64_t>(std::ceil(ms));
  if (whole > std::numeric_limits<int64_t>::max() - now_ms) throw CommandError("ERR timeout is out of range");
  return now_ms + whole;
}

CommandError invalid_expire_time(View lower_case_command) {
  return CommandError("ERR invalid expire time in '" + Bytes(lower_case_command) + "' command");
}

CommandError wrong_arity(View lower_case_command) {
  return CommandError("ERR wrong number of arguments for '" + Bytes(lower_case_command) + "' command");
}

}  // namespace redipy
