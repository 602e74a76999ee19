// SPDX-License-Identifier: Apache-2.0
//
// What is sent to run a script on a real Redis, and what its replies mean; that it runs is tested with one, by
// tests/lua_scripts.py.
#include "scripting/lua_upstream.h"

#include <gmock/gmock.h>

#include "core/base/sha1.h"
#include "script_graphs.h"

namespace redipy::script {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const Bytes graph = R"({"kind":"script","argv":["n"],"keyv":["k"],"cmds":[
  {"kind":"declare","assign":{"kind":"arg","name":"arg_0","readable":"n"},"value":{"kind":"load_json_arg","index":0}},
  {"kind":"declare","assign":{"kind":"key","name":"key_0","readable":"k"},"value":{"kind":"load_key_arg","index":0}},
  {"kind":"stmt","expr":{"kind":"call","name":"redis.call","args":[
    {"kind":"val","type":"str","value":"lpush"},{"kind":"key","name":"key_0"},{"kind":"arg","name":"arg_0"}]}}]})";

class lua_upstream : public ::testing::Test {
 protected:
  const LuaScript& printed() { return scripts.of(library.load(graph, {})); }
  Words words(std::vector<View> arguments, Limits limits = {}, bool read_only = false) {
    const std::vector<View> keys = {"list"};
    const Script& script = library.load(graph, {});
    return lua_words(printed(), {keys, arguments, script.graph.key_names, script.graph.argument_names}, limits,
                     read_only);
  }
  /// What is thrown for an error reply: "text @place", or the text alone if the script did not run.
  Bytes fault(View error) {
    try {
      throw_lua_error(error, library.load(graph, {}), printed());
    } catch (const ScriptError& failed) {
      return Bytes(failed.what()) + " @" + library.load(graph, {}).graph.path(failed.place());
    } catch (const CommandError& refused) {
      return refused.what();
    }
  }
  Bytes addition(size_t line) {
    return " script: " + printed().digits + ", on @user_script:" + std::to_string(line) + ".";
  }

  Library library{all_commands()};
  LuaScripts scripts{all_commands(), {}};
};

TEST_F(lua_upstream, a_script_is_run_by_the_digits_of_its_lua) {
  const LuaScript& script = printed();
  EXPECT_EQ(script.digits, sha1_hex(script.text));
  EXPECT_THAT(words({"[1]", "\"a\""}), ElementsAre("EVALSHA", script.digits, "1", "list", "=[1:1;", "a"));
  EXPECT_THAT(words({}, {}, true), ElementsAre("EVALSHA_RO", script.digits, "1", "list"));
  EXPECT_EQ(&printed(), &script);
}

TEST_F(lua_upstream, a_script_that_is_not_known_is_run_by_its_text) {
  Words some = words({"1"});
  say_text(some, printed());
  EXPECT_THAT(some, ElementsAre("EVAL", printed().text, "1", "list", "=1;"));
  some = words({"1"}, {}, true);
  say_text(some, printed());
  EXPECT_EQ(some[0], "EVAL_RO");
  EXPECT_THAT(lua_load_words(printed()), ElementsAre("SCRIPT", "LOAD", printed().text));
  EXPECT_TRUE(is_no_script("NOSCRIPT No matching script. Please use EVAL."));
  EXPECT_FALSE(is_no_script("ERR NOSCRIPT"));
}

TEST_F(lua_upstream, arguments_are_refused_as_the_interpreter_refuses_them) {
  const auto refusal = [&](std::vector<View> arguments, Limits limits = {}) -> Bytes {
    try {
      words(std::move(arguments), limits);
    } catch (const ScriptError& fault) {
      EXPECT_EQ(fault.place(), 0u);
      return fault.what();
    }
    return "none";
  };
  EXPECT_THAT(refusal({"nope"}), HasSubstr("ERR argument 'n' is not valid JSON: "));
  EXPECT_THAT(refusal({"1", "nope"}), HasSubstr("ERR argument '1' is not valid JSON: "));
  EXPECT_EQ(refusal({"[[1]]"}, {.nesting = 2}), "none");
  EXPECT_THAT(refusal({"[[1]]"}, {.nesting = 1}), HasSubstr("ERR argument 'n' is not valid JSON: "));
  EXPECT_EQ(refusal({"\"12345\""}, {.memory = 10}), "ERR script exceeds script-max-memory");
  EXPECT_EQ(refusal({"\"12345\""}, {.memory = 11}), "none");
}

TEST_F(lua_upstream, an_error_of_the_script_says_where_in_the_graph) {
  const size_t last = printed().places.size();
  EXPECT_EQ(fault("WRONGTYPE Operation against a key" + addition(last)),
            "WRONGTYPE Operation against a key @cmds[2].expr");
  EXPECT_EQ(fault("ERR x" + addition(1) + addition(last)), "ERR x" + addition(1) + " @cmds[2].expr");
  EXPECT_EQ(fault("ERR x" + addition(last + 1)), "ERR x @");
}

TEST_F(lua_upstream, an_error_in_the_prelude_tells_the_line_of_the_script) {
  const Bytes line = std::to_string(printed().places.size());
  EXPECT_EQ(fault("ERR command arguments must be strings or numbers, not none on line " + line + addition(1)),
            "ERR command arguments must be strings or numbers, not none @cmds[2].expr");
}

TEST_F(lua_upstream, keys_are_sent_with_the_prefix) {
  LuaTarget target;
  target.prefix = "p:";
  scripts.aim(target);
  EXPECT_THAT(words({"1"}), ElementsAre("EVALSHA", printed().digits, "1", "p:list", "=1;"));
  EXPECT_THAT(printed().text, HasSubstr("\"lpush\", \"p:\" .. k"));
}

TEST_F(lua_upstream, an_error_before_the_script_runs_is_told_as_it_is) {
  for (const Bytes& error : {Bytes("LOADING Redis is loading the dataset in memory"), Bytes("BUSY . script: x."),
                             "ERR x script: " + printed().digits + ", on @user_script:0."}) {
    EXPECT_EQ(fault(error), error);
  }
}

TEST_F(lua_upstream, a_value_beyond_the_limit_is_an_error) {
  EXPECT_NO_THROW(check_lua_result("[1]", {.result = 3}));
  EXPECT_THROW(check_lua_result("[12]", {.result = 3}), ScriptError);
}

}  // namespace
}  // namespace redipy::script
