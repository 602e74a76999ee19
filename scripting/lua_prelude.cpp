// SPDX-License-Identifier: Apache-2.0
//
// See lua_prelude.h. Here are the pieces about values; lua_prelude_texts.cpp has those about texts, lists and
// dicts, lua_prelude_json.cpp those about JSON and arguments, lua_prelude_replies.cpp those about commands.
#include "scripting/lua_prelude.h"

#include <algorithm>
#include <array>

#include "scripting/lua_text.h"
#include "scripting/messages.h"

namespace redipy::script {

namespace {

constexpr LuaPiece pieces[] = {
    {"call", "", "local call = redis.call\n"},
    {"none", "", "local none = cjson.null -- none, inside a list or dict\n"},
    {"huge", "", "local huge = math.huge\n"},
    {"byte", "", "local byte = string.byte\n"},
    {"sub", "", "local sub = string.sub\n"},
    {"find", "", "local find = string.find\n"},
    {"format", "", "local format = string.format\n"},
    {"type", "", "local type = type\n"},
    {"tonumber", "", "local tonumber = tonumber\n"},
    {"minus_zero", "", "local minus_zero = tonumber(\"-0\")\n"},

    {"fail", "", R"lua(
local function fail(text)
  error(redis.REDIS_VERSION and {err = text} or text, 0) -- before 7.0 Redis knows texts only
end
)lua"},
    {"described", "type", R"lua(
local function described(value)
  local kind = type(value)
  if kind == "table" then
    return value[0] and "a dict" or "a list"
  end
  return ({["nil"] = "none", boolean = "a boolean", number = "a number", string = "a string"})[kind]
end
)lua"},
    {"cannot", "fail described format", R"lua(
local function cannot(text, left, right)
  fail(format(text, described(left), described(right)))
end
)lua"},

    {"before", "byte sub", R"lua(
-- The order of texts is that of their bytes; Lua has the one of the locale.
local bytes_ordered = "B" < "a" and "Z" < "_" and "a b" < "ab" and "~" < "\128" and "\195\169" < "\255"
local function before(left, right)
  if bytes_ordered then
    return left < right
  end
  local at = 1
  while at <= #left and sub(left, at, at + 63) == sub(right, at, at + 63) do
    at = at + 64
  end
  for i = at, at + 63 do
    local one, other = byte(left, i), byte(right, i)
    if one ~= other then
      return other ~= nil and (one == nil or one < other)
    end
    if one == nil then
      return false
    end
  end
end
)lua"},
    {"sorted", "before", R"lua(
local function sorted(texts)
  if bytes_ordered then
    table.sort(texts)
  else
    table.sort(texts, before)
  end
  return texts
end
)lua"},

    {"truth", "type", R"lua(
local function truth(value)
  if not value or value == 0 or value == "" then
    return false
  end
  if type(value) == "table" then
    local entries = value[0]
    if entries then
      return entries ~= 0
    end
    return value[1] ~= nil
  end
  return true
end
)lua"},
    {"equal", "type fail", R"lua(
local function equal(left, right, depth)
  if left == right then
    return true
  end
  if type(left) ~= "table" or type(right) ~= "table" or left[0] ~= right[0] then
    return false
  end
  depth = (depth or 0) + 1
  if depth > 1000 then
    fail($too_deep$)
  end
  if left[0] then
    for key, value in pairs(left) do
      if not equal(value, right[key], depth) then
        return false
      end
    end
    return true
  end
  if #left ~= #right then
    return false
  end
  for i = 1, #left do
    if not equal(left[i], right[i], depth) then
      return false
    end
  end
  return true
end
)lua"},

    {"less", "type before cannot", R"lua(
local function less(left, right)
  local kind = type(left)
  if kind == type(right) then
    if kind == "number" then
      return left < right
    elseif kind == "string" then
      return before(left, right)
    end
  end
  cannot($compare$, left, right)
end
)lua"},
    {"less_equal", "type before cannot", R"lua(
local function less_equal(left, right)
  local kind = type(left)
  if kind == type(right) then
    if kind == "number" then
      return left <= right
    elseif kind == "string" then
      return not before(right, left)
    end
  end
  cannot($compare$, left, right)
end
)lua"},
    {"greater", "type before cannot", R"lua(
local function greater(left, right)
  local kind = type(left)
  if kind == type(right) then
    if kind == "number" then
      return left > right
    elseif kind == "string" then
      return before(right, left)
    end
  end
  cannot($compare$, left, right)
end
)lua"},
    {"greater_equal", "type before cannot", R"lua(
local function greater_equal(left, right)
  local kind = type(left)
  if kind == type(right) then
    if kind == "number" then
      return left >= right
    elseif kind == "string" then
      return not before(left, right)
    end
  end
  cannot($compare$, left, right)
end
)lua"},
    {"add", "type cannot", R"lua(
local function add(left, right)
  local kind = type(left)
  if kind == type(right) then
    if kind == "number" then
      return left + right
    elseif kind == "string" then
      return left .. right
    elseif kind == "table" and not left[0] and not right[0] then
      local joined, size = {}, #left
      for i = 1, size do
        joined[i] = left[i]
      end
      for i = 1, #right do
        joined[size + i] = right[i]
      end
      return joined
    end
  end
  cannot($add$, left, right)
end
)lua"},
    {"subtract", "type cannot", R"lua(
local function subtract(left, right)
  if type(left) == "number" and type(right) == "number" then
    return left - right
  end
  cannot($subtract$, left, right)
end
)lua"},

    {"strict_number", "find huge tonumber", R"lua(
-- The number that decimal text stands for, nil for what is none: Lua knows more forms, and stops at a zero byte.
local function strict_number(text)
  if find(text, "[^%d%s.eE+-]") then
    return nil
  end
  local number = tonumber(text)
  if number == 0 and not find(text, "[.eE]") then
    return 0
  end
  if number == huge or number == -huge then
    return nil
  end
  return number
end
)lua"},
    {"to_number", "type strict_number", R"lua(
local function to_number(value)
  local kind = type(value)
  if kind == "number" then
    return value
  elseif kind == "string" then
    return strict_number(value)
  end
  return nil
end
)lua"},
    {"to_whole", "to_number cannot", R"lua(
local function to_whole(value)
  local number = to_number(value)
  if not number or number - number ~= 0 then
    cannot($no_integer$, value)
  end
  return (number < 0 and math.ceil(number) or math.floor(number)) + 0
end
)lua"},
};

/// What printed Lua refers to besides the pieces, and the words of Lua.
constexpr std::array<View, 52> reserved = {
    "and",          "break",    "do",     "else",   "elseif", "end",    "false",        "for",    "function",
    "if",           "in",       "local",  "nil",    "not",    "or",     "repeat",       "return", "then",
    "true",         "until",    "while",  "goto",   "redis",  "server", "KEYS",         "ARGV",   "string",
    "table",        "math",     "cjson",  "type",   "pairs",  "ipairs", "next",         "error",  "pcall",
    "unpack",       "tostring", "select", "bit",    "struct", "assert", "rawget",       "rawset", "rawequal",
    "setmetatable", "result",   "spill",  "blocks", "v",      "_G",     "bytes_ordered"};

constexpr std::pair<View, View> texts[] = {
    {"add", message::add},
    {"subtract", message::subtract},
    {"compare", message::compare},
    {"no_index", message::no_index},
    {"index_type", message::index_type},
    {"index_range", message::index_range},
    {"no_item", message::no_item},
    {"no_entry", message::no_entry},
    {"no_entries", message::no_entries},
    {"entry_key", message::entry_key},
    {"no_length", message::no_length},
    {"no_loop", message::no_loop},
    {"no_text", message::no_text},
    {"command_argument", message::command_argument},
    {"key_value", message::key_value},
    {"no_integer", message::no_integer},
    {"no_search", message::no_search},
    {"no_part", message::no_part},
    {"no_json", message::no_json},
    {"malformed_json", message::malformed_json},
    {"log_level", message::log_level},
    {"log_text", message::log_text},
    {"not_utf8", message::not_utf8},
    {"not_finite", message::not_finite},
    {"too_deep", message::too_deep},
    {"command_name", message::command_name},
    {"unknown_command", message::unknown_command},
    {"command_arity", message::command_arity},
    {"command_refused", message::command_refused},
    {"cross_backend", message::cross_backend},
};

/// Where a script fails in a piece, Redis tells the line of the piece; the script's own line then stands behind the
/// text.
constexpr LuaPiece line_tellers[] = {
    {"fail", "", R"lua(
local function fail(text)
  for level = 3, 2200 do
    local _, place = pcall(error, "", level)
    local line = tonumber(string.match(place, ":(%d+): $"))
    if line and line > $prelude_lines$ then
      error({err = text .. " on line " .. line}, 0)
    end
  end
  error({err = text}, 0)
end
)lua"},
    {"call_here", "fail", R"lua(
local function call_here(...)
  local reply = redis.pcall(...)
  if type(reply) == "table" and reply.err then
    fail(reply.err)
  end
  return reply
end
)lua"},
};

}  // namespace

std::span<const LuaPiece> lua_values() { return pieces; }

std::span<const LuaPiece> lua_line_tellers() { return line_tellers; }

LuaPrelude::LuaPrelude(bool tells_lines) : tells_lines_(tells_lines) {
  if (tells_lines) add(lua_line_tellers());
  for (const auto some : {lua_values(), lua_texts(), lua_json(), lua_replies()}) add(some);
}

void LuaPrelude::add(std::span<const LuaPiece> some) {
  for (const LuaPiece& piece : some) {
    if (!find(piece.name)) pieces_.push_back(piece);
  }
  used_.resize(pieces_.size());
}

void LuaPrelude::add_keys() { add(lua_keys()); }

void LuaPrelude::set(View name, Bytes needs, Bytes source) {
  made_.push_back(std::move(needs));
  const View kept_needs = made_.back();
  made_.push_back(std::move(source));
  for (LuaPiece& piece : pieces_) {
    if (piece.name == name) piece = {piece.name, kept_needs, made_.back()};
  }
}

const LuaPiece* LuaPrelude::find(View name) const {
  const auto found =
      std::find_if(pieces_.begin(), pieces_.end(), [&](const LuaPiece& piece) { return piece.name == name; });
  return found == pieces_.end() ? nullptr : &*found;
}

/// With "$name$" replaced.
Bytes LuaPrelude::resolved(View line) const {
  const auto meaning = [&](View name) -> Bytes {
    if (name == "call") return tells_lines_ ? "call_here" : "redis.call";
    for (const auto& [word, lua] : defined_) {
      if (word == name) return lua;
    }
    for (const auto& [word, text] : texts) {
      if (word == name) return lua_string(text);
    }
    return {};
  };
  Bytes made;
  for (;;) {
    const size_t open = line.find('$');
    const size_t close = open == View::npos ? View::npos : line.find('$', open + 1);
    if (close == View::npos) break;
    const Bytes lua = meaning(line.substr(open + 1, close - open - 1));
    made += line.substr(0, open);
    if (lua.empty()) {  // a '$' of Lua's own
      made += line.substr(open, close - open);
      line.remove_prefix(close);
    } else {
      made += lua;
      line.remove_prefix(close + 1);
    }
  }
  made += line;
  return made;
}

View LuaPrelude::use(View name) {
  for (size_t i = 0; i < pieces_.size(); ++i) {
    if (pieces_[i].name != name) continue;
    if (used_[i]) return name;
    used_[i] = true;
    if (tells_lines_ && pieces_[i].source.find("$call$") != View::npos) use("call_here");
    View needs = pieces_[i].needs;
    while (!needs.empty()) {
      const size_t end = std::min(needs.find(' '), needs.size());
      use(needs.substr(0, end));
      needs.remove_prefix(std::min(end + 1, needs.size()));
    }
    break;
  }
  return name;
}

bool LuaPrelude::uses(View name) const {
  for (size_t i = 0; i < pieces_.size(); ++i) {
    if (pieces_[i].name == name) return used_[i];
  }
  return false;
}

bool LuaPrelude::reserves(View name) const {
  return std::find(reserved.begin(), reserved.end(), name) != reserved.end() || find(name) != nullptr;
}

std::vector<Bytes> LuaPrelude::lines() const {
  std::vector<Bytes> lines;
  for (size_t i = 0; i < pieces_.size(); ++i) {
    if (!used_[i]) continue;
    View source = pieces_[i].source;
    const bool made =
        std::any_of(made_.begin(), made_.end(), [&](const Bytes& one) { return one.data() == source.data(); });
    if (source.starts_with('\n')) source.remove_prefix(1);
    while (!source.empty()) {
      const size_t end = source.find('\n');
      const View line = source.substr(0, end);
      lines.push_back(made ? Bytes(line) : resolved(line));
      source.remove_prefix(end + 1);
    }
  }
  return lines;
}

}  // namespace redipy::script
