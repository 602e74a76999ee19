// SPDX-License-Identifier: Apache-2.0
//
// SCRIPT CHECK: each faulty graph of tests/scripts/faulty/ is caught, with the right path; no graph that has a result is
// found fault with.
#include "scripting/check.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "script_graphs.h"

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
                         [](const auto& info) { return info.param.stem().string(); });

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
                         [](const auto& info) { return Bytes(info.param); });

}  // namespace
}  // namespace redipy::script
