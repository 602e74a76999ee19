// SPDX-License-Identifier: Apache-2.0
//
// A program started by redipy-load. It ends with its owner: by the destructor, and by the kernel should we be killed.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace redipy::bench {

class Child {
 public:
  // Starts `command`, found by PATH, with its output in standard error; on that CPU only unless `core` is negative.
  // Throws std::system_error. A program that is not found is a child that has exited with 127.
  Child(const std::vector<std::string>& command, int core);
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  // Ends a child that still runs: asks by SIGTERM, and after five seconds no longer asks.
  ~Child();

  pid_t id() const { return id_; }
  bool is_running();
  // Exit status, or 128 and the signal that ended it; meaningful once it no longer runs.
  int status() const { return status_; }

 private:
  pid_t id_;
  int status_ = -1;
};

}  // namespace redipy::bench
