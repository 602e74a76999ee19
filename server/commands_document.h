// SPDX-License-Identifier: Apache-2.0
//
// docs/commands.md, made from the command table.
#pragma once

#include "core/command/table.h"

namespace redipy {

Bytes commands_document(const CommandTable& commands);

}  // namespace redipy
