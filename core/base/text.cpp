// SPDX-License-Identifier: Apache-2.0
// See text.h. The rules of quoting are those of Redis's configuration files and inline commands.
#include "core/base/text.h"

#include <algorithm>

namespace redipy {
namespace {

bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// A word without quotes goes on over \v and \f, which count as blanks elsewhere.
bool ends_word(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char letter = lower(c);
  return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

// The byte that the escape at the front of rest (a backslash and at least one byte more) stands for; takes it off.
char take_escape(View& rest) {
  if (rest.size() >= 4 && rest[1] == 'x' && hex_digit(rest[2]) >= 0 && hex_digit(rest[3]) >= 0) {
    const char byte = static_cast<char>(hex_digit(rest[2]) * 16 + hex_digit(rest[3]));
    rest.remove_prefix(4);
    return byte;
  }
  const char c = rest[1];
  rest.remove_prefix(2);
  switch (c) {
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'a':
      return '\a';
    case 'b':
      return '\b';
    default:
      return c;
  }
}

// Adds what stands in quotes to word, and takes it and the closing quote off; the opening one is gone already.
// False: not closed, or closed within a word.
bool take_quoted(View& rest, char mark, Bytes& word) {
  while (!rest.empty()) {
    if (rest[0] == mark) {
      rest.remove_prefix(1);
      return rest.empty() || is_blank(rest[0]);
    }
    if (mark == '"' && rest[0] == '\\' && rest.size() >= 2) {
      word += take_escape(rest);
    } else if (mark == '\'' && rest.substr(0, 2) == "\\'") {
      word += '\'';
      rest.remove_prefix(2);
    } else {
      word += rest[0];
      rest.remove_prefix(1);
    }
  }
  return false;
}

}  // namespace

Bytes lower(View text) {
  Bytes result(text);
  for (char& c : result) c = lower(c);
  return result;
}

Bytes upper(View text) {
  Bytes result(text);
  for (char& c : result) c = upper(c);
  return result;
}

Bytes quote(View bytes) {
  static constexpr char hex[] = "0123456789abcdef";
  Bytes result;
  result.reserve(bytes.size() + 2);
  result += '"';
  for (char c : bytes) {
    switch (c) {
      case '"':
        result += "\\\"";
        break;
      case '\\':
        result += "\\\\";
        break;
      case '\n':
        result += "\\n";
        break;
      case '\r':
        result += "\\r";
        break;
      case '\t':
        result += "\\t";
        break;
      case '\a':
        result += "\\a";
        break;
      case '\b':
        result += "\\b";
        break;
      default:
        if (c >= ' ' && c <= '~') {
          result += c;
        } else {
          const auto byte = static_cast<unsigned char>(c);
          result += "\\x";
          result += hex[byte >> 4];
          result += hex[byte & 15];
        }
    }
  }
  result += '"';
  return result;
}

std::optional<std::vector<Bytes>> split_words(View line) {
  View rest = line.substr(0, line.find('\0'));
  std::vector<Bytes> words;
  while (true) {
    while (!rest.empty() && is_blank(rest[0])) rest.remove_prefix(1);
    if (rest.empty()) return words;
    Bytes& word = words.emplace_back();
    while (!rest.empty() && !ends_word(rest[0])) {
      const char c = rest[0];
      rest.remove_prefix(1);
      if (c == '"' || c == '\'') {
        if (!take_quoted(rest, c, word)) return std::nullopt;
        break;
      }
      word += c;
    }
  }
}

}  // namespace redipy
