// SPDX-License-Identifier: Apache-2.0
//
// See lua_upstream.h.
#include "scripting/lua_upstream.h"

#include <algorithm>
#include <optional>

#include "core/base/numbers.h"
#include "core/base/sha1.h"
#include "scripting/lua_blame.h"
#include "scripting/messages.h"

namespace redipy::script {

namespace {

constexpr size_t sha1_digits = 40;
constexpr View line_word = " on line ";  // as the prelude's `fail` has it

/// What Redis 7 adds to an error of a script: " script: <digits>, on @user_script:<line>."
struct Addition {
  size_t at;  ///< where it begins in the error
  size_t line;
};

std::optional<Addition> addition_in(View error) {
  constexpr View before_digits = " script: ";
  constexpr View before_line = ", on @user_script:";
  const size_t at = error.rfind(before_digits);
  if (at == View::npos || !error.ends_with('.')) return std::nullopt;
  View rest = error.substr(at + before_digits.size());
  rest.remove_suffix(1);
  if (rest.size() < sha1_digits) return std::nullopt;
  rest.remove_prefix(sha1_digits);
  if (!rest.starts_with(before_line)) return std::nullopt;
  const auto line = parse_integer(rest.substr(before_line.size()));
  if (!line || *line < 1) return std::nullopt;
  return Addition{at, static_cast<size_t>(*line)};
}

}  // namespace

LuaScripts::LuaScripts(const CommandTable& commands, LuaTarget target)
    : commands_(commands), target_(std::move(target)) {
  target_.tells_lines = true;
}

void LuaScripts::aim(LuaTarget target) {
  target.tells_lines = true;
  if (target == target_) return;
  target_ = std::move(target);
  printed_.clear();
}

const LuaScript& LuaScripts::of(const Script& script) {
  const auto known = printed_.find(script.sha);
  if (known != printed_.end()) return known->second;
  LuaText lua = print_lua(script.graph, target_, commands_);
  LuaScript made;
  made.digits = sha1_hex(lua.text);
  made.text = std::move(lua.text);
  made.prefix = target_.prefix;
  made.places = std::move(lua.places);
  return printed_.emplace(script.sha, std::move(made)).first->second;
}

Words lua_words(const LuaScript& script, const Input& input, const Limits& limits, bool read_only) {
  size_t size = 0;
  for (const View key : input.keys) size += key.size();
  for (const View argument : input.arguments) size += argument.size();
  if (size > limits.memory) throw ScriptError(message::memory_full, 0);
  Words words;
  words.reserve(3 + input.keys.size() + input.arguments.size());
  words.emplace_back(read_only ? "EVALSHA_RO" : "EVALSHA");
  words.push_back(script.digits);
  words.push_back(std::to_string(input.keys.size()));
  for (const View key : input.keys) words.push_back(script.prefix + Bytes(key));
  const size_t nesting = std::min(limits.nesting, lua_value_depth);
  for (size_t i = 0; i < input.arguments.size(); ++i) {
    try {
      words.push_back(lua_argument(input.arguments[i], nesting));
    } catch (const JsonError& fault) {
      throw ScriptError(invalid_argument(input, i, fault.what()), 0);
    }
  }
  return words;
}

void say_text(Words& words, const LuaScript& script) {
  words[0] = words[0] == "EVALSHA_RO" ? "EVAL_RO" : "EVAL";
  words[1] = script.text;
}

Words lua_load_words(const LuaScript& script) { return {"SCRIPT", "LOAD", script.text}; }

bool is_no_script(View error) { return error.starts_with("NOSCRIPT"); }

void check_lua_result(View json, const Limits& limits) {
  if (json.size() > limits.result) throw ScriptError(message::result_too_long, 0);
}

void throw_lua_error(View error, const Script& script, const LuaScript& printed) {
  const auto addition = addition_in(error);
  if (!addition) throw CommandError(error);
  View text = error.substr(0, addition->at);
  const auto place_of = [&](size_t line) {
    return line >= 1 && line <= printed.places.size() ? printed.places[line - 1] : 0;
  };
  Place place = place_of(addition->line);
  if (place == 0) {  // in the prelude, which has told whose fault it is
    const size_t at = text.rfind(line_word);
    const auto line = at == View::npos ? std::nullopt : parse_integer(text.substr(at + line_word.size()));
    if (line && *line > 0) {
      place = place_of(static_cast<size_t>(*line));
      text = text.substr(0, at);
    }
  }
  throw ScriptError(text, blamed(script.graph, place, text));
}

}  // namespace redipy::script
