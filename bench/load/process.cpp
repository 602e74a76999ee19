// SPDX-License-Identifier: Apache-2.0
//
// Times of other processes; see process.h.
#include "bench/load/process.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <filesystem>
#include <system_error>
#include <utility>

namespace redipy::bench {

std::int64_t cpu_time_ns(pid_t process) {
  clockid_t clock{};
  timespec time{};
  int error = ::clock_getcpuclockid(process, &clock);
  if (error == 0 && ::clock_gettime(clock, &time) != 0) error = errno;
  if (error != 0) throw std::system_error(error, std::generic_category(), "CPU time of " + std::to_string(process));
  return time.tv_sec * 1'000'000'000LL + time.tv_nsec;
}

ThreadTimes::ThreadTimes(const std::string& folder)
    : fd_(::open((folder + "/schedstat").c_str(), O_RDONLY | O_CLOEXEC)) {
  if (fd_ < 0) throw std::system_error(errno, std::generic_category(), folder + "/schedstat");
}

ThreadTimes::ThreadTimes(ThreadTimes&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

ThreadTimes::~ThreadTimes() {
  if (fd_ >= 0) ::close(fd_);
}

ThreadTimes::Sample ThreadTimes::read() const {
  char text[128];
  const ssize_t size = ::pread(fd_, text, sizeof text, 0);
  Sample sample;
  if (size <= 0) return sample;
  const char* end = text + size;
  const auto first = std::from_chars(text, end, sample.ran);
  if (first.ptr != end) std::from_chars(first.ptr + 1, end, sample.waited);
  return sample;
}

std::vector<pid_t> threads_of(pid_t process) {
  std::vector<pid_t> threads;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/" + std::to_string(process) + "/task")) {
    threads.push_back(std::stoi(entry.path().filename().string()));
  }
  return threads;
}

}  // namespace redipy::bench
