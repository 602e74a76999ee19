// SPDX-License-Identifier: Apache-2.0
//
// redipy-server [file.conf] [--option value …]: reads the configuration, listens, serves until it is told to end.
#include <spdlog/spdlog.h>

#include <cstdio>
#include <exception>
#include <vector>

#include "server/config.h"
#include "server/network.h"
#include "server/process.h"
#include "server/server.h"

int main(int argc, char** argv) {
  using namespace redipy;
  const std::vector<Bytes> arguments(argv + 1, argv + argc);
  try {
    Config config;
    if (const auto status = process::run_special_mode(arguments, config)) return *status;
    config.load(arguments);
    process::prepare(config);
    Server server(config);
    Network network(server);
    network.listen();
    process::announce_ready(config.settings(), network.port());
    network.run();
    process::finish(config.settings());
    return 0;
  } catch (const ConfigError& failure) {
    std::fprintf(stderr, "%s\n", failure.what());
    return 1;
  } catch (const std::exception& failure) {
    spdlog::critical("{}", failure.what());
    std::fprintf(stderr, "%s\n", failure.what());
    return 1;
  }
}
