// SPDX-License-Identifier: Apache-2.0
//
// Each reply shape as bytes, in both protocols.
#include "core/resp/reply_writer.h"

#include <gtest/gtest.h>

#include <functional>
#include <limits>

namespace redipy {
namespace {

Bytes written(int protocol, const std::function<void(Reply&)>& write) {
  Buffer out;
  ReplyWriter reply(out, protocol);
  write(reply);
  return Bytes(out.view());
}

struct Case {
  const char* name;
  std::function<void(Reply&)> write;
  View resp2, resp3;
};

TEST(ReplyWriter, writes_each_shape_as_its_protocol_has_it) {
  const Case cases[] = {
      {"status", [](Reply& r) { r.status("OK"); }, "+OK\r\n", "+OK\r\n"},
      {"integer", [](Reply& r) { r.integer(-42); }, ":-42\r\n", ":-42\r\n"},
      {"least integer", [](Reply& r) { r.integer(std::numeric_limits<int64_t>::min()); }, ":-9223372036854775808\r\n",
       ":-9223372036854775808\r\n"},
      {"bulk", [](Reply& r) { r.bulk("a\r\nb"); }, "$4\r\na\r\nb\r\n", "$4\r\na\r\nb\r\n"},
      {"empty bulk", [](Reply& r) { r.bulk(""); }, "$0\r\n\r\n", "$0\r\n\r\n"},
      {"null", [](Reply& r) { r.null(); }, "$-1\r\n", "_\r\n"},
      {"null array", [](Reply& r) { r.null_array(); }, "*-1\r\n", "_\r\n"},
      {"double", [](Reply& r) { r.number(0.1); }, "$3\r\n0.1\r\n", ",0.1\r\n"},
      {"infinity", [](Reply& r) { r.number(-std::numeric_limits<double>::infinity()); }, "$4\r\n-inf\r\n", ",-inf\r\n"},
      {"true", [](Reply& r) { r.boolean(true); }, ":1\r\n", "#t\r\n"},
      {"big number", [](Reply& r) { r.big_number("123"); }, "$3\r\n123\r\n", "(123\r\n"},
      {"verbatim", [](Reply& r) { r.verbatim("abc", "txt"); }, "$3\r\nabc\r\n", "=7\r\ntxt:abc\r\n"},
      {"error", [](Reply& r) { r.error("ERR a\r\nb"); }, "-ERR a  b\r\n", "-ERR a  b\r\n"},
      {"array", [](Reply& r) { r.array(2); }, "*2\r\n", "*2\r\n"},
      {"map", [](Reply& r) { r.map(2); }, "*4\r\n", "%2\r\n"},
      {"set", [](Reply& r) { r.set(2); }, "*2\r\n", "~2\r\n"},
      {"pairs",
       [](Reply& r) {
         r.pairs(1);
         r.pair();
       },
       "*2\r\n", "*1\r\n*2\r\n"},
      {"push", [](Reply& r) { r.push(3); }, "*3\r\n", ">3\r\n"},
  };
  for (const Case& each : cases) {
    EXPECT_EQ(written(2, each.write), each.resp2) << each.name;
    EXPECT_EQ(written(3, each.write), each.resp3) << each.name;
  }
}

TEST(ReplyWriter, puts_the_count_before_elements_that_are_already_there) {
  const auto open_map = [](Reply& r) {
    r.bulk("before");
    const auto open = r.open_map();
    for (int i = 0; i < 24; ++i) r.integer(i % 10);
    r.close(open, 12);
  };
  Bytes elements;
  for (int i = 0; i < 24; ++i) elements += ":" + std::to_string(i % 10) + "\r\n";
  EXPECT_EQ(written(2, open_map), "$6\r\nbefore\r\n*24\r\n" + elements);
  EXPECT_EQ(written(3, open_map), "$6\r\nbefore\r\n%12\r\n" + elements);
}

TEST(ReplyWriter, takes_back_what_was_written_since_a_mark) {
  EXPECT_EQ(written(2,
                    [](Reply& r) {
                      r.status("OK");
                      const size_t mark = r.mark();
                      r.array(3);
                      r.bulk("half");
                      r.rewind(mark);
                      r.error("ERR no");
                    }),
            "+OK\r\n-ERR no\r\n");
}

}  // namespace
}  // namespace redipy
