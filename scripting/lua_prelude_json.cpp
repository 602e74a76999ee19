// SPDX-License-Identifier: Apache-2.0
//
// The pieces of Lua that read arguments (lua_printer.h), and that write and read JSON: see lua_prelude.h. cjson would
// take more than JSON, and less of it: it knows NaN and hexadecimal numbers, and one empty table for [] and {}.
#include "scripting/lua_prelude.h"

namespace redipy::script {

namespace {

constexpr LuaPiece pieces[] = {
    {"argument", "", R"lua(
-- An argument that is not plain text: see lua_printer.h.
local function argument(text)
  local number = tonumber(string.sub(text, 2, -2))
  if number then
    return number
  end
  local at, none = 2, cjson.null
  local find, sub = string.find, string.sub
  local function value()
    local kind = sub(text, at, at)
    if kind == "n" or kind == "t" or kind == "f" then
      at = at + 1
      if kind == "n" then
        return none
      end
      return kind == "t"
    end
    local _, last, digits = find(text, "^[$%[{]?([^:;]*)[:;]", at)
    local size = tonumber(digits)
    at = last + 1
    if kind == "$" then
      at = at + size
      return sub(text, last + 1, last + size)
    elseif kind == "[" then
      local list = {}
      for i = 1, size do
        list[i] = value()
      end
      return list
    elseif kind == "{" then
      local dict = {[0] = size}
      for _ = 1, size do
        local key = value()
        dict[key] = value()
      end
      return dict
    end
    return size
  end
  local found = value()
  if found == none then
    return nil
  end
  return found
end
)lua"},

    {"quoted", "find next_character fail", R"lua(
local function quoted(text)
  local at = find(text, "[\128-\255]")
  while at do
    local after, invalid = next_character(text, at)
    if invalid then
      fail($not_utf8$)
    end
    at = find(text, "[\128-\255]", after)
  end
  if find(text, "[%z\1-\31\"\\]") then
    local escapes = {["\""] = "\\\"", ["\\"] = "\\\\", ["\b"] = "\\b", ["\f"] = "\\f", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t"}
    text = string.gsub(text, "[%z\1-\31\"\\]", function(one)
      return escapes[one] or string.format("\\u%04x", string.byte(one))
    end)
  end
  return "\"" .. text .. "\""
end
)lua"},
    {"json", "type quoted number_text huge sorted_keys fail", R"lua(
local function json(value)
  local parts, size = {}, 0
  local function put(text)
    size = size + 1
    parts[size] = text
  end
  local function write(some, depth)
    local kind = type(some)
    if kind == "string" then
      put(quoted(some))
    elseif kind == "number" then
      if some ~= some or some == huge or some == -huge then
        fail($not_finite$)
      end
      put(number_text(some))
    elseif kind == "boolean" then
      put(some and "true" or "false")
    elseif kind ~= "table" then
      put("null")
    elseif depth >= 1000 then
      fail($too_deep$)
    elseif some[0] then
      put("{")
      for i, key in ipairs(sorted_keys(some)) do
        if i > 1 then
          put(",")
        end
        put(quoted(key))
        put(":")
        write(some[key], depth + 1)
      end
      put("}")
    else
      put("[")
      for i = 1, #some do
        if i > 1 then
          put(",")
        end
        write(some[i], depth + 1)
      end
      put("]")
    end
  end
  write(value, 0)
  return table.concat(parts)
end
)lua"},
    {"result_text", "json type", R"lua(
-- The script's value as JSON; an empty list or dict is none.
local function result_text(value)
  if value == nil or type(value) == "table" and (value[0] or #value) == 0 then
    return nil
  end
  return json(value)
end
)lua"},
    {"to_text", "type number_text json", R"lua(
local function to_text(value)
  local kind = type(value)
  if kind == "string" then
    return value
  elseif kind == "number" then
    return number_text(value)
  elseif kind == "table" then
    return json(value)
  end
  return tostring(value)
end
)lua"},

    {"decode", "type none byte sub find tonumber huge next_character cannot fail", R"lua(
-- The value of a JSON text, read strictly.
local function decode(text)
  if type(text) == "number" then
    return text
  elseif type(text) ~= "string" then
    cannot($no_json$, text)
  end
  local char, match = string.char, string.match
  local at = 1
  local function malformed()
    fail($malformed_json$)
  end
  local function blanks()
    at = find(text, "[^ \t\r\n]", at) or #text + 1
  end
  local function utf8(point)
    if point < 128 then
      return char(point)
    elseif point < 2048 then
      return char(192 + (point - point % 64) / 64, 128 + point % 64)
    end
    local last = 128 + point % 64
    point = (point - point % 64) / 64
    if point < 1024 then
      return char(224 + (point - point % 64) / 64, 128 + point % 64, last)
    end
    local third = 128 + point % 64
    point = (point - point % 64) / 64
    return char(240 + (point - point % 64) / 64, 128 + point % 64, third, last)
  end
  local function unit()
    local digits = match(text, "^%x%x%x%x", at)
    if not digits then
      malformed()
    end
    at = at + 4
    return tonumber(digits, 16)
  end
  local escapes = {["\""] = "\"", ["\\"] = "\\", ["/"] = "/", b = "\b", f = "\f", n = "\n", r = "\r", t = "\t"}
  local function escaped()
    local kind = sub(text, at, at)
    at = at + 1
    if kind ~= "u" then
      return escapes[kind] or malformed()
    end
    local point = unit()
    if point >= 56320 and point < 57344 then
      malformed()
    elseif point >= 55296 and point < 56320 then
      if sub(text, at, at + 1) ~= "\\u" then
        malformed()
      end
      at = at + 2
      local low = unit()
      if low < 56320 or low >= 57344 then
        malformed()
      end
      point = 65536 + (point - 55296) * 1024 + low - 56320
    end
    return utf8(point)
  end
  local function quoted()
    local start, parts = at + 1, nil
    at = start
    while true do
      local stop = find(text, "[%z\1-\31\"\\\128-\255]", at)
      if not stop then
        malformed()
      end
      local code = byte(text, stop)
      if code == 34 then
        at = stop + 1
        if not parts then
          return sub(text, start, stop - 1)
        end
        parts[#parts + 1] = sub(text, start, stop - 1)
        return table.concat(parts)
      elseif code == 92 then
        parts = parts or {}
        parts[#parts + 1] = sub(text, start, stop - 1)
        at = stop + 1
        parts[#parts + 1] = escaped()
        start = at
      elseif code < 32 then
        malformed()
      else
        local after, invalid = next_character(text, stop)
        if invalid then
          malformed()
        end
        at = after
      end
    end
  end
  local function number()
    local start = at
    local sign, digits = match(text, "^(-?)(%d+)", at)
    if not digits or find(digits, "^0%d") then
      malformed()
    end
    at = at + #sign + #digits
    local rest = match(text, "^%.%d+", at) or ""
    at = at + #rest
    local exponent = match(text, "^[eE][+-]?%d+", at) or ""
    at = at + #exponent
    local value = tonumber(sub(text, start, at - 1))
    if rest == "" and exponent == "" then
      local most = sign == "" and "9223372036854775807" or "9223372036854775808"
      if #digits > 19 or #digits == 19 and find(digits, "^9") and digits ~= most then
        for i = 1, 19 do
          if byte(digits, i) ~= byte(most, i) then
            if byte(digits, i) > byte(most, i) then
              malformed()
            end
            break
          end
        end
        if #digits > 19 then
          malformed()
        end
      end
      return value + 0 == 0 and 0 or value
    elseif value == huge or value == -huge then
      malformed()
    end
    return value
  end
  local value
  local function array(depth)
    local list, size = {}, 0
    at = at + 1
    blanks()
    if sub(text, at, at) == "]" then
      at = at + 1
      return list
    end
    while true do
      size = size + 1
      list[size] = value(depth)
      blanks()
      local next = sub(text, at, at)
      at = at + 1
      if next == "]" then
        return list
      elseif next ~= "," then
        malformed()
      end
    end
  end
  local function object(depth)
    local dict = {[0] = 0}
    at = at + 1
    blanks()
    if sub(text, at, at) == "}" then
      at = at + 1
      return dict
    end
    while true do
      blanks()
      if sub(text, at, at) ~= "\"" then
        malformed()
      end
      local key = quoted()
      blanks()
      if sub(text, at, at) ~= ":" then
        malformed()
      end
      at = at + 1
      if dict[key] == nil then
        dict[0] = dict[0] + 1
      end
      dict[key] = value(depth)
      blanks()
      local next = sub(text, at, at)
      at = at + 1
      if next == "}" then
        return dict
      elseif next ~= "," then
        malformed()
      end
    end
  end
  function value(depth)
    blanks()
    local kind = sub(text, at, at)
    if kind == "\"" then
      return quoted()
    elseif kind == "[" or kind == "{" then
      if depth >= 1000 then
        malformed()
      end
      return kind == "[" and array(depth + 1) or object(depth + 1)
    end
    local word = match(text, "^%l+", at)
    if not word then
      return number()
    end
    at = at + #word
    if word == "null" then
      return none
    elseif word ~= "true" and word ~= "false" then
      malformed()
    end
    return word == "true"
  end
  local found = value(0)
  blanks()
  if at <= #text then
    malformed()
  end
  if found == none then
    return nil
  end
  return found
end
)lua"},
};

}  // namespace

std::span<const LuaPiece> lua_json() { return pieces; }

}  // namespace redipy::script
