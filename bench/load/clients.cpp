// SPDX-License-Identifier: Apache-2.0
//
// The closed loop over epoll; see clients.h.
#include "bench/load/clients.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace redipy::bench {

namespace {

constexpr int patience_ms = 60'000;

std::system_error failed(const char* what) { return {errno, std::generic_category(), what}; }

}  // namespace

Clients::Clients(const Address& address, std::uint64_t count, const std::string& expected)
    : buffer_(std::size_t{256} * 1024), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (epoll_ < 0) throw failed("epoll_create1");
  clients_.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    Client& client = clients_.emplace_back(address, expected);
    client.socket.set_nonblocking();
    watch(client, false, EPOLL_CTL_ADD);
  }
}

Clients::~Clients() { ::close(epoll_); }

void Clients::run(Pattern& pattern, std::uint64_t requests, std::uint64_t pipeline, Histogram* latency) {
  pattern_ = &pattern;
  unsent_ = requests;
  pipeline_ = std::max<std::uint64_t>(pipeline, 1);
  latency_ = latency;

  std::size_t busy = 0;
  for (Client& client : clients_) busy += begin_batch(client) ? 1 : 0;
  std::array<epoll_event, 128> events;
  while (busy > 0) {
    const int ready = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), patience_ms);
    if (ready < 0 && errno == EINTR) continue;
    if (ready < 0) throw failed("epoll_wait");
    if (ready == 0) throw std::runtime_error("no reply within a minute");
    for (int i = 0; i < ready; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      Client& client = *static_cast<Client*>(event.data.ptr);
      if ((event.events & EPOLLOUT) != 0) send(client);
      if ((event.events & ~std::uint32_t{EPOLLOUT}) != 0 && receive(client) && !begin_batch(client)) --busy;
    }
  }
}

void Clients::check() const {
  std::uint64_t bad = 0;
  std::string first;
  for (const Client& client : clients_) {
    bad += client.replies.bad();
    if (first.empty()) first = client.replies.first_bad();
  }
  if (bad > 0)
    throw std::runtime_error(std::to_string(bad) + " replies are not as they should be, the first: " + first);
}

// False when all requests of the run are sent.
bool Clients::begin_batch(Client& client) {
  const std::uint64_t requests = std::min(pipeline_, unsent_);
  if (requests == 0) return false;
  unsent_ -= requests;
  client.batch.clear();
  for (std::uint64_t i = 0; i < requests; ++i) pattern_->append_next(client.batch);
  client.sent = 0;
  client.outstanding = requests;
  client.started = now_ns();
  send(client);
  return true;
}

void Clients::send(Client& client) {
  while (client.sent < client.batch.size()) {
    const ssize_t sent =
        ::send(client.socket.fd(), client.batch.data() + client.sent, client.batch.size() - client.sent, MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno != EAGAIN) throw failed("send");
      break;
    }
    client.sent += static_cast<std::size_t>(sent);
  }
  const bool blocked = client.sent < client.batch.size();
  if (blocked != client.waits_to_send) {
    watch(client, blocked, EPOLL_CTL_MOD);
    client.waits_to_send = blocked;
  }
}

// True when the last reply to the batch is in.
bool Clients::receive(Client& client) {
  const ssize_t got = ::recv(client.socket.fd(), buffer_.data(), buffer_.size(), 0);
  if (got < 0 && errno == EAGAIN) return false;
  if (got < 0) throw failed("recv");
  if (got == 0) {
    // What was read before may say why.
    check();
    throw std::runtime_error("the server closed a connection");
  }
  const std::uint64_t complete = client.replies.feed({buffer_.data(), static_cast<std::size_t>(got)});
  if (complete > client.outstanding) throw std::runtime_error("more replies than requests");
  client.outstanding -= complete;
  if (client.outstanding > 0 || complete == 0) return false;
  if (latency_ != nullptr) latency_->add(now_ns() - client.started);
  return true;
}

void Clients::watch(Client& client, bool for_sending, int operation) {
  epoll_event event{};
  event.events = for_sending ? EPOLLIN | EPOLLOUT : EPOLLIN;
  event.data.ptr = &client;
  if (::epoll_ctl(epoll_, operation, client.socket.fd(), &event) < 0) throw failed("epoll_ctl");
}

}  // namespace redipy::bench
