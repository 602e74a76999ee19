// SPDX-License-Identifier: Apache-2.0
//
// Follows a script through all its ways with sets of types in place of values (types.h), once, from the first
// statement to the last. What it knows of a variable is joined where ways meet; before a loop it forgets what the loop
// assigns, but for the types that the assignments can give, so that one visit of the body will do and the cost stays in
// proportion to the graph. Nothing is claimed that does not hold on every way.
//
// What it finds goes to a Findings; besides it notes which keys the calls touch and whether they write (Touched).
#pragma once

#include <set>
#include <vector>

#include "core/command/table.h"
#include "scripting/findings.h"
#include "scripting/graph.h"

namespace redipy::script {

/// What the script touches.
struct Touched {
  std::set<uint32_t> loaded_arguments;  ///< positions that are loaded
  std::set<uint32_t> loaded_keys;
  std::vector<Slot> unused;              ///< variables that are never read; loops' variables aside
  std::set<uint32_t> keys;               ///< positions in keyv
  std::set<Bytes> literals;              ///< keys that the graph spells out
  std::vector<GraphFault> unknown;       ///< calls whose keys depend on data, at most Findings::most
  bool writes = false;                   ///< a call writes
  bool unknown_commands = false;         ///< a call's command depends on data
  std::vector<GraphFault> big_integers;  ///< literals that Lua cannot keep, at most Findings::most
};

Touched follow(const Graph& graph, const CommandTable& commands, Findings& findings);

}  // namespace redipy::script
