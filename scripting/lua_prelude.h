// SPDX-License-Identifier: Apache-2.0
//
// The functions that printed Lua calls where Lua's own meaning is not that of scripts. Each is a piece of Lua with a
// name and the pieces that it needs; a script gets those it uses, in the order of the table.
//
// Values in printed Lua: none is nil, and inside a list or dict the sentinel `none`; a list is a table 1..n without
// holes; a dict is a table that has its number of entries at [0]; all else is what Lua has. "$name$" in a piece stands
// for a text of messages.h, as a Lua string; "$call$" for redis.call, or the piece that tells where it has failed.
#pragma once

#include <deque>
#include <span>
#include <utility>
#include <vector>

#include "core/base/view.h"

namespace redipy::script {

struct LuaPiece {
  View name;
  View needs;  ///< names with blanks between them
  View source;
};
/// In an order in which each only needs what comes before.
std::span<const LuaPiece> lua_values();
std::span<const LuaPiece> lua_texts();
std::span<const LuaPiece> lua_json();
std::span<const LuaPiece> lua_replies();
/// Those for scripts on a backend with a prefix, or beside other backends (lua_target.h).
std::span<const LuaPiece> lua_keys();
/// In the place of those of the same name, for errors that tell the line of the script (LuaTarget::tells_lines).
std::span<const LuaPiece> lua_line_tellers();

/// The pieces that a script uses.
class LuaPrelude {
 public:
  /// With the pieces of lua_line_tellers() if errors tell lines.
  explicit LuaPrelude(bool tells_lines);
  /// Those of lua_keys(), too. They reserve their names only then.
  void add_keys();
  /// What a piece that is made for this script needs and is; nothing in it is replaced.
  void set(View name, Bytes needs, Bytes source);
  /// "$name$" in pieces stands for that Lua.
  void define(View name, Bytes lua) { defined_.emplace_back(name, std::move(lua)); }
  /// Includes the piece of that name and all it needs; gives the name back.
  View use(View name);
  bool uses(View name) const;
  /// The pieces as lines of Lua.
  std::vector<Bytes> lines() const;
  /// Whether a piece, or anything else that printed Lua refers to, has that name.
  bool reserves(View name) const;

 private:
  void add(std::span<const LuaPiece> some);
  const LuaPiece* find(View name) const;
  Bytes resolved(View line) const;

  std::vector<LuaPiece> pieces_;
  std::vector<bool> used_;
  std::deque<Bytes> made_;  // needs and sources of the pieces that are made
  std::vector<std::pair<View, Bytes>> defined_;
  bool tells_lines_;
};

}  // namespace redipy::script
