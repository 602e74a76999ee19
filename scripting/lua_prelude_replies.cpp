// SPDX-License-Identifier: Apache-2.0
//
// The pieces of Lua about commands: from what redis.call gives in Redis to what it gives in a script (functions.h,
// lua_commands.h). See lua_prelude.h.
#include "scripting/lua_prelude.h"

namespace redipy::script {

namespace {

constexpr LuaPiece pieces[] = {
    {"command_name", "type cannot", R"lua(
local function command_name(name)
  if type(name) ~= "string" then
    cannot($command_name$, name)
  end
  return name
end
)lua"},
    {"command_word", "type number_text cannot fail", R"lua(
-- An argument of a command that may not exist, which would be the error then.
local function command_word(command, value)
  local kind = type(value)
  if kind == "string" then
    return value
  elseif kind == "number" then
    return number_text(value)
  elseif redis.call("command", "info", command)[1] == false then
    fail($unknown_command$)
  end
  cannot($command_argument$, value)
end
)lua"},
    {"type_name", "", R"lua(
local function type_name(reply)
  if reply.ok == "none" then
    return nil
  end
  return reply.ok
end
)lua"},
    {"list_with_nones", "none", R"lua(
local function list_with_nones(reply)
  if not reply then
    return nil
  end
  for i = 1, #reply do
    if reply[i] == false then
      reply[i] = none
    end
  end
  return reply
end
)lua"},
    {"list_or_count", "list_with_nones type", R"lua(
-- What SORT gives: with STORE how many elements it has stored.
local function list_or_count(reply)
  if type(reply) == "number" then
    return reply
  end
  return list_with_nones(reply)
end
)lua"},
    {"number_list", "type tonumber none", R"lua(
local function number_list(reply)
  for i = 1, #reply do
    local one = reply[i]
    if type(one) == "table" then
      number_list(one)
    else
      reply[i] = one and tonumber(one) or none
    end
  end
  return reply
end
)lua"},
    {"dict_of", "", R"lua(
local function dict_of(reply)
  local dict = {[0] = #reply / 2}
  for i = 1, #reply, 2 do
    dict[reply[i]] = reply[i + 1]
  end
  return dict
end
)lua"},
    {"score_pairs", "tonumber", R"lua(
local function score_pairs(reply)
  local list = {}
  for i = 1, #reply, 2 do
    list[(i + 1) / 2] = {reply[i], tonumber(reply[i + 1])}
  end
  return list
end
)lua"},
    {"fields_of", "number_text type none", R"lua(
local function fields_of(key, ...)
  local reply = $call$("hmget", key, ...)
  local dict, size = {}, 0
  for i = 1, #reply do
    local field = select(i, ...)
    if type(field) == "number" then
      field = number_text(field)
    end
    if dict[field] == nil then
      size = size + 1
    end
    dict[field] = reply[i] or none
  end
  dict[0] = size
  return dict
end
)lua"},
    {"increment", "type find tonumber fail", R"lua(
-- Integers exactly, all else as floating point.
local function increment(whole, real, ...)
  local reply = redis.pcall(whole, ...)
  if type(reply) == "number" then
    return reply
  elseif not find(reply.err, "not an integer", 1, true) then
    fail(reply.err)
  end
  return tonumber($call$(real, ...))
end
)lua"},
    {"set", "", R"lua(
local function set(...)
  local reply = $call$("set", ...)
  for i = 3, select("#", ...) do
    if string.upper((select(i, ...))) == "GET" then
      return reply or nil
    end
  end
  return reply and true or false
end
)lua"},
    {"reply_value", "type number_text sorted tonumber none", R"lua(
-- What a reply in RESP3 says.
local function reply_value(reply)
  if type(reply) ~= "table" then
    return reply
  elseif reply.ok then
    return reply.ok
  elseif reply.double then
    return reply.double
  elseif reply.big_number then
    return tonumber(reply.big_number)
  elseif reply.verbatim_string then
    return reply.verbatim_string.string
  elseif reply.map then
    local dict, size = {}, 0
    for key, value in pairs(reply.map) do
      size = size + 1
      dict[type(key) == "number" and number_text(key) or key] = reply_value(value)
    end
    dict[0] = size
    return dict
  elseif reply.set then
    local list = {}
    for member in pairs(reply.set) do
      list[#list + 1] = type(member) == "number" and number_text(member) or member
    end
    return sorted(list)
  end
  for i = 1, #reply do
    local value = reply_value(reply[i])
    if value == nil then
      value = none
    end
    reply[i] = value
  end
  return reply
end
)lua"},
    {"typed_call", "reply_value", R"lua(
local function typed_call(...)
  redis.setresp(3)
  local reply = $call$(...)
  redis.setresp(2)
  return reply_value(reply)
end
)lua"},
    {"any_call", "type cannot set increment type_name score_pairs fields_of list_or_count number_list typed_call",
     R"lua(
-- A command whose name is known only now.
local function any_call(name, ...)
  local command = string.upper(name)
  if select("#", ...) == 0 then
    return typed_call(name)
  elseif command == "SET" then
    return set(...)
  elseif command == "INCRBY" then
    return increment("incrby", "incrbyfloat", ...)
  elseif command == "HINCRBY" then
    return increment("hincrby", "hincrbyfloat", ...)
  elseif command == "TYPE" then
    return type_name($call$(name, ...))
  elseif command == "ZPOPMIN" or command == "ZPOPMAX" then
    return score_pairs($call$(name, ...))
  elseif command == "HMGET" then
    return fields_of(...)
  elseif command == "SISMEMBER" then
    return $call$(name, ...) == 1
  elseif command == "ZMSCORE" or command == "GEOPOS" then
    return number_list($call$(name, ...))
  elseif string.find(command, "^SORT") then
    return list_or_count($call$(name, ...))
  elseif command == "MGET" or command == "GEOHASH" or string.find(command, "^BITFIELD") then
    return list_with_nones($call$(name, ...))
  end
  return typed_call(name, ...)
end
)lua"},
};

}  // namespace

std::span<const LuaPiece> lua_replies() { return pieces; }

}  // namespace redipy::script
