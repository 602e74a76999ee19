// SPDX-License-Identifier: Apache-2.0
//
// A script as Lua 5.1 for a real Redis (6.2 or later), which means there what it means here: docs/scripts.md decides,
// not Lua. Only integers beyond 2^53 are not kept: Lua has doubles alone. What Lua means alike is printed plainly; the
// rest calls the pieces of lua_prelude.h, and only those that are used are printed.
//
//   lua_types.h     what is known about values beforehand, so that simple scripts print simply
//   lua_commands.h  which commands' replies need which conversion
//   lua_writer.h    expressions and statements as Lua
//
// The script reads its keys from KEYS as they are (with their prefix if there is one), its arguments from ARGV, in the
// graph's order, in the form that lua_argument makes of the JSON that a client sends:
//
//   argument := a text that does not begin with '=', itself | '=' value
//   value    := 'n' | 't' | 'f'                        none, true, false
//             | number ';'                             as in JSON; one with '.' or 'e' is a double
//             | '$' bytes ':' text
//             | '[' count ':' value …
//             | '{' count ':' ('$' bytes ':' key value) …
//
// Its reply is the script's value as JSON in a bulk string, nil for none, [] and {}. An error reply begins with the
// text that the interpreter gives (messages.h), followed by what Redis adds. Before Redis 7.0 its own preface comes
// first.
#pragma once

#include "core/command/table.h"
#include "scripting/graph.h"
#include "scripting/json.h"
#include "scripting/lua_target.h"

namespace redipy::script {

struct LuaText {
  Bytes text;
  /// What each line is made from, the first line first; place 0, the script, for lines that serve several.
  std::vector<Place> places;
};

LuaText print_lua(const Graph& graph);
/// For that backend. The table says where commands have their keys.
LuaText print_lua(const Graph& graph, const LuaTarget& target, const CommandTable& commands);

/// Nested deeper than this no value is compared, written or read in Lua.
inline constexpr size_t lua_value_depth = 1000;

/// The form in ARGV of an argument, given as JSON. Throws JsonError, also for what nests deeper than max_depth.
Bytes lua_argument(View json, size_t max_depth = lua_value_depth);

}  // namespace redipy::script
