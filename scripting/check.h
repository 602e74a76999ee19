// SPDX-License-Identifier: Apache-2.0
//
// SCRIPT CHECK: what can be said of a script without running it. The form is read with all its faults (graph_reader.h),
// then its ways are followed (flow.h); the answer is one JSON document, described in docs/scripts.md.
#pragma once

#include "core/command/table.h"
#include "scripting/graph_reader.h"

namespace redipy::script {

/// {"ok":…,"errors":[{"path":…,"message":…}],"warnings":[…],"keys":{…},"writes":…,"backends":{…}}. Never throws for
/// what is wrong with the text.
Bytes check_graph(View text, const CommandTable& commands, const GraphLimits& limits);

}  // namespace redipy::script
