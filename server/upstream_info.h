// SPDX-License-Identifier: Apache-2.0
//
// What INFO takes out of an upstream's INFO: all that is about data, and, where the upstream is told the configuration
// as well (config=relay) and is the only backend, what it counts of commands and errors: it also knows those that its
// scripts call.
#pragma once

#include "core/base/view.h"

namespace redipy {

class Server;

/// The lines of a section; empty if it is not there.
View section_of(View upstream, View title);
/// From `begin` on the upstream's values take the place of ours.
void take_over(Bytes& text, size_t begin, View upstream);

/// Whether commands on data and their errors are told as the upstream counts them.
bool upstream_counts(Server& server);
/// The lines of Commandstats: its counts for what it is sent, with what was refused here; ours for all else.
Bytes upstream_commands(Server& server, View upstream);
/// The same for how many errors there were: as take_over().
void take_over_errors(Server& server, Bytes& text, size_t begin, View upstream);
/// The lines of Errorstats.
Bytes upstream_errors(Server& server, View upstream);

}  // namespace redipy
