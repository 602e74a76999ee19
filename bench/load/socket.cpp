// SPDX-License-Identifier: Apache-2.0
//
// Sockets; see socket.h.
#include "bench/load/socket.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace redipy::bench {

namespace {

std::system_error failed(const std::string& what) { return {errno, std::generic_category(), what}; }

int connect_unix(const std::string& path) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  if (path.size() >= sizeof name.sun_path) throw std::invalid_argument("path of the socket is too long: " + path);
  path.copy(name.sun_path, path.size());
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) throw failed("socket");
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0) return fd;
  const auto error = failed("connect to " + path);
  ::close(fd);
  throw error;
}

int connect_tcp(std::uint16_t port) {
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(port);
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) throw failed("socket");
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0) return fd;
  const auto error = failed("connect to port " + std::to_string(port));
  ::close(fd);
  throw error;
}

}  // namespace

std::int64_t now_ns() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1'000'000'000LL + time.tv_nsec;
}

Socket::Socket(const Address& address)
    : fd_(address.path.empty() ? connect_tcp(address.port) : connect_unix(address.path)) {
  const timeval minute{60, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &minute, sizeof minute);
}

Socket::~Socket() {
  if (fd_ >= 0) ::close(fd_);
}

void Socket::set_nonblocking() {
  if (::fcntl(fd_, F_SETFL, ::fcntl(fd_, F_GETFL) | O_NONBLOCK) < 0) throw failed("fcntl");
}

void Socket::ping() {
  constexpr std::string_view request = "*1\r\n$4\r\nPING\r\n";
  constexpr std::string_view pong = "+PONG\r\n";
  if (::send(fd_, request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size())) {
    throw failed("send PING");
  }
  char reply[256];
  std::size_t size = 0;
  while (size < pong.size()) {
    const ssize_t got = ::recv(fd_, reply + size, sizeof reply - size, 0);
    if (got < 0) throw failed("no reply to PING");
    if (got == 0) throw std::runtime_error("the server closed the connection instead of answering PING");
    size += static_cast<std::size_t>(got);
  }
  if (std::string_view(reply, size) != pong) {
    throw std::runtime_error("not a PONG: " + std::string(reply, size));
  }
}

}  // namespace redipy::bench
