// SPDX-License-Identifier: Apache-2.0
//
// Requests divided over the slots of a cluster, and the replies to their parts made one again.
#include "proxy/key_split.h"

#include <gtest/gtest.h>

#include <map>
#include <sstream>

#include "core/base/crc16.h"
#include "core/commands/families.h"
#include "core/resp/request_parser.h"
#include "proxy/reply_merge.h"
#include "server/commands/families.h"

namespace redipy {
namespace {

using Words = std::vector<Bytes>;

const CommandTable& table() {
  static const CommandTable all = [] {
    std::vector<Family> families(data_families().begin(), data_families().end());
    families.insert(families.end(), session_families().begin(), session_families().end());
    return CommandTable(families);
  }();
  return all;
}

/// A request that owns its words.
struct Request {
  explicit Request(const Bytes& line) {
    std::istringstream stream(line);
    for (Bytes word; stream >> word;) words.push_back(word);
    views.assign(words.begin(), words.end());
  }
  Args args() const { return Args(std::span<const View>(views)); }
  const CommandTable::Entry& entry() const { return *table().find(args()); }
  Words words;
  std::vector<View> views;
};

Words parse(View bytes) {
  RequestParser parser;
  std::vector<View> words;
  const char* at = bytes.data();
  EXPECT_EQ(parser.parse(at, bytes.data() + bytes.size(), words, {}), RequestParser::Result::complete);
  EXPECT_EQ(at, bytes.data() + bytes.size());
  return {words.begin(), words.end()};
}

Bytes merged(Merge kind, const std::vector<Bytes>& replies, std::vector<uint32_t> part_of_key = {}) {
  ReplyMerge merge(kind, replies.size(), std::move(part_of_key));
  // The last one first: what counts is the order of the parts.
  for (size_t i = replies.size(); i-- > 0;) {
    EXPECT_FALSE(merge.complete());
    merge.add(i, replies[i]);
  }
  EXPECT_TRUE(merge.complete());
  Buffer out;
  merge.write(out);
  return Bytes(out.view());
}

constexpr View misfit = "-UPSTREAM the replies of the cluster's nodes do not fit together\r\n";

TEST(KeySplit, gives_each_slot_its_keys_in_order) {
  const Request request("MGET {a}1 {b}1 {a}2 {c}1 {b}2 {a}1");
  KeySplit split;
  ASSERT_TRUE(split.divide(request.entry(), request.args(), {}));
  ASSERT_EQ(split.parts(), 3u);
  EXPECT_EQ(split.slot(0), key_slot("a"));
  EXPECT_EQ(split.slot(1), key_slot("b"));
  EXPECT_EQ(split.keys(0), 3u);
  EXPECT_EQ(split.part_of_key(), (std::vector<uint32_t>{0, 1, 0, 2, 1, 0}));
  Buffer out;
  split.write(0, out);
  EXPECT_EQ(parse(out.view()), (Words{"MGET", "{a}1", "{a}2", "{a}1"}));
  out.clear();
  split.write(1, out);
  EXPECT_EQ(parse(out.view()), (Words{"MGET", "{b}1", "{b}2"}));
}

TEST(KeySplit, keeps_values_with_their_keys) {
  const Request request("mset {a}1 1 {b}1 2 {a}2 3");
  KeySplit split;
  ASSERT_TRUE(split.divide(request.entry(), request.args(), {}));
  ASSERT_EQ(split.parts(), 2u);
  Buffer out;
  split.write(0, out);
  EXPECT_EQ(parse(out.view()), (Words{"mset", "{a}1", "1", "{a}2", "3"}));
  const Request odd("MSET a 1 b");
  EXPECT_FALSE(split.divide(odd.entry(), odd.args(), {}));
  EXPECT_EQ(split.parts(), 0u);
}

TEST(KeySplit, the_prefix_decides_with_the_key) {
  const Request request("DEL a b");
  KeySplit split;
  ASSERT_TRUE(split.divide(request.entry(), request.args(), "{p}:"));
  ASSERT_EQ(split.parts(), 1u);
  EXPECT_EQ(split.slot(0), key_slot("p"));
  Buffer out;
  split.write(0, out);
  EXPECT_EQ(parse(out.view()), (Words{"DEL", "{p}:a", "{p}:b"}));
  ASSERT_TRUE(split.divide(request.entry(), request.args(), "p:"));
  EXPECT_EQ(split.slot(0), key_slot("p:a"));
  EXPECT_EQ(key_slot("p{", "a}"), key_slot("a"));
}

TEST(KeySplit, what_is_divisible_are_the_commands_that_say_so) {
  for (const char* command : {"MGET a", "MSET a 1", "DEL a", "UNLINK a", "EXISTS a", "TOUCH a"}) {
    EXPECT_TRUE(is_divisible(Request(command).entry())) << command;
  }
  for (const char* command : {"GET a", "MSETNX a 1", "SINTER a", "KEYS *", "PFCOUNT a", "WATCH a"}) {
    EXPECT_FALSE(is_divisible(Request(command).entry())) << command;
  }
  // Their keys are all arguments from the first on; divide() relies on that.
  for (const auto& entry : table().entries()) {
    if (!is_divisible(entry)) continue;
    const KeySpec& spec = entry.command->keys.specs[0];
    EXPECT_EQ(entry.command->keys.count, 1) << entry.full_name;
    EXPECT_EQ(spec.index, 1) << entry.full_name;
    EXPECT_EQ(spec.last, -1) << entry.full_name;
  }
}

TEST(RequestSlots, tells_whether_all_keys_are_in_one_slot) {
  const auto slots = [](const char* line, View prefix = {}) {
    const Request request(line);
    return slots_of(request.entry(), request.args(), prefix);
  };
  EXPECT_EQ(slots("PING").count, RequestSlots::none);
  EXPECT_EQ(slots("GET foo").count, RequestSlots::one);
  EXPECT_EQ(slots("GET foo").slot, 12182);
  EXPECT_EQ(slots("SINTER {a}1 {a}2").count, RequestSlots::one);
  EXPECT_EQ(slots("SINTER a b").count, RequestSlots::several);
  EXPECT_EQ(slots("SINTER a b", "{x}").count, RequestSlots::one);
  EXPECT_EQ(slots("EVAL s 2 {a}1 {a}2 b").slot, key_slot("a"));
  EXPECT_EQ(slots("EVAL s x a").count, RequestSlots::none);
  EXPECT_EQ(slots("SPUBLISH foo m").slot, 12182);
  EXPECT_EQ(slots("SORT {a}s STORE {a}d").count, RequestSlots::one);
}

TEST(ReplyMerge, puts_values_in_the_order_of_the_keys) {
  EXPECT_EQ(merged(Merge::in_order, {"*3\r\n$1\r\na\r\n$-1\r\n$1\r\nc\r\n", "*1\r\n_\r\n"}, {0, 1, 0, 0}),
            "*4\r\n$1\r\na\r\n_\r\n$-1\r\n$1\r\nc\r\n");
  EXPECT_EQ(merged(Merge::in_order, {"*1\r\n:1\r\n", "*1\r\n:2\r\n"}, {0, 1, 1}), misfit);
  EXPECT_EQ(merged(Merge::in_order, {"*2\r\n:1\r\n:1\r\n", "*1\r\n:2\r\n"}, {0, 1, 1}), misfit);
  EXPECT_EQ(merged(Merge::in_order, {":1\r\n"}, {0}), misfit);
}

TEST(ReplyMerge, adds_and_compares_numbers) {
  EXPECT_EQ(merged(Merge::sum, {":1\r\n", ":0\r\n", ":41\r\n"}), ":42\r\n");
  EXPECT_EQ(merged(Merge::minimum, {":3\r\n", ":1\r\n", ":2\r\n"}), ":1\r\n");
  EXPECT_EQ(merged(Merge::sum, {":1\r\n", "+OK\r\n"}), misfit);
  EXPECT_EQ(merged(Merge::sum, {":9223372036854775807\r\n", ":1\r\n"}), misfit);
}

TEST(ReplyMerge, an_error_of_a_part_is_the_error_of_all) {
  const std::vector<Bytes> replies = {":1\r\n", "-ERR first\r\n", "-ERR second\r\n"};
  for (const Merge kind : {Merge::sum, Merge::all_succeeded, Merge::in_order, Merge::concatenate}) {
    EXPECT_EQ(merged(kind, replies), "-ERR first\r\n");
  }
  EXPECT_EQ(merged(Merge::all_succeeded, {"+OK\r\n", "+OK\r\n"}), "+OK\r\n");
  EXPECT_EQ(merged(Merge::one_succeeded, {"-NOTBUSY a\r\n", "+OK\r\n"}), "+OK\r\n");
  EXPECT_EQ(merged(Merge::one_succeeded, {"-NOTBUSY a\r\n", "-NOTBUSY b\r\n"}), "-NOTBUSY a\r\n");
}

TEST(ReplyMerge, joins_lists) {
  EXPECT_EQ(merged(Merge::concatenate, {"*1\r\n$1\r\na\r\n", "*0\r\n", "*2\r\n$1\r\nb\r\n$1\r\nc\r\n"}),
            "*3\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\nc\r\n");
  EXPECT_EQ(merged(Merge::concatenate, {"%1\r\n+a\r\n:1\r\n", "%1\r\n+b\r\n:2\r\n"}), "%2\r\n+a\r\n:1\r\n+b\r\n:2\r\n");
  EXPECT_EQ(merged(Merge::concatenate, {"*0\r\n", "~0\r\n"}), misfit);
  EXPECT_EQ(merged(Merge::concatenate, {"*0\r\n", "*-1\r\n"}), misfit);
  EXPECT_EQ(merged(Merge::logical_and, {"*3\r\n:1\r\n:1\r\n:0\r\n", "*3\r\n:1\r\n:0\r\n:0\r\n"}),
            "*3\r\n:1\r\n:0\r\n:0\r\n");
  EXPECT_EQ(merged(Merge::logical_and, {"*1\r\n:1\r\n", "*2\r\n:1\r\n:0\r\n"}), misfit);
}

TEST(ReplyMerge, is_read_from_the_rows) {
  const std::map<const char*, Merge> expected = {
      {"MGET a", Merge::in_order},
      {"MSET a 1", Merge::all_succeeded},
      {"DEL a", Merge::sum},
      {"UNLINK a", Merge::sum},
      {"EXISTS a", Merge::sum},
      {"TOUCH a", Merge::sum},
      {"KEYS *", Merge::concatenate},
      {"DBSIZE", Merge::sum},
      {"FLUSHALL", Merge::all_succeeded},
      {"FLUSHDB", Merge::all_succeeded},
      {"SCRIPT LOAD x", Merge::all_succeeded},
      {"SCRIPT EXISTS x", Merge::logical_and},
      {"SCRIPT KILL", Merge::one_succeeded},
      {"SCAN 0", Merge::special},
      {"RANDOMKEY", Merge::special},
      {"WAIT 1 0", Merge::minimum},
  };
  for (const auto& [command, merge] : expected)
    EXPECT_EQ(merge_of(*Request(command).entry().command), merge) << command;
}

TEST(ScanCursor, visits_each_node_and_comes_back_to_zero) {
  // Three nodes, whose own cursors are 0, 12, 7 and then 0 again.
  uint64_t cursor = 0;
  std::vector<std::pair<uint32_t, uint64_t>> visited;
  do {
    const ScanCursor read = ScanCursor::of(cursor, 3);
    visited.emplace_back(read.node, read.cursor);
    const uint64_t next = read.cursor == 0 ? 12 : read.cursor == 12 ? 7 : 0;
    const auto after = ScanCursor::after(next, read.node, 3);
    ASSERT_TRUE(after);
    cursor = *after;
    ASSERT_LE(visited.size(), 9u);
  } while (cursor != 0);
  const std::vector<std::pair<uint32_t, uint64_t>> expected = {{0, 0}, {0, 12}, {0, 7},  {1, 0}, {1, 12},
                                                               {1, 7}, {2, 0},  {2, 12}, {2, 7}};
  EXPECT_EQ(visited, expected);
}

TEST(ScanCursor, refuses_what_does_not_fit) {
  EXPECT_FALSE(ScanCursor::after(uint64_t{1} << 63, 0, 2));
  EXPECT_FALSE(ScanCursor::after(0x5555555555555555, 5, 3));
  EXPECT_EQ(ScanCursor::after(uint64_t{1} << 50, 2, 3), (uint64_t{3} << 50) + 2);
}

}  // namespace
}  // namespace redipy
