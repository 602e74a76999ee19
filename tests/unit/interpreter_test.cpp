// SPDX-License-Identifier: Apache-2.0
//
// The interpreter's own corners: limits, pauses, what is left behind by a run. What scripts mean is in tests/scripts/.
#include "scripting/interpreter.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "core/commands/families.h"
#include "scripting/library.h"

namespace redipy::script {
namespace {

const CommandTable& all_commands() {
  static const CommandTable table(data_families());
  return table;
}

/// Answers every command with a list of as many texts as its last argument says, and counts pauses.
class Host final : public script::Host {
 public:
  void call(const CommandTable::Entry&, const Args& args, Reply& reply) override {
    if (fails) throw std::runtime_error("the database is gone");
    const auto count = static_cast<size_t>(args.integer(args.size() - 1));
    reply.array(count);
    for (size_t i = 0; i < count; ++i) reply.bulk("an element of some length, for it is to take memory");
  }
  void log(int, View) override {}
  void pause() override {
    ++pauses;
    if (pauses == pauses_until_killed) throw CommandError("ERR killed");
  }

  int pauses = 0;
  int pauses_until_killed = -1;
  bool fails = false;
};

class InterpreterTest : public ::testing::Test {
 protected:
  /// The result as JSON, "none", or the error.
  Bytes run(View graph, const Limits& limits, std::vector<View> arguments = {}) {
    Library library(all_commands());
    const Script& script = library.load(graph, {});
    Bytes result;
    try {
      return interpreter.run(script.program, {{}, arguments}, limits, host, result) ? result : "none";
    } catch (const ScriptError& fault) {
      return fault.what();
    }
  }

  /// while true: body
  static Bytes endless(View first, View body) {
    return R"({"kind":"script","argv":["a"],"keyv":[],"cmds":[)" + Bytes(first) +
           R"({"kind":"while","condition":{"kind":"val","type":"bool","value":true},"body":{"kind":"seq","cmds":[)" +
           Bytes(body) + "]}}]}";
  }

  static constexpr View declare_list =
      R"({"kind":"declare","assign":{"kind":"var","name":"v"},"value":{"kind":"val","type":"list","value":[]}},)";
  static constexpr View append_itself =
      R"({"kind":"assign_at","assign":{"kind":"var","name":"v"},"index":{"kind":"array_len","var":{"kind":"var","name":"v"}},"value":{"kind":"var","name":"v"}})";

  Interpreter interpreter{all_commands()};
  Host host;
};

TEST_F(InterpreterTest, steps_are_limited_and_counted) {
  EXPECT_EQ(run(endless("", ""), {.steps = 5000, .steps_between_pauses = 100}), "ERR script exceeds script-max-steps");
  EXPECT_EQ(interpreter.steps(), 5000U);
  EXPECT_EQ(host.pauses, 50);
}

TEST_F(InterpreterTest, a_pause_may_end_the_script) {
  host.pauses_until_killed = 3;
  EXPECT_EQ(run(endless("", ""), {.steps_between_pauses = 10}), "ERR killed");
  EXPECT_EQ(interpreter.steps(), 30U);
}

TEST_F(InterpreterTest, memory_is_limited_also_where_lists_hold_themselves) {
  EXPECT_EQ(run(endless(declare_list, append_itself), {.memory = 100'000}), "ERR script exceeds script-max-memory");
  // The next run begins with nothing.
  EXPECT_EQ(run(R"({"kind":"script","argv":[],"keyv":[],"cmds":[]})", {.memory = 1000}), "none");
}

TEST_F(InterpreterTest, a_reply_that_does_not_fit_fails_the_script) {
  const View graph =
      R"({"kind":"script","argv":["n"],"keyv":[],"cmds":[{"kind":"return","value":{"kind":"array_at","arr":{"kind":"call","name":"redis.call","args":[{"kind":"val","type":"str","value":"lpop"},{"kind":"val","type":"str","value":"k"},{"kind":"load_json_arg","index":0}]},"index":{"kind":"val","type":"int","value":0}}}]})";
  EXPECT_EQ(run(graph, {.memory = 10'000}, {"5"}), "\"an element of some length, for it is to take memory\"");
  EXPECT_EQ(run(graph, {.memory = 10'000}, {"5000"}), "ERR script exceeds script-max-memory");
}

TEST_F(InterpreterTest, a_list_that_holds_itself_has_no_json_and_no_end_of_comparing) {
  const Bytes cycle = R"({"kind":"script","argv":[],"keyv":[],"cmds":[)" + Bytes(declare_list) + Bytes(append_itself);
  EXPECT_EQ(run(cycle + R"(,{"kind":"return","value":{"kind":"var","name":"v"}}]})", {}),
            "ERR a value is nested too deeply");
  const View other =
      R"(,{"kind":"declare","assign":{"kind":"var","name":"w"},"value":{"kind":"val","type":"list","value":[]}},{"kind":"assign_at","assign":{"kind":"var","name":"w"},"index":{"kind":"val","type":"int","value":0},"value":{"kind":"var","name":"w"}})";
  EXPECT_EQ(
      run(cycle + Bytes(other) +
              R"(,{"kind":"return","value":{"kind":"binary","op":"eq","left":{"kind":"var","name":"v"},"right":{"kind":"var","name":"w"}}}]})",
          {}),
      "ERR a value is nested too deeply");
}

TEST_F(InterpreterTest, comparing_lists_that_share_much_can_be_paused_and_limited) {
  // v = [v, v], forty times over, twice: equal, but 2^40 pairs to compare.
  const auto doubled = [](View name) {
    const Bytes variable = R"({"kind":"var","name":")" + Bytes(name) + R"("})";
    const Bytes pair =
        R"({"kind":"declare","assign":{"kind":"var","name":"p"},"value":{"kind":"val","type":"list","value":[]}})";
    const auto append = [&](int at) {
      return R"({"kind":"assign_at","assign":{"kind":"var","name":"p"},"index":{"kind":"val","type":"int","value":)" +
             std::to_string(at) + R"(},"value":)" + variable + "}";
    };
    Bytes text = R"({"kind":"declare","assign":)" + variable + R"(,"value":{"kind":"val","type":"list","value":[1]}},)";
    const Bytes doubling = pair + "," + append(0) + "," + append(1) + R"(,{"kind":"assign","assign":)" + variable +
                           R"(,"value":{"kind":"var","name":"p"}},)";
    for (int i = 0; i < 40; ++i) text += doubling;
    return text;
  };
  const Bytes graph =
      R"({"kind":"script","argv":[],"keyv":[],"cmds":[)" + doubled("v") + doubled("w") +
      R"({"kind":"return","value":{"kind":"binary","op":"eq","left":{"kind":"var","name":"v"},"right":{"kind":"var","name":"w"}}}]})";
  EXPECT_EQ(run(graph, {.steps = 100'000}), "ERR script exceeds script-max-steps");
}

TEST_F(InterpreterTest, an_argument_is_decoded_anew_each_time_it_is_loaded) {
  const View graph =
      R"({"kind":"script","argv":["a"],"keyv":[],"cmds":[
        {"kind":"declare","assign":{"kind":"var","name":"x"},"value":{"kind":"load_json_arg","index":0}},
        {"kind":"assign_at","assign":{"kind":"var","name":"x"},"index":{"kind":"val","type":"int","value":0},"value":{"kind":"val","type":"int","value":7}},
        {"kind":"return","value":{"kind":"binary","op":"add","left":{"kind":"load_json_arg","index":0},"right":{"kind":"var","name":"x"}}}]})";
  EXPECT_EQ(run(graph, {}, {"[1]"}), "[1,7]");
}

TEST_F(InterpreterTest, a_failing_host_leaves_nothing_behind_for_the_next_run) {
  const View graph =
      R"({"kind":"script","argv":["n"],"keyv":[],"cmds":[{"kind":"declare","assign":{"kind":"var","name":"v"},"value":{"kind":"call","name":"redis.call","args":[{"kind":"val","type":"str","value":"lpop"},{"kind":"val","type":"str","value":"k"},{"kind":"load_json_arg","index":0}]}},{"kind":"return","value":{"kind":"load_json_arg","index":0}}]})";
  host.fails = true;
  EXPECT_THROW(run(graph, {}, {"7"}), std::runtime_error);
  host.fails = false;
  EXPECT_EQ(run(graph, {}, {"2"}), "2");
}

TEST_F(InterpreterTest, a_result_is_limited) {
  const View graph =
      R"({"kind":"script","argv":["a"],"keyv":[],"cmds":[{"kind":"return","value":{"kind":"load_json_arg","index":0}}]})";
  EXPECT_EQ(run(graph, {.result = 7}, {"[1,2,3]"}), "[1,2,3]");
  EXPECT_EQ(run(graph, {.result = 6}, {"[1,2,3]"}), "ERR script exceeds script-max-result");
  EXPECT_EQ(run(graph, {.nesting = 3}, {"[[[]]]"}), "[[[]]]");
  EXPECT_EQ(run(graph, {.nesting = 2}, {"[[[]]]"}).substr(0, 40), "ERR argument '0' is not valid JSON: nest");
}

}  // namespace
}  // namespace redipy::script
