// SPDX-License-Identifier: Apache-2.0
//
// What is known about the values of a script before it runs: for each variable and expression the set of types that it
// may have. Every assignment to a variable counts, wherever it stands, so that the answer holds at any point of the
// script. The Lua printer leaves out the checks and conversions that this makes needless.
#pragma once

#include <unordered_map>
#include <vector>

#include "scripting/graph.h"
#include "scripting/lua_commands.h"

namespace redipy::script {

/// A set of types.
using Types = uint8_t;
namespace types {
inline constexpr Types none = 1;
inline constexpr Types boolean = 2;
inline constexpr Types whole = 4;  ///< a number without fraction, not minus zero, below 2^53
inline constexpr Types real = 8;   ///< any other number; may be whole all the same
inline constexpr Types text = 16;
inline constexpr Types list = 32;
inline constexpr Types dict = 64;
inline constexpr Types number = whole | real;
inline constexpr Types any = 127;
}  // namespace types

inline bool within(Types some, Types all) { return (some & ~all) == 0; }

/// How a variable is used, as far as the printer wants to know.
struct VariableUse {
  Types types = 0;
  uint32_t assignments = 0;
  bool declared_inside = false;  ///< first declared in a branch or loop: has to be made at the top
  bool reordered = false;        ///< compared, added or subtracted inside a loop
};

class LuaTypes {
 public:
  explicit LuaTypes(const Graph& graph);

  const VariableUse& variable(Slot slot) const { return uses_[slot]; }
  Types of(const Expression& expression) const;

 private:
  struct Scope {
    bool nested = false;
    bool loop = false;
  };
  void survey(const Block& block, Scope scope);
  void survey(const Expression& expression, Scope scope);
  void use(Slot slot);
  bool spread(const Block& block);
  bool add(Slot slot, Types more);
  Types of_call(const Expression& expression) const;

  const Graph& graph_;
  std::vector<VariableUse> uses_;
  std::vector<uint32_t> open_loops_;  // by slot: how many loops that set it are open
};

/// The reply of `redis.call` as a set of types; `dropped` replies are converted by nobody.
Types types_of(ReplyShape shape);

}  // namespace redipy::script
