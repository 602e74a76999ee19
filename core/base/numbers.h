// SPDX-License-Identifier: Apache-2.0
// Numbers from bytes and bytes from numbers, by the rules of Redis: what counts as an integer is strict (there is
// exactly one spelling of each), what counts as a float is what strtod takes less a few things, and floats are written
// as Redis 7.2 writes scores. Nothing here allocates or depends on the locale.
//
// Two kinds of float occur. A double is a score (sorted sets, geo). A long double is only used by INCRBYFLOAT and
// HINCRBYFLOAT, whose result is stored as text with at most 17 digits after the point.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "core/base/view.h"

namespace redipy {

constexpr size_t integer_text_size = 20;            // room that format_integer and format_unsigned need at most
constexpr size_t double_text_size = 32;             // room that format_double needs at most
constexpr size_t long_double_text_size = 5 * 1024;  // room that format_long_double_human needs at most

namespace detail {
std::optional<int64_t> parse_integer_slowly(View text);
}

// The integer, where text is its only canonical spelling: an optional '-', no '+', no leading zero, no space, not "-0",
// within 64 bits.
inline std::optional<int64_t> parse_integer(View text) {
  // Most values that are asked are no numbers, and are told by their length or first byte.
  if (text.empty() || text.size() > integer_text_size) return std::nullopt;
  if (static_cast<unsigned char>(text[0] - '0') > 9 && text[0] != '-') return std::nullopt;
  return detail::parse_integer_slowly(text);
}

// The same without a sign, up to 2^64-1.
std::optional<uint64_t> parse_unsigned(View text);

// The double that strtod reads, if it reads all of text: decimal or hexadecimal, "inf" and "infinity" in any case, a
// sign of either kind. Refused: space in front, nan, and what is too large or too small to be told from inf or 0.
std::optional<double> parse_double(View text);

// The same for a long double, for a text shorter than long_double_text_size.
std::optional<long double> parse_long_double(View text);

// How many decimal digits value has; 1 for 0.
size_t digits(uint64_t value);

// Each writes to out and returns the number of bytes written; no NUL is added.
size_t format_integer(int64_t value, char* out);
size_t format_unsigned(uint64_t value, char* out);

// As Redis 7.2 writes a score: "inf", "-inf", "nan", "-0", a whole number up to 2^62 in full, else the shortest
// digits that read back as the same value: 0.1, 1e+20, 1.5e-7, 1.2345678901234e+4.
size_t format_double(double value, char* out);

// As INCRBYFLOAT stores its result: 17 digits after the point, without the zeros at the end; "0" for minus zero.
size_t format_long_double_human(long double value, char* out);

// Bytes from an amount as in redis.conf: "100", "10b", "10k" (1000), "10kb" (1024), "5mb", "1gb", in any case.
std::optional<uint64_t> parse_memory_size(View text);

}  // namespace redipy
