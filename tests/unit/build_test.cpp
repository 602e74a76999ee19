// SPDX-License-Identifier: Apache-2.0
//
// Scripts written in C++ give the graphs that redipy makes of the same scripts; those are in tests/scripts/vectors/.
#include "scripting/build.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "script_graphs.h"
#include "scripting/build_redis.h"
#include "scripting/graph_reader.h"

namespace redipy::script::build {
namespace {

nlohmann::json redipys(View name) {
  static const Json all = json_file("tests/scripts/vectors/scripts.json");
  for (const Json& candidate : all.items) {
    if (at(candidate, "name").text == name) return nlohmann::json::parse(json_text(at(candidate, "graph")));
  }
  throw std::runtime_error("no such case: " + Bytes(name));
}

void expect_as_redipy(const Script& script, View name) {
  const Bytes graph = script.compile();
  EXPECT_EQ(nlohmann::json::parse(graph), redipys(name)) << name;
  EXPECT_NO_THROW(read_graph(graph, GraphLimits{}));
}

TEST(Build, the_filter_script) {
  Script script;
  const Var cmp = script.add_arg("cmp");
  const RedisList inp(script.add_key("inp"));
  const RedisList left(script.add_key("left"));
  const RedisList right(script.add_key("right"));
  const Var cur = script.add_local(inp.lpop());
  Sequence& loop = script.while_(cur != none);
  auto [then, otherwise] = loop.if_(to_num(cur) < cmp);
  then.add(left.rpush({cur}));
  otherwise.add(right.rpush({cur}));
  loop.add(cur.assign(inp.lpop()));
  script.return_(none);
  expect_as_redipy(script, "readme-filter-list-empty");
}

TEST(Build, a_plain_call) {
  Script script;
  const RedisVar key(script.add_key("key"));
  const Var there = script.add_local(key.exists());
  script.return_(there);
  expect_as_redipy(script, "redipy-test_api-1");
}

TEST(Build, a_field_of_a_frame_of_a_stack) {
  Script script;
  const Var field = script.add_arg("field");
  const RedisVar size(script.add_key("size"));
  const RedisHash frame(concat({script.add_key("frame"), ":", to_int_str(size.get(0))}));
  script.return_(frame.hget(field));
  expect_as_redipy(script, "readme-stack-get-a");
}

TEST(Build, a_look_up_through_a_stack) {
  Script script;
  const Var field = script.add_arg("field");
  const RedisVar size(script.add_key("size"));
  const Var base = script.add_local(script.add_key("frame"));
  const Var position = script.add_local(to_num(size.get(0)));
  const Var result = script.add_local(none);
  const Var frame = script.add_local(none);
  Sequence& loop = script.while_(result == none && position >= 0);
  loop.add(frame.assign(concat({base, ":", to_int_str(position)})));
  loop.add(result.assign(RedisHash(frame).hget(field)));
  loop.add(position.assign(position - 1));
  script.return_(result);
  expect_as_redipy(script, "readme-stack-cascading-a");
}

TEST(Build, a_worker_that_is_gone) {
  Script script;
  const Var task = script.add_arg("task");
  const RedisSortedSet queue(script.add_key("queue"));
  const RedisHash busy(script.add_key("busy"));
  const RedisVar heartbeat(script.add_key("heartbeat"));
  const Var result = script.add_local(none);
  auto [gone, alive] = script.if_(heartbeat.exists() == 0);
  gone.add(queue.zadd(2.0, task));
  gone.add(busy.hdel({task}));
  gone.add(result.assign(queue.zcard()));
  script.return_(result);
  expect_as_redipy(script, "workers-alive");
}

TEST(Build, a_job_claimed) {
  Script script;
  const Var worker = script.add_arg("worker");
  const RedisSortedSet ready(script.add_key("ready"));
  const RedisHash busy(script.add_key("busy"));
  const Var popped = script.add_local(ready.zpopmin());
  const Var result = script.add_local(none);
  const Var pair = script.add_local(none);
  Sequence& then = script.if_(popped.len() > 0).then;
  then.add(pair.assign(popped[0]));
  then.add(result.assign(pair[0]));
  then.add(busy.hset({pair[0], worker}));
  script.return_(result);
  expect_as_redipy(script, "queue-claim");
}

TEST(Build, loops_over_lists) {
  Script script;
  const Var entries = script.add_arg("entries");
  const RedisSortedSet board(script.add_key("board"));
  {
    auto [body, index, entry] = script.for_(entries);
    body.add(board.zadd(entry[1], entry[0]));
  }
  const Var top = script.add_local(Json(Json::Type::array));
  const Var size = script.add_local(board.zcard());
  auto [body, index, member] = script.for_(board.zrange(size - 2, -1));
  body.add(top.set_at(top.len(), member));
  script.return_(top);
  expect_as_redipy(script, "board-top");
}

TEST(Build, a_patch_of_a_hash) {
  Script script;
  const Var patch = script.add_arg("patch");
  const Var fields = script.add_arg("fields");
  const RedisHash target(script.add_key("target"));
  const Var done = script.add_local(Json(Json::Type::array));
  auto [body, index, field] = script.for_(fields);
  auto [given, missing] = body.if_(patch.get_key(field) != none);
  given.add(target.hset({field, patch.get_key(field)}));
  given.add(done.set_at(done.len(), concat({"+", field})));
  missing.if_(target.hdel({field}) > 0).then.add(done.set_at(done.len(), concat({"-", field})));
  script.return_(done);
  expect_as_redipy(script, "hash-patch");
}

TEST(Build, a_lock) {
  Script script;
  const Var owner = script.add_arg("owner");
  const RedisVar lock(script.add_key("lock"));
  const Var result = script.add_local("");
  auto [acquired, refused] = script.if_(lock.set(owner, {.mode = SetMode::if_missing, .expire_ms = 100'000}));
  acquired.add(result.assign("acquired"));
  auto [mine, other] = refused.if_(lock.get() == owner);
  mine.add(result.assign("already mine"));
  other.add(result.assign(concat({"held by ", lock.get()})));
  script.return_(result);
  expect_as_redipy(script, "lock-free");
}

TEST(Build, texts_that_begin_alike) {
  Script script;
  const Var prefix = script.add_arg("prefix");
  const RedisSortedSet z(script.add_key("z"));
  const Var found = script.add_local(Json(Json::Type::array));
  auto [body, index, member] = script.for_(z.zrange(0, -1));
  body.if_(find(member, prefix) == 0).then.add(found.set_at(found.len(), member));
  script.return_(found);
  expect_as_redipy(script, "zset-prefix-us_");
}

TEST(Build, loops_in_loops) {
  Script script;
  const Var data = script.add_local(script.add_arg("data"));
  const Var columns = script.add_local(Json(Json::Type::array));
  const Var column = script.add_local(none);
  auto [rows, row_index, row] = script.for_(data);
  auto [cells, cell_index, cell] = rows.for_(row);
  cells.if_(cell_index >= columns.len()).then.add(columns.set_at(cell_index, Json(Json::Type::array)));
  cells.add(column.assign(columns[cell_index]));
  cells.add(column.set_at(column.len(), cell));
  script.return_(columns);
  expect_as_redipy(script, "transpose");
}

TEST(Build, dicts_and_or) {
  Script script;
  const Var data = script.add_arg("data");
  const Var low = script.add_local(none);
  const Var high = script.add_local(none);
  auto [body, index, value] = script.for_(data);
  body.if_(low == none || value < low).then.add(low.assign(value));
  body.if_(high == none || value > high).then.add(high.assign(value));
  const Var result = script.add_local(Json(Json::Type::object));
  script.add(result.set_key("low", low));
  script.add(result.set_key("high", high));
  script.return_(result);
  expect_as_redipy(script, "extremes");
}

TEST(Build, literals_of_every_type) {
  EXPECT_EQ(Expr(true).json(), R"({"kind":"val","value":true,"type":"bool"})");
  EXPECT_EQ(Expr(7).json(), R"({"kind":"val","value":7,"type":"int"})");
  EXPECT_EQ(Expr(INT64_MIN).json(), R"({"kind":"val","value":-9223372036854775808,"type":"int"})");
  EXPECT_EQ(Expr(2.0).json(), R"({"kind":"val","value":2.0,"type":"float"})");
  EXPECT_EQ(Expr(1e300).json(), R"({"kind":"val","value":1e+300,"type":"float"})");
  EXPECT_EQ(Expr("a\"\n").json(), R"({"kind":"val","value":"a\"\n","type":"str"})");
  EXPECT_EQ(Expr(none).json(), R"({"kind":"val","value":null,"type":"none"})");
  EXPECT_EQ(Expr(read_json(R"([1,{"a":null}])", 10, Duplicates::refused)).json(),
            R"({"kind":"val","value":[1,{"a":null}],"type":"list"})");
  EXPECT_THROW(Expr("\xff"), std::invalid_argument);
  EXPECT_THROW(Expr(1e308 * 10), std::invalid_argument);
}

TEST(Build, every_function_and_operator_makes_a_graph_that_can_be_read) {
  Script script;
  const Var a = script.add_arg("a");
  const RedisVar key(script.add_key("k"));
  for (const Expr& expression : Exprs{a + 1,
                                      a - 1,
                                      a<1, a <= 1, a> 1,
                                      a >= 1,
                                      a == 1,
                                      a != 1,
                                      a && 1,
                                      a || 1,
                                      !a,
                                      to_num(a),
                                      to_int_str(a),
                                      to_str(a),
                                      type_str(a),
                                      find(a, "x"),
                                      find(a, "x", 1),
                                      from_json(a),
                                      to_json(a),
                                      log(LogLevel::warning, "x"),
                                      concat({}),
                                      redis_call({"ping"}),
                                      key.del(),
                                      key.type(),
                                      key.ttl(),
                                      key.expire(5),
                                      key.persist(),
                                      key.incrby(1),
                                      key.set(1, {.previous = true, .keep_ttl = true})}) {
    script.add(expression);
  }
  script.return_(none);
  EXPECT_EQ(read_graph(script.compile(), GraphLimits{}).body.size(), 32u);
}

TEST(Build, names_are_unique) {
  Script script;
  script.add_arg("a");
  script.add_key("a");
  EXPECT_THROW(script.add_arg("a"), std::invalid_argument);
  EXPECT_THROW(script.add_key("a"), std::invalid_argument);
  EXPECT_EQ(read_graph(script.compile(), GraphLimits{}).body.size(), 2u);
}

}  // namespace
}  // namespace redipy::script::build
