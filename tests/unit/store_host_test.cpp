// SPDX-License-Identifier: Apache-2.0
//
// Scripts on a store that is one of several: which calls are refused, and what they leave behind.
#include "scripting/store_host.h"

#include <gtest/gtest.h>

#include "core/commands/families.h"
#include "memory_store_fixture.h"
#include "scripting/library.h"

namespace redipy::script {
namespace {

const CommandTable& data_commands() {
  static const CommandTable table(data_families());
  return table;
}

/// Keys that begin with "other:" are another backend's.
class Host final : public StoreHost {
 public:
  Host(Store& store, bool shares_keys, bool read_only)
      : StoreHost(store, {.read_only = read_only, .shares_keys = shares_keys}), store_(store) {}
  void log(int, View) override {}
  void pause() override {}

  std::vector<Bytes> asked;

 private:
  bool owns(View key) override {
    asked.emplace_back(key);
    return !key.starts_with("other:");
  }
  void before() override { store_.select(0); }
  void after(const CommandTable::Entry&, const Args&, bool) override {}
  void call_session(const CommandTable::Entry&, const Args&, Reply& reply) override { reply.ok(); }

  Store& store_;
};

class StoreHostTest : public ::testing::Test, protected MemoryStoreFixture {
 protected:
  /// The value of a script that runs these commands, or its error and where it was.
  Bytes run(const std::vector<std::vector<Bytes>>& calls, bool shares_keys = true, bool read_only = false) {
    Bytes statements;
    for (const auto& words : calls) {
      Bytes list;
      for (const Bytes& word : words) {
        list += (list.empty() ? "" : ",") + (R"({"kind":"val","type":"str","value":")" + word + "\"}");
      }
      statements += (statements.empty() ? "" : ",") +
                    (R"({"kind":"return","value":{"kind":"call","name":"redis.call","args":[)" + list + "]}}");
    }
    Library library(data_commands());
    const Script& script = library.load(R"({"kind":"script","argv":[],"keyv":[],"cmds":[)" + statements + "]}", {});
    Interpreter interpreter(data_commands());
    Host host(store, shares_keys, read_only);
    Bytes result;
    try {
      interpreter.run(script.program, {}, {}, host, result);
    } catch (const ScriptError& fault) {
      result = Bytes(fault.what()) + " @" + script.graph.path(fault.place());
    }
    asked = host.asked;
    return result;
  }

  std::vector<Bytes> asked;
};

constexpr View crosses = "CROSSBACKEND Keys in request belong to different backends @cmds[0].value";

TEST_F(StoreHostTest, a_call_with_a_key_of_another_backend_is_refused) {
  EXPECT_EQ(run({{"get", "other:a"}}), crosses);
  EXPECT_EQ(run({{"mset", "a", "1", "other:b", "2"}}), crosses);
  EXPECT_EQ(get("a"), "-");
  EXPECT_EQ(run({{"zunionstore", "a", "2", "b", "other:c"}}), crosses);
  EXPECT_EQ(run({{"sort", "a", "store", "other:b"}}), crosses);
  EXPECT_EQ(run({{"sort", "a", "by", "other:*"}}), crosses);
  EXPECT_EQ(run({{"set", "a", "other:a"}}), "true");
}

TEST_F(StoreHostTest, what_was_done_before_the_refusal_stays) {
  EXPECT_EQ(run({{"set", "a", "1"}, {"get", "other:a"}, {"set", "b", "1"}}),
            "CROSSBACKEND Keys in request belong to different backends @cmds[1].value");
  EXPECT_EQ(get("a"), "1");
  EXPECT_EQ(get("b"), "-");
}

TEST_F(StoreHostTest, what_is_wrong_with_a_call_anyway_is_told_first) {
  EXPECT_EQ(run({{"get", "other:a", "b"}}),
            "ERR Wrong number of args calling Redis command from script @cmds[0].value");
  EXPECT_EQ(run({{"blpop", "other:a", "0"}}), "ERR This Redis command is not allowed from script @cmds[0].value");
  EXPECT_EQ(run({{"set", "other:a", "b"}}, true, true), crosses);
  EXPECT_EQ(run({{"zunionstore", "other:a", "5", "b"}}), "ERR syntax error @cmds[0].value");
}

TEST_F(StoreHostTest, a_store_that_is_alone_asks_for_no_key) {
  EXPECT_EQ(run({{"set", "other:a", "1"}}, false), "true");
  EXPECT_TRUE(asked.empty());
  EXPECT_EQ(run({{"set", "a", "1"}}), "true");
  EXPECT_EQ(asked, std::vector<Bytes>{"a"});
}

}  // namespace
}  // namespace redipy::script
