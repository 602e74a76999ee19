// SPDX-License-Identifier: Apache-2.0
//
// redipy-relay PORT UPSTREAM_PORT: the least that something between clients and a Redis can do. It copies bytes, and
// knows nothing of what they say: for each client it has a connection of its own to the upstream. One thread, epoll; a
// read and a write for whatever has come on either side. So it is the floor for a proxy that does not gather requests
// (unpipelined, one client at a time); one that sends requests of several clients in one write can be below it.
//
// A side that does not take its bytes is not read for until it does; the end of one side is the end of the other.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace {

struct Side {
  int peer = -1;        // the file descriptor that what is read here goes to
  std::string waiting;  // what this side has not taken yet
  bool open = false;
};

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(port);
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return name;
}

void send_at_once(int fd) {
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

class Relay {
 public:
  Relay(std::uint16_t port, std::uint16_t upstream) : upstream_(upstream), epoll_(::epoll_create1(0)) {
    const sockaddr_in name = loopback(port);
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    const int on = 1;
    ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    listening_ =
        ::bind(listener_, reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0 && ::listen(listener_, 511) == 0;
    watch(listener_, EPOLLIN, EPOLL_CTL_ADD);
  }

  bool is_listening() const { return epoll_ >= 0 && listening_; }

  [[noreturn]] void serve() {
    std::array<epoll_event, 128> events;
    for (;;) {
      const int ready = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
      for (int i = 0; i < ready; ++i) {
        const epoll_event& event = events[static_cast<std::size_t>(i)];
        const int fd = event.data.fd;
        if (fd == listener_) {
          accept();
        } else if (side(fd).open) {  // else its peer, earlier among these events, has closed it
          if ((event.events & EPOLLOUT) != 0) write(fd);
          if ((event.events & ~std::uint32_t{EPOLLOUT}) != 0 && side(fd).open) copy(fd);
        }
      }
      // Only now may their numbers come back: events of this round may still name them.
      for (const int fd : closed_) ::close(fd);
      closed_.clear();
    }
  }

 private:
  Side& side(int fd) { return sides_[static_cast<std::size_t>(fd)]; }

  void watch(int fd, std::uint32_t what, int operation) {
    epoll_event event{};
    event.events = what;
    event.data.fd = fd;
    ::epoll_ctl(epoll_, operation, fd, &event);
  }

  void accept() {
    const int client = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK);
    if (client < 0) return;
    const sockaddr_in name = loopback(upstream_);
    const int server = ::socket(AF_INET, SOCK_STREAM, 0);
    // Loopback: this does not wait.
    if (server < 0 || ::connect(server, reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0) {
      ::close(client);
      if (server >= 0) ::close(server);
      return;
    }
    add(client, server);
    add(server, client);
  }

  void add(int fd, int peer) {
    send_at_once(fd);
    const auto index = static_cast<std::size_t>(fd);
    if (sides_.size() <= index) sides_.resize(index + 1);
    sides_[index] = Side{peer, {}, true};
    watch(fd, EPOLLIN, EPOLL_CTL_ADD);
  }

  void copy(int fd) {
    const ssize_t got = ::recv(fd, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) return close_both(fd);
    const std::string_view bytes(buffer_.data(), static_cast<std::size_t>(got));
    const int to = side(fd).peer;
    if (!side(to).waiting.empty()) {
      side(to).waiting += bytes;
      return;
    }
    const ssize_t sent = ::send(to, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN) return close_both(fd);
    const auto taken = static_cast<std::size_t>(sent < 0 ? 0 : sent);
    if (taken == bytes.size()) return;
    side(to).waiting = bytes.substr(taken);
    watch_both(to);
  }

  // A side is read unless its peer still has bytes to take, and written to while it has.
  void watch_both(int fd) {
    for (const int each : {fd, side(fd).peer}) {
      std::uint32_t what = 0;
      if (side(side(each).peer).waiting.empty()) what |= EPOLLIN;
      if (!side(each).waiting.empty()) what |= EPOLLOUT;
      watch(each, what, EPOLL_CTL_MOD);
    }
  }

  void write(int fd) {
    std::string& waiting = side(fd).waiting;
    const ssize_t sent = ::send(fd, waiting.data(), waiting.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN) return close_both(fd);
    if (sent > 0) waiting.erase(0, static_cast<std::size_t>(sent));
    if (waiting.empty()) watch_both(fd);
  }

  void close_both(int fd) {
    for (const int each : {fd, side(fd).peer}) {
      ::epoll_ctl(epoll_, EPOLL_CTL_DEL, each, nullptr);
      closed_.push_back(each);
    }
    side(side(fd).peer) = Side{};
    side(fd) = Side{};
  }

  std::uint16_t upstream_;
  int epoll_;
  int listener_ = -1;
  bool listening_ = false;
  std::vector<Side> sides_;  // by file descriptor
  std::vector<int> closed_;
  std::array<char, 65536> buffer_{};
};

}  // namespace

int main(int argc, char** argv) {
  unsigned port = 0;
  unsigned upstream = 0;
  if (argc != 3 || std::sscanf(argv[1], "%u", &port) != 1 || std::sscanf(argv[2], "%u", &upstream) != 1 || port == 0 ||
      port > 65535 || upstream == 0 || upstream > 65535) {
    std::fprintf(stderr, "redipy-relay PORT UPSTREAM_PORT: copies bytes between its clients and the upstream\n");
    return 2;
  }
  const auto relay = std::make_unique<Relay>(static_cast<std::uint16_t>(port), static_cast<std::uint16_t>(upstream));
  if (!relay->is_listening()) {
    std::perror("redipy-relay");
    return 1;
  }
  relay->serve();
}
