// SPDX-License-Identifier: Apache-2.0
//
// The pieces of Lua that find the keys among a command's words, and that keep a script under its prefix and on its own
// backend: see lua_target.h, lua_prelude.h. lua_keys.cpp makes those that depend on the script or the target:
// `foreign`, `key_here`, `key_specs`, `known`, `call_any`.
//
// Where keys are stands in a table as in core/command/keys.h, a row a specification:
//
//   first = true, none = true              for the most of them: the first word, no word
//   {at = 1, last = -1, step = 2}          from a word on; {at = 1} alone is that one word
//   {at = 2, count = 0, first = 1}         counted by a word
//   {word = "STREAMS", from = 4, …}        behind a keyword
//   rule = "SORT", "GEORADIUS" or "MIGRATE", and patterns: the function that finds SORT's
//   free = true                            a channel, which belongs to no backend
//
// "$prefix$" is the prefix, "$prefix_pattern$" the pattern that only it fits, "$behind_prefix$" the first byte behind
// it, "$pattern_here$" what becomes of a pattern of SORT.
#include "scripting/lua_prelude.h"

namespace redipy::script {

namespace {

constexpr LuaPiece pieces[] = {
    {"fits", "find", R"lua(
-- Whether a text fits the elements of a pattern, of which "" is the star.
local function fits(text, elements)
  local at, element, size = 1, 1, #text
  local behind, star
  while at <= size do
    local one = elements[element]
    if one == "" then
      element = element + 1
      behind, star = element, at
    elseif one and find(text, one, at) then
      at, element = at + 1, element + 1
    elseif not behind then
      return false
    else
      star = star + 1
      at, element = star, behind
    end
  end
  if elements[element] == "" then
    element = element + 1
  end
  return size > 0 and element > #elements
end
)lua"},
    {"foreign", "", ""},
    {"key_here", "", ""},
    {"refuse", "fail", R"lua(
-- For a call that fails whatever its words are, once they are there.
local function refuse(text)
  fail(text)
end
)lua"},
    {"key_positions", "find tonumber", R"lua(
-- Which words of a command are keys; nil for words that cannot be right, which Redis is to tell.
local function key_positions(specs, words, size)
  local found = {}
  local function is(at, word)
    return at <= size and string.upper(words[at]) == word
  end
  if specs.rule == "MIGRATE" then
    if words[3] ~= "" then
      return {3}
    end
    for i = 6, size do
      if is(i, "KEYS") then
        for at = i + 1, size do
          found[#found + 1] = at
        end
        break
      end
    end
    return found
  elseif specs.rule then
    local store
    local sorts = specs.rule == "SORT"
    local i = sorts and 2 or 5
    while i < size do
      if sorts and is(i, "LIMIT") then
        i = i + 2
      elseif sorts and (is(i, "GET") or is(i, "BY")) then
        i = i + 1
      elseif is(i, "STORE") or not sorts and is(i, "STOREDIST") then
        i = i + 1
        store = i
      end
      i = i + 1
    end
    return {1, store}
  end
  for _, spec in ipairs(specs) do
    local first, count = spec.at, 0
    local step = spec.step or 1
    if spec.word then
      local way = spec.from > 0 and 1 or -1
      for i = way > 0 and spec.from or size + 1 + spec.from, way > 0 and size - 1 or 1, way do
        if is(i, spec.word) then
          first = i + 1
          break
        end
      end
    end
    if not first or first > size then
      if not spec.word then
        return nil
      end
    else
      if spec.count then
        local said = words[first + spec.count]
        if not said or not find(said, "^%d+$") or find(said, "^0%d") or tonumber(said) > size + 1 then
          return nil
        end
        count = tonumber(said)
        first = first + spec.first
        if count > 0 and first + (count - 1) * step > size then
          return nil
        end
      else
        local last = first + (spec.last or 0)
        if (spec.last or 0) < 0 then
          last = size + 1 + spec.last
          if spec.last == -1 and spec.limit then
            last = first + math.floor((size + 1 - first) / spec.limit) - 1
          end
        end
        if last < first or last > size then
          return nil
        end
        count = math.floor((last - first) / step) + 1
      end
      for i = 0, count - 1 do
        found[#found + 1] = first + i * step
      end
    end
  end
  return found
end
)lua"},
    {"sort_patterns", "find key_here fail", R"lua(
-- Of SORT's words, those that stand for keys: with a star in them.
local function sort_patterns(words, size, made)
  local i = 2
  while i < size do
    local word = string.upper(words[i])
    if word == "LIMIT" then
      i = i + 2
    elseif word == "STORE" then
      i = i + 1
    elseif word == "GET" or word == "BY" then
      i = i + 1
      if find(words[i], "*", 1, true) then
        $pattern_here$
      end
    end
    i = i + 1
  end
end
)lua"},
    {"keyed", "key_positions key_here", R"lua(
-- The words of a command, its keys as the backend has them.
local function many_keyed(specs, ...)
  local words, size = {...}, select("#", ...)
  local found = key_positions(specs, words, size) or {}
  local made = {}
  if specs.patterns then
    specs.patterns(words, size, made)
  end
  for _, at in ipairs(found) do
    made[at] = specs.free and $prefix$ .. words[at] or key_here(words[at])
  end
  for at, word in pairs(made) do
    words[at] = word
  end
  return unpack(words, 1, size)
end
local function keyed(specs, ...)
  if specs.first then
    local key = ...
    return key_here(key), select(2, ...)
  elseif specs.none then
    return ...
  end
  return many_keyed(specs, ...)
end
)lua"},
    {"without_prefix", "sub", R"lua(
local function without_prefix(keys)
  for i = 1, #keys do
    keys[i] = sub(keys[i], $behind_prefix$)
  end
  return keys
end
)lua"},
    {"keys_like", "without_prefix", R"lua(
local function keys_like(pattern)
  return without_prefix($call$("keys", $prefix_pattern$ .. pattern))
end
)lua"},
    {"scan", "without_prefix", R"lua(
local function scan(cursor, ...)
  local words, size, matches = {...}, select("#", ...), false
  for i = 1, size - 1, 2 do
    if string.upper(words[i]) == "MATCH" then
      words[i + 1], matches = $prefix_pattern$ .. words[i + 1], true
    end
  end
  local reply
  if matches then
    reply = $call$("scan", cursor, unpack(words, 1, size))
  else
    reply = $call$("scan", cursor, "match", $prefix_pattern$ .. "*", unpack(words, 1, size))
  end
  return {reply[1], without_prefix(reply[2])}
end
)lua"},
    {"random_key", "sub", R"lua(
local function random_key()
  local keys = $call$("keys", $prefix_pattern$ .. "*")
  if #keys == 0 then
    return nil
  end
  local now = redis.call("time") -- math.random begins alike in each script
  return sub(keys[(now[1] + now[2] + math.random(#keys)) % #keys + 1], $behind_prefix$)
end
)lua"},
    {"count_keys", "", R"lua(
local function count_keys()
  return #$call$("keys", $prefix_pattern$ .. "*")
end
)lua"},
    {"flush_keys", "fail", R"lua(
local function flush_keys(way, ...)
  if way ~= nil and (select("#", ...) > 0 or string.upper(way) ~= "ASYNC" and string.upper(way) ~= "SYNC") then
    fail("ERR syntax error")
  end
  local keys = $call$("keys", $prefix_pattern$ .. "*")
  for i = 1, #keys, 1000 do
    $call$("unlink", unpack(keys, i, math.min(i + 999, #keys)))
  end
  return "OK"
end
)lua"},
    {"popped", "sub", R"lua(
-- What LMPOP and ZMPOP give, with the key in front.
local function popped(reply)
  if reply ~= nil then
    reply[1] = sub(reply[1], $behind_prefix$)
  end
  return reply
end
)lua"},
    {"key_specs", "", ""},
    {"known", "", ""},
    {"call_any", "", ""},
};

}  // namespace

std::span<const LuaPiece> lua_keys() { return pieces; }

}  // namespace redipy::script
