// SPDX-License-Identifier: Apache-2.0
//
// Keys as objects, for scripts written in C++ (build.h): a class per type, a method per command, each an expression.
#pragma once

#include "scripting/build.h"

namespace redipy::script::build {

/// A key of any type.
class RedisObject {
 public:
  explicit RedisObject(Expr key) : key_(std::move(key)) {}

  const Expr& key() const { return key_; }
  Expr exists() const { return command("exists"); }
  Expr del() const { return command("del"); }
  Expr type() const { return command("type"); }
  Expr expire(const Expr& seconds) const { return command("expire", {seconds}); }
  Expr pexpire(const Expr& milliseconds) const { return command("pexpire", {milliseconds}); }
  Expr persist() const { return command("persist"); }
  Expr ttl() const { return command("ttl"); }

  /// Any other command that has its key first.
  Expr command(View name, const Exprs& arguments = {}, bool no_adjust = false) const;

 private:
  Expr key_;
};

enum class SetMode : uint8_t { always, if_exists, if_missing };
struct SetOptions {
  SetMode mode = SetMode::always;
  bool previous = false;  ///< gives the value that was there
  std::optional<int64_t> expire_ms = std::nullopt;
  bool keep_ttl = false;
};

class RedisVar : public RedisObject {
 public:
  using RedisObject::RedisObject;
  Expr set(const Expr& value, const SetOptions& options = {}) const;
  Expr get() const { return command("get"); }
  /// The value, or `otherwise` where there is none.
  Expr get(const Expr& otherwise) const { return command("get", {}, true) || otherwise; }
  Expr incrby(const Expr& amount) const { return command("incrby", {amount}); }
};

class RedisList : public RedisObject {
 public:
  using RedisObject::RedisObject;
  Expr lpush(const Exprs& values) const { return command("lpush", values); }
  Expr rpush(const Exprs& values) const { return command("rpush", values); }
  Expr lpop() const { return command("lpop"); }
  Expr lpop(const Expr& count) const { return command("lpop", {count}); }
  Expr rpop() const { return command("rpop"); }
  Expr rpop(const Expr& count) const { return command("rpop", {count}); }
  Expr lrange(const Expr& start, const Expr& stop) const { return command("lrange", {start, stop}); }
  Expr llen() const { return command("llen"); }
};

class RedisHash : public RedisObject {
 public:
  using RedisObject::RedisObject;
  /// Fields and values in turn.
  Expr hset(const Exprs& pairs) const { return command("hset", pairs); }
  Expr hdel(const Exprs& fields) const { return command("hdel", fields); }
  Expr hget(const Expr& field) const { return command("hget", {field}); }
  Expr hmget(const Exprs& fields) const { return command("hmget", fields); }
  Expr hincrby(const Expr& field, const Expr& amount) const { return command("hincrby", {field, amount}); }
  Expr hkeys() const { return command("hkeys"); }
  Expr hvals() const { return command("hvals"); }
  Expr hgetall() const { return command("hgetall"); }
};

class RedisSet : public RedisObject {
 public:
  using RedisObject::RedisObject;
  Expr sadd(const Exprs& members) const { return command("sadd", members); }
  Expr srem(const Exprs& members) const { return command("srem", members); }
  Expr sismember(const Expr& member) const { return command("sismember", {member}); }
  Expr smembers() const { return command("smembers"); }
  Expr scard() const { return command("scard"); }
};

class RedisSortedSet : public RedisObject {
 public:
  using RedisObject::RedisObject;
  Expr zadd(const Expr& score, const Expr& member) const { return command("zadd", {score, member}); }
  Expr zpopmax() const { return command("zpopmax"); }
  Expr zpopmax(const Expr& count) const { return command("zpopmax", {count}); }
  Expr zpopmin() const { return command("zpopmin"); }
  Expr zpopmin(const Expr& count) const { return command("zpopmin", {count}); }
  Expr zrange(const Expr& start, const Expr& stop) const { return command("zrange", {start, stop}); }
  Expr zcard() const { return command("zcard"); }
};

}  // namespace redipy::script::build
