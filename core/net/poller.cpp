// SPDX-License-Identifier: Apache-2.0
//
// See poller.h.
#include "core/net/poller.h"

#include <sys/epoll.h>

#include <boost/asio/post.hpp>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace redipy {

namespace {

constexpr uint32_t always = EPOLLIN | EPOLLRDHUP | EPOLLET;
constexpr uint32_t ended = EPOLLRDHUP | EPOLLHUP | EPOLLERR;
/// So many sockets ready at once say that more will be by the time that these have had their turn.
constexpr int many = 4;
/// Events, after which those who come last have waited long enough.
constexpr int most_per_round = 256;

int make_epoll() {
  const int descriptor = ::epoll_create1(EPOLL_CLOEXEC);
  if (descriptor < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
  return descriptor;
}

bool control(int epoll, int operation, int descriptor, uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.fd = descriptor;
  return ::epoll_ctl(epoll, operation, descriptor, &event) == 0;
}

}  // namespace

Poller::Poller(asio::io_context& context) : epoll_(context, make_epoll()) { wait(); }

bool Poller::watch(int descriptor, bool anew) {
  const uint32_t writing = watched_[static_cast<size_t>(descriptor)].writing ? uint32_t{EPOLLOUT} : 0;
  // What is ready now counts as new.
  return control(epoll_.native_handle(), anew ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, descriptor, always | writing);
}

bool Poller::add(int descriptor, std::shared_ptr<Pollable> target) {
  const auto index = static_cast<size_t>(descriptor);
  if (watched_.size() <= index) watched_.resize(index + 1);
  watched_[index].writing = false;
  if (!watch(descriptor, true)) return false;
  watched_[index].target = std::move(target);
  return true;
}

void Poller::watch_writing(int descriptor, bool on) {
  watched_[static_cast<size_t>(descriptor)].writing = on;
  watch(descriptor, false);
}

bool Poller::put_off(int descriptor, Turn turn) {
  if (in_round_) put_off_[static_cast<size_t>(turn)].push_back(descriptor);
  return in_round_;
}

void Poller::remove(int descriptor) {
  const auto index = static_cast<size_t>(descriptor);
  if (index >= watched_.size() || !watched_[index].target) return;
  control(epoll_.native_handle(), EPOLL_CTL_DEL, descriptor, 0);
  asio::post(epoll_.get_executor(), [kept = std::move(watched_[index].target)] {});
}

void Poller::wait() {
  epoll_.async_wait(asio::posix::descriptor_base::wait_read, [this](const boost::system::error_code& error) {
    if (error) return;
    serve();
    wait();
  });
}

void Poller::serve() {
  const bool within = in_round_;  // of a target that serves others meanwhile: those that were told of with it go first
  int total = 0;
  for (;;) {
    if (next_ == end_) {
      end_ = std::max(0, ::epoll_wait(epoll_.native_handle(), told_.data(), static_cast<int>(told_.size()), 0));
      next_ = 0;
    }
    const int count = end_ - next_;
    in_round_ = true;
    while (next_ < end_) {
      const epoll_event event = told_[static_cast<size_t>(next_++)];
      const auto index = static_cast<size_t>(event.data.fd);
      Pollable* const target = watched_[index].target.get();
      if (!target) continue;
      const bool more = target->ready((event.events & ~uint32_t{EPOLLOUT}) != 0, (event.events & EPOLLOUT) != 0);
      if ((more || (event.events & ended) != 0) && watched_[index].target) watch(event.data.fd, false);
    }
    in_round_ = false;
    end_turn(Turn::next);
    total += count;
    // Who comes last sends for all, the more the better.
    if (count < many || total >= most_per_round) break;
  }
  end_turn(Turn::last);
  in_round_ = within;
}

void Poller::end_turn(Turn turn) {
  std::vector<int>& waiting = put_off_[static_cast<size_t>(turn)];
  for (size_t i = 0; i < waiting.size(); ++i) {
    Pollable* const target = watched_[static_cast<size_t>(waiting[i])].target.get();
    if (target) target->round_over();
  }
  waiting.clear();
}

}  // namespace redipy
