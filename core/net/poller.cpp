// SPDX-License-Identifier: Apache-2.0
//
// See poller.h.
#include "core/net/poller.h"

#include <sys/epoll.h>

#include <boost/asio/post.hpp>

#include <array>
#include <cerrno>
#include <system_error>

namespace redipy {

namespace {

constexpr int many = 4;              // sockets ready at once: likely more are by the time that these had their turn
constexpr int most_per_round = 256;  // events; those who come last have waited long enough then

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

bool Poller::add(int descriptor, std::shared_ptr<Pollable> target) {
  const auto index = static_cast<size_t>(descriptor);
  if (targets_.size() <= index) targets_.resize(index + 1);
  if (!control(epoll_.native_handle(), EPOLL_CTL_ADD, descriptor, EPOLLIN)) return false;
  targets_[index] = std::move(target);
  return true;
}

void Poller::watch_writing(int descriptor, bool on) {
  control(epoll_.native_handle(), EPOLL_CTL_MOD, descriptor, on ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

bool Poller::put_off(int descriptor, Turn turn) {
  if (in_round_) put_off_[static_cast<size_t>(turn)].push_back(descriptor);
  return in_round_;
}

void Poller::remove(int descriptor) {
  const auto index = static_cast<size_t>(descriptor);
  if (index >= targets_.size() || !targets_[index]) return;
  control(epoll_.native_handle(), EPOLL_CTL_DEL, descriptor, 0);
  asio::post(epoll_.get_executor(), [kept = std::move(targets_[index])] {});
}

void Poller::wait() {
  epoll_.async_wait(asio::posix::descriptor_base::wait_read, [this](const boost::system::error_code& error) {
    if (error) return;
    serve();
    wait();
  });
}

void Poller::serve() {
  std::array<epoll_event, 128> events;
  const bool within = in_round_;  // of a target that serves others meanwhile
  int total = 0;
  for (;;) {
    const int count = ::epoll_wait(epoll_.native_handle(), events.data(), static_cast<int>(events.size()), 0);
    in_round_ = true;
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<size_t>(i)];
      Pollable* const target = targets_[static_cast<size_t>(event.data.fd)].get();
      if (target) target->ready((event.events & ~uint32_t{EPOLLOUT}) != 0, (event.events & EPOLLOUT) != 0);
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
    Pollable* const target = targets_[static_cast<size_t>(waiting[i])].get();
    if (target) target->round_over();
  }
  waiting.clear();
}

}  // namespace redipy
