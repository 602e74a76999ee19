// SPDX-License-Identifier: Apache-2.0
//
// Text as scripts see it (docs/scripts.md, "Numbers", "Text"): Unicode in UTF-8, counted in code points, where a byte
// that is not part of valid UTF-8 counts as one; and the one spelling of a number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "core/base/view.h"

namespace redipy::script {

/// How many bytes the code point at the front of text takes; 0 if they are no valid UTF-8 (RFC 3629: no overlong form,
/// no surrogate, nothing above U+10FFFF). text is not empty.
size_t utf8_length(View text);
/// As utf8_length, with 1 for a byte that is no valid UTF-8.
inline size_t character_length(View text) {
  const size_t length = utf8_length(text);
  return length == 0 ? 1 : length;
}
bool is_utf8(View text);
size_t count_characters(View text);
/// Where the character of that number begins; text.size() for the number behind the last.
size_t character_offset(View text, size_t number);
/// `point` is a code point that UTF-8 can say.
void append_utf8(Bytes& out, uint32_t point);

constexpr size_t number_text_size = 40;  // room that format_number needs at most

/// A whole number below 10^17 without fraction ("-0" for minus zero), any other in the shortest digits that read back,
/// with an exponent of at least two digits below 10^-4 and from 10^17 on: 2.5, 1.5e-07, 1e+20; inf, -inf, nan. Returns
/// the number of bytes written.
size_t format_number(double value, char* out);

/// The double that decimal text stands for (digits, sign, fraction, exponent; from_chars's grammar, all of it),
/// nearest; nullopt if it is no such text or too large. What is too small is zero.
std::optional<double> decimal(View text);

/// What tonumber() makes of text.
struct Number {
  bool whole = false;  ///< integer counts
  int64_t integer = 0;
  double real = 0;
};
/// Decimal text with blanks around it allowed: an optional sign, digits, a fraction, an exponent; whole if it is
/// written as an integer and fits in 64 bits. Nullopt for all else: hexadecimal, inf, nan, words.
std::optional<Number> parse_number(View text);

}  // namespace redipy::script
