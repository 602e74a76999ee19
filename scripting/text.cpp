// SPDX-License-Identifier: Apache-2.0
//
// See text.h.
#include "scripting/text.h"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>

#include "core/base/numbers.h"

namespace redipy::script {

size_t utf8_length(View text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead < 0xC2 || lead > 0xF4) return 0;
  const size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (text.size() < length) return 0;
  // What the second byte may be keeps overlong forms, surrogates and what is above U+10FFFF out.
  const unsigned char least = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const unsigned char most = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  if (byte(1) < least || byte(1) > most) return 0;
  for (size_t i = 2; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  return length;
}

namespace {

/// How many bytes at the front are ASCII, in steps of eight.
size_t ascii_prefix(View text) {
  size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    uint64_t bytes = 0;
    std::memcpy(&bytes, text.data() + at, 8);
    if ((bytes & 0x8080808080808080u) != 0) break;
  }
  return at;
}

}  // namespace

bool is_utf8(View text) {
  for (size_t at = ascii_prefix(text); at < text.size();) {
    const size_t length = utf8_length(text.substr(at));
    if (length == 0) return false;
    at += length;
  }
  return true;
}

size_t count_characters(View text) {
  size_t at = ascii_prefix(text);
  size_t count = at;
  for (; at < text.size(); ++count) at += character_length(text.substr(at));
  return count;
}

size_t character_offset(View text, size_t number) {
  size_t at = ascii_prefix(text);
  if (number <= at) return number;
  for (size_t count = at; count < number && at < text.size(); ++count) at += character_length(text.substr(at));
  return at;
}

void append_utf8(Bytes& out, uint32_t point) {
  const auto put = [&](uint32_t byte) { out += static_cast<char>(byte); };
  if (point < 0x80) return put(point);
  if (point < 0x800) {
    put(0xC0 | (point >> 6));
    return put(0x80 | (point & 0x3F));
  }
  if (point < 0x10000) {
    put(0xE0 | (point >> 12));
  } else {
    put(0xF0 | (point >> 18));
    put(0x80 | ((point >> 12) & 0x3F));
  }
  put(0x80 | ((point >> 6) & 0x3F));
  put(0x80 | (point & 0x3F));
}

size_t format_number(double value, char* out) {
  const auto copy = [&](View text) {
    std::memcpy(out, text.data(), text.size());
    return text.size();
  };
  if (std::isnan(value)) return copy("nan");
  if (std::isinf(value)) return copy(value < 0 ? "-inf" : "inf");
  const double magnitude = std::fabs(value);
  if (magnitude < 1e17 && value == std::trunc(value)) {
    if (value == 0 && std::signbit(value)) return copy("-0");
    return format_integer(static_cast<int64_t>(value), out);
  }
  const bool plain = magnitude >= 1e-4 && magnitude < 1e17;
  const auto format = plain ? std::chars_format::fixed : std::chars_format::scientific;
  return static_cast<size_t>(std::to_chars(out, out + number_text_size, value, format).ptr - out);
}

std::optional<double> decimal(View text) {
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  if (at != end || text.empty()) return std::nullopt;
  if (error == std::errc::result_out_of_range) {
    // Too large, or so small that it may be zero: strtod tells them apart.
    value = std::strtod(Bytes(text).c_str(), nullptr);
    if (std::isinf(value)) return std::nullopt;
    return value;
  }
  if (error != std::errc()) return std::nullopt;
  return value;
}

std::optional<Number> parse_number(View text) {
  static constexpr View blanks = " \t\n\v\f\r";
  const size_t first = text.find_first_not_of(blanks);
  if (first == View::npos) return std::nullopt;
  text = text.substr(first, text.find_last_not_of(blanks) - first + 1);
  if (text[0] == '+') {
    text.remove_prefix(1);
    if (text.starts_with('-')) return std::nullopt;
  }
  bool whole = true;
  bool digit = false;
  for (const char c : text) {
    if (c >= '0' && c <= '9') {
      digit = true;
    } else if (c == '.' || c == 'e' || c == 'E') {
      whole = false;
    } else if (c != '-' && c != '+') {
      return std::nullopt;  // also inf, nan and hexadecimal
    }
  }
  if (!digit) return std::nullopt;
  Number number;
  if (whole) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number.integer);
    if (end != text.data() + text.size()) return std::nullopt;
    if (error == std::errc()) {
      number.whole = true;
      return number;
    }
  }
  const std::optional<double> value = decimal(text);
  if (!value) return std::nullopt;
  number.real = *value;
  return number;
}

}  // namespace redipy::script
