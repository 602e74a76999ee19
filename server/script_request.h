// SPDX-License-Identifier: Apache-2.0
//
// What a command of the EVAL family, or SCRIPT RUN and CALL, asks for: a script with its keys and arguments.
#pragma once

#include <vector>

#include "core/command/table.h"
#include "scripting/library.h"

namespace redipy {

class Session;

struct ScriptRequest {
  script::Script* script = nullptr;
  std::vector<View> keys;
  std::vector<View> arguments;  ///< JSON documents
  bool read_only = false;
  std::vector<Bytes> storage{};  ///< of what is not in the command's own words
  script::Json document{};
};

/// Whether the command runs a graph: one that it holds, or that is known by its digits.
bool runs_graph(Session& session, const CommandTable::Entry& entry, const Args& args);

/// Reads the command; loads its script if it holds one. Throws CommandError. Under the server's lock; the views hold as
/// long as the arguments do.
ScriptRequest read_script_request(Session& session, const CommandTable::Entry& entry, const Args& args);

/// The script with this text, loaded if it was not. Throws CommandError for what is no graph.
script::Script& load_script(Session& session, View source);
/// The script that a graph, or the digits of one, mean.
script::Script& find_script(Session& session, View graph_or_digits);

}  // namespace redipy
