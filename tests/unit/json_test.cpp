// SPDX-License-Identifier: Apache-2.0
//
// JSON is read as strictly as RFC 8259 has it; another reader of it judges what is accepted and what it means.
#include "scripting/json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

namespace redipy::script {
namespace {

constexpr size_t depth = 64;

std::optional<Json> read(View text) {
  try {
    return read_json(text, depth, Duplicates::last_wins);
  } catch (const JsonError&) {
    return std::nullopt;
  }
}

bool same(const Json& ours, const nlohmann::json& judge) {
  switch (ours.type) {
    case Json::Type::null:
      return judge.is_null();
    case Json::Type::boolean:
      return judge.is_boolean() && judge.get<bool>() == ours.boolean;
    case Json::Type::integer:
      return judge.is_number_integer() && judge.get<int64_t>() == ours.integer;
    case Json::Type::number:
      return judge.is_number_float() && judge.get<double>() == ours.number;
    case Json::Type::string:
      return judge.is_string() && judge.get<Bytes>() == ours.text;
    case Json::Type::array: {
      if (!judge.is_array() || judge.size() != ours.items.size()) return false;
      for (size_t i = 0; i < ours.items.size(); ++i) {
        if (!same(ours.items[i], judge[i])) return false;
      }
      return true;
    }
    case Json::Type::object: {
      if (!judge.is_object() || judge.size() != ours.members.size()) return false;
      for (const auto& [key, member] : ours.members) {
        if (!judge.contains(key) || !same(member, judge[key])) return false;
      }
      return true;
    }
  }
  return false;
}

/// What the judge takes and we do not: integers beyond 64 bits (it makes doubles or unsigned of them), and depth.
bool beyond_us(const nlohmann::json& value, size_t level) {
  if (level > depth) return true;
  if (value.is_number_unsigned() && value.get<uint64_t>() > static_cast<uint64_t>(INT64_MAX)) return true;
  if (value.is_number_float() && std::abs(value.get<double>()) >= 9.2e18) return true;
  return value.is_structured() && std::any_of(value.begin(), value.end(), [&](const nlohmann::json& inner) {
           return beyond_us(inner, level + (inner.is_structured() ? 1 : 0));
         });
}

void agree(const Bytes& text) {
  const auto judge = nlohmann::json::parse(text, nullptr, false);
  const auto ours = read(text);
  if (judge.is_discarded()) {
    EXPECT_FALSE(ours) << "we took: " << text;
    return;
  }
  if (!ours) {
    EXPECT_TRUE(beyond_us(judge, 1)) << "we refused: " << text;
    return;
  }
  EXPECT_TRUE(same(*ours, judge)) << text;
  Bytes written;
  append_json(written, *ours);
  const auto again = nlohmann::json::parse(written, nullptr, false);
  EXPECT_FALSE(again.is_discarded()) << written;
  const auto reread = read(written);
  ASSERT_TRUE(reread) << written;
  Bytes rewritten;
  append_json(rewritten, *reread);
  const bool minus_zero = written.find("-0") != Bytes::npos;  // it comes back as an integer
  EXPECT_TRUE(minus_zero || rewritten == written) << written << " became " << rewritten;
}

constexpr View texts[] = {
    "",
    " ",
    "null",
    "true",
    "false",
    " \t\r\n1 \t\r\n",
    "nul",
    "nulll",
    "True",
    "0",
    "-0",
    "-0.0",
    "00",
    "01",
    "-01",
    "-",
    "+1",
    "1.",
    ".5",
    "1.5",
    "1e",
    "1e5",
    "1E+5",
    "1e-5",
    "1e+",
    "1.e5",
    "0x10",
    "1_0",
    "NaN",
    "Infinity",
    "9223372036854775807",
    "-9223372036854775808",
    "1e308",
    "1e309",
    "-1e400",
    "1e-400",
    "0.1",
    "123456789.123456789",
    "2.2250738585072011e-308",
    "\"\"",
    "\"a\"",
    "\"",
    "'a'",
    "\"a",
    "\"\\\"\"",
    "\"\\\\\\/\\b\\f\\n\\r\\t\"",
    "\"\\x\"",
    "\"\\",
    "\"\\u0041\"",
    "\"\\u00e9\"",
    "\"\\u004\"",
    "\"\\u00g1\"",
    "\"\\ud83d\\ude00\"",
    "\"\\ud83d\"",
    "\"\\ude00\"",
    "\"\\ud83d\\u0041\"",
    "\"\\ud83dx\"",
    "\"\\uD83D\\uDE00\"",
    "\"\\u0000\"",
    "\"\n\"",
    "\"\t\"",
    "\"\x7f\"",
    "\"é\"",
    "\"😀\"",
    "\"\xc3\"",
    "\"\xc3(\"",
    "\"\xc0\xaf\"",
    "\"\xed\xa0\x80\"",
    "\"\xf4\x90\x80\x80\"",
    "\"\xff\"",
    "[]",
    "[ ]",
    "[1]",
    "[1,]",
    "[,1]",
    "[1 2]",
    "[1,2",
    "[",
    "]",
    "[1]]",
    "[[[[[]]]]]",
    "{}",
    "{ }",
    "{\"a\":1}",
    "{\"a\":1,}",
    "{\"a\"}",
    "{\"a\":}",
    "{a:1}",
    "{1:1}",
    "{\"a\":1,\"b\":[{}]}",
    "{\"a\":1 \"b\":2}",
    "{\"a\":1,\"a\":2}",
    "{\"\":null}",
    "[1}",
    "{\"a\":1]",
    "1 2",
    "{} x",
    "//\n1",
    "[1,/* */2]",
    "\xef\xbb\xbf{\"kind\"}",
};

TEST(JsonReader, takes_and_refuses_what_the_judge_does) {
  for (const View text : texts) agree(Bytes(text));
}

TEST(JsonReader, agrees_with_the_judge_on_mutated_documents) {
  std::mt19937_64 random(20240607);
  const Bytes seed =
      R"({"kind":"script","argv":["a","é\u00e9\ud83d\ude00"],"keyv":[],"cmds":[{"kind":"return","value":)"
      R"({"kind":"val","type":"dict","value":{"x":[1,-2.5e3,0.1,null,true,false,"\"\\\n"],"y":{"z":[[],{}]}}}}]})";
  static constexpr View bits[] = {
      "\"", "\\", "{", "}",   "[",    "]",    ",",    ":",    "0",   "1",    "-",
      ".",  "e",  " ", "\\u", "d800", "\xc3", "\xa9", "null", "tru", "\x01", "9223372036854775808"};
  for (int i = 0; i < 20000; ++i) {
    Bytes text = seed;
    for (uint64_t n = random() % 3 + 1; n > 0; --n) {
      const size_t at = random() % text.size();
      switch (random() % 4) {
        case 0:
          text.erase(at, random() % 4 + 1);
          break;
        case 1:
          text.insert(at, bits[random() % std::size(bits)]);
          break;
        case 2:
          text[at] = static_cast<char>(random());
          break;
        default:
          text.insert(at, text.substr(random() % text.size(), random() % 12));
      }
      if (text.empty()) text = "1";
    }
    agree(text);
    if (testing::Test::HasFailure()) break;
  }
}

TEST(JsonReader, says_where_it_stopped) {
  try {
    read_json("[1, 2, x]", depth, Duplicates::refused);
    FAIL();
  } catch (const JsonError& error) {
    EXPECT_EQ(error.offset(), 7u);
    EXPECT_STREQ(error.what(), "expected a value at byte 7");
  }
}

TEST(JsonReader, refuses_what_nests_deeper_than_is_allowed_whatever_the_depth) {
  EXPECT_TRUE(read(Bytes(depth, '[') + Bytes(depth, ']')));
  EXPECT_FALSE(read(Bytes(depth + 1, '[') + Bytes(depth + 1, ']')));
  EXPECT_FALSE(read(Bytes(2'000'000, '[')));
  Bytes objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
  EXPECT_FALSE(read(objects));
}

TEST(JsonReader, takes_the_last_of_two_members_of_a_name_or_refuses_them) {
  const Json value = read_json(R"({"a":1,"b":2,"a":3})", depth, Duplicates::last_wins);
  ASSERT_EQ(value.members.size(), 2u);
  EXPECT_EQ(value.find("a")->integer, 3);
  EXPECT_THROW(read_json(R"({"a":1,"b":2,"a":3})", depth, Duplicates::refused), JsonError);
  EXPECT_THROW(read_json(R"([{"\u0061":1,"a":3}])", depth, Duplicates::refused), JsonError);
}

TEST(JsonReader, keeps_integers_exact_to_64_bits) {
  EXPECT_EQ(read("9223372036854775807")->integer, INT64_MAX);
  EXPECT_EQ(read("-9223372036854775808")->integer, INT64_MIN);
  EXPECT_FALSE(read("9223372036854775808"));
  EXPECT_FALSE(read("-9223372036854775809"));
  EXPECT_FALSE(read("18446744073709551616"));
}

TEST(JsonWriter, escapes_what_must_be_and_no_more) {
  Bytes text;
  EXPECT_TRUE(append_json_string(text, View("\"\\\b\f\n\r\t\x01\x1f/é\x7f", 13)));
  EXPECT_EQ(text, "\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f/é\x7f\"");
  EXPECT_FALSE(append_json_string(text, "\xff"));
  EXPECT_FALSE(append_json_string(text, "a\xc3"));
}

}  // namespace
}  // namespace redipy::script
