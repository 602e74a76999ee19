// SPDX-License-Identifier: Apache-2.0
//
// Scripts printed for a backend with a prefix, or beside others: what the Lua looks like. What it does is tested on a
// real Redis, by tests/lua_scripts.py and tests/random_scripts.py.
#include "scripting/lua_target.h"

#include <gmock/gmock.h>

#include "core/base/glob.h"
#include "script_graphs.h"
#include "scripting/graph_reader.h"
#include "scripting/lua_printer.h"

namespace redipy::script {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Bytes text(const Bytes& value) { return R"({"kind":"val","type":"str","value":")" + value + "\"}"; }
Bytes key(int position) { return R"({"kind":"load_key_arg","index":)" + std::to_string(position) + "}"; }
Bytes argument(int position) { return R"({"kind":"load_json_arg","index":)" + std::to_string(position) + "}"; }

/// A script that returns what a command gives, as Lua for that target.
Bytes printed(std::initializer_list<Bytes> words, const LuaTarget& target) {
  Bytes arguments;
  for (const Bytes& word : words) arguments += (arguments.empty() ? "" : ",") + word;
  return print_lua(read_graph(R"({"kind":"script","argv":[],"keyv":[],"cmds":[{"kind":"return","value":
                     {"kind":"call","name":"redis.call","args":[)" +
                                  arguments + "]}}]}",
                              {}),
                   target, all_commands())
      .text;
}

LuaTarget under(const Bytes& prefix) {
  LuaTarget target;
  target.prefix = prefix;
  return target;
}

TEST(lua_keys, a_target_that_owns_all_keys_as_they_are_changes_nothing) {
  const Bytes graph = R"({"kind":"script","argv":[],"keyv":["k"],"cmds":[{"kind":"return","value":{"kind":"call",
    "name":"redis.call","args":[{"kind":"val","type":"str","value":"zpopmin"},{"kind":"load_key_arg","index":0}]}}]})";
  LuaTarget target;
  target.routes = {{"a*", true}};
  EXPECT_EQ(print_lua(read_graph(graph, {}), target, all_commands()).text, print_lua(read_graph(graph, {})).text);
}

TEST(lua_keys, a_prefix_stands_before_the_keys_that_the_graph_tells) {
  const LuaTarget target = under("p:");
  EXPECT_THAT(printed({text("get"), text("a")}, target), HasSubstr("redis.call(\"get\", \"p:a\")"));
  EXPECT_THAT(printed({text("get"), key(0)}, target), HasSubstr("redis.call(\"get\", \"p:\" .. KEYS[1])"));
  EXPECT_THAT(printed({text("mset"), text("a"), text("b"), text("c"), text("d")}, target),
              HasSubstr("redis.call(\"mset\", \"p:a\", \"b\", \"p:c\", \"d\")"));
  EXPECT_THAT(printed({text("zunionstore"), text("a"), text("2"), text("b"), text("c")}, target),
              HasSubstr("redis.call(\"zunionstore\", \"p:a\", \"2\", \"p:b\", \"p:c\")"));
  EXPECT_THAT(printed({text("sort"), text("a"), text("by"), text("nosort"), text("store"), text("b")}, target),
              HasSubstr("redis.call(\"sort\", \"p:a\", \"by\", \"nosort\", \"store\", \"p:b\")"));
  EXPECT_THAT(printed({text("object"), text("encoding"), text("a")}, target),
              HasSubstr("\"object\", \"encoding\", \"p:a\")"));
}

TEST(lua_keys, keys_that_depend_on_data_are_found_by_the_row_of_the_command) {
  const Bytes lua = printed({text("zunionstore"), text("a"), argument(0), text("b")}, under("p:"));
  EXPECT_THAT(lua, HasSubstr("[\"zunionstore\"] = {{at = 1}, {at = 2, count = 0, first = 1}},"));
  EXPECT_THAT(lua, HasSubstr("keyed(key_specs[\"zunionstore\"], \"a\", "));
  EXPECT_THAT(lua, Not(HasSubstr("command_groups")));
  EXPECT_THAT(printed({argument(0), text("a")}, under("p:")), HasSubstr("command_groups"));
}

TEST(lua_keys, keys_that_are_read_as_values_lose_the_prefix) {
  EXPECT_THAT(printed({text("echo"), key(0)}, under("app:")), HasSubstr("KEYS[i] = string.sub(KEYS[i], 5)"));
  EXPECT_THAT(printed({text("echo"), text("a")}, under("app:")), Not(HasSubstr("KEYS")));
}

TEST(lua_keys, a_prefix_of_any_bytes_stands_for_itself_only) {
  const Bytes lua = printed({text("keys"), text("*")}, under("a*?[\\\"$call$"));
  EXPECT_THAT(lua, HasSubstr(R"("a\\*\\?\\[\\\\\"$call$")"));
}

TEST(lua_keys, commands_that_reach_beyond_the_prefix_are_refused) {
  EXPECT_THAT(printed({text("flushall")}, under("p:")), HasSubstr("refuse(\"ERR FLUSHALL reaches beyond"));
  EXPECT_THAT(printed({text("flushdb")}, under("p:")), Not(HasSubstr("\"flushdb\"")));
  LuaTarget beside;
  beside.routes = {{"a*", false}};
  EXPECT_THAT(printed({text("flushdb")}, beside), HasSubstr("\"flushdb\""));
}

TEST(lua_keys, a_command_that_fails_anyway_is_never_sent_with_its_keys_bare) {
  for (const auto& words : {std::initializer_list<Bytes>{text("nope"), text("a")},
                            std::initializer_list<Bytes>{text("get"), text("a"), text("b")},
                            std::initializer_list<Bytes>{text("blpop"), text("a"), text("0")},
                            std::initializer_list<Bytes>{text("object"), text("nope"), text("a")}}) {
    const Bytes lua = printed(words, under("p:"));
    EXPECT_THAT(lua, Not(HasSubstr("redis.call"))) << lua;
  }
}

TEST(lua_keys, what_scripts_must_not_call_is_refused_where_redis_would_run_it) {
  LuaTarget target;
  target.tells_lines = true;
  EXPECT_THAT(printed({text("blpop"), text("a"), text("0")}, target),
              HasSubstr("refuse(\"ERR This Redis command is not allowed from script\", \"a\", \"0\")"));
}

TEST(lua_keys, a_key_of_another_backend_is_told_by_its_route) {
  LuaTarget target;
  target.routes = {{"mine:*", true}, {"*:old", false}};
  const Bytes own = printed({text("get"), text("mine:1")}, target);
  EXPECT_THAT(own, HasSubstr("redis.call(\"get\", \"mine:1\")"));
  EXPECT_THAT(own, Not(HasSubstr("foreign")));
  const Bytes computed = printed({text("get"), key(0)}, target);
  EXPECT_THAT(computed, HasSubstr("redis.call(\"get\", key_here(KEYS[1]))"));
  EXPECT_THAT(computed, HasSubstr("if sub(key, 1, 5) == \"mine:\" then\n    return false\n"
                                  "  elseif find(key, \"^.-%:old$\") then\n    return true\n"));
  EXPECT_THAT(printed({text("get"), text("1:old")}, target), HasSubstr("key_here(\"1:old\")"));
}

TEST(lua_keys, what_may_fail_behind_a_key_comes_before_the_key_is_judged) {
  LuaTarget target;
  target.routes = {{"a*", false}};
  EXPECT_THAT(printed({text("set"), key(0), text("b")}, target), HasSubstr("\"set\", key_here(KEYS[1]), \"b\")"));
  EXPECT_THAT(printed({text("set"), key(0), argument(0)}, target), HasSubstr("keyed(key_specs[\"set\"], KEYS[1], "));
}

TEST(lua_target, a_pattern_becomes_the_simplest_condition) {
  const auto condition = [](View pattern) {
    Bytes needs;
    return lua_condition(pattern, needs);
  };
  EXPECT_EQ(condition(""), "key == \"\"");
  EXPECT_EQ(condition("a\\*"), "key == \"a*\"");
  EXPECT_EQ(condition("*"), "key ~= \"\"");
  EXPECT_EQ(condition("archive:*"), "sub(key, 1, 8) == \"archive:\"");
  EXPECT_EQ(condition("[x]y*"), "sub(key, 1, 2) == \"xy\"");
  EXPECT_EQ(condition("*.log"), "find(key, \"^.-%.log$\")");
  EXPECT_EQ(condition("?a[^b]"), "find(key, \"^.a[^b]$\")");
  EXPECT_EQ(condition("[a-f0-9]*"), "find(key, \"^[0-9a-f]\")");
  EXPECT_EQ(condition("["), "false");
  EXPECT_EQ(condition("*a*b*c*"), "fits(key, {\"\", \"^a\", \"\", \"^b\", \"\", \"^c\", \"\"})");
}

TEST(lua_target, the_pattern_of_a_text_fits_it_and_nothing_else) {
  const Bytes text = "a*[b-c]\\?^";
  EXPECT_TRUE(glob_match(glob_of(text), text));
  EXPECT_FALSE(glob_match(glob_of(text), "axb\\x^"));
}

TEST(lua_target, the_first_route_that_fits_counts) {
  LuaTarget target;
  target.routes = {{"a:b*", true}, {"a:*", false}};
  EXPECT_TRUE(target.owns("a:bc"));
  EXPECT_FALSE(target.owns("a:c"));
  EXPECT_TRUE(target.owns("c"));
  EXPECT_FALSE(target.owns_all());
  target.rest_here = false;
  EXPECT_FALSE(target.owns("c"));
}

}  // namespace
}  // namespace redipy::script
