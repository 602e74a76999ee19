// SPDX-License-Identifier: Apache-2.0
//
// See reclaimer.h.
#include "core/memory/reclaimer.h"

#include <pthread.h>
#include <csignal>

#include <utility>

#include "core/base/heap.h"
#include "core/memory/values.h"

namespace redipy {

void free_entry(Entry* entry) noexcept {
  if (!entry->is_inline() && entry->encoding() != Encoding::integer) values::release(*entry);
  Entry::free(entry);
}

Reclaimer::~Reclaimer() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void Reclaimer::free(Entry* entry) {
  Job job;
  job.entry = entry;
  add(std::move(job), 1);
}

void Reclaimer::free(EntryTable&& table) {
  Job job;
  job.table = std::move(table);
  const uint64_t entries = job.table.size();
  add(std::move(job), entries);
}

void Reclaimer::add(Job&& job, uint64_t entries) {
  pending_.fetch_add(entries, std::memory_order_relaxed);
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
  }
  if (thread_.joinable()) {
    wake_.notify_one();
    return;
  }
  // Signals are the main thread's: the new one inherits that it gets none.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  thread_ = std::thread([this] { work(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void Reclaimer::work() {
  pthread_setname_np(pthread_self(), "reclaimer");
  heap::count_this_thread();
  std::vector<Job> jobs;
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return ending_ || !jobs_.empty(); });
      if (jobs_.empty()) return;
      jobs.swap(jobs_);
    }
    const auto free_one = [this](Entry* entry) {
      free_entry(entry);
      pending_.fetch_sub(1, std::memory_order_relaxed);
      freed_.fetch_add(1, std::memory_order_relaxed);
    };
    for (Job& job : jobs) {
      if (job.entry) free_one(job.entry);
      job.table.clear(free_one);
    }
    jobs.clear();
  }
}

}  // namespace redipy
