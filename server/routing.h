// SPDX-License-Identifier: Apache-2.0
//
// What becomes of each command where the data are an upstream's: what is this server's own affair, what is sent on as
// it is, and what takes several steps there.
#pragma once

#include <cstdint>
#include <vector>

#include "core/command/table.h"

namespace redipy {

enum class Way : uint8_t {
  ours,       ///< about this server or the connection: runs here, wherever the data are
  forward,    ///< sent on as it is, with the requests of others
  alive,      ///< PING: the one Redis behind us says whether it lives; where there is none, this server
  blocking,   ///< may wait there: on a connection of its own
  keyspace,   ///< about whole keyspaces: sent on, unless there are several or only a part of one is to be seen
  subscribe,  ///< needs a connection of its own, on which messages come
  steps,      ///< several steps: see flows.h
};

/// By Entry::id.
std::vector<Way> ways(const CommandTable& commands);

}  // namespace redipy
