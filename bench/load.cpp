// SPDX-License-Identifier: Apache-2.0
//
// redipy-load: puts load on a server that speaks the Redis protocol, and measures it from outside. It knows no command
// and no server; bench/run.py tells it both. The subcommands are described in load/subcommands.h, the requests in
// load/pattern.h.
#include <cstdio>
#include <cstring>
#include <exception>
#include <stdexcept>

#include "bench/load/options.h"
#include "bench/load/subcommands.h"

namespace redipy::bench {

Address address_of(Options& options) {
  Address address;
  address.path = options.text("unix", "");
  address.port = static_cast<std::uint16_t>(options.number("port", 0));
  if (address.path.empty() == (address.port == 0)) throw std::invalid_argument("--port or --unix is needed");
  return address;
}

namespace {

struct Subcommand {
  const char* name;
  void (*run)(Options&);
  const char* usage;
};

constexpr Subcommand subcommands[] = {
    {"send", send,
     "[--requests N] [--pipeline N] [--connections N] [--expect REPLY] [--pid SERVER] [--warm-up N]\n"
     "        [--first N] [--keyspace N] [--collections N] [--value SIZE] [--seed N] -- ARGUMENT..."},
    {"probe", probe, "--pid SERVER [--linger-ms N] [--limit-us N] -- PROGRAM..."},
    {"start", start, "[--core N] -- SERVER..."},
    {"idle", idle, "[--connections N]"},
};

int run(int argc, char** argv) {
  for (const Subcommand& subcommand : subcommands) {
    if (argc < 2 || std::strcmp(argv[1], subcommand.name) != 0) continue;
    try {
      Options options(argc, argv);
      subcommand.run(options);
      return 0;
    } catch (const std::exception& error) {
      std::fprintf(stderr, "redipy-load %s: %s\n", subcommand.name, error.what());
      return 1;
    }
  }
  for (const Subcommand& subcommand : subcommands) {
    std::fprintf(stderr, "redipy-load %s --port N | --unix PATH\n        %s\n", subcommand.name, subcommand.usage);
  }
  return 2;
}

}  // namespace

}  // namespace redipy::bench

int main(int argc, char** argv) { return redipy::bench::run(argc, argv); }
