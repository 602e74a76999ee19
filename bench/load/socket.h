// SPDX-License-Identifier: Apache-2.0
//
// A connected socket to the server under load, over TCP loopback or a Unix socket, and the clock used everywhere here.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace redipy::bench {

// Nanoseconds on the monotonic clock.
std::int64_t now_ns();

struct Address {
  std::uint16_t port = 0;  // on 127.0.0.1; used when `path` is empty
  std::string path;        // of a Unix socket
};

// Owns a connected, blocking file descriptor.
class Socket {
 public:
  // Throws std::system_error when the server does not accept.
  explicit Socket(const Address& address);
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&&) = delete;
  ~Socket();

  int fd() const { return fd_; }
  void set_nonblocking();

  // Sends PING and waits for its reply. Throws std::runtime_error when anything but +PONG comes back, or nothing
  // within a minute.
  void ping();

 private:
  int fd_;
};

}  // namespace redipy::bench
