// SPDX-License-Identifier: Apache-2.0
//
// See types.h. Commands without a row here may give anything.
#include "scripting/types.h"

#include <algorithm>
#include <array>

#include "scripting/messages.h"

namespace redipy::script {

namespace {

struct ReplyRow {
  View name;
  Types types;
};

constexpr ReplyRow reply_rows[] = {
    {"APPEND", type::number},
    {"DECR", type::number},
    {"DECRBY", type::number},
    {"DEL", type::number},
    {"EXISTS", type::number},
    {"EXPIRE", type::number},
    {"GET", type::string | type::none},
    {"GETDEL", type::string | type::none},
    {"HDEL", type::number},
    {"HEXISTS", type::number},
    {"HGET", type::string | type::none},
    {"HGETALL", type::dict},
    {"HINCRBY", type::number},
    {"HKEYS", type::list},
    {"HLEN", type::number},
    {"HMGET", type::dict},
    {"HSET", type::number},
    {"HVALS", type::list},
    {"INCR", type::number},
    {"INCRBY", type::number},
    {"LINDEX", type::string | type::none},
    {"LLEN", type::number},
    {"LPUSH", type::number},
    {"LRANGE", type::list},
    {"LREM", type::number},
    {"MGET", type::list},
    {"PTTL", type::number},
    {"RPUSH", type::number},
    {"SADD", type::number},
    {"SCARD", type::number},
    {"SET", type::boolean | type::string | type::none},
    {"SISMEMBER", type::boolean},
    {"SMEMBERS", type::list},
    {"SREM", type::number},
    {"STRLEN", type::number},
    {"TTL", type::number},
    {"TYPE", type::string | type::none},
    {"ZCARD", type::number},
    {"ZPOPMAX", type::list},
    {"ZPOPMIN", type::list},
    {"ZREM", type::number},
    {"ZSCORE", type::number | type::none},
};

}  // namespace

Bytes described(Types types) {
  if (types == type::any) return "anything";
  Bytes text;
  for (size_t i = 0; i < type_names.size(); ++i) {
    if ((types & (1u << i)) == 0) continue;
    if (!text.empty()) text += " or ";
    text += type_names[i];
  }
  return text;
}

Types type_of(const Json& literal) {
  static constexpr std::array<Types, 7> types = {type::none,   type::boolean, type::number, type::number,
                                                 type::string, type::list,    type::dict};
  return types[static_cast<size_t>(literal.type)];
}

Types result_types(View name, size_t words) {
  if (name == "LPOP" || name == "RPOP") return type::none | (words > 2 ? type::list : type::string);
  const auto* const row = std::find_if(std::begin(reply_rows), std::end(reply_rows),
                                       [&](const ReplyRow& candidate) { return candidate.name == name; });
  return row == std::end(reply_rows) ? type::any : row->types;
}

Types result_types(Function function) {
  switch (function) {
    case Function::tonumber:
    case Function::find:
      return type::number | type::none;
    case Function::asintstr:
      return type::number;
    case Function::tostring:
    case Function::type:
    case Function::encode:
      return type::string;
    case Function::log:
      return type::none;
    case Function::decode:
    case Function::call:
      return type::any;
  }
  return type::any;
}

bool truth_of(const Json& literal) {
  switch (literal.type) {
    case Json::Type::null:
      return false;
    case Json::Type::boolean:
      return literal.boolean;
    case Json::Type::integer:
      return literal.integer != 0;
    case Json::Type::number:
      return literal.number != 0;
    case Json::Type::string:
      return !literal.text.empty();
    case Json::Type::array:
      return !literal.items.empty();
    case Json::Type::object:
      return !literal.members.empty();
  }
  return false;
}

}  // namespace redipy::script
