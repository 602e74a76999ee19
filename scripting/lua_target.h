// SPDX-License-Identifier: Apache-2.0
//
// The backend that a script is printed for: what stands before its keys there, and which keys are its own. A script
// sees neither. The keys that it is given come with the prefix (in a cluster they say where it runs), are read without,
// and get it again where a command takes a key, as do computed keys; keys in replies lose it. A call with a key of
// another backend fails as the interpreter's does.
#pragma once

#include <vector>

#include "core/base/view.h"

namespace redipy::script {

/// Which keys go where: those that fit the pattern (core/base/glob.h).
struct LuaRoute {
  Bytes pattern;
  bool here = false;  ///< to the backend that the script runs on

  bool operator==(const LuaRoute&) const = default;
};

struct LuaTarget {
  Bytes prefix;
  bool prefixes_channels = false;  ///< PUBLISH and SPUBLISH, too
  std::vector<LuaRoute> routes;    ///< the first that fits counts
  bool rest_here = true;           ///< where keys go that fit none
  /// Errors tell in which line the script was (lua_upstream.h reads it), also where they come from a piece of the
  /// prelude.
  bool tells_lines = false;

  bool operator==(const LuaTarget&) const = default;

  /// Whether the key is one of this backend.
  bool owns(View key) const;
  bool owns_all() const;
};

/// Whether the text in Lua's variable `key` fits the pattern, as a condition in Lua. `needs` gets the names of the
/// pieces of the prelude that it uses, as LuaPiece has them.
Bytes lua_condition(View pattern, Bytes& needs);

/// The body of a function of `key`: true for a key of another backend.
Bytes lua_foreign(const LuaTarget& target, Bytes& needs);

/// The pattern that only this very text fits.
Bytes glob_of(View text);

}  // namespace redipy::script
