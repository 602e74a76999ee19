// SPDX-License-Identifier: Apache-2.0
//
// The server's lock: a mutex that knows whether somebody waits for it, so that a long script can give way to them.
#pragma once

#include <atomic>
#include <mutex>

namespace redipy {

class ServerLock {
 public:
  void lock() {
    if (mutex_.try_lock()) return;
    waiting_.fetch_add(1, std::memory_order_relaxed);
    mutex_.lock();
    waiting_.fetch_sub(1, std::memory_order_relaxed);
  }
  void unlock() { mutex_.unlock(); }
  /// Somebody waits for it just now.
  bool contended() const { return waiting_.load(std::memory_order_relaxed) > 0; }

 private:
  std::mutex mutex_;
  std::atomic<int> waiting_{0};
};

}  // namespace redipy
