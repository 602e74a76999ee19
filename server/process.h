// SPDX-License-Identifier: Apache-2.0
//
// What a server does as a process of the system: log, pid file, descriptors, systemd, and the ways to start it that
// do not serve (--version, --help, --check-config, --healthcheck, --print-commands).
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
/// Log, working directory, limits, signals that are ignored, daemonize. Throws std::runtime_error.
void prepare(const Settings& settings);
/// Pid file, the line that says the port, READY=1 to systemd.
void announce_ready(const Settings& settings, int port);
/// STOPPING=1, pid file removed, log flushed.
void finish(const Settings& settings);

}  // namespace redipy::process
