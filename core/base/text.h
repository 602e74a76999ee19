// SPDX-License-Identifier: Apache-2.0
// ASCII text: names that ignore case, bytes shown in quotes, and lines split into words. Bytes above 127 are never
// letters here, whatever the locale.
#pragma once

#include <optional>
#include <vector>

#include "core/base/view.h"

namespace redipy {

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }
constexpr char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c; }

Bytes lower(View text);
Bytes upper(View text);

constexpr bool equals_ignore_case(View a, View b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

// Bytes as MONITOR and redis-cli show them: in double quotes, with \" \\ \n \r \t \a \b, and \xHH for what is not
// printable ASCII. split_words reads it back.
Bytes quote(View bytes);

// The words of a line of redis.conf or of an inline command. Words are parted by blanks; a word may be "…" with the
// escapes of quote(), or '…' where \' is the only escape; a closing quote must be followed by a blank or the end.
// A NUL ends the line. Nullopt: a quote is not closed, or is followed by something else.
std::optional<std::vector<Bytes>> split_words(View line);

}  // namespace redipy
