// SPDX-License-Identifier: Apache-2.0
//
// Subcommands that have files of their own.
#pragma once

#include <span>

#include "core/command/command.h"

namespace redipy {

std::span<const Command> debug_subcommands();  // debug.cpp
std::span<const Command> acl_subcommands();    // acl.cpp

}  // namespace redipy
