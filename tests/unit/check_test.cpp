// SPDX-License-Identifier: Apache-2.0
//
// SCRIPT CHECK: each faulty graph of tests/scripts/faulty/ is caught, with the right path; no graph that has a result
// is found fault with.
#include "scripting/check.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "script_graphs.h"
#include "scripting/call_facts.h"
#include "scripting/findings.h"

namespace redipy::script {
namespace {

Json check(const Bytes& graph) {
  return read_json(check_graph(graph, all_commands(), GraphLimits{}), 100, Duplicates::refused);
}

Json check(const Json& graph) { return check(graph.is(Json::Type::string) ? graph.text : json_text(graph)); }

/// "path: message" of each.
std::vector<Bytes> said(const Json& document, View list) {
  std::vector<Bytes> found;
  for (const Json& entry : at(document, list).items) {
    found.push_back(at(entry, "path").text + ": " + at(entry, "message").text);
  }
  return found;
}

bool is_said(const Json& document, View list, const Json& fault) {
  for (const Json& entry : at(document, list).items) {
    if (at(entry, "path").text == at(fault, "path").text &&
        at(entry, "message").text.find(at(fault, "message").text) != Bytes::npos) {
      return true;
    }
  }
  return false;
}

class Faulty : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(Faulty, graphs_are_caught_with_the_right_path) {
  const Json cases = json_file("tests/scripts/faulty/" + GetParam().filename().string());
  ASSERT_FALSE(cases.items.empty());
  for (const Json& faulty : cases.items) {
    const Bytes& name = at(faulty, "name").text;
    const Json document = check(at(faulty, "graph"));
    size_t errors = 0;
    for (const Json& fault : at(faulty, "faults").items) {
      const bool warns = fault.find("warning") != nullptr;
      errors += warns ? 0 : 1;
      EXPECT_TRUE(is_said(document, warns ? "warnings" : "errors", fault))
          << name << ": not said: " << json_text(fault) << "\n  but: " << json_text(document);
    }
    // No more than these: one fault must not be told as several.
    EXPECT_EQ(at(document, "errors").items.size(), errors) << name << ": " << json_text(document);
    EXPECT_EQ(at(document, "ok").boolean, errors == 0) << name;
  }
}

std::vector<std::filesystem::path> faulty_files() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(REDIPY_SOURCE "/tests/scripts/faulty")) {
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  }
  return files;
}

INSTANTIATE_TEST_SUITE_P(Files, Faulty, testing::ValuesIn(faulty_files()),
                         [](const auto& file) { return file.param.stem().string(); });

TEST(Check, at_least_a_hundred_faulty_graphs_are_tried) {
  size_t count = 0;
  for (const auto& file : faulty_files()) {
    count += json_file("tests/scripts/faulty/" + file.filename().string()).items.size();
  }
  EXPECT_GE(count, 110u);
}

class Vectors : public testing::TestWithParam<const char*> {};

TEST_P(Vectors, a_graph_with_a_result_raises_no_alarm) {
  size_t checked = 0;
  for (const Json& vector : json_file(Bytes("tests/scripts/vectors/") + GetParam() + ".json").items) {
    if (vector.find("error")) continue;
    ++checked;
    const Json document = check(at(vector, "graph"));
    EXPECT_TRUE(at(document, "ok").boolean) << at(vector, "name").text << ": " << json_text(at(document, "errors"));
  }
  EXPECT_GT(checked, 100u);
}

INSTANTIATE_TEST_SUITE_P(Files, Vectors, testing::Values("scripts", "ruled"),
                         [](const auto& file) { return Bytes(file.param); });

// --- keys, effect, backends

Bytes with_key(View statements) {
  return R"({"kind":"script","argv":["a"],"keyv":["inp","out"],"cmds":[)"
         R"({"kind":"declare","assign":{"kind":"key","name":"key_0"},"value":{"kind":"load_key_arg","index":0}},)"
         R"({"kind":"declare","assign":{"kind":"key","name":"key_1"},"value":{"kind":"load_key_arg","index":1}},)"
         R"({"kind":"declare","assign":{"kind":"arg","name":"arg_0"},"value":{"kind":"load_json_arg","index":0}})" +
         Bytes(statements.empty() ? "" : ",") + Bytes(statements) + "]}";
}

/// A word stands for itself; k0, k1 and a0 for the keys and the argument.
Bytes call(std::initializer_list<View> words) {
  Bytes text = R"({"kind":"stmt","expr":{"kind":"call","name":"redis.call","args":[)";
  bool first = true;
  for (const View word : words) {
    if (!first) text += ',';
    first = false;
    if (word == "k0" || word == "k1" || word == "a0") {
      text += Bytes(R"({"kind":")") + (word == "a0" ? "arg" : "key") + R"(","name":")" +
              (word == "a0"   ? "arg_0"
               : word == "k0" ? "key_0"
                              : "key_1") +
              "\"}";
    } else {
      text += R"({"kind":"val","type":"str","value":")" + Bytes(word) + "\"}";
    }
  }
  return text + "]}}";
}

/// "inp,out+literal exact", as SCRIPT CHECK tells the keys of these statements.
Bytes keys_of(View statements) {
  const Json document = check(with_key(statements));
  EXPECT_EQ(said(document, "errors"), std::vector<Bytes>());
  const Json& keys = at(document, "keys");
  Bytes text;
  for (const Json& name : at(keys, "names").items) text += (text.empty() ? "" : ",") + name.text;
  for (const Json& key : at(keys, "literals").items) text += "+" + key.text;
  EXPECT_EQ(at(keys, "exact").boolean, at(keys, "unknown").items.empty());
  return text + (at(keys, "exact").boolean ? " exact" : " open");
}

TEST(Check, tells_the_keys_of_each_command) {
  EXPECT_EQ(keys_of(call({"get", "k0"})), "inp exact");
  EXPECT_EQ(keys_of(call({"GET", "k1"}) + "," + call({"set", "k0", "k1"})), "inp,out exact");
  EXPECT_EQ(keys_of(call({"set", "k0", "a0"})), "inp exact");
  EXPECT_EQ(keys_of(call({"get", "other"})), "+other exact");
  EXPECT_EQ(keys_of(call({"get", "a0"})), " open");
  EXPECT_EQ(keys_of(call({"mset", "k0", "a0", "k1", "a0"})), "inp,out exact");
  EXPECT_EQ(keys_of(call({"mset", "k0", "a0", "a0", "a0"})), "inp open");
  EXPECT_EQ(keys_of(call({"zunionstore", "k1", "1", "k0"})), "inp,out exact");
  EXPECT_EQ(keys_of(call({"zunionstore", "k1", "a0", "k0"})), "out open");
  EXPECT_EQ(keys_of(call({"sort", "k0", "STORE", "k1"})), "inp,out exact");
  EXPECT_EQ(keys_of(call({"sort", "k0", "a0", "k1"})), "inp open");
  EXPECT_EQ(keys_of(call({"sort", "k0", "BY", "w_*"})), "inp open");
  EXPECT_EQ(keys_of(call({"sort", "k0", "BY", "nosort"})), "inp exact");
  EXPECT_EQ(keys_of(call({"object", "encoding", "k0"})), "inp exact");
  EXPECT_EQ(keys_of(call({"keys", "*"})), " open");
  EXPECT_EQ(keys_of(call({"ping"})), " exact");
  EXPECT_EQ(keys_of(call({"a0", "k0"})), " open");
}

TEST(Check, follows_a_key_through_variables_until_it_may_be_another) {
  const auto assign = [](View variable, View value) {
    return R"({"kind":"assign","assign":)" + Bytes(variable) + R"(,"value":)" + Bytes(value) + "}";
  };
  const View key_0 = R"({"kind":"key","name":"key_0"})";
  const View key_1 = R"({"kind":"key","name":"key_1"})";
  const View text = R"({"kind":"val","type":"str","value":"other"})";
  const View argument = R"({"kind":"arg","name":"arg_0"})";
  EXPECT_EQ(keys_of(assign(key_0, key_1) + "," + call({"get", "k0"})), "out exact");
  EXPECT_EQ(keys_of(assign(key_0, text) + "," + call({"get", "k0"})), "+other exact");
  EXPECT_EQ(keys_of(assign(key_0, argument) + "," + call({"get", "k0"})), " open");
  const Bytes branch = R"({"kind":"branch","condition":)" + Bytes(argument) + R"(,"then":{"kind":"seq","cmds":[)" +
                       assign(key_0, key_1) + R"(]},"else":{"kind":"seq","cmds":[]}})";
  EXPECT_EQ(keys_of(branch + "," + call({"get", "k0"})), " open");
  const Bytes loop = R"({"kind":"for","array":)" + Bytes(argument) +
                     R"(,"index":{"kind":"index","name":"i"},"value":{"kind":"var","name":"v"},)"
                     R"("body":{"kind":"seq","cmds":[)" +
                     call({"get", "k0"}) + "," + assign(key_0, key_1) + "]}}";
  EXPECT_EQ(keys_of(loop), " open");
}

TEST(Check, tells_whether_a_script_writes) {
  const auto writes = [](View statements) { return json_text(at(check(with_key(statements)), "writes")); };
  EXPECT_EQ(writes(call({"get", "k0"})), "false");
  EXPECT_EQ(writes(call({"set", "k0", "a0"})), "true");
  EXPECT_EQ(writes(call({"publish", "k0", "a0"})), "true") << "as Redis has it in read-only scripts";
  EXPECT_EQ(writes(call({"a0", "k0"})), "null");
  EXPECT_EQ(writes(call({"a0", "k0"}) + "," + call({"del", "k0"})), "true");
}

Effect effect(View statements) { return effect_of(read_graph(with_key(statements), GraphLimits{}), all_commands()); }

TEST(Effect, is_certain_only_for_what_every_run_comes_to) {
  const Bytes get = call({"get", "k0"});
  const Bytes set = call({"set", "k0", "a0"});
  const auto branch = [](const Bytes& then, const Bytes& otherwise) {
    return R"({"kind":"branch","condition":{"kind":"arg","name":"arg_0"},"then":{"kind":"seq","cmds":[)" + then +
           R"(]},"else":{"kind":"seq","cmds":[)" + otherwise + "]}}";
  };
  EXPECT_EQ(effect(""), Effect::reads);
  EXPECT_EQ(effect(get), Effect::reads);
  EXPECT_EQ(effect(get + "," + set), Effect::writes);
  EXPECT_EQ(effect(branch(set, "")), Effect::depends);
  EXPECT_EQ(effect(branch("", get)), Effect::reads);
  EXPECT_EQ(effect(branch(set, set)), Effect::writes);
  EXPECT_EQ(effect(call({"a0", "k0"})), Effect::depends);
  EXPECT_EQ(effect(call({"nonsense", "k0"})), Effect::reads) << "there is nothing that could write";
  EXPECT_EQ(effect(call({"set", "k0"})), Effect::depends) << "it fails for its own reason";
}

TEST(Check, names_the_backends_that_lose_something) {
  const Json exact = check(with_key(call({"get", "k0"})));
  EXPECT_EQ(json_text(at(at(at(exact, "backends"), "memory"), "exact")), "true");
  EXPECT_EQ(json_text(at(at(at(exact, "backends"), "redis"), "exact")), "true");
  const Json big =
      check(with_key(R"({"kind":"return","value":{"kind":"val","type":"list","value":[{"a":9007199254740993}]}})"));
  const Json& redis = at(at(big, "backends"), "redis");
  EXPECT_EQ(json_text(at(redis, "exact")), "false");
  EXPECT_EQ(said(redis, "reasons"), std::vector<Bytes>{"cmds[3].value: Lua cannot keep the integer 9007199254740993"});
}

// --- hostile graphs

TEST(Check, stops_counting_at_some_point) {
  Bytes statements;
  for (int i = 0; i < 5000; ++i) statements += (i > 0 ? "," : "") + Bytes(R"({"kind":"nonsense"})");
  const Json document = check(R"({"kind":"script","argv":[],"keyv":[],"cmds":[)" + statements + "]}");
  EXPECT_EQ(at(document, "errors").items.size(), Findings::most);
  EXPECT_TRUE(at(document, "more").boolean);
}

TEST(Check, replies_with_valid_json_whatever_the_names_are) {
  const Json document = check(R"({"kind":"script","argv":[],"keyv":[],"cmds":[{"kind":")" + Bytes(63, 'x') +
                              "\xf0\x9f\x98\x80\xf0\x9f\x98\x80\"}]}");
  EXPECT_EQ(said(document, "errors"), std::vector<Bytes>{"cmds[0]: unknown kind \"" + Bytes(63, 'x') + "…\""});
}

TEST(Check, loops_within_loops_cost_no_more_than_they_are_long) {
  Bytes text = R"({"kind":"script","argv":["a"],"keyv":[],"cmds":[)";
  Bytes end;
  for (int i = 0; i < 900; ++i) {
    text += R"({"kind":"while","condition":{"kind":"load_json_arg","index":0},"body":{"kind":"seq","cmds":[)";
    end += "]}}";
  }
  const Json document = check(text + end + "]}");
  EXPECT_TRUE(at(document, "ok").boolean);
}

}  // namespace
}  // namespace redipy::script
