// SPDX-License-Identifier: Apache-2.0
//
// redipy-floor PORT PATH: the least that a server can do. It reads, finds the ends of the requests, and answers each
// with +OK; one read and one write a batch, one thread, epoll. What it costs per operation is the kernel's share and
// the framing, so no server gets below it, and a figure says something only by its distance from this floor. For a
// command with a long reply the floor is too low: it never sends more than five bytes.
//
// It stops at a request that is not an array of bulk strings by closing the connection.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace {

struct Connection {
  std::string input;   // the beginning of a request whose end is not here yet
  std::string output;  // what the socket would not take yet
  bool blocked = false;
};

// Takes "<type><number>\r\n" off `bytes`. Nothing: the line is incomplete, and -1: it is not such a line.
std::optional<std::int64_t> take_header(std::string_view& bytes, char type) {
  const std::size_t end = bytes.find('\n');
  if (end == std::string_view::npos) return bytes.size() > 32 ? std::optional<std::int64_t>(-1) : std::nullopt;
  std::int64_t number = -1;
  if (end < 3 || bytes[0] != type || bytes[end - 1] != '\r') return -1;
  const auto [stopped, error] = std::from_chars(bytes.data() + 1, bytes.data() + end - 1, number);
  if (error != std::errc{} || stopped != bytes.data() + end - 1) return -1;
  bytes.remove_prefix(end + 1);
  return number;
}

enum class Framed : char { request, incomplete, broken };

Framed take_request(std::string_view& bytes) {
  std::string_view rest = bytes;
  const std::optional<std::int64_t> arguments = take_header(rest, '*');
  if (!arguments) return Framed::incomplete;
  if (*arguments < 1) return Framed::broken;
  for (std::int64_t i = 0; i < *arguments; ++i) {
    const std::optional<std::int64_t> size = take_header(rest, '$');
    if (!size) return Framed::incomplete;
    if (*size < 0) return Framed::broken;
    const std::size_t whole = static_cast<std::size_t>(*size) + 2;
    if (rest.size() < whole) return Framed::incomplete;
    rest.remove_prefix(whole);
  }
  bytes = rest;
  return Framed::request;
}

class Server {
 public:
  Server(std::uint16_t port, const char* path)
      : epoll_(::epoll_create1(0)), tcp_(listen_tcp(port)), unix_(listen_unix(path)) {
    watch(tcp_, EPOLLIN, EPOLL_CTL_ADD);
    watch(unix_, EPOLLIN, EPOLL_CTL_ADD);
  }

  bool is_listening() const { return epoll_ >= 0 && tcp_ >= 0 && unix_ >= 0; }

  [[noreturn]] void serve() {
    std::array<epoll_event, 128> events;
    for (;;) {
      const int ready = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
      for (int i = 0; i < ready; ++i) {
        const epoll_event& event = events[static_cast<std::size_t>(i)];
        const int fd = event.data.fd;
        if (fd == tcp_ || fd == unix_) {
          accept(fd);
          continue;
        }
        Connection& connection = connections_[static_cast<std::size_t>(fd)];
        if (!((event.events & EPOLLOUT) != 0 ? write(fd, connection) : read(fd, connection))) ::close(fd);
      }
    }
  }

 private:
  static int listen_tcp(std::uint16_t port) {
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_port = htons(port);
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return listen_at(AF_INET, reinterpret_cast<const sockaddr*>(&name), sizeof name);
  }

  static int listen_unix(const char* path) {
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    const std::size_t length = std::strlen(path);
    if (length >= sizeof name.sun_path) return -1;
    std::memcpy(name.sun_path, path, length);
    return listen_at(AF_UNIX, reinterpret_cast<const sockaddr*>(&name), sizeof name);
  }

  static int listen_at(int family, const sockaddr* name, socklen_t size) {
    const int fd = ::socket(family, SOCK_STREAM | SOCK_NONBLOCK, 0);
    const int on = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    return ::bind(fd, name, size) == 0 && ::listen(fd, 511) == 0 ? fd : -1;
  }

  void watch(int fd, std::uint32_t what, int operation) {
    epoll_event event{};
    event.events = what;
    event.data.fd = fd;
    ::epoll_ctl(epoll_, operation, fd, &event);
  }

  void accept(int listener) {
    const int fd = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
    if (fd < 0) return;
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const auto index = static_cast<std::size_t>(fd);
    if (connections_.size() <= index) connections_.resize(index + 1);
    connections_[index] = Connection{};
    watch(fd, EPOLLIN, EPOLL_CTL_ADD);
  }

  // False when the connection is to be closed.
  bool read(int fd, Connection& connection) {
    const ssize_t got = ::recv(fd, buffer_.data(), buffer_.size(), 0);
    if (got <= 0) return got < 0 && errno == EAGAIN;
    std::string_view bytes(buffer_.data(), static_cast<std::size_t>(got));
    if (!connection.input.empty()) {
      connection.input += bytes;
      bytes = connection.input;
    }
    Framed framed = Framed::request;
    while (!bytes.empty() && (framed = take_request(bytes)) == Framed::request) connection.output += "+OK\r\n";
    if (framed == Framed::broken) return false;
    connection.input = std::string(bytes);
    return connection.output.empty() || write(fd, connection);
  }

  bool write(int fd, Connection& connection) {
    const ssize_t sent = ::send(fd, connection.output.data(), connection.output.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return false;
    if (sent > 0) connection.output.erase(0, static_cast<std::size_t>(sent));
    if (!connection.output.empty() || connection.blocked) {
      connection.blocked = !connection.output.empty();
      watch(fd, connection.blocked ? EPOLLOUT : EPOLLIN, EPOLL_CTL_MOD);
    }
    return true;
  }

  int epoll_;
  int tcp_;
  int unix_;
  std::vector<Connection> connections_;  // by file descriptor
  std::array<char, 65536> buffer_{};
};

}  // namespace

int main(int argc, char** argv) {
  unsigned port = 0;
  if (argc != 3 || std::sscanf(argv[1], "%u", &port) != 1 || port == 0 || port > 65535) {
    std::fprintf(stderr, "redipy-floor PORT PATH: answers every request with +OK\n");
    return 2;
  }
  const auto server = std::make_unique<Server>(static_cast<std::uint16_t>(port), argv[2]);
  if (!server->is_listening()) {
    std::perror("redipy-floor");
    return 1;
  }
  server->serve();
}
