// SPDX-License-Identifier: Apache-2.0
//
// The load generator's own corners: a figure is worth nothing if replies were counted wrong or were errors, or if the
// requests were not those that were meant. Part of unit_tests.
#include <gtest/gtest.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include "bench/load/histogram.h"
#include "bench/load/pattern.h"
#include "bench/load/replies.h"

namespace redipy::bench {
namespace {

constexpr std::string_view five_replies =
    "+OK\r\n$5\r\na\r\nbc\r\n*3\r\n:1\r\n*0\r\n*1\r\n$-1\r\n%1\r\n+k\r\n_\r\n$0\r\n\r\n";

TEST(bench_replies, are_counted_wherever_the_bytes_are_cut) {
  for (std::size_t cut = 0; cut <= five_replies.size(); ++cut) {
    Replies replies("");
    const std::uint64_t first = replies.feed(five_replies.substr(0, cut));
    EXPECT_EQ(first + replies.feed(five_replies.substr(cut)), 5U) << "cut at " << cut;
    EXPECT_EQ(replies.bad(), 0U);
  }
}

TEST(bench_replies, an_error_is_bad_even_inside_an_array) {
  Replies replies("");
  EXPECT_EQ(replies.feed("+OK\r\n*2\r\n:1\r\n-ERR no\r\n-LATER\r\n"), 3U);
  EXPECT_EQ(replies.bad(), 2U);
  EXPECT_EQ(replies.first_bad(), "-ERR no");
}

TEST(bench_replies, a_null_is_bad_where_a_value_was_expected) {
  Replies replies("$3");
  EXPECT_EQ(replies.feed("$3\r\nabc\r\n$-1\r\n"), 2U);
  EXPECT_EQ(replies.bad(), 1U);
  EXPECT_EQ(replies.first_bad(), "$-1");
}

TEST(bench_replies, what_is_not_resp_is_refused) {
  for (const std::string_view bytes : {"OK\r\n", "+OK\n", "\r\n", "$x\r\n", "$-2\r\n", "$1\r\nabc", "*1x\r\n"}) {
    Replies replies("");
    EXPECT_THROW(replies.feed(bytes), std::runtime_error) << bytes;
  }
}

TEST(bench_pattern, fills_in_sequence_collection_and_value) {
  Ranges ranges;
  ranges.first = 41;
  ranges.collections = 1;
  ranges.value_size = 3;
  Pattern pattern({"SET", "a{n}b{c}", "{v}{x}"}, ranges);
  std::string requests;
  pattern.append_next(requests);
  pattern.append_next(requests);
  EXPECT_EQ(requests,
            "*3\r\n$3\r\nSET\r\n$26\r\na000000000041b000000000000\r\n$6\r\nvvv{x}\r\n"
            "*3\r\n$3\r\nSET\r\n$26\r\na000000000042b000000000000\r\n$6\r\nvvv{x}\r\n");
}

TEST(bench_pattern, random_keys_stay_below_the_keyspace_and_repeat_with_the_seed) {
  Ranges ranges;
  ranges.keyspace = 7;
  Pattern one({"{k}"}, ranges);
  Pattern other({"{k}"}, ranges);
  std::string first;
  std::string second;
  for (int i = 0; i < 100; ++i) {
    first.clear();
    one.append_next(first);
    EXPECT_LT(std::stoi(first.substr(9, 12)), 7);
    second.clear();
    other.append_next(second);
    EXPECT_EQ(first, second);
  }
}

TEST(bench_pattern, collections_come_equally_often) {
  Ranges ranges;
  ranges.collections = 10;
  Pattern pattern({"{c}"}, ranges);
  std::string seen;
  for (int i = 0; i < 10; ++i) {
    std::string request;
    pattern.append_next(request);
    const std::string collection = request.substr(9, 12);
    EXPECT_EQ(seen.find(collection), std::string::npos);
    seen += collection + " ";
  }
}

TEST(bench_histogram, tells_percentiles_to_a_sixty_fourth) {
  Histogram histogram;
  for (int i = 1; i <= 1000; ++i) histogram.add(i * 1000);
  EXPECT_NEAR(static_cast<double>(histogram.percentile(0.5)), 500e3, 500e3 / 64);
  EXPECT_NEAR(static_cast<double>(histogram.percentile(0.99)), 990e3, 990e3 / 64);
  EXPECT_EQ(Histogram().percentile(0.99), 0U);
}

}  // namespace
}  // namespace redipy::bench
