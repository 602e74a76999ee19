// SPDX-License-Identifier: Apache-2.0
//
// The reply scanner: the same ends however the bytes are cut, what it refuses, what it tells of a reply under way. And
// the cursor, which reads what the scanner has found.
#include "core/resp/reply_scanner.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "core/resp/reply_cursor.h"

namespace redipy {
namespace {

using Result = ReplyScanner::Result;

struct Scanned {
  std::vector<std::pair<Bytes, char>> replies;
  bool failed = false;
  bool operator==(const Scanned&) const = default;
};

/// Gives the bytes in pieces of `step`, and drops what the scanner has passed, as a relay does.
Scanned scan_in_steps(View bytes, size_t step) {
  Scanned scanned;
  ReplyScanner scanner;
  Bytes kept;
  Bytes passed;
  for (size_t given = 0; given < bytes.size(); given += step) {
    kept += bytes.substr(given, step);
    const char* at = kept.data();
    const char* const end = at + kept.size();
    for (;;) {
      const char* const begin = at;
      const Result result = scanner.scan(at, end);
      passed.append(begin, at);
      if (result == Result::failed) {
        scanned.failed = true;
        return scanned;
      }
      if (result == Result::incomplete) break;
      EXPECT_FALSE(scanner.in_reply());
      scanned.replies.emplace_back(std::exchange(passed, {}), scanner.kind());
    }
    kept.erase(0, static_cast<size_t>(at - kept.data()));
  }
  return scanned;
}

bool fails(View bytes) { return scan_in_steps(bytes, bytes.size()).failed; }

const Scanned& samples() {
  static const Scanned all{{
      {"+OK\r\n", '+'},
      {"-ERR no\r\n", '-'},
      {":-12\r\n", ':'},
      {"$5\r\nva\r\nl\r\n", '$'},
      {"$0\r\n\r\n", '$'},
      {"$-1\r\n", '$'},
      {"*-1\r\n", '*'},
      {"*0\r\n", '*'},
      {"*2\r\n*2\r\n$1\r\na\r\n:1\r\n*1\r\n*0\r\n", '*'},
      {"_\r\n", '_'},
      {"#t\r\n", '#'},
      {",1.5e-7\r\n", ','},
      {"(123456789012345678901234567890\r\n", '('},
      {"!7\r\nERR\r\nno\r\n", '!'},
      {"=7\r\ntxt:abc\r\n", '='},
      {"%2\r\n+a\r\n:1\r\n+b\r\n*2\r\n_\r\n_\r\n", '%'},
      {"~1\r\n$1\r\nm\r\n", '~'},
      {">2\r\n+invalidate\r\n*1\r\n$1\r\nk\r\n", '>'},
      {"|1\r\n+ttl\r\n:10\r\n$1\r\nx\r\n", '$'},
      {"|1\r\n+a\r\n|1\r\n+b\r\n:1\r\n+c\r\n|0\r\n*1\r\n|1\r\n+d\r\n:2\r\n:3\r\n", '*'},
      {"+\r\n", '+'},
  }};
  return all;
}

Bytes all_samples() {
  Bytes bytes;
  for (const auto& reply : samples().replies) bytes += reply.first;
  return bytes;
}

TEST(ReplyScanner, finds_the_same_ends_however_the_bytes_are_cut) {
  const Bytes bytes = all_samples();
  for (size_t step = 1; step <= bytes.size(); ++step) ASSERT_EQ(scan_in_steps(bytes, step), samples()) << step;
}

TEST(ReplyScanner, finds_the_same_ends_when_cut_in_two_anywhere) {
  const Bytes bytes = all_samples();
  for (size_t cut = 0; cut <= bytes.size(); ++cut) {
    ReplyScanner scanner;
    const char* at = bytes.data();
    size_t replies = 0;
    while (scanner.scan(at, bytes.data() + cut) == Result::complete) ++replies;
    while (scanner.scan(at, bytes.data() + bytes.size()) == Result::complete) ++replies;
    ASSERT_EQ(replies, samples().replies.size()) << cut;
    ASSERT_EQ(at, bytes.data() + bytes.size()) << cut;
  }
}

TEST(ReplyScanner, refuses_what_is_no_reply) {
  for (const View bytes : {
           "OK\r\n",
           "\r\n",
           "$\r\n",
           "$a\r\n",
           "$-2\r\n",
           "$--1\r\n",
           "$-\r\n",
           "$1 \r\n",
           "$?\r\n",
           "*?\r\n",
           "*-2\r\n",
           "%-1\r\n",
           "~-1\r\n",
           ">-1\r\n",
           "!-1\r\n",
           "=-1\r\n",
           "|-1\r\n",
           "$1\r\nabc\r\n",
           "$1\r\na\rb",
           "+O\rK\r\n",
           "$3\rabc",
           ".\r\n",
           "$1099511627777\r",
           "*1099511627777\r",
           "$9999999999999999999999\r\n",
           "*1\r\n\r\n",
           "$01\r\na\r\n",
           "*00\r\n",
           "$-0\r\n",
           "*-01\r\n",
       }) {
    EXPECT_TRUE(fails(bytes)) << bytes;
  }
}

TEST(ReplyScanner, stays_failed) {
  ReplyScanner scanner;
  const Bytes bytes = "?\r\n+OK\r\n";
  const char* at = bytes.data();
  EXPECT_EQ(scanner.scan(at, bytes.data() + bytes.size()), Result::failed);
  at = bytes.data() + 3;
  EXPECT_EQ(scanner.scan(at, bytes.data() + bytes.size()), Result::failed);
}

TEST(ReplyScanner, takes_nesting_only_so_deep) {
  Bytes bytes;
  for (size_t i = 0; i < ReplyScanner::deepest_nesting; ++i) bytes += "*1\r\n";
  EXPECT_EQ(scan_in_steps(bytes + ":1\r\n", 3).replies.size(), 1u);
  EXPECT_TRUE(fails(bytes + "*1\r\n:1\r\n"));
}

TEST(ReplyScanner, refuses_endless_lines) {
  const Bytes text(ReplyScanner::longest_line - 100, 'x');
  EXPECT_FALSE(scan_in_steps("+" + text + "\r\n", 50000).failed);
  EXPECT_TRUE(scan_in_steps("+" + text + text, 50000).failed);
}

TEST(ReplyScanner, tells_how_much_a_payload_lacks_and_needs_none_of_it_again) {
  ReplyScanner scanner;
  const Bytes bytes = "*2\r\n$1000\r\nabc";
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  EXPECT_FALSE(scanner.in_reply());
  EXPECT_EQ(scanner.scan(at, end), Result::incomplete);
  EXPECT_EQ(at, end);
  EXPECT_TRUE(scanner.in_reply());
  EXPECT_EQ(scanner.kind(), '*');
  EXPECT_EQ(scanner.missing_bytes(at, end), 1002u - 3u);
  const Bytes rest = Bytes(997, 'x') + "\r\n+y";
  at = rest.data();
  EXPECT_EQ(scanner.scan(at, rest.data() + rest.size()), Result::incomplete);
  EXPECT_EQ(View(at, 2), "+y");
  EXPECT_EQ(scanner.missing_bytes(at, rest.data() + rest.size()), 0u);
}

TEST(ReplyCursor, walks_nested_elements_in_order) {
  ReplyCursor reply("*3\r\n$1\r\na\r\n*2\r\n:1\r\n$2\r\n-5\r\n%1\r\n+k\r\n=7\r\ntxt:abc\r\n");
  EXPECT_EQ(reply.kind(), '*');
  EXPECT_EQ(reply.count(), 3u);
  reply.enter();
  EXPECT_EQ(reply.text(), "a");
  reply.enter();
  EXPECT_EQ(reply.raw(), "*2\r\n:1\r\n$2\r\n-5\r\n");
  EXPECT_TRUE(reply.is_aggregate());
  reply.enter();
  EXPECT_EQ(reply.integer(), 1);
  reply.skip();
  EXPECT_EQ(reply.integer(), -5);
  reply.skip();
  EXPECT_EQ(reply.kind(), '%');
  EXPECT_EQ(reply.count(), 2u);
  reply.enter();
  EXPECT_EQ(reply.text(), "k");
  EXPECT_FALSE(reply.integer());
  reply.enter();
  EXPECT_EQ(reply.text(), "abc");
  reply.enter();
  EXPECT_TRUE(reply.at_end());
  EXPECT_FALSE(reply.is_broken());
}

TEST(ReplyCursor, knows_each_null) {
  for (const View bytes : {"$-1\r\n", "*-1\r\n", "_\r\n"}) {
    ReplyCursor reply(bytes);
    EXPECT_TRUE(reply.is_null()) << bytes;
    EXPECT_FALSE(reply.is_aggregate()) << bytes;
    EXPECT_EQ(reply.count(), 0u) << bytes;
    reply.skip();
    EXPECT_TRUE(reply.at_end()) << bytes;
  }
}

TEST(ReplyCursor, passes_over_attributes_which_stay_in_the_raw_bytes) {
  ReplyCursor reply("*2\r\n|1\r\n+a\r\n*1\r\n|1\r\n+x\r\n+y\r\n:9\r\n:1\r\n:2\r\n");
  reply.enter();
  EXPECT_EQ(reply.integer(), 1);
  EXPECT_EQ(reply.raw(), "|1\r\n+a\r\n*1\r\n|1\r\n+x\r\n+y\r\n:9\r\n:1\r\n");
  reply.skip();
  EXPECT_EQ(reply.integer(), 2);
}

TEST(ReplyCursor, stands_at_its_end_where_bytes_are_no_reply) {
  const Bytes bytes = all_samples();
  for (size_t cut = 0; cut <= bytes.size(); ++cut) {
    ReplyCursor reply(View(bytes).substr(0, cut));
    size_t steps = 0;
    for (; !reply.at_end(); reply.enter()) ++steps;
    ASSERT_LE(steps, cut);
  }
  EXPECT_TRUE(ReplyCursor("$5\r\nabc\r\n").is_broken());
  EXPECT_TRUE(ReplyCursor("|1\r\n+a\r\n").is_broken());
  EXPECT_TRUE(ReplyCursor("").at_end());
}

TEST(ReplyCursor, finds_the_ends_that_the_scanner_finds) {
  const Bytes bytes = all_samples();
  ReplyCursor reply(bytes);
  for (const auto& [expected, kind] : samples().replies) {
    EXPECT_EQ(reply.raw(), expected);
    EXPECT_EQ(reply.kind(), kind);
    reply.skip();
  }
  EXPECT_TRUE(reply.at_end());
}

}  // namespace
}  // namespace redipy
