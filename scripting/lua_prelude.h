// SPDX-License-Identifier: Apache-2.0
//
// The functions that printed Lua calls where Lua's own meaning is not that of scripts. Each is a piece of Lua with a
// name and the pieces that it needs; a script gets those it uses, in the order of the table.
//
// Values in printed Lua: none is nil, and inside a list or dict the sentinel `none`; a list is a table 1..n without
// holes; a dict is a table that has its number of entries at [0]; all else is what Lua has. "$name$" in a piece stands
// for a text of messages.h, as a Lua string.
#pragma once

#include <span>
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

/// The pieces that a script uses.
class LuaPrelude {
 public:
  LuaPrelude();
  /// Includes the piece of that name and all it needs; gives the name back.
  View use(View name);
  bool uses(View name) const;
  /// The pieces as lines of Lua.
  std::vector<Bytes> lines() const;
  /// Whether a piece, or anything else that printed Lua refers to, has that name.
  bool reserves(View name) const;

 private:
  std::vector<LuaPiece> pieces_;
  std::vector<bool> used_;
};

}  // namespace redipy::script
