// SPDX-License-Identifier: Apache-2.0
// Every element of a pattern but * takes exactly one byte. Hence, when the elements after a * do not fit, only that
// last * needs to take more: an earlier one taking more could only leave less for what follows. So there is one place
// to go back to, no recursion, and no pattern that takes exponential time.
//
// The corners, as Redis has them:
// - a bracket that is never closed ends with the pattern; "[" alone fits nothing and "[^" any byte
// - in a bracket a range may be reversed, its end may be any byte (even ]), and its bytes compare as signed ones
//   (Redis, ignoring case, orders bytes above 127 yet differently; nothing can rely on that)
// - a backslash at the end of the pattern stands for itself
// - "*" does not fit the empty text; only "" does
#include "core/base/glob.h"

#include <utility>

#include "core/base/text.h"

namespace redipy {
namespace {

char fold(char c, bool ignore_case) { return ignore_case ? lower(c) : c; }

// Whether byte is in the set whose bracket was just passed; moves at to behind the closing bracket.
bool in_bracket(const char*& at, const char* end, char byte, bool ignore_case) {
  const bool inverted = at != end && *at == '^';
  if (inverted) ++at;
  const auto c = static_cast<signed char>(fold(byte, ignore_case));
  bool found = false;
  while (at != end) {
    if (*at == '\\' && end - at >= 2) {
      found |= at[1] == byte;  // Redis compares an escaped byte with its case
      at += 2;
    } else if (*at == ']') {
      ++at;
      break;
    } else if (end - at >= 3 && at[1] == '-') {
      auto first = static_cast<signed char>(at[0]);
      auto last = static_cast<signed char>(at[2]);
      if (first > last) std::swap(first, last);
      found |= c >= static_cast<signed char>(fold(static_cast<char>(first), ignore_case)) &&
               c <= static_cast<signed char>(fold(static_cast<char>(last), ignore_case));
      at += 3;
    } else {
      found |= fold(*at, ignore_case) == static_cast<char>(c);
      ++at;
    }
  }
  return found != inverted;
}

// Whether the element at `at`, which is not a *, fits byte; moves `at` behind the element if so.
inline bool fits_one(const char*& at, const char* end, char byte, bool ignore_case) {
  switch (*at) {
    case '?':
      ++at;
      return true;
    case '[':
      ++at;
      return in_bracket(at, end, byte, ignore_case);
    case '\\':
      if (end - at >= 2) ++at;
      [[fallthrough]];
    default:
      return fold(*at++, ignore_case) == fold(byte, ignore_case);
  }
}

}  // namespace

bool glob_match(View pattern, View text, bool ignore_case) {
  const char* at = pattern.data();
  const char* const end = at + pattern.size();
  const char* byte = text.data();
  const char* const text_end = byte + text.size();
  if (byte == text_end) return at == end;

  const char* behind_star = nullptr;  // where the pattern goes on behind the last *
  const char* star_byte = nullptr;    // the first byte that this * has not taken yet
  while (byte != text_end) {
    if (at != end && *at == '*') {
      while (at != end && *at == '*') ++at;
      if (at == end) return true;
      behind_star = at;
      star_byte = byte;
    } else if (at != end && fits_one(at, end, *byte, ignore_case)) {
      ++byte;
    } else {
      if (behind_star == nullptr) return false;
      byte = ++star_byte;
      at = behind_star;
    }
  }
  // The text is used up, and a * that took more would only leave less: what is left of the pattern must be stars.
  while (at != end && *at == '*') ++at;
  return at == end;
}

}  // namespace redipy
