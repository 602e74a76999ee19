// SPDX-License-Identifier: Apache-2.0
//
// The request parser: the same requests however the bytes are cut, and Redis's errors for what is none.
#include "core/resp/request_parser.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace redipy {
namespace {

using Result = RequestParser::Result;
using Words = std::vector<Bytes>;

struct Read {
  std::vector<Words> requests;
  Bytes error;
};

/// Feeds the bytes in pieces of `step`, moving the buffer each time as a connection may.
Read read_in_steps(View bytes, size_t step, const RequestParser::Limits& limits = {}) {
  Read read;
  RequestParser parser;
  std::vector<View> words;
  std::string buffer;
  size_t parsed = 0;
  size_t given = 0;
  while (given < bytes.size()) {
    std::string larger = buffer + std::string(bytes.substr(given, step));
    RequestParser::rebase(words, buffer.data(), buffer.data() + buffer.size(), larger.data() - buffer.data());
    // A short string's bytes move with it: swap by hand so that the distance just told holds.
    const char* before = larger.data();
    buffer = std::move(larger);
    RequestParser::rebase(words, before, before + buffer.size(), buffer.data() - before);
    given = std::min(given + step, bytes.size());
    for (;;) {
      const char* at = buffer.data() + parsed;
      const Result result = parser.parse(at, buffer.data() + buffer.size(), words, limits);
      parsed = static_cast<size_t>(at - buffer.data());
      if (result == Result::failed) {
        read.error = parser.error();
        return read;
      }
      if (result == Result::incomplete) break;
      read.requests.emplace_back(words.begin(), words.end());
      words.clear();
    }
  }
  return read;
}

Read read_whole(View bytes, const RequestParser::Limits& limits = {}) {
  return read_in_steps(bytes, bytes.size(), limits);
}

TEST(RequestParser, reads_requests_however_they_are_cut) {
  const Bytes bytes =
      "*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$5\r\nva\r\nl\r\n*1\r\n$4\r\nPING\r\nGET key\r\n*2\r\n$4\r\nECHO\r\n$0\r\n\r\n";
  const std::vector<Words> expected = {{"SET", "key", "va\r\nl"}, {"PING"}, {"GET", "key"}, {"ECHO", ""}};
  for (size_t step = 1; step <= bytes.size(); ++step) EXPECT_EQ(read_in_steps(bytes, step).requests, expected) << step;
}

TEST(RequestParser, skips_empty_requests) {
  EXPECT_EQ(read_whole("*0\r\n*-1\r\n\r\n   \r\nPING\r\n").requests, (std::vector<Words>{{"PING"}}));
}

TEST(RequestParser, unquotes_inline_words) {
  EXPECT_EQ(read_whole("SET \"a b\" 'c\\'d' \"\\x41\\n\"\n").requests,
            (std::vector<Words>{{"SET", "a b", "c'd", "A\n"}}));
}

TEST(RequestParser, refuses_what_is_no_request) {
  const std::pair<View, View> cases[] = {
      {"*abc\r\n", "ERR Protocol error: invalid multibulk length"},
      {"*3000000000\r\n", "ERR Protocol error: invalid multibulk length"},
      {"*99999999999999999999\r\n", "ERR Protocol error: invalid multibulk length"},
      {"*1\r\nfoo\r\n", "ERR Protocol error: expected '$', got 'f'"},
      {"*1\r\n$-1\r\n", "ERR Protocol error: invalid bulk length"},
      {"*1\r\n$x\r\n", "ERR Protocol error: invalid bulk length"},
      {"*1\r\n$2000000000\r\n", "ERR Protocol error: invalid bulk length"},
      {"SET \"a\n", "ERR Protocol error: unbalanced quotes in request"},
  };
  for (const auto& [bytes, error] : cases) EXPECT_EQ(read_whole(bytes).error, error) << bytes;
}

TEST(RequestParser, refuses_endless_lines) {
  EXPECT_EQ(read_in_steps(Bytes(70000, 'a'), 1000).error, "ERR Protocol error: too big inline request");
  EXPECT_EQ(read_in_steps("*" + Bytes(70000, '1'), 1000).error, "ERR Protocol error: too big mbulk count string");
  EXPECT_EQ(read_in_steps("*1\r\n$" + Bytes(70000, '1'), 1000).error, "ERR Protocol error: too big bulk count string");
}

TEST(RequestParser, takes_only_small_requests_before_authentication) {
  RequestParser::Limits limits;
  limits.authenticated = false;
  EXPECT_EQ(read_whole("*11\r\n", limits).error, "ERR Protocol error: unauthenticated multibulk length");
  EXPECT_EQ(read_whole("*1\r\n$16385\r\n", limits).error, "ERR Protocol error: unauthenticated bulk length");
  EXPECT_EQ(read_whole("*1\r\n$4\r\nPING\r\n", limits).requests.size(), 1u);
}

TEST(RequestParser, says_how_much_a_large_word_lacks) {
  RequestParser parser;
  std::vector<View> words;
  const Bytes bytes = "*1\r\n$1000\r\nabc";
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  EXPECT_EQ(parser.parse(at, end, words, {}), Result::incomplete);
  EXPECT_TRUE(parser.in_request());
  EXPECT_EQ(parser.missing_bytes(at, end), 1002u - 3u);
}

}  // namespace
}  // namespace redipy
