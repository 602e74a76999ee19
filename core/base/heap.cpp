// SPDX-License-Identifier: Apache-2.0
// See heap.h. Threads that live are in a list (guarded by a mutex that is only taken when a thread begins or ends and
// in used()); the balance of those that ended is kept in one number. Whether a thread is in the list is a thread-local
// byte, looked at by each allocation.
#include "core/base/heap.h"

#include <malloc.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <new>

#ifdef REDIPY_JEMALLOC
#include <jemalloc/jemalloc.h>
#endif

#ifdef REDIPY_JEMALLOC

// What jemalloc reads before anything else.
//   slab_sizes         It describes each slab by 128 bytes. Where sizes are powers of two its slabs are single pages,
//                      so that an object of 64 bytes would cost two more, one of 256 bytes eight: ours have 8 pages.
//   dirty_decay_ms     So long it keeps freed pages for the next to come; 10 s by default, which would count as ours.
//   background_thread  A thread of its own gives them back, also while nothing is allocated; see start_purging().
extern "C" const char* malloc_conf;
const char* malloc_conf = "slab_sizes:32-32:8|64-64:8|128-128:8|256-256:8|512-512:8,dirty_decay_ms:100";

#endif

namespace redipy::heap {

#ifdef REDIPY_JEMALLOC

namespace {

// Where jemalloc counts for one thread. A node of the list; lies in the thread's own storage.
struct Counters {
  const uint64_t* allocated = nullptr;
  const uint64_t* freed = nullptr;
  Counters* next = nullptr;
  Counters** link = nullptr;

  // The thread that owns the numbers goes on counting while another one reads.
  uint64_t balance() const {
    return __atomic_load_n(allocated, __ATOMIC_RELAXED) - __atomic_load_n(freed, __ATOMIC_RELAXED);
  }
};

constinit std::mutex threads_mutex;
constinit Counters* threads = nullptr;  // guarded by threads_mutex
constinit uint64_t balance_of_ended =
    0;  // guarded by threads_mutex; below zero (wrapped) when they freed others' blocks

struct Membership : Counters {
  Membership() = default;
  Membership(const Membership&) = delete;
  Membership& operator=(const Membership&) = delete;

  void join() {
    size_t size = sizeof allocated;
    uint64_t* place = nullptr;
    if (mallctl("thread.allocatedp", &place, &size, nullptr, 0) != 0) return;
    allocated = place;
    if (mallctl("thread.deallocatedp", &place, &size, nullptr, 0) != 0) return;
    freed = place;
    const std::lock_guard lock(threads_mutex);
    next = threads;
    link = &threads;
    if (next != nullptr) next->link = &next;
    threads = this;
  }

  ~Membership() {
    if (link == nullptr) return;
    const std::lock_guard lock(threads_mutex);
    balance_of_ended += balance();
    *link = next;
    if (next != nullptr) next->link = link;
  }
};

constinit thread_local bool joined = false;

[[gnu::noinline]] void join() {
  joined = true;  // first, for what follows may allocate
  thread_local Membership membership;
  membership.join();
}

inline void be_counted() {
  if (!joined) [[unlikely]]
    join();
}

size_t read_size(const char* name) {
  size_t value = 0;
  size_t size = sizeof value;
  return mallctl(name, &value, &size, nullptr, 0) == 0 ? value : 0;
}

}  // namespace

void* allocate(size_t size) {
  be_counted();
  void* block = std::malloc(size);
  if (block == nullptr) [[unlikely]]
    throw std::bad_alloc();
  return block;
}

void* reallocate(void* block, size_t size) {
  be_counted();
  void* moved = std::realloc(block, size == 0 ? 1 : size);
  if (moved == nullptr) [[unlikely]]
    throw std::bad_alloc();
  return moved;
}

void count_this_thread() { be_counted(); }

void release(void* block) noexcept { std::free(block); }

void release(void* block, size_t size) noexcept {
  if (block != nullptr) sdallocx(block, size == 0 ? 1 : size, 0);
}

size_t usable(const void* block) { return malloc_usable_size(const_cast<void*>(block)); }

size_t good_size(size_t size) { return nallocx(size == 0 ? 1 : size, 0); }

size_t used() {
  be_counted();
  const std::lock_guard lock(threads_mutex);
  uint64_t total = balance_of_ended;
  for (const Counters* thread = threads; thread != nullptr; thread = thread->next) total += thread->balance();
  return static_cast<int64_t>(total) < 0 ? 0 : total;
}

Statistics statistics() {
  uint64_t epoch = 1;
  mallctl("epoch", nullptr, nullptr, &epoch, sizeof epoch);  // the figures are those of the last such call
  return {.allocated = read_size("stats.allocated"),
          .active = read_size("stats.active"),
          .resident = read_size("stats.resident"),
          .mapped = read_size("stats.mapped"),
          .metadata = read_size("stats.metadata")};
}

Bytes report() {
  Bytes text;
  malloc_stats_print([](void* to, const char* part) { *static_cast<Bytes*>(to) += part; }, &text, nullptr);
  return text;
}

void start_purging() {
  bool on = true;
  mallctl("background_thread", nullptr, nullptr, &on, sizeof on);  // where there is none, pages go as others are freed
}

void purge() {
  mallctl("thread.tcache.flush", nullptr, nullptr, nullptr, 0);
  static_assert(MALLCTL_ARENAS_ALL == 4096);
  mallctl("arena.4096.purge", nullptr, nullptr, nullptr, 0);
}

const char* allocator_name() {
  static_assert(JEMALLOC_VERSION_MAJOR >= 5);
#define REDIPY_TEXT_OF(x) #x
#define REDIPY_TEXT(x) REDIPY_TEXT_OF(x)
  return "jemalloc-" REDIPY_TEXT(JEMALLOC_VERSION_MAJOR) "." REDIPY_TEXT(JEMALLOC_VERSION_MINOR) "." REDIPY_TEXT(
      JEMALLOC_VERSION_BUGFIX);
#undef REDIPY_TEXT
#undef REDIPY_TEXT_OF
}

#else

namespace {
constinit std::atomic<size_t> in_use{0};
}

void* allocate(size_t size) {
  void* block = std::malloc(size == 0 ? 1 : size);
  if (block == nullptr) throw std::bad_alloc();
  in_use.fetch_add(usable(block), std::memory_order_relaxed);
  return block;
}

void* reallocate(void* block, size_t size) {
  const size_t before = block == nullptr ? 0 : usable(block);
  void* moved = std::realloc(block, size == 0 ? 1 : size);
  if (moved == nullptr) throw std::bad_alloc();
  in_use.fetch_add(usable(moved) - before, std::memory_order_relaxed);
  return moved;
}

void release(void* block) noexcept {
  if (block == nullptr) return;
  in_use.fetch_sub(usable(block), std::memory_order_relaxed);
  std::free(block);
}

void release(void* block, size_t) noexcept { release(block); }

size_t usable(const void* block) { return malloc_usable_size(const_cast<void*>(block)); }

size_t good_size(size_t size) { return size <= 8 ? 8 : (size + 15) & ~size_t{15}; }

void count_this_thread() {}

size_t used() { return in_use.load(std::memory_order_relaxed); }

Statistics statistics() { return {}; }

Bytes report() { return {}; }

void start_purging() {}

void purge() { malloc_trim(0); }

const char* allocator_name() { return "libc"; }

#endif

size_t resident() {
  std::FILE* file = std::fopen("/proc/self/statm", "r");
  if (file == nullptr) return 0;
  size_t total = 0;
  size_t pages = 0;
  const int fields = std::fscanf(file, "%zu %zu", &total, &pages);
  std::fclose(file);
  return fields == 2 ? pages * static_cast<size_t>(sysconf(_SC_PAGESIZE)) : 0;
}

}  // namespace redipy::heap

#ifdef REDIPY_JEMALLOC

// The other forms (arrays, alignments, nothrow) are jemalloc's own; what they take is counted all the same.
void* operator new(size_t size) { return redipy::heap::allocate(size); }
void operator delete(void* block) noexcept { redipy::heap::release(block); }
void operator delete(void* block, size_t size) noexcept { redipy::heap::release(block, size); }

#endif
