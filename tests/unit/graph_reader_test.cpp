// SPDX-License-Identifier: Apache-2.0
//
// What a graph reads as: slots, kinds, places; and what is refused. The many faults of form are in
// tests/scripts/faulty/, which check_test.cpp runs.
#include "scripting/graph_reader.h"

#include <gtest/gtest.h>

#include "script_graphs.h"

namespace redipy::script {
namespace {

Graph read(View text) { return read_graph(text, GraphLimits{}); }

Bytes refusal(View text, const GraphLimits& limits = {}) {
  try {
    read_graph(text, limits);
    return "none";
  } catch (const GraphError& error) {
    EXPECT_EQ(View(error.what()),
              "ERR " + (error.path().empty() ? Bytes("script") : error.path()) + ": " + error.fault());
    return error.what();
  }
}

Bytes script(View statements) {
  return R"({"kind":"script","argv":["a"],"keyv":["k"],"cmds":[)" + Bytes(statements) + "]}";
}

constexpr View declares_x =
    R"({"kind":"declare","assign":{"kind":"var","name":"x"},"value":{"kind":"val","type":"int","value":1}})";

TEST(GraphReader, resolves_names_to_slots_and_keeps_labels) {
  const Graph graph = read(script(
      R"({"kind":"declare","assign":{"kind":"arg","name":"arg_0","readable":"a"},"value":{"kind":"load_json_arg","index":0}},)" +
      Bytes(declares_x) +
      R"(,{"kind":"return","value":{"kind":"binary","op":"add","left":{"kind":"var","name":"x"},)"
      R"("right":{"kind":"arg","name":"arg_0"}}})"));
  ASSERT_EQ(graph.variables.size(), 2u);
  EXPECT_EQ(graph.variables[0].name, "arg_0");
  EXPECT_EQ(graph.variables[0].readable, "a");
  EXPECT_EQ(graph.variables[0].kind, Variable::Kind::argument);
  EXPECT_EQ(graph.variables[1].name, "x");
  ASSERT_EQ(graph.body.size(), 3u);
  const Expression& sum = *graph.body[2]->value;
  EXPECT_EQ(sum.kind, ExpressionKind::binary);
  EXPECT_EQ(sum.operation, Operator::add);
  EXPECT_EQ(sum.parts[0]->slot, 1u);
  EXPECT_EQ(sum.parts[1]->slot, 0u);
  EXPECT_EQ(graph.path(sum.parts[1]->place), "cmds[2].value.right");
  EXPECT_EQ(graph.argument_names, std::vector<Bytes>{"a"});
  EXPECT_EQ(graph.key_names, std::vector<Bytes>{"k"});
}

TEST(GraphReader, takes_the_members_of_an_object_in_any_order_and_ignores_others) {
  const Graph graph =
      read(R"({"cmds":[{"value":{"value":7,"note":[],"type":"int","kind":"val"},"kind":"return"}],"made":1,)"
           R"("keyv":[],"argv":[],"kind":"script"})");
  ASSERT_EQ(graph.body.size(), 1u);
  EXPECT_EQ(graph.body[0]->value->literal.integer, 7);
}

TEST(GraphReader, a_float_may_be_written_as_a_whole_number) {
  const Graph graph = read(script(R"({"kind":"return","value":{"kind":"val","type":"float","value":3}})"));
  EXPECT_TRUE(graph.body[0]->value->literal.is(Json::Type::number));
  EXPECT_EQ(graph.body[0]->value->literal.number, 3.0);
}

TEST(GraphReader, declaring_again_is_an_assignment_to_the_same_variable) {
  const Graph graph = read(script(Bytes(declares_x) + "," + Bytes(declares_x)));
  EXPECT_EQ(graph.variables.size(), 1u);
  EXPECT_EQ(graph.body[1]->slot, graph.body[0]->slot);
}

TEST(GraphReader, refuses_the_first_fault_with_its_path) {
  EXPECT_EQ(refusal(script(R"({"kind":"stmt","expr":{"kind":"cal"}},{"kind":"nonsense"})")),
            "ERR cmds[0].expr: unknown kind \"cal\"");
  EXPECT_EQ(refusal("[]"), "ERR script: expected an object, not an array");
  EXPECT_EQ(refusal("{"), "ERR script: not valid JSON: unexpected end at byte 1");
}

TEST(GraphReader, refuses_what_nests_too_deeply) {
  GraphLimits limits;
  limits.nesting = 10;
  const auto nots = [](int depth) {
    Bytes text, end;
    for (int i = 0; i < depth; ++i) {
      text += R"({"kind":"unary","op":"not","arg":)";
      end += '}';
    }
    return script(R"({"kind":"return","value":)" + text + R"({"kind":"val","type":"none","value":null})" + end + "}");
  };
  EXPECT_EQ(refusal(nots(10), limits), "none");
  EXPECT_EQ(refusal(nots(11), limits).substr(0, 26), "ERR cmds[0].value.arg.arg.");
  EXPECT_NE(refusal(nots(11), limits).find("nested too deeply"), Bytes::npos);
  EXPECT_EQ(refusal(nots(100'000)).substr(0, 27), "ERR script: not valid JSON:");
  EXPECT_EQ(refusal(nots(1000)), "none");
}

TEST(GraphReader, refuses_too_many_variables_and_too_long_a_text) {
  GraphLimits limits;
  limits.variables = 1;
  EXPECT_EQ(refusal(script(declares_x), limits), "none");
  const Bytes two =
      script(Bytes(declares_x) +
             R"(,{"kind":"declare","assign":{"kind":"var","name":"y"},"value":{"kind":"var","name":"x"}})");
  EXPECT_EQ(refusal(two, limits), "ERR cmds[1].assign: too many variables");
  limits.bytes = two.size() - 1;
  EXPECT_EQ(refusal(two, limits), "ERR script: the text is longer than " + std::to_string(limits.bytes) + " bytes");
}

TEST(GraphReader, reads_all_graphs_that_have_a_result) {
  for (const char* file : {"scripts", "ruled"}) {
    for (const Json& vector : json_file(Bytes("tests/scripts/vectors/") + file + ".json").items) {
      if (vector.find("error")) continue;
      EXPECT_EQ(refusal(json_text(at(vector, "graph"))), "none") << at(vector, "name").text;
    }
  }
}

TEST(GraphReader, collects_all_faults_and_is_the_same_where_there_are_none) {
  std::vector<GraphFault> faults;
  const Graph faulty = read_faulty_graph(
      script(R"({"kind":"return","value":{"kind":"binary","op":"mul","left":{"kind":"x"},"right":5}})"), GraphLimits{},
      faults, 10);
  ASSERT_EQ(faults.size(), 3u);
  EXPECT_EQ(faulty.path(faults[0].place), "cmds[0].value");
  EXPECT_EQ(faulty.path(faults[2].place), "cmds[0].value.right");
  faults.clear();
  EXPECT_EQ(read_faulty_graph(script(declares_x), GraphLimits{}, faults, 10).body.size(), 1u);
  EXPECT_TRUE(faults.empty());
}

TEST(GraphReader, knows_a_graph_by_its_first_character) {
  EXPECT_TRUE(looks_like_graph(" \r\n\t{"));
  EXPECT_FALSE(looks_like_graph("return 1"));
  EXPECT_FALSE(looks_like_graph(""));
  EXPECT_FALSE(looks_like_graph("  "));
}

}  // namespace
}  // namespace redipy::script
