// SPDX-License-Identifier: Apache-2.0
//
// SCRIPT EXPLAIN: what a graph looks like to people.
#include "scripting/explain.h"

#include <gtest/gtest.h>

#include "script_graphs.h"
#include "scripting/graph_reader.h"

namespace redipy::script {
namespace {

Bytes explained(const Bytes& graph) { return explain(read_graph(graph, GraphLimits{})); }

/// The graph of a case of tests/scripts/vectors/scripts.json.
Bytes vector(View name) {
  static const Json all = json_file("tests/scripts/vectors/scripts.json");
  for (const Json& candidate : all.items) {
    if (at(candidate, "name").text == name) return json_text(at(candidate, "graph"));
  }
  throw std::runtime_error("no such case: " + Bytes(name));
}

/// A script that gives this expression; x and y are arguments.
Bytes expression(View value) {
  const Bytes text =
      explained(R"({"kind":"script","argv":["x","y"],"keyv":["k"],"cmds":[)"
                R"({"kind":"declare","assign":{"kind":"arg","name":"x"},"value":{"kind":"load_json_arg","index":0}},)"
                R"({"kind":"declare","assign":{"kind":"arg","name":"y"},"value":{"kind":"load_json_arg","index":1}},)"
                R"({"kind":"return","value":)" +
                Bytes(value) + "}]}");
  static constexpr View before = "def script(k: key, x: arg, y: arg):\n    return ";
  EXPECT_EQ(text.substr(0, before.size()), before);
  return text.substr(before.size(), text.size() - before.size() - 1);
}

constexpr View x = R"({"kind":"arg","name":"x"})";
constexpr View y = R"({"kind":"arg","name":"y"})";

Bytes binary(View operation, View left, View right) {
  return R"({"kind":"binary","op":")" + Bytes(operation) + R"(","left":)" + Bytes(left) + R"(,"right":)" +
         Bytes(right) + "}";
}

Bytes negated(View operand) { return R"({"kind":"unary","op":"not","arg":)" + Bytes(operand) + "}"; }

Bytes literal(View type, View value) {
  return R"({"kind":"val","type":")" + Bytes(type) + R"(","value":)" + Bytes(value) + "}";
}

TEST(Explain, shows_redipys_filter_script) {
  EXPECT_EQ(explained(vector("readme-filter-list-empty")),
            "def script(inp: key, left: key, right: key, cmp: arg):\n"
            "    var_0 = redis.lpop(inp)\n"
            "    while var_0 != None:\n"
            "        if tonumber(var_0) < cmp:\n"
            "            redis.rpush(left, var_0)\n"
            "        else:\n"
            "            redis.rpush(right, var_0)\n"
            "        var_0 = redis.lpop(inp)\n"
            "    return None\n");
}

TEST(Explain, writes_the_parentheses_that_python_needs) {
  EXPECT_EQ(expression(binary("sub", binary("sub", x, y), x)), "x - y - x");
  EXPECT_EQ(expression(binary("sub", x, binary("sub", y, x))), "x - (y - x)");
  EXPECT_EQ(expression(binary("lt", binary("add", x, y), x)), "x + y < x");
  EXPECT_EQ(expression(binary("lt", binary("lt", x, y), x)), "(x < y) < x");
  EXPECT_EQ(expression(binary("eq", x, binary("ne", x, y))), "x == (x != y)");
  EXPECT_EQ(expression(binary("and", binary("or", x, y), x)), "(x or y) and x");
  EXPECT_EQ(expression(binary("or", binary("and", x, y), x)), "x and y or x");
  EXPECT_EQ(expression(negated(binary("eq", x, y))), "not x == y");
  EXPECT_EQ(expression(binary("eq", negated(x), y)), "(not x) == y");
  EXPECT_EQ(expression(negated(binary("or", x, y))), "not (x or y)");
  EXPECT_EQ(expression(negated(negated(x))), "not not x");
  EXPECT_EQ(expression(binary("sub", x, literal("int", "-1"))), "x - (-1)");
}

TEST(Explain, writes_literals_as_python_has_them) {
  EXPECT_EQ(expression(literal("none", "null")), "None");
  EXPECT_EQ(expression(literal("bool", "true")), "True");
  EXPECT_EQ(expression(literal("int", "9007199254740993")), "9007199254740993");
  EXPECT_EQ(expression(literal("float", "2")), "2.0");
  EXPECT_EQ(expression(literal("float", "0.1")), "0.1");
  EXPECT_EQ(expression(literal("str", R"("a\"b\\c\n\u0001é")")), R"("a\"b\\c\n\x01é")");
  EXPECT_EQ(expression(literal("list", R"([1,[null,"a"],{}])")), R"([1, [None, "a"], {}])");
  EXPECT_EQ(expression(literal("dict", R"({"a":{"b":[]},"c":false})")), R"({"a": {"b": []}, "c": False})");
}

TEST(Explain, writes_calls_accesses_and_texts) {
  const auto call = [](View name, View arguments) {
    return R"({"kind":"call","name":")" + Bytes(name) + R"(","args":[)" + Bytes(arguments) + "]}";
  };
  EXPECT_EQ(expression(call("redis.call", literal("str", "\"HGET\"") + "," + Bytes(x) + "," + Bytes(y))),
            "redis.hget(x, y)");
  EXPECT_EQ(expression(call("redis.call", Bytes(x) + "," + Bytes(y))), "redis.call(x, y)");
  EXPECT_EQ(expression(call("string.find", Bytes(x) + "," + Bytes(y))), "string.find(x, y)");
  EXPECT_EQ(expression(call("a b", x)), R"(call("a b", x))");
  EXPECT_EQ(
      expression(R"({"kind":"array_at","arr":)" + binary("add", x, y) + R"(,"index":)" + literal("int", "-1") + "}"),
      "(x + y)[-1]");
  EXPECT_EQ(expression(R"({"kind":"dict_key","obj":)" + Bytes(x) + R"(,"key":)" + literal("str", "\"a\"") + "}"),
            R"(x.get("a"))");
  EXPECT_EQ(expression(R"({"kind":"array_len","var":)" + Bytes(x) + "}"), "len(x)");
  const auto concat = [](View parts) { return R"({"kind":"concat","strings":[)" + Bytes(parts) + "]}"; };
  EXPECT_EQ(expression(concat(Bytes(x) + "," + literal("str", R"(":{\"}")") + "," + call("tostring", y))),
            R"(f"{x}:{{\"}}{tostring(y)}")");
  EXPECT_EQ(expression(concat(Bytes(x) + "," + call("tostring", literal("str", "\"a\"")))),
            R"(concat(x, tostring("a")))");
  EXPECT_EQ(expression(concat("")), "f\"\"");
  EXPECT_EQ(expression(R"({"kind":"load_key_arg","index":0})"), "k");
  EXPECT_EQ(expression(R"({"kind":"load_key_arg","index":5})"), "key(5)");
}

Bytes block(View statements) { return R"({"kind":"seq","cmds":[)" + Bytes(statements) + "]}"; }

TEST(Explain, writes_statements) {
  const Bytes one = literal("int", "1");
  const auto branch = [&](const Bytes& then, const Bytes& otherwise) {
    return R"({"kind":"branch","condition":{"kind":"load_json_arg","index":0},"then":)" + block(then) + R"(,"else":)" +
           block(otherwise) + "}";
  };
  const Bytes append =
      R"({"kind":"assign_at","assign":{"kind":"var","name":"xs"},"index":{"kind":"array_len","var":{"kind":"var","name":"xs"}},"value":)" +
      one + "}";
  const Bytes put =
      R"({"kind":"assign_at","assign":{"kind":"var","name":"xs"},"index":)" + one + R"(,"value":)" + one + "}";
  const Bytes entry =
      R"({"kind":"assign_key","assign":{"kind":"var","name":"xs"},"key":)" + one + R"(,"value":)" + one + "}";
  const Bytes text = explained(
      R"({"kind":"script","argv":["class"],"keyv":[],"cmds":[)"
      R"({"kind":"declare","assign":{"kind":"var","name":"xs"},"value":{"kind":"val","type":"list","value":[]}},)" +
      append + "," + put + "," + entry + "," + branch("", put) + "," + branch(put, branch(entry, branch("", ""))) +
      "," +
      R"({"kind":"for","array":{"kind":"var","name":"xs"},"index":{"kind":"index","name":"ix_0"},"value":{"kind":"var","name":"val_0"},"body":)" +
      block("") + "}," +
      R"({"kind":"for","array":{"kind":"var","name":"xs"},"index":{"kind":"index","name":"ix_1"},"value":{"kind":"var","name":"val_1"},"body":)" +
      block(R"({"kind":"return","value":{"kind":"index","name":"ix_1"}})") + "}" + "]}");
  EXPECT_EQ(text,
            "def script(class_2: arg):\n"
            "    # \"result = …\" sets what the script gives and goes on; the last one counts\n"
            "    xs = []\n"
            "    xs.append(1)\n"
            "    xs[1] = 1\n"
            "    xs[1] = 1\n"
            "    if not class_2:\n"
            "        xs[1] = 1\n"
            "    if class_2:\n"
            "        xs[1] = 1\n"
            "    elif class_2:\n"
            "        xs[1] = 1\n"
            "    elif class_2:\n"
            "        pass\n"
            "    for val_0 in xs:\n"
            "        pass\n"
            "    for ix_1, val_1 in enumerate(xs):\n"
            "        result = ix_1\n");
}

TEST(Explain, a_variable_bears_the_name_of_the_argument_only_if_it_is_nothing_else) {
  // Loaded twice: what is assigned to the variable does not change the argument.
  EXPECT_EQ(
      explained(
          R"({"kind":"script","argv":["n"],"keyv":[],"cmds":[)"
          R"({"kind":"declare","assign":{"kind":"arg","name":"arg_0","readable":"n"},"value":{"kind":"load_json_arg","index":0}},)"
          R"({"kind":"assign","assign":{"kind":"arg","name":"arg_0"},"value":{"kind":"val","type":"int","value":1}},)"
          R"({"kind":"return","value":{"kind":"load_json_arg","index":0}}]})"),
      "def script(n: arg):\n"
      "    n_2 = n\n"
      "    n_2 = 1\n"
      "    return n\n");
}

TEST(Explain, explains_every_graph_that_can_be_read) {
  for (const char* file : {"scripts", "ruled"}) {
    for (const Json& vector : json_file(Bytes("tests/scripts/vectors/") + file + ".json").items) {
      try {
        const Bytes text = explained(json_text(at(vector, "graph")));
        EXPECT_TRUE(text.starts_with("def script(")) << text;
        EXPECT_EQ(text.back(), '\n');
      } catch (const GraphError&) {
        EXPECT_TRUE(vector.find("error")) << at(vector, "name").text;
      }
    }
  }
}

TEST(Explain, stops_at_a_megabyte) {
  const Bytes value = literal("str", '"' + Bytes(300'000, 'x') + '"');
  Bytes statements;
  for (int i = 0; i < 10; ++i) statements += (i > 0 ? "," : "") + (R"({"kind":"stmt","expr":)" + value + "}");
  const Bytes text = explained(R"({"kind":"script","argv":[],"keyv":[],"cmds":[)" + statements + "]}");
  EXPECT_LT(text.size(), size_t{1} << 20);
  EXPECT_NE(text.find("cut off here"), Bytes::npos);
}

}  // namespace
}  // namespace redipy::script
