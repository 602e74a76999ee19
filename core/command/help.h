// SPDX-License-Identifier: Apache-2.0
//
// The reply of `<container> HELP`, made from the rows of its subcommands.
#pragma once

#include "core/command/command.h"

namespace redipy {

void write_help(Reply& reply, const Command& container);

}  // namespace redipy
