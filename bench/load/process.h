// SPDX-License-Identifier: Apache-2.0
//
// What the kernel knows about another process: the CPU time it used, and how long a thread of it ran or waited for a
// CPU. Both in nanoseconds; the ticks of /proc/PID/stat would be too coarse for runs of a fraction of a second.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace redipy::bench {

// User and system time of all threads of a process, those that ended included. Throws std::system_error.
std::int64_t cpu_time_ns(pid_t process);

// /proc/…/schedstat of one thread, kept open, for it is read around every PING.
class ThreadTimes {
 public:
  struct Sample {
    std::int64_t ran = 0;     // may lag behind by a tick while the thread runs
    std::int64_t waited = 0;  // ready to run, but its CPU was taken
  };

  // `folder`: "/proc/thread-self", "/proc/PID/task/TID". Throws std::system_error.
  explicit ThreadTimes(const std::string& folder);
  ThreadTimes(ThreadTimes&& other) noexcept;
  ThreadTimes& operator=(ThreadTimes&&) = delete;
  ~ThreadTimes();

  // All zero once the thread is gone.
  Sample read() const;

 private:
  int fd_;
};

// The threads of a process by id, as they are now.
std::vector<pid_t> threads_of(pid_t process);

}  // namespace redipy::bench
