// SPDX-License-Identifier: Apache-2.0
//
// SCRIPT EXPLAIN: a graph as pseudo-code in Python's look, for people. It means what the graph means; what Python would
// write otherwise is said in a comment. explain_names.h chooses the names.
#pragma once

#include "scripting/graph.h"

namespace redipy::script {

/// Lines that end in '\n'; cut off, with a last line that says so, beyond a megabyte.
Bytes explain(const Graph& graph);

}  // namespace redipy::script
