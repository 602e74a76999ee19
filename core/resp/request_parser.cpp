// SPDX-License-Identifier: Apache-2.0
//
// The request parser. Limits and texts of errors are Redis's (networking.c); an unterminated header line is refused
// beyond 64 KiB.
#include "core/resp/request_parser.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "core/base/numbers.h"
#include "core/base/text.h"

namespace redipy {

namespace {

constexpr size_t longest_line = 64 * 1024;
constexpr int64_t most_words_unauthenticated = 10;
constexpr int64_t most_bytes_unauthenticated = 16384;
constexpr size_t words_to_expect = 1024;  // room made ahead: no more than this on a mere announcement

/// Reads a header's one or two digits, the common case: returns where '\r' is, or null if it looks different.
inline const char* read_short_count(const char* at, const char* end, int64_t& value) {
  if (end - at < 4) return nullptr;
  const auto first = static_cast<unsigned>(static_cast<unsigned char>(at[0]) - '0');
  if (first > 9) return nullptr;
  if (at[1] == '\r') {
    value = first;
    return at + 1;
  }
  const auto second = static_cast<unsigned>(static_cast<unsigned char>(at[1]) - '0');
  if (second > 9 || at[2] != '\r' || first == 0) return nullptr;
  value = first * 10 + second;
  return at + 2;
}

/// Reads the digits from `at` up to '\r'. Returns where it stopped: at '\r' when all were digits, null otherwise; at
/// `end` when the bytes ran out.
const char* read_count(const char* at, const char* end, int64_t& value) {
  int64_t number = 0;
  const char* const start = at;
  while (at < end) {
    const auto digit = static_cast<unsigned>(static_cast<unsigned char>(*at) - '0');
    if (digit > 9) {
      if (*at != '\r' || at == start || at - start > 18) return nullptr;
      if (*start == '0' && at - start > 1) return nullptr;
      value = number;
      return at;
    }
    if (at - start < 18) number = number * 10 + digit;
    ++at;
  }
  return end;
}

}  // namespace

RequestParser::Result RequestParser::fail(View text) {
  error_ = "ERR Protocol error: " + Bytes(text);
  return Result::failed;
}

RequestParser::Result RequestParser::parse(const char*& at, const char* end, std::vector<View>& words,
                                           const Limits& limits) {
  while (words_left_ == 0) {
    if (at == end) return Result::incomplete;
    if (*at != '*') {
      const size_t before = words.size();
      const Result result = parse_inline(at, end, words);
      if (result == Result::complete && words.size() == before) continue;  // a blank line
      return result;
    }
    int64_t count = 0;
    const char* stop = read_short_count(at + 1, end, count);
    if (!stop) stop = read_count(at + 1, end, count);
    if (!stop || stop + 1 >= end) {
      const auto* line_end = static_cast<const char*>(std::memchr(at, '\r', static_cast<size_t>(end - at)));
      if (!line_end || line_end + 1 >= end) {
        if (static_cast<size_t>(end - at) > longest_line) return fail("too big mbulk count string");
        return Result::incomplete;
      }
      const auto said = parse_integer({at + 1, static_cast<size_t>(line_end - at - 1)});
      if (!said || *said > std::numeric_limits<int>::max()) return fail("invalid multibulk length");
      count = *said;
      stop = line_end;
    }
    if (count > std::numeric_limits<int>::max()) return fail("invalid multibulk length");
    if (count > most_words_unauthenticated && !limits.authenticated) return fail("unauthenticated multibulk length");
    at = stop + 2;
    if (count <= 0) continue;
    words_left_ = count;
    words.reserve(words.size() + std::min(static_cast<size_t>(count), words_to_expect));
  }

  while (words_left_ > 0) {
    if (bulk_bytes_ < 0) {
      if (at == end) return Result::incomplete;
      int64_t count = 0;
      const char* stop = nullptr;
      if (*at == '$') {
        stop = read_short_count(at + 1, end, count);
        if (!stop) stop = read_count(at + 1, end, count);
      }
      if (!stop || stop + 1 >= end) {
        const auto* line_end = static_cast<const char*>(std::memchr(at, '\r', static_cast<size_t>(end - at)));
        if (!line_end || line_end + 1 >= end) {
          if (static_cast<size_t>(end - at) > longest_line) return fail("too big bulk count string");
          return Result::incomplete;
        }
        if (*at != '$') {
          Bytes text = "expected '$', got '?'";
          text[text.size() - 2] = *at;
          return fail(text);
        }
        return fail("invalid bulk length");
      }
      if (count > static_cast<int64_t>(limits.bulk_bytes)) return fail("invalid bulk length");
      if (count > most_bytes_unauthenticated && !limits.authenticated) return fail("unauthenticated bulk length");
      at = stop + 2;
      bulk_bytes_ = count;
    }
    const auto length = static_cast<size_t>(bulk_bytes_);
    if (static_cast<size_t>(end - at) < length + 2) return Result::incomplete;
    words.emplace_back(at, length);
    at += length + 2;
    bulk_bytes_ = -1;
    --words_left_;
  }
  return Result::complete;
}

RequestParser::Result RequestParser::parse_inline(const char*& at, const char* end, std::vector<View>& words) {
  const auto* newline = static_cast<const char*>(std::memchr(at, '\n', static_cast<size_t>(end - at)));
  if (!newline) {
    if (static_cast<size_t>(end - at) > longest_line) return fail("too big inline request");
    return Result::incomplete;
  }
  View line(at, static_cast<size_t>(newline - at));
  at = newline + 1;
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);

  if (line.find_first_of(View("\"'\\\0", 4)) == View::npos) {
    constexpr View blanks = " \t\n\v\f\r";
    for (size_t i = line.find_first_not_of(blanks); i != View::npos;) {
      const size_t stop = std::min(line.find_first_of(blanks, i), line.size());
      words.push_back(line.substr(i, stop - i));
      i = line.find_first_not_of(blanks, stop);
    }
    return Result::complete;
  }
  auto split = split_words(line);
  if (!split) return fail("unbalanced quotes in request");
  for (Bytes& word : *split) words.emplace_back(unquoted_.emplace_back(std::move(word)));
  return Result::complete;
}

size_t RequestParser::missing_bytes(const char* at, const char* end) const {
  if (bulk_bytes_ < 0) return 0;
  const size_t needed = static_cast<size_t>(bulk_bytes_) + 2;
  const auto there = static_cast<size_t>(end - at);
  return needed > there ? needed - there : 0;
}

void RequestParser::rebase(std::vector<View>& words, const char* begin, const char* end, ptrdiff_t distance) {
  for (View& word : words) {
    if (word.data() >= begin && word.data() <= end) word = View(word.data() + distance, word.size());
  }
}

}  // namespace redipy
