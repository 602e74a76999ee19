// SPDX-License-Identifier: Apache-2.0
//
// redipy-load start and idle: both bring a server into a state, say so, and hold it until standard input ends, so that
// the caller can look at the server meanwhile.
#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <stdexcept>
#include <system_error>
#include <vector>

#include "bench/load/child.h"
#include "bench/load/subcommands.h"

namespace redipy::bench {

namespace {

void wait_for_end_of_input() {
  std::fflush(stdout);
  char ignored[64];
  while (::read(STDIN_FILENO, ignored, sizeof ignored) > 0) {
  }
}

// Tries to connect until it works: a Unix socket refuses at once while nobody listens.
Socket connect_when_up(const Address& address, Child& server) {
  const timespec pause{0, 20'000};
  for (const std::int64_t began = now_ns(); now_ns() - began < 10'000'000'000;) {
    try {
      return Socket(address);
    } catch (const std::system_error&) {
      if (!server.is_running()) throw std::runtime_error("the server ended at its start");
      ::nanosleep(&pause, nullptr);
    }
  }
  throw std::runtime_error("the server does not listen after ten seconds");
}

}  // namespace

void start(Options& options) {
  const Address address = address_of(options);
  const std::uint64_t none = ~std::uint64_t{0};
  const std::uint64_t core = options.number("core", none);
  const std::vector<std::string> command = options.rest();
  options.refuse_others();

  const std::int64_t began = now_ns();
  Child server(command, core == none ? -1 : static_cast<int>(core));
  Socket socket = connect_when_up(address, server);
  socket.ping();
  std::printf("{\"start_ms\": %.3f, \"pid\": %d}\n", static_cast<double>(now_ns() - began) / 1e6, server.id());
  wait_for_end_of_input();
}

void idle(Options& options) {
  const Address address = address_of(options);
  const std::uint64_t count = options.number("connections", 10'000);
  options.refuse_others();

  std::vector<Socket> sockets;
  sockets.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) sockets.emplace_back(address).ping();
  std::printf("{\"connections\": %zu}\n", sockets.size());
  wait_for_end_of_input();
}

}  // namespace redipy::bench
