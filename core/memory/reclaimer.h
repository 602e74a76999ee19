// SPDX-License-Identifier: Apache-2.0
//
// Gives the memory of large values and of whole databases back in a thread of its own, so that no command waits for a
// million calls of free. The thread starts with the first thing to free and ends with the store.
//
// What is handed over belongs to the Reclaimer alone: it is in no table any more, and nobody looks at it.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

#include "core/memory/entry.h"

namespace redipy {

/// One caller at a time; the counts may be asked by any thread.
class Reclaimer {
 public:
  /// Values that take more blocks than this are worth the thread.
  static constexpr size_t least_effort = 64;

  Reclaimer() = default;
  Reclaimer(const Reclaimer&) = delete;
  Reclaimer& operator=(const Reclaimer&) = delete;
  /// Frees what is left first.
  ~Reclaimer();

  /// Frees an entry with its value.
  void free(Entry* entry);
  /// Frees all entries of the table, and the table.
  void free(EntryTable&& table);

  /// How many entries wait to be freed, and how many were.
  uint64_t pending() const { return pending_.load(std::memory_order_relaxed); }
  uint64_t freed() const { return freed_.load(std::memory_order_relaxed); }
  void reset_freed() { freed_.store(0, std::memory_order_relaxed); }

 private:
  struct Job {
    Entry* entry = nullptr;
    EntryTable table;
  };

  void add(Job&& job, uint64_t entries);
  void work();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Job> jobs_;  // guarded by mutex_
  bool ending_ = false;    // guarded by mutex_
  std::atomic<uint64_t> pending_{0};
  std::atomic<uint64_t> freed_{0};
  std::thread thread_;
};

/// Frees an entry with its value, here and now.
void free_entry(Entry* entry) noexcept;

}  // namespace redipy
