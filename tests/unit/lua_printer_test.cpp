// SPDX-License-Identifier: Apache-2.0
//
// Printed Lua: words, the form of arguments, names, and where lines come from. What it means when it runs is tested on
// a real Redis: tests/lua_scripts.py, tests/random_scripts.py.
#include "scripting/lua_printer.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "scripting/graph_reader.h"
#include "scripting/lua_text.h"

namespace redipy::script {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

LuaText printed(const Bytes& commands, const Bytes& arguments = "", const Bytes& keys = "") {
  return print_lua(read_graph(
      R"({"kind":"script","argv":[)" + arguments + R"(],"keyv":[)" + keys + R"(],"cmds":[)" + commands + "]}", {}));
}

Bytes result(const Bytes& value) { return R"({"kind":"return","value":)" + value + "}"; }
Bytes text(const Bytes& json) { return R"({"kind":"val","type":"str","value":)" + json + "}"; }
Bytes number(const Bytes& digits) { return R"({"kind":"val","type":"int","value":)" + digits + "}"; }
Bytes variable(const Bytes& name) { return R"({"kind":"var","name":")" + name + R"("})"; }
Bytes call(const Bytes& name, const Bytes& arguments) {
  return R"({"kind":"call","name":)" + name + R"(,"no_adjust":false,"args":[)" + arguments + "]}";
}
Bytes load_argument(const Bytes& name, const Bytes& readable) {
  return R"({"kind":"declare","assign":{"kind":"arg","name":)" + name + R"(,"readable":)" + readable +
         R"(},"value":{"kind":"load_json_arg","index":0}})";
}

TEST(lua_text, a_string_escapes_what_could_end_it_or_be_changed) {
  EXPECT_EQ(lua_string(R"(a"b\c)"), R"("a\"b\\c")");
  EXPECT_EQ(lua_string("\r\n"), R"("\013\n")");
  EXPECT_EQ(lua_string(View("\0"
                            "1",
                            2)),
            R"("\0001")");
  EXPECT_EQ(lua_string("]] --\t\x7f"), R"("]] --\009\127")");
}

TEST(lua_text, a_string_keeps_utf8_readable_and_escapes_other_bytes) {
  EXPECT_EQ(lua_string("é日😀"), "\"é日😀\"");
  EXPECT_EQ(lua_string("\xff\xc3(\xed\xa0\x80"), R"("\255\195(\237\160\128")");
}

TEST(lua_text, an_identifier_is_what_is_left_of_a_name) {
  EXPECT_EQ(lua_identifier("var_0"), "var_0");
  EXPECT_EQ(lua_identifier("small list"), "small_list");
  EXPECT_EQ(lua_identifier("9 lives; os.exit()"), "lives_os_exit");
  EXPECT_EQ(lua_identifier("\n--[["), "");
  EXPECT_LE(lua_identifier(Bytes(1000, 'a')).size(), 40u);
}

TEST(lua_argument, plain_text_travels_as_it_is) {
  EXPECT_EQ(lua_argument(R"("token")"), "token");
  EXPECT_EQ(lua_argument(R"("")"), "");
  EXPECT_EQ(lua_argument(R"("5")"), "5");
  EXPECT_EQ(lua_argument(R"("a\u0000\"\n")"), View("a\0\"\n", 4));
}

TEST(lua_argument, text_that_begins_like_another_form_is_told_apart) { EXPECT_EQ(lua_argument(R"("=5;")"), "=$3:=5;"); }

TEST(lua_argument, integers_and_doubles_are_told_apart) {
  EXPECT_EQ(lua_argument("5"), "=5;");
  EXPECT_EQ(lua_argument("-0"), "=0;");
  EXPECT_EQ(lua_argument("5.0"), "=5.0;");
  EXPECT_EQ(lua_argument("-0.0"), "=-0.0;");
  EXPECT_EQ(lua_argument("2.50"), "=2.5;");
  EXPECT_EQ(lua_argument("1E20"), "=1e+20;");
}

TEST(lua_argument, null_true_false_and_empty_containers_are_told_apart) {
  EXPECT_EQ(lua_argument("null"), "=n");
  EXPECT_EQ(lua_argument("true"), "=t");
  EXPECT_EQ(lua_argument("false"), "=f");
  EXPECT_EQ(lua_argument("[]"), "=[0:");
  EXPECT_EQ(lua_argument("{}"), "={0:");
}

TEST(lua_argument, what_is_inside_has_its_length_before_it) {
  EXPECT_EQ(lua_argument(R"([1, "é", [null], {"a;": 0.5}])"), "=[4:1;$2:é[1:n{1:$2:a;0.5;");
}

TEST(lua_argument, of_a_name_that_stands_twice_the_last_value_counts) {
  EXPECT_EQ(lua_argument(R"({"a": 1, "b": 2, "a": 3})"), "={2:$1:b2;$1:a3;");
}

TEST(lua_argument, what_is_no_json_is_refused) {
  for (const View malformed : {"", "nul", "[1,]", "1 2", "\"\\ud800\"", "\"\xff\"", "1e999", "99999999999999999999"}) {
    EXPECT_THROW(lua_argument(malformed), JsonError) << malformed;
  }
  EXPECT_THROW(lua_argument(Bytes(100000, '[')), JsonError);
}

TEST(lua_printer, a_simple_script_needs_no_pieces) {
  EXPECT_EQ(printed(result(number("1"))).text, "return \"1\"\n");
  EXPECT_EQ(
      printed(R"({"kind":"stmt","expr":)" + call("\"redis.call\"", text("\"incr\"") + "," + text("\"n\"")) + "}").text,
      "redis.call(\"incr\", \"n\")\n");
}

TEST(lua_printer, names_of_the_graph_are_kept_where_they_are_safe) {
  const Bytes lua = printed(load_argument("\"arg_0\"", "\"limit\""), "\"limit\"").text;
  EXPECT_THAT(lua, HasSubstr("local limit = ARGV[1]\n"));
}

TEST(lua_printer, a_name_that_lua_or_a_piece_has_is_changed) {
  for (const View taken : {"end", "redis", "ARGV", "cjson", "argument", "fail", "t1", "v", "result", "string"}) {
    const Bytes lua = printed(load_argument("\"a\"", '"' + Bytes(taken) + '"'), "\"a\"").text;
    EXPECT_THAT(lua, Not(HasSubstr("local " + Bytes(taken) + " ="))) << taken;
    EXPECT_THAT(lua, HasSubstr("local " + Bytes(taken) + "_2 = ARGV[1]\n")) << taken;
  }
}

TEST(lua_printer, two_variables_of_one_readable_name_stay_two) {
  const Bytes lua = printed(load_argument("\"a\"", "\"x\"") + "," + load_argument("\"b\"", "\"x\""), "\"x\"").text;
  EXPECT_THAT(lua, HasSubstr("local x = ARGV[1]\n"));
  EXPECT_THAT(lua, HasSubstr("local x_2 = ARGV[1]\n"));
}

TEST(lua_printer, nothing_in_names_or_texts_becomes_code) {
  const Bytes hostile = R"("x = nil\nredis.call(\"flushall\") --[[ \\\" ]] \u0000")";
  const LuaText lua = printed(load_argument("\"a\"", hostile) + R"(,{"kind":"declare","assign":)" +
                                  R"({"kind":"var","name":)" + hostile + R"(},"value":)" + call(hostile, "") + "}," +
                                  result(text(hostile)) + "," + result(R"({"kind":"constant","raw":)" + hostile + "}"),
                              hostile, hostile);
  EXPECT_THAT(lua.text, Not(HasSubstr("\nredis.call")));
  size_t at = 0;
  while ((at = lua.text.find("flushall", at)) != Bytes::npos) {
    // Inside a string: the quote before it is escaped, and its line begins with our own words.
    const bool quoted = lua.text.substr(at - 2, 2) == "\\\"";
    const bool name = lua.text.substr(at - 1, 1) == "_";
    EXPECT_TRUE(quoted || name) << lua.text.substr(at < 60 ? 0 : at - 60, 80);
    ++at;
  }
}

TEST(lua_printer, every_line_has_a_place) {
  const Graph graph = read_graph(R"({"kind":"script","argv":[],"keyv":[],"cmds":[{"kind":"stmt","expr":)" +
                                     call("\"redis.log\"", number("1") + "," + text("\"x\"")) + "}," +
                                     result(call("\"redis.call\"", text("\"get\"") + "," + text("\"k\""))) + "]}",
                                 {});
  const LuaText lua = print_lua(graph);
  EXPECT_EQ(static_cast<size_t>(std::count(lua.text.begin(), lua.text.end(), '\n')), lua.places.size());
  EXPECT_EQ(graph.path(lua.places.back()), "cmds[1]");
  EXPECT_EQ(graph.path(lua.places[lua.places.size() - 2]), "cmds[0]");
  EXPECT_EQ(lua.places.front(), 0u);
}

TEST(lua_printer, a_script_of_many_variables_keeps_them_in_a_table) {
  Bytes commands;
  for (int i = 0; i < 300; ++i) {
    commands +=
        R"({"kind":"declare","assign":)" + variable("v" + std::to_string(i)) + R"(,"value":)" + number("1") + "},";
  }
  const Bytes lua = printed(commands + result(variable("v299"))).text;
  EXPECT_THAT(lua, HasSubstr("v[300] = 1\n"));
  EXPECT_THAT(lua, Not(HasSubstr("local v299")));
}

TEST(lua_printer, what_nests_deeply_is_cut_into_functions) {
  Bytes deep = number("1");
  for (int i = 0; i < 900; ++i)
    deep = R"({"kind":"binary","op":"add","left":)" + number("1") + R"(,"right":)" + deep + "}";
  const Bytes lua = printed(result(deep)).text;
  EXPECT_THAT(lua, HasSubstr("blocks[30] = function()"));
  size_t longest = 0;
  for (size_t at = 0, end = 0; at < lua.size(); at = end + 1) {
    end = lua.find('\n', at);
    longest = std::max(longest, static_cast<size_t>(std::count(&lua[at], &lua[end], '(')));
  }
  EXPECT_LT(longest, 100u);
}

TEST(lua_printer, what_a_script_of_nested_choices_prints_grows_with_it_alone) {
  Bytes deep = call("\"string.find\"", text("\"ab\"") + "," + text("\"b\""));
  for (int i = 0; i < 600; ++i) {
    deep = R"({"kind":"binary","op":"and","left":{"kind":"val","type":"bool","value":true},"right":)" + deep + "}";
  }
  EXPECT_LT(printed(result(deep)).text.size(), 200000u);
}

}  // namespace
}  // namespace redipy::script
