// SPDX-License-Identifier: Apache-2.0
//
// A script on a real Redis, as far as that is words and texts: what is sent, and what its replies mean. Nothing here
// sends anything. A run is
//
//   const LuaScript& printed = scripts.of(script);            printed at its first use
//   Words words = lua_words(printed, input, limits, false);   EVALSHA digits numkeys key … argument …
//   … send, and if is_no_script(error): say_text(words, printed), and send again: EVAL text numkeys …
//   a bulk string: check_lua_result; nil: none; an error: throw_lua_error
//
// Everything that goes wrong with the script itself is thrown as the interpreter throws it, so that whoever runs
// scripts counts and reports both alike. Where a script fails is told by the line of its Lua, which is a statement or a
// part of one; if only one expression in there can fail in that way, it is that one.
#pragma once

#include <unordered_map>
#include <vector>

#include "scripting/interpreter.h"
#include "scripting/library.h"
#include "scripting/lua_printer.h"

namespace redipy::script {

/// A graph as an upstream is sent it.
struct LuaScript {
  Bytes text;
  Bytes digits;               ///< its SHA-1, by which the upstream knows it
  Bytes prefix;               ///< of the keys that it is given
  std::vector<Place> places;  ///< of its lines, the first line first
};

/// The scripts of one upstream, printed for it. One caller at a time.
class LuaScripts {
 public:
  /// The table outlives this. Errors always tell lines, whatever the target says.
  LuaScripts(const CommandTable& commands, LuaTarget target);

  /// What is returned stays until forget() or aim().
  const LuaScript& of(const Script& script);
  /// Prefix or routes have changed: scripts are printed anew.
  void aim(LuaTarget target);
  /// The server's own scripts are flushed.
  void forget() { printed_.clear(); }

 private:
  const CommandTable& commands_;
  LuaTarget target_;
  std::unordered_map<Bytes, LuaScript> printed_;  // by the graph's digits
};

using Words = std::vector<Bytes>;

/// The request that runs it, by its digits; read-only as EVALSHA_RO. The keys are the client's, and get the prefix in
/// the request. Of the limits, those on nesting and memory hold
/// for what is sent. Throws ScriptError, as the interpreter does before a run.
Words lua_words(const LuaScript& script, const Input& input, const Limits& limits, bool read_only);
/// The upstream does not know the digits: the same request with the text, by which the upstream then knows it.
void say_text(Words& words, const LuaScript& script);
/// The request that only loads it.
Words lua_load_words(const LuaScript& script);

/// The digits are not known: nothing has been run.
bool is_no_script(View error);
/// The bulk string that a run has replied is its value, as JSON. Throws ScriptError beyond limits.result.
void check_lua_result(View json, const Limits& limits);
/// An error reply to a run. Throws ScriptError, with the text that the interpreter gives, where it is the script that
/// has failed; CommandError, with what the upstream says, where it has not come to run it.
[[noreturn]] void throw_lua_error(View error, const Script& script, const LuaScript& printed);

}  // namespace redipy::script
