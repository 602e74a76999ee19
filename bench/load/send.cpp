// SPDX-License-Identifier: Apache-2.0
//
// redipy-load send: fills a server, or measures one command. The figure that counts is the server's CPU time per
// operation, not the operations per second: on a machine shared with others it hardly moves, and it is right even where
// the load is slower than the server.
#include <time.h>

#include <algorithm>
#include <cstdio>

#include "bench/load/clients.h"
#include "bench/load/process.h"
#include "bench/load/subcommands.h"

namespace redipy::bench {

namespace {

void sleep_ms(long milliseconds) {
  const timespec time{0, milliseconds * 1'000'000};
  ::nanosleep(&time, nullptr);
}

// Waits until the server uses under a tenth of a CPU: what it still does for requests of the past (freeing, rehashing,
// opening connections) is none of the next measurement's. Gives up after three seconds.
void let_come_to_rest(pid_t server) {
  for (int i = 0; i < 300; ++i) {
    const std::int64_t before = cpu_time_ns(server);
    sleep_ms(10);
    if (cpu_time_ns(server) - before < 1'000'000) return;
  }
}

}  // namespace

void send(Options& options) {
  const Address address = address_of(options);
  const auto server = static_cast<pid_t>(options.number("pid", 0));
  const std::uint64_t connections = std::max<std::uint64_t>(options.number("connections", 50), 1);
  const std::uint64_t pipeline = options.number("pipeline", 16);
  const std::uint64_t requests = std::max<std::uint64_t>(options.number("requests", 100'000), 1);
  const std::uint64_t warm_up = options.number("warm-up", 0);
  const std::string expected = options.text("expect", "");
  Ranges ranges;
  ranges.first = options.number("first", 0);
  ranges.keyspace = options.number("keyspace", 100'000);
  ranges.collections = options.number("collections", 1);
  ranges.value_size = options.number("value", 32);
  ranges.seed = options.number("seed", 1);
  Pattern pattern(options.rest(), ranges);
  options.refuse_others();

  Clients clients(address, connections, expected);
  clients.run(pattern, warm_up, pipeline, nullptr);
  if (server != 0) let_come_to_rest(server);

  Histogram latency;
  const std::int64_t cpu_before = server == 0 ? 0 : cpu_time_ns(server);
  const std::int64_t began = now_ns();
  clients.run(pattern, requests, pipeline, &latency);
  const std::int64_t took = now_ns() - began;
  const std::int64_t cpu = server == 0 ? 0 : cpu_time_ns(server) - cpu_before;
  clients.check();

  const auto operations = static_cast<double>(requests);
  std::printf("{\"operations\": %.0f, \"cpu_ns\": %.1f, \"wall_ns\": %.1f, \"p50_us\": %.1f, \"p99_us\": %.1f}\n",
              operations, static_cast<double>(cpu) / operations, static_cast<double>(took) / operations,
              static_cast<double>(latency.percentile(0.5)) / 1e3, static_cast<double>(latency.percentile(0.99)) / 1e3);
}

}  // namespace redipy::bench
