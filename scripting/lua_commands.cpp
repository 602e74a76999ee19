// SPDX-License-Identifier: Apache-2.0
//
// See lua_commands.h.
#include "scripting/lua_commands.h"

#include <algorithm>

namespace redipy::script {

namespace {

using Shape = ReplyShape;
constexpr uint8_t any_number = 255;

constexpr ReplyRow rows[] = {
    // keys
    {"DEL", 1, any_number, Shape::integer},
    {"UNLINK", 1, any_number, Shape::integer},
    {"EXISTS", 1, any_number, Shape::integer},
    {"TOUCH", 1, any_number, Shape::integer},
    {"EXPIRE", 2, any_number, Shape::integer},
    {"PEXPIRE", 2, any_number, Shape::integer},
    {"EXPIREAT", 2, any_number, Shape::integer},
    {"PEXPIREAT", 2, any_number, Shape::integer},
    {"TTL", 1, 1, Shape::integer},
    {"PTTL", 1, 1, Shape::integer},
    {"PERSIST", 1, 1, Shape::integer},
    {"RENAMENX", 2, 2, Shape::integer},
    {"RENAME", 2, 2, Shape::status},
    {"TYPE", 1, 1, Shape::type_name},
    {"DBSIZE", 0, 0, Shape::integer},
    {"SORT", 1, any_number, Shape::list_or_count},
    {"SORT_RO", 1, any_number, Shape::list_with_nones},
    // strings
    {"GET", 1, 1, Shape::text_or_none},
    {"GETDEL", 1, 1, Shape::text_or_none},
    {"GETEX", 1, any_number, Shape::text_or_none},
    {"GETSET", 2, 2, Shape::text_or_none},
    {"GETRANGE", 3, 3, Shape::text},
    {"SUBSTR", 3, 3, Shape::text},
    {"SET", 2, any_number, Shape::done_or_text},
    {"SETNX", 2, 2, Shape::integer},
    {"SETEX", 3, 3, Shape::status},
    {"PSETEX", 3, 3, Shape::status},
    {"MSET", 2, any_number, Shape::status},
    {"MSETNX", 2, any_number, Shape::integer},
    {"MGET", 1, any_number, Shape::list_with_nones},
    {"STRLEN", 1, 1, Shape::integer},
    {"APPEND", 2, 2, Shape::integer},
    {"SETRANGE", 3, 3, Shape::integer},
    {"INCR", 1, 1, Shape::integer},
    {"DECR", 1, 1, Shape::integer},
    {"DECRBY", 2, 2, Shape::integer},
    {"INCRBY", 2, 2, Shape::increment},
    {"INCRBYFLOAT", 2, 2, Shape::text},
    {"SETBIT", 3, 3, Shape::integer},
    {"GETBIT", 2, 2, Shape::integer},
    {"BITCOUNT", 1, any_number, Shape::integer},
    {"BITPOS", 2, any_number, Shape::integer},
    {"BITOP", 3, any_number, Shape::integer},
    {"BITFIELD", 1, any_number, Shape::list_with_nones},
    {"BITFIELD_RO", 1, any_number, Shape::list_with_nones},
    // lists
    {"LPUSH", 2, any_number, Shape::integer},
    {"RPUSH", 2, any_number, Shape::integer},
    {"LPUSHX", 2, any_number, Shape::integer},
    {"RPUSHX", 2, any_number, Shape::integer},
    {"LPOP", 1, 1, Shape::text_or_none},
    {"RPOP", 1, 1, Shape::text_or_none},
    {"LPOP", 2, 2, Shape::list_or_none},
    {"RPOP", 2, 2, Shape::list_or_none},
    {"LRANGE", 3, 3, Shape::list},
    {"LLEN", 1, 1, Shape::integer},
    {"LINDEX", 2, 2, Shape::text_or_none},
    {"LSET", 3, 3, Shape::status},
    {"LREM", 3, 3, Shape::integer},
    {"LTRIM", 3, 3, Shape::status},
    {"LINSERT", 4, 4, Shape::integer},
    {"LMOVE", 4, 4, Shape::text_or_none},
    {"RPOPLPUSH", 2, 2, Shape::text_or_none},
    {"LPOS", 2, 2, Shape::integer_or_none},
    // hashes
    {"HSET", 3, any_number, Shape::integer},
    {"HSETNX", 3, 3, Shape::integer},
    {"HMSET", 3, any_number, Shape::status},
    {"HGET", 2, 2, Shape::text_or_none},
    {"HMGET", 2, any_number, Shape::fields},
    {"HGETALL", 1, 1, Shape::dict},
    {"HDEL", 2, any_number, Shape::integer},
    {"HEXISTS", 2, 2, Shape::integer},
    {"HLEN", 1, 1, Shape::integer},
    {"HSTRLEN", 2, 2, Shape::integer},
    {"HKEYS", 1, 1, Shape::list},
    {"HVALS", 1, 1, Shape::list},
    {"HINCRBY", 3, 3, Shape::increment},
    {"HINCRBYFLOAT", 3, 3, Shape::text},
    {"HRANDFIELD", 1, 1, Shape::text_or_none},
    {"HRANDFIELD", 2, 2, Shape::list},
    // sets
    {"SADD", 2, any_number, Shape::integer},
    {"SREM", 2, any_number, Shape::integer},
    {"SCARD", 1, 1, Shape::integer},
    {"SISMEMBER", 2, 2, Shape::truth},
    {"SMISMEMBER", 2, any_number, Shape::list},
    {"SMEMBERS", 1, 1, Shape::sorted_list},
    {"SINTER", 1, any_number, Shape::sorted_list},
    {"SUNION", 1, any_number, Shape::sorted_list},
    {"SDIFF", 1, any_number, Shape::sorted_list},
    {"SPOP", 1, 1, Shape::text_or_none},
    {"SPOP", 2, 2, Shape::sorted_list},
    {"SRANDMEMBER", 1, 1, Shape::text_or_none},
    {"SRANDMEMBER", 2, 2, Shape::list},
    {"SMOVE", 3, 3, Shape::integer},
    {"SINTERSTORE", 2, any_number, Shape::integer},
    {"SUNIONSTORE", 2, any_number, Shape::integer},
    {"SDIFFSTORE", 2, any_number, Shape::integer},
    {"SINTERCARD", 2, any_number, Shape::integer},
    // sorted sets
    {"ZADD", 3, 3, Shape::integer},
    {"ZCARD", 1, 1, Shape::integer},
    {"ZCOUNT", 3, 3, Shape::integer},
    {"ZLEXCOUNT", 3, 3, Shape::integer},
    {"ZREM", 2, any_number, Shape::integer},
    {"ZRANK", 2, 2, Shape::integer_or_none},
    {"ZREVRANK", 2, 2, Shape::integer_or_none},
    {"ZSCORE", 2, 2, Shape::number_or_none},
    {"ZINCRBY", 3, 3, Shape::number_or_none},
    {"ZMSCORE", 2, any_number, Shape::number_list},
    {"ZRANGE", 3, 3, Shape::list},
    {"ZREVRANGE", 3, 3, Shape::list},
    {"ZRANGEBYSCORE", 3, 3, Shape::list},
    {"ZREVRANGEBYSCORE", 3, 3, Shape::list},
    {"ZRANGEBYLEX", 3, 3, Shape::list},
    {"ZREVRANGEBYLEX", 3, 3, Shape::list},
    {"ZPOPMIN", 1, 2, Shape::score_pairs},
    {"ZPOPMAX", 1, 2, Shape::score_pairs},
    {"ZREMRANGEBYRANK", 3, 3, Shape::integer},
    {"ZREMRANGEBYSCORE", 3, 3, Shape::integer},
    {"ZREMRANGEBYLEX", 3, 3, Shape::integer},
    {"ZRANGESTORE", 4, any_number, Shape::integer},
    {"ZUNIONSTORE", 3, any_number, Shape::integer},
    {"ZINTERSTORE", 3, any_number, Shape::integer},
    {"ZDIFFSTORE", 3, any_number, Shape::integer},
    {"ZRANDMEMBER", 1, 1, Shape::text_or_none},
    {"ZRANDMEMBER", 2, 2, Shape::list},
    // others
    {"GEOPOS", 1, any_number, Shape::number_list},
    {"GEOHASH", 1, any_number, Shape::list_with_nones},
    {"PFADD", 1, any_number, Shape::integer},
    {"PFCOUNT", 1, any_number, Shape::integer},
    {"PFMERGE", 1, any_number, Shape::status},
    {"PUBLISH", 2, 2, Shape::integer},
};

Bytes upper(View text) {
  Bytes made(text);
  for (char& c : made) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return made;
}

const Json* text_literal(const Expression& expression) {
  const bool text = expression.kind == ExpressionKind::literal && expression.literal.is(Json::Type::string);
  return text ? &expression.literal : nullptr;
}

/// SET gives the old value with GET among its options; what they are may be known only when the script runs.
ReplyShape shape_of_set(const Expression& call) {
  Shape shape = Shape::done;
  for (size_t i = 3; i < call.parts.size(); ++i) {
    const Json* const option = text_literal(*call.parts[i]);
    if (option) {
      if (upper(option->text) == "GET") return Shape::text_or_none;
    } else if (call.parts[i]->kind != ExpressionKind::literal) {
      shape = Shape::done_or_text;
    }
  }
  return shape;
}

/// SORT gives a number where one of its options is STORE.
ReplyShape shape_of_sort(const Expression& call) {
  for (size_t i = 2; i < call.parts.size(); ++i) {
    const Json* const option = text_literal(*call.parts[i]);
    const bool other = call.parts[i]->kind == ExpressionKind::literal && !option;
    if (!other && (!option || upper(option->text) == "STORE")) return Shape::list_or_count;
  }
  return Shape::list_with_nones;
}

}  // namespace

std::span<const ReplyRow> reply_rows() { return rows; }

bool has_reply_row(View name) {
  return std::any_of(std::begin(rows), std::end(rows), [&](const ReplyRow& row) { return row.name == name; });
}

Bytes command_of(const Expression& call) {
  const Json* const name = call.parts.empty() ? nullptr : text_literal(*call.parts[0]);
  return name ? upper(name->text) : Bytes();
}

ReplyShape reply_shape(const Expression& call) {
  const Bytes name = command_of(call);
  if (name.empty()) return Shape::any;
  const size_t words = call.parts.size() - 1;
  for (const ReplyRow& row : rows) {
    if (row.name != name || words < row.least || (row.most != any_number && words > row.most)) continue;
    if (row.shape == Shape::done_or_text) return shape_of_set(call);
    return row.shape == Shape::list_or_count ? shape_of_sort(call) : row.shape;
  }
  return Shape::any;
}

}  // namespace redipy::script
