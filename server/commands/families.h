// SPDX-License-Identifier: Apache-2.0
//
// The commands that need the connection or the server as a whole, a family a file, like core/commands/.
#pragma once

#include <span>

#include "core/command/command.h"

namespace redipy {

std::span<const Command> connection_rows();   // connection.cpp: PING, AUTH, HELLO, SELECT, RESET, QUIT, ECHO
std::span<const Command> client_rows();       // clients.cpp: CLIENT
std::span<const Command> transaction_rows();  // transactions.cpp: MULTI, EXEC, DISCARD, WATCH, UNWATCH
std::span<const Command> pubsub_rows();       // pubsub.cpp
std::span<const Command>
introspection_rows();  // introspection.cpp: INFO, COMMAND, CONFIG, SLOWLOG, LATENCY, MEMORY, TIME, ROLE …
std::span<const Command> server_rows();     // administration.cpp: SHUTDOWN, MONITOR, WAIT, DEBUG, ACL
std::span<const Command> backend_rows();    // backends.cpp: BACKEND
std::span<const Command> scripting_rows();  // scripting.cpp: EVAL and its kin, SCRIPT
std::span<const Command> cluster_rows();    // cluster.cpp: CLUSTER and its kin, for a server that is no node
// unsupported.cpp: known, not there yet
std::span<const Command> unsupported_function_rows();
std::span<const Command> unsupported_stream_rows();
std::span<const Command> unsupported_key_rows();
std::span<const Command> unsupported_server_rows();

/// All of the above.
std::span<const Family> session_families();

}  // namespace redipy
