// SPDX-License-Identifier: Apache-2.0
//
// The pieces of Lua about texts, lists and dicts: see lua_prelude.h.
#include "scripting/lua_prelude.h"

namespace redipy::script {

namespace {

constexpr LuaPiece pieces[] = {
    {"shortest", "format tonumber", R"lua(
-- The shortest digits that read back as this number, which has a fraction or is very large or small.
local function shortest(value)
  local size = value < 0 and -value or value
  for digits = size < 2.3e-308 and 1 or 15, 17 do
    local made = format("%." .. digits .. "g", value)
    if tonumber(made) == value then
      return made
    end
    if digits == 16 and math.frexp(size) == 0.5 then
      -- A power of two: the next digits above may read back although the nearest do not.
      local sign, lead, high, low, exponent = string.match(format("%.15e", value), "^(-?)(%d)%.(%d%d%d%d%d%d%d)(%d+)(e.*)$")
      low = tonumber(low) + 1
      if low < 1e8 then
        made = sign .. lead .. "." .. high .. format("%08d", low)
        if tonumber(made .. exponent) == value then
          return string.gsub(made, "0+$", "") .. exponent
        end
      end
    end
  end
end
)lua"},
    {"number_text", "format huge shortest", R"lua(
local function number_text(value)
  if value % 1 == 0 and value < 1e17 and value > -1e17 then
    if value < 1e14 and value > -1e14 then
      return value .. ""
    end
    return format("%.0f", value)
  elseif value ~= value then
    return "nan"
  elseif value == huge or value == -huge then
    return value < 0 and "-inf" or "inf"
  end
  return shortest(value)
end
)lua"},
    {"joined_text", "type number_text cannot", R"lua(
local function joined_text(value)
  local kind = type(value)
  if kind == "string" then
    return value
  elseif kind == "number" then
    return number_text(value)
  end
  cannot($no_text$, value)
end
)lua"},
    {"argument_text", "type number_text cannot", R"lua(
local function argument_text(value)
  local kind = type(value)
  if kind == "string" then
    return value
  elseif kind == "number" then
    return number_text(value)
  end
  cannot($command_argument$, value)
end
)lua"},
    {"key_text", "type number_text cannot", R"lua(
local function key_text(value)
  local kind = type(value)
  if kind == "string" then
    return value
  elseif kind == "number" then
    return number_text(value)
  end
  cannot($key_value$, value)
end
)lua"},

    {"next_character", "byte", R"lua(
-- The byte behind the character at a byte; true besides if that byte is not part of valid UTF-8.
local function next_character(text, at)
  local lead, second, third, fourth = byte(text, at, at + 3)
  if lead < 128 then
    return at + 1, false
  end
  local least, most = 128, 191
  if lead == 224 then
    least = 160
  elseif lead == 237 then
    most = 159
  elseif lead == 240 then
    least = 144
  elseif lead == 244 then
    most = 143
  end
  if lead < 194 or lead > 244 or not second or second < least or second > most then
    return at + 1, true
  elseif lead < 224 then
    return at + 2, false
  elseif not third or third < 128 or third > 191 then
    return at + 1, true
  elseif lead < 240 then
    return at + 3, false
  elseif not fourth or fourth < 128 or fourth > 191 then
    return at + 1, true
  end
  return at + 4, false
end
)lua"},
    {"characters", "next_character sub", R"lua(
local function characters(text)
  local list, size, at = {}, 0, 1
  while at <= #text do
    local after = next_character(text, at)
    size = size + 1
    list[size] = sub(text, at, after - 1)
    at = after
  end
  return list
end
)lua"},
    {"count", "next_character find", R"lua(
local function count(text)
  local at = find(text, "[\128-\255]")
  if not at then
    return #text
  end
  local size = at - 1
  while at <= #text do
    at = next_character(text, at)
    size = size + 1
  end
  return size
end
)lua"},
    {"whole_index", "type fail", R"lua(
local function whole_index(index)
  if type(index) ~= "number" or index % 1 ~= 0 or index >= 9223372036854775808 or index < -9223372036854775808 then
    fail($index_type$)
  end
  return index
end
)lua"},
    {"search", "type number_text cannot find next_character count whole_index", R"lua(
-- Where a text has a part, counted in characters from 0; nil if it is nowhere.
local function search(text, part, start)
  if type(text) == "number" then
    text = number_text(text)
  elseif type(text) ~= "string" then
    cannot($no_search$, text)
  end
  if type(part) == "number" then
    part = number_text(part)
  elseif type(part) ~= "string" then
    cannot($no_part$, part)
  end
  if whole_index(start) < 0 then
    start = math.max(start + count(text), 0)
  end
  local at = 1
  if find(text, "[\128-\255]") then
    for _ = 1, start do
      if at > #text then
        return nil
      end
      at = next_character(text, at)
    end
  else
    at = start + 1
    if at > #text + 1 then
      return nil
    end
  end
  local found = find(text, part, at, true)
  return found and count(string.sub(text, 1, found - 1))
end
)lua"},

    {"length", "type count cannot", R"lua(
local function length(value)
  local kind = type(value)
  if kind == "table" then
    return value[0] or #value
  elseif kind == "string" then
    return count(value)
  end
  cannot($no_length$, value)
end
)lua"},
    {"item", "type none cannot fail characters whole_index", R"lua(
local function item(list, index)
  if type(list) == "string" then
    list = characters(list)
  elseif type(list) ~= "table" or list[0] then
    cannot($no_index$, list)
  end
  if whole_index(index) < 0 then
    index = index + #list
  end
  local found = list[index + 1]
  if found == nil then
    fail($index_range$)
  elseif found == none then
    return nil
  end
  return found
end
)lua"},
    {"entry_key", "type number_text cannot", R"lua(
local function entry_key(key)
  if type(key) == "string" then
    return key
  elseif type(key) == "number" then
    return number_text(key)
  end
  cannot($entry_key$, key)
end
)lua"},
    {"entry", "type none cannot entry_key", R"lua(
local function entry(dict, key)
  if type(dict) ~= "table" or not dict[0] then
    cannot($no_entries$, dict)
  end
  local found = dict[entry_key(key)]
  if found == none then
    return nil
  end
  return found
end
)lua"},
    {"set_item", "type none cannot fail whole_index", R"lua(
local function set_item(list, index, value)
  if type(list) ~= "table" or list[0] then
    cannot($no_item$, list)
  end
  if whole_index(index) < 0 then
    index = index + #list
  end
  if index < 0 or index > #list then
    fail($index_range$)
  end
  if value == nil then
    value = none
  end
  list[index + 1] = value
end
)lua"},
    {"set_entry", "type none cannot entry_key", R"lua(
local function set_entry(dict, key, value)
  if type(dict) ~= "table" or not dict[0] then
    cannot($no_entry$, dict)
  end
  key = entry_key(key)
  if value == nil then
    value = none
  end
  if dict[key] == nil then
    dict[0] = dict[0] + 1
  end
  dict[key] = value
end
)lua"},
    {"sorted_keys", "sorted", R"lua(
local function sorted_keys(dict)
  local keys, size = {}, 0
  for key in pairs(dict) do
    if key ~= 0 then
      size = size + 1
      keys[size] = key
    end
  end
  return sorted(keys)
end
)lua"},
    {"looped", "type characters sorted_keys cannot", R"lua(
-- What a loop goes over.
local function looped(value)
  if type(value) == "string" then
    return characters(value)
  elseif type(value) ~= "table" then
    cannot($no_loop$, value)
  elseif value[0] then
    return sorted_keys(value)
  end
  return value
end
)lua"},
    {"log", "type number_text cannot fail", R"lua(
local function log(level, text)
  if level ~= 0 and level ~= 1 and level ~= 2 and level ~= 3 then
    fail($log_level$)
  end
  if type(text) == "number" then
    text = number_text(text)
  elseif type(text) ~= "string" then
    cannot($log_text$, text)
  end
  redis.log(level, text)
  return nil
end
)lua"},
};

}  // namespace

std::span<const LuaPiece> lua_texts() { return pieces; }

}  // namespace redipy::script
