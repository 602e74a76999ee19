// SPDX-License-Identifier: Apache-2.0
//
// What a redis.call in a graph says of itself before it runs: which command, whether the server would refuse it, where
// its keys are, whether it writes. SCRIPT CHECK tells it to people; the server asks effect_of() before it runs a script
// that must not write.
#pragma once

#include <span>
#include <vector>

#include "core/command/table.h"
#include "scripting/graph.h"

namespace redipy::script {

/// Whether the command (no container) may change data, and so is refused in a read-only script.
bool writes(const Command& command);

/// Why scripts must not call this command; empty if they may.
View refusal(const Command& command);

struct CallFacts {
  const CommandTable::Entry* entry =
      nullptr;           ///< the subcommand's for a container; null: unknown, or not told by the graph
  bool named = false;    ///< the graph tells the command's name
  bool settled = false;  ///< entry is what will run (a container's subcommand is told, too)
  Bytes fault;           ///< why the call fails whatever the data is; empty if nothing is known
};

/// For each part of a call the expression that its value comes from, if that is known: a literal or a load_key; else
/// null.
using Origins = std::span<const Expression* const>;

/// Of a redis.call that has at least a name.
CallFacts facts_of(const CommandTable& commands, Origins origins);

/// The parts of a call of this command that are keys. False if they depend on data, or others besides. The call has
/// no fault.
bool key_parts(const Command& command, Origins origins, std::vector<size_t>& parts);

enum class Effect : uint8_t {
  reads,    ///< no call in it writes
  depends,  ///< a call may write
  writes,   ///< it certainly comes to a call that writes, unless it fails before
};
Effect effect_of(const Graph& graph, const CommandTable& commands);

}  // namespace redipy::script
