// SPDX-License-Identifier: Apache-2.0
//
// A number of connections that each send a batch of requests, wait for all replies to it, and send the next: a closed
// loop, as redis-benchmark has it. One thread, one caller.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/load/histogram.h"
#include "bench/load/pattern.h"
#include "bench/load/replies.h"
#include "bench/load/socket.h"

namespace redipy::bench {

class Clients {
 public:
  // Connects `count` times. Every reply must begin with `expected`; see Replies.
  Clients(const Address& address, std::uint64_t count, const std::string& expected);
  Clients(const Clients&) = delete;
  Clients& operator=(const Clients&) = delete;
  ~Clients();

  // Sends `requests` requests, `pipeline` at a time, and returns when the last reply is in; `latency`, unless null,
  // gets the time of each batch from its first byte sent to its last received. Throws std::runtime_error when the
  // server closes a connection, answers something that is not RESP or more than was asked, or is silent for a minute.
  void run(Pattern& pattern, std::uint64_t requests, std::uint64_t pipeline, Histogram* latency);

  // Throws std::runtime_error that shows the first reply which was an error or not as expected, if there was one.
  void check() const;

 private:
  struct Client {
    Client(const Address& address, const std::string& expected) : socket(address), replies(expected) {}

    Socket socket;
    Replies replies;
    std::string batch;
    std::size_t sent = 0;           // bytes of `batch`
    std::uint64_t outstanding = 0;  // replies of `batch`
    std::int64_t started = 0;
    bool waits_to_send = false;
  };

  bool begin_batch(Client& client);
  void send(Client& client);
  bool receive(Client& client);
  void watch(Client& client, bool for_sending, int operation);

  std::vector<Client> clients_;
  std::vector<char> buffer_;
  int epoll_;

  // The run under way.
  Pattern* pattern_ = nullptr;
  std::uint64_t unsent_ = 0;
  std::uint64_t pipeline_ = 1;
  Histogram* latency_ = nullptr;
};

}  // namespace redipy::bench
