// SPDX-License-Identifier: Apache-2.0
//
// redipy-load probe: how long does a server leave others waiting while it is busy with something large?
//
// The longest round trip alone would often tell of the machine: a server that another program keeps from the CPU for
// 8 ms has not stalled. So the kernel's account of each thread's waits for a CPU is read around every PING, and a
// second figure, the *net* one, leaves them out:
//
//   net = round trip - what the serving thread waited for a CPU - what this thread waited for a CPU
//
// with one exception: while another thread of the server ran, the serving thread's wait was the server's own doing, and
// stays in. The serving thread is found by pinging an idle server: it is the one whose time grows.
#include <algorithm>
#include <cstdio>
#include <map>
#include <stdexcept>

#include "bench/load/child.h"
#include "bench/load/histogram.h"
#include "bench/load/process.h"
#include "bench/load/subcommands.h"

namespace redipy::bench {

namespace {

constexpr std::int64_t millisecond = 1'000'000;

// The threads of the server: the one that serves, and the others.
class ServerThreads {
 public:
  ServerThreads(pid_t server, Socket& socket) : server_(server) {
    find_new();
    std::map<pid_t, std::int64_t> before;
    for (const auto& [id, times] : threads_) before[id] = times.read().ran;
    for (int i = 0; i < 1000; ++i) socket.ping();
    std::int64_t most = -1;
    for (const auto& [id, times] : threads_) {
      const std::int64_t ran = times.read().ran - before[id];
      if (ran > most) {
        most = ran;
        serving_ = id;
      }
    }
  }

  ThreadTimes::Sample serving() const { return threads_.at(serving_).read(); }

  std::int64_t others_ran() const {
    std::int64_t sum = 0;
    for (const auto& [id, times] : threads_) sum += id == serving_ ? 0 : times.read().ran;
    return sum;
  }

  void find_new() {
    for (const pid_t id : threads_of(server_)) {
      if (!threads_.contains(id)) {
        threads_.emplace(id, ThreadTimes("/proc/" + std::to_string(server_) + "/task/" + std::to_string(id)));
      }
    }
  }

 private:
  pid_t server_;
  pid_t serving_ = 0;
  std::map<pid_t, ThreadTimes> threads_;
};

struct Findings {
  std::uint64_t pings = 0;
  std::int64_t longest = 0;
  std::int64_t longest_net = 0;
  std::uint64_t over_limit_net = 0;
  Histogram round_trips;
};

class Probe {
 public:
  Probe(const Address& address, pid_t server, std::int64_t limit)
      : socket_(address), threads_(server, socket_), self_("/proc/thread-self"), limit_(limit) {}

  void ping() {
    if (findings_.pings % 256 == 0) threads_.find_new();
    const std::int64_t waited_before = self_.read().waited + threads_.serving().waited;
    const std::int64_t others_before = threads_.others_ran();
    const std::int64_t began = now_ns();
    socket_.ping();
    const std::int64_t took = now_ns() - began;
    const std::int64_t waited = self_.read().waited + threads_.serving().waited - waited_before;
    const std::int64_t own_doing = threads_.others_ran() - others_before;

    const std::int64_t not_ours = std::max<std::int64_t>(waited - std::max<std::int64_t>(own_doing, 0), 0);
    const std::int64_t net = std::max<std::int64_t>(took - not_ours, 0);
    ++findings_.pings;
    findings_.longest = std::max(findings_.longest, took);
    findings_.longest_net = std::max(findings_.longest_net, net);
    findings_.over_limit_net += net > limit_ ? 1 : 0;
    findings_.round_trips.add(took);
  }

  const Findings& findings() const { return findings_; }

 private:
  Socket socket_;
  ServerThreads threads_;
  ThreadTimes self_;
  std::int64_t limit_;
  Findings findings_;
};

}  // namespace

void probe(Options& options) {
  const Address address = address_of(options);
  const auto server = static_cast<pid_t>(options.number("pid", 0));
  const auto linger = static_cast<std::int64_t>(options.number("linger-ms", 1000)) * millisecond;
  const auto limit = static_cast<std::int64_t>(options.number("limit-us", 5000)) * 1000;
  if (server == 0) throw std::invalid_argument("--pid of the server is needed");
  const std::vector<std::string> program = options.rest();
  options.refuse_others();

  Probe probe(address, server, limit);
  const std::int64_t began = now_ns();
  Child child(program, -1);
  while (child.is_running()) probe.ping();
  const std::int64_t ended = now_ns();
  if (child.status() != 0) throw std::runtime_error("the program under which to probe failed: " + program[0]);
  // What the server put off (freeing in steps, in the background) may hold others up as well.
  while (now_ns() - ended < linger) probe.ping();

  const Findings& found = probe.findings();
  std::printf(
      "{\"pings\": %llu, \"seconds\": %.3f, \"longest_ms\": %.3f, \"longest_net_ms\": %.3f, "
      "\"over_limit\": %llu, \"p999_us\": %.1f}\n",
      static_cast<unsigned long long>(found.pings), static_cast<double>(ended - began) / 1e9,
      static_cast<double>(found.longest) / 1e6, static_cast<double>(found.longest_net) / 1e6,
      static_cast<unsigned long long>(found.over_limit_net),
      static_cast<double>(found.round_trips.percentile(0.999)) / 1e3);
}

}  // namespace redipy::bench
