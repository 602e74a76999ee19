// SPDX-License-Identifier: Apache-2.0
//
// Which expression of a graph an error of its Lua comes from. Redis tells the line, which is a statement or a part of
// one; the text tells what kind of expression fails so. If only one of that kind is in there, it is the one.
#pragma once

#include "scripting/graph.h"

namespace redipy::script {

/// The place in the graph where the interpreter would say that this error is, as exactly as can be told; `line` is the
/// place of the line of Lua.
Place blamed(const Graph& graph, Place line, View error);

}  // namespace redipy::script
