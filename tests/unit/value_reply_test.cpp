// SPDX-License-Identifier: Apache-2.0
#include "scripting/value_reply.h"

#include <gtest/gtest.h>

#include "core/command/error.h"
#include "scripting/json_values.h"

namespace redipy::script {
namespace {

class ValueReplyTest : public ::testing::Test {
 protected:
  /// What was replied, as JSON.
  Bytes taken() {
    Bytes json;
    append_json(json, reply.take(), 100, 1 << 20, "too long");
    return json;
  }

  Heap heap;
  ValueReply reply{heap};
};

TEST_F(ValueReplyTest, single_values_are_what_resp3_says) {
  reply.integer(-7);
  EXPECT_EQ(taken(), "-7");
  reply.number(0.5);
  EXPECT_EQ(taken(), "0.5");
  reply.number_text("12.25");
  EXPECT_EQ(taken(), "12.25");
  reply.boolean(true);
  EXPECT_EQ(taken(), "true");
  reply.null_array();
  EXPECT_EQ(taken(), "null");
  reply.verbatim("text", "txt");
  EXPECT_EQ(taken(), "\"text\"");
  reply.ok();
  EXPECT_EQ(taken(), "\"OK\"");
}

TEST_F(ValueReplyTest, a_map_is_a_dict_and_a_set_a_list_in_byte_order) {
  reply.map(2);
  reply.bulk("b");
  reply.set(3);
  reply.bulk("z");
  reply.bulk("a");
  reply.bulk("m");
  reply.bulk("a");
  reply.array(0);
  EXPECT_EQ(taken(), R"({"a":[],"b":["a","m","z"]})");
}

TEST_F(ValueReplyTest, pairs_are_lists_of_two) {
  reply.pairs(2);
  for (const View member : {"x", "y"}) {
    reply.pair();
    reply.bulk(member);
    reply.number(1);
  }
  EXPECT_EQ(taken(), R"([["x",1],["y",1]])");
}

TEST_F(ValueReplyTest, what_is_opened_without_a_size_ends_when_it_is_closed) {
  const auto outer = reply.open_array();
  const auto inner = reply.open_map();
  reply.bulk("k");
  reply.array(2);
  reply.integer(1);
  reply.integer(2);
  reply.close(inner, 1);
  reply.integer(3);
  reply.close(outer, 2);
  EXPECT_EQ(taken(), R"([{"k":[1,2]},3])");
}

TEST_F(ValueReplyTest, an_error_is_thrown_when_the_reply_is_taken) {
  reply.array(2);
  reply.integer(1);
  reply.error("ERR no");
  reply.integer(2);
  EXPECT_THROW(reply.take(), CommandError);
  reply.integer(5);
  EXPECT_EQ(taken(), "5");
}

TEST_F(ValueReplyTest, what_is_rewound_to_its_beginning_is_forgotten) {
  const size_t mark = reply.mark();
  reply.array(3);
  reply.bulk("a");
  EXPECT_NE(reply.mark(), mark);
  reply.rewind(mark);
  reply.integer(1);
  EXPECT_EQ(taken(), "1");
}

TEST_F(ValueReplyTest, without_memory_the_reply_is_an_error_at_its_end) {
  heap.set_limit(200);
  reply.array(100);
  for (int i = 0; i < 100; ++i) reply.bulk("text");
  EXPECT_THROW(reply.take(), CommandError);
}

}  // namespace
}  // namespace redipy::script
