// SPDX-License-Identifier: Apache-2.0
//
// See help.h.
#include "core/command/help.h"

namespace redipy {

void write_help(Reply& reply, const Command& container) {
  reply.array(1 + 2 * container.subcommands.size());
  reply.status(Bytes(container.name) + " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
  for (const Command& row : container.subcommands) {
    Bytes line(row.name);
    if (!row.syntax.empty()) line += " " + Bytes(row.syntax);
    reply.status(line);
    reply.status("    " + Bytes(row.summary));
  }
}

}  // namespace redipy
