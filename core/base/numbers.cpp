// SPDX-License-Identifier: Apache-2.0
// Integers and amounts: see numbers.h. Floats are in floats.cpp.
//
// Integers are written two digits at a time from a table of "00" to "99", from the right, their length being known:
// the method of A. Alexandrescu, "Three optimization tips for C++" (2012).
#include "core/base/numbers.h"

#include <array>
#include <bit>
#include <cstring>
#include <limits>

#include "core/base/text.h"

namespace redipy {
namespace {

constexpr std::array<char, 200> make_pairs() {
  std::array<char, 200> pairs{};
  for (size_t i = 0; i < 100; ++i) {
    pairs[2 * i] = static_cast<char>('0' + i / 10);
    pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return pairs;
}
constexpr auto pairs = make_pairs();

constexpr std::array<uint64_t, 20> make_powers() {
  std::array<uint64_t, 20> powers{};
  uint64_t power = 1;
  for (auto& entry : powers) {
    entry = power;
    power *= 10;
  }
  return powers;
}
constexpr auto powers_of_ten = make_powers();

// The number that all of text spells in digits, without a leading zero.
inline std::optional<uint64_t> parse_digits(View text) {
  if (text.empty() || text.size() > 20) return std::nullopt;
  const unsigned first = static_cast<unsigned char>(text[0] - '0');
  if (first > 9 || (first == 0 && text.size() > 1)) return std::nullopt;
  uint64_t value = first;
  const size_t safe = text.size() < 20 ? text.size() : 19;  // 19 digits cannot overflow
  for (size_t i = 1; i < safe; ++i) {
    const unsigned digit = static_cast<unsigned char>(text[i] - '0');
    if (digit > 9) return std::nullopt;
    value = value * 10 + digit;
  }
  if (text.size() == 20) {
    const unsigned digit = static_cast<unsigned char>(text[19] - '0');
    if (digit > 9 || __builtin_mul_overflow(value, uint64_t{10}, &value) ||
        __builtin_add_overflow(value, uint64_t{digit}, &value)) {
      return std::nullopt;
    }
  }
  return value;
}

}  // namespace

std::optional<int64_t> detail::parse_integer_slowly(View text) {
  constexpr auto most = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  const bool negative = text[0] == '-';
  if (negative) text.remove_prefix(1);
  const std::optional<uint64_t> value = parse_digits(text);
  if (!value) return std::nullopt;
  if (!negative) return *value <= most ? std::optional(static_cast<int64_t>(*value)) : std::nullopt;
  if (*value == 0 || *value > most + 1) return std::nullopt;
  return static_cast<int64_t>(uint64_t{0} - *value);
}

std::optional<uint64_t> parse_unsigned(View text) { return parse_digits(text); }

size_t digits(uint64_t value) {
  // log10 from log2: 1233 / 4096 is just above log10(2), which makes the guess right or one too small.
  const auto bits = static_cast<size_t>(std::bit_width(value | 1));
  const size_t guess = bits * 1233 >> 12;
  return guess + ((value | 1) >= powers_of_ten[guess] ? 1 : 0);
}

size_t format_unsigned(uint64_t value, char* out) {
  const size_t length = digits(value);
  char* end = out + length;
  while (value >= 100) {
    const size_t rest = value % 100;
    value /= 100;
    end -= 2;
    std::memcpy(end, pairs.data() + 2 * rest, 2);
  }
  if (value >= 10) {
    std::memcpy(out, pairs.data() + 2 * value, 2);
  } else {
    *out = static_cast<char>('0' + value);
  }
  return length;
}

size_t format_integer(int64_t value, char* out) {
  if (value >= 0) return format_unsigned(static_cast<uint64_t>(value), out);
  *out = '-';
  return 1 + format_unsigned(uint64_t{0} - static_cast<uint64_t>(value), out + 1);
}

std::optional<uint64_t> parse_memory_size(View text) {
  struct Unit {
    View name;
    uint64_t bytes;
  };
  constexpr Unit units[] = {{"", 1},          {"b", 1},        {"k", 1000},          {"kb", 1 << 10},
                            {"m", 1'000'000}, {"mb", 1 << 20}, {"g", 1'000'000'000}, {"gb", 1 << 30}};
  uint64_t value = 0;
  size_t length = 0;
  while (length < text.size() && text[length] >= '0' && text[length] <= '9') {
    const auto digit = static_cast<uint64_t>(text[length] - '0');
    if (__builtin_mul_overflow(value, uint64_t{10}, &value) || __builtin_add_overflow(value, digit, &value)) {
      return std::nullopt;
    }
    ++length;
  }
  if (length == 0) return std::nullopt;
  for (const Unit& unit : units) {
    if (!equals_ignore_case(text.substr(length), unit.name)) continue;
    if (__builtin_mul_overflow(value, unit.bytes, &value)) return std::nullopt;
    return value;
  }
  return std::nullopt;
}

}  // namespace redipy
