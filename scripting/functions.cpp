// SPDX-License-Identifier: Apache-2.0
//
// See functions.h and messages.h.
#include "scripting/functions.h"

#include <array>

#include "scripting/messages.h"

namespace redipy::script {

namespace {

constexpr FunctionRow function_rows[] = {
    {"tonumber", Function::tonumber, 1, 1},   {"asintstr", Function::asintstr, 1, 1},
    {"tostring", Function::tostring, 1, 1},   {"type", Function::type, 1, 1},
    {"string.find", Function::find, 2, 3},    {"cjson.decode", Function::decode, 1, 1},
    {"cjson.encode", Function::encode, 1, 1}, {"redis.log", Function::log, 2, 2},
    {"redis.call", Function::call, 1, 255},
};

struct RedisFunctionRow {
  View name;  ///< in upper case
  Result result;
};
constexpr RedisFunctionRow redis_rows[] = {
    {"TYPE", Result::type_name},      {"SET", Result::done},
    {"INCRBY", Result::increment},    {"HINCRBY", Result::increment},
    {"ZPOPMIN", Result::score_pairs}, {"ZPOPMAX", Result::score_pairs},
    {"HMGET", Result::fields},        {"SISMEMBER", Result::truth},
};

constexpr std::array<View, 4> constants = {"redis.LOG_DEBUG", "redis.LOG_VERBOSE", "redis.LOG_NOTICE",
                                           "redis.LOG_WARNING"};

}  // namespace

const FunctionRow* find_function(View name) {
  for (const FunctionRow& row : function_rows) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

Result result_of(View command) {
  for (const RedisFunctionRow& row : redis_rows) {
    if (row.name == command) return row.result;
  }
  return Result::reply;
}

int constant_value(View name) {
  for (size_t i = 0; i < constants.size(); ++i) {
    if (constants[i] == name) return static_cast<int>(i);
  }
  return -1;
}

Bytes filled(View text, std::initializer_list<View> parts) {
  Bytes made;
  for (const View part : parts) {
    const size_t gap = text.find("%s");
    made += text.substr(0, gap);
    made += part;
    text.remove_prefix(gap + 2);
  }
  made += text;
  return made;
}

}  // namespace redipy::script
