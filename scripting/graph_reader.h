// SPDX-License-Identifier: Apache-2.0
//
// From the JSON text of a script to a Graph. Whatever is not a valid graph is refused with the path of the fault and
// what is wrong there. Hostile text (depth, size, duplicate names, broken UTF-8) is refused likewise, at a bounded
// cost.
#pragma once

#include "core/command/error.h"
#include "scripting/graph.h"

namespace redipy::script {

/// A graph that cannot be read. what() is the whole error reply: "ERR cmds[3].expr: unknown kind \"cal\"".
class GraphError : public CommandError {
 public:
  GraphError(View path, View fault);
  const Bytes& path() const { return path_; }
  const Bytes& fault() const { return fault_; }

 private:
  Bytes path_;
  Bytes fault_;
};

struct GraphLimits {
  size_t nesting = 1000;  ///< statements and expressions inside one another
  size_t variables = 20000;
  size_t bytes = size_t{16} << 20;  ///< of the text
};

/// Throws GraphError.
Graph read_graph(View text, const GraphLimits& limits);

/// What is wrong, and where in the graph.
struct GraphFault {
  Place place = 0;
  Bytes text;
};

/// As read_graph, but goes on after a fault, to find all of them (up to `most`, then it stops). The graph has gaps
/// where something could not be read: an Expression of kind variable with the slot no_slot. For SCRIPT CHECK. Throws
/// GraphError only for what is no JSON.
Graph read_faulty_graph(View text, const GraphLimits& limits, std::vector<GraphFault>& faults, size_t most);

/// The first character that is not blank is '{': a graph, as no Lua chunk begins so.
bool looks_like_graph(View text);

}  // namespace redipy::script
