// SPDX-License-Identifier: Apache-2.0
//
// Subcommands that have files of their own.
#pragma once

#include <span>

#include "core/command/command.h"

namespace redipy {

std::span<const Command> debug_subcommands();    // debug.cpp
std::span<const Command> acl_subcommands();      // acl.cpp
std::span<const Command> command_subcommands();  // command.cpp
std::span<const Command> config_subcommands();   // config.cpp
std::span<const Command> slowlog_subcommands();  // slowlog.cpp
std::span<const Command> latency_subcommands();  // latency.cpp
std::span<const Command> memory_subcommands();   // memory.cpp

// Handlers that have files of their own.
void command(Session& session, const Args& args, Reply& reply);  // command.cpp
void lolwut(Session& session, const Args& args, Reply& reply);   // lolwut.cpp

}  // namespace redipy
