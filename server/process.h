// SPDX-License-Identifier: Apache-2.0
//
// What a server does as a process of the system: log, pid file, descriptors, systemd, and the ways to start it that
// do not serve (--version, --help, --check-config, --healthcheck, --print-commands: special_modes.cpp).
#pragma once

#include <optional>
#include <vector>

#include "server/settings.h"

namespace redipy {
class Config;
}

namespace redipy::process {

/// Runs such a way if the arguments name one; returns the exit status, nullopt to go on and serve.
std::optional<int> run_special_mode(const std::vector<Bytes>& arguments, Config& config);
/// Working folder, log, daemonize, signals that are ignored, limits: where the system allows fewer clients than
/// maxclients, that is lowered. Throws std::runtime_error.
void prepare(Config& config);
/// Pid file, the line that says the port, READY=1 to systemd.
void announce_ready(const Settings& settings, int port);
/// STOPPING=1, pid file removed, log flushed.
void finish(const Settings& settings);

// --- what may change at run time

/// Raises the limit of open files for so many clients; returns how many it allows.
int allow_clients(int count, int io_threads);
void set_log_level(const Bytes& level);
/// The locale of SORT ALPHA; empty: the environment's.
void set_collation(const Bytes& locale);
/// Throws std::runtime_error.
void enter_folder(const Bytes& path);

}  // namespace redipy::process
