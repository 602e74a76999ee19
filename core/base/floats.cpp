// SPDX-License-Identifier: Apache-2.0
// The floats of numbers.h. Reading and writing doubles is the work of std::from_chars and std::to_chars (no locale, no
// allocation, exact); around them stands only what Redis and strtod do otherwise.
//
// Redis 7.2 writes scores by grisu2, which in about one case of a thousand misses the shortest digits; we write the
// shortest always. The layout (when an exponent is used) is the same.
#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "core/base/numbers.h"

namespace redipy {
namespace {

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// Whether the mantissa of a hexadecimal or decimal number holds anything but zeros.
bool has_nonzero_digit(View text, bool hexadecimal) {
  for (char c : text) {
    if (c == 'p' || c == 'P' || (!hexadecimal && (c == 'e' || c == 'E'))) return false;
    if (c != '0' && c != '.') return true;
  }
  return false;
}

// The layout of digits with the last one standing for 10^scale, as fpconv (github.com/night-shift/fpconv) chooses it.
size_t lay_out(const char* digit, int count, int scale, char* out) {
  const int exponent = scale + count - 1;
  const int magnitude = exponent < 0 ? -exponent : exponent;
  const auto length = static_cast<size_t>(count);
  char* at = out;
  if (scale >= 0 && magnitude < count + 7) {  // 1200
    std::memcpy(at, digit, length);
    std::memset(at + count, '0', static_cast<size_t>(scale));
    return length + static_cast<size_t>(scale);
  }
  if (scale < 0 && (scale > -7 || magnitude < 4)) {
    const int whole = count + scale;
    if (whole <= 0) {  // 0.0012
      *at++ = '0';
      *at++ = '.';
      for (int i = whole; i < 0; ++i) *at++ = '0';
      std::memcpy(at, digit, length);
      return static_cast<size_t>(at - out) + length;
    }
    std::memcpy(at, digit, static_cast<size_t>(whole));  // 1.2
    at += whole;
    *at++ = '.';
    std::memcpy(at, digit + whole, static_cast<size_t>(count - whole));
    return length + 1;
  }
  *at++ = digit[0];  // 1.2e+34
  if (count > 1) {
    *at++ = '.';
    std::memcpy(at, digit + 1, length - 1);
    at += count - 1;
  }
  *at++ = 'e';
  *at++ = exponent < 0 ? '-' : '+';
  at += format_unsigned(static_cast<uint64_t>(magnitude), at);
  return static_cast<size_t>(at - out);
}

size_t put(View text, char* out) {
  std::memcpy(out, text.data(), text.size());
  return text.size();
}

}  // namespace

std::optional<double> parse_double(View text) {
  bool negative = false;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    negative = text[0] == '-';
    text.remove_prefix(1);
  }
  const bool hexadecimal = text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
  if (hexadecimal) text.remove_prefix(2);
  if (text.empty() || text[0] == '-') return std::nullopt;                // from_chars would take a second sign here,
  if (hexadecimal && text.find("+-") != View::npos) return std::nullopt;  // and libstdc++ before this exponent

  double value = 0;
  const char* end = text.data() + text.size();
  const auto result =
      std::from_chars(text.data(), end, value, hexadecimal ? std::chars_format::hex : std::chars_format::general);
  if (result.ec != std::errc() || result.ptr != end || std::isnan(value)) return std::nullopt;
  const bool spelled_infinite = !hexadecimal && (text[0] == 'i' || text[0] == 'I');
  if (std::isinf(value) && !spelled_infinite) return std::nullopt;              // too large
  if (value == 0 && has_nonzero_digit(text, hexadecimal)) return std::nullopt;  // too small
  return negative ? -value : value;
}

std::optional<long double> parse_long_double(View text) {
  if (text.empty() || text.size() >= long_double_text_size || is_space(text[0])) return std::nullopt;
  std::array<char, long_double_text_size> copy;  // strtold needs the NUL at the end
  std::memcpy(copy.data(), text.data(), text.size());
  copy[text.size()] = '\0';
  char* end = nullptr;
  errno = 0;
  const long double value = std::strtold(copy.data(), &end);
  if (end != copy.data() + text.size() || std::isnan(value)) return std::nullopt;
  if (errno == ERANGE && (std::isinf(value) || value == 0)) return std::nullopt;
  return value;
}

size_t format_double(double value, char* out) {
  if (std::isnan(value)) return put("nan", out);
  if (std::isinf(value)) return put(value < 0 ? "-inf" : "inf", out);
  if (value == 0) return put(std::signbit(value) ? "-0" : "0", out);
  constexpr double whole_limit = 4611686018427387904.0;  // 2^62: up to here Redis writes whole numbers in full
  if (value >= -whole_limit && value <= whole_limit) {
    const auto whole = static_cast<int64_t>(value);
    if (static_cast<double>(whole) == value) return format_integer(whole, out);
  }
  char* at = out;
  if (value < 0) {
    *at++ = '-';
    value = -value;
  }
  // "d.ddde-xx" or "de+xx", from which the digits and the exponent are taken.
  std::array<char, 32> text;
  const auto result = std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::scientific);
  std::array<char, 20> digit;
  int count = 0;
  const char* from = text.data();
  for (; *from != 'e'; ++from) {
    if (*from != '.') digit[static_cast<size_t>(count++)] = *from;
  }
  ++from;
  const bool below_one = *from == '-';
  int exponent = 0;
  for (++from; from != result.ptr; ++from) exponent = exponent * 10 + (*from - '0');
  if (below_one) exponent = -exponent;
  at += lay_out(digit.data(), count, exponent - (count - 1), at);
  return static_cast<size_t>(at - out);
}

size_t format_long_double_human(long double value, char* out) {
  if (std::isnan(value)) return put("nan", out);
  if (std::isinf(value)) return put(value < 0 ? "-inf" : "inf", out);
  const int written = std::snprintf(out, long_double_text_size, "%.17Lf", value);
  auto length = static_cast<size_t>(written);
  while (out[length - 1] == '0') --length;  // there is always a point before 17 digits
  if (out[length - 1] == '.') --length;
  return View(out, length) == "-0" ? put("0", out) : length;
}

}  // namespace redipy
