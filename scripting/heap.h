// SPDX-License-Identifier: Apache-2.0
//
// The memory of one run of a script. Small blocks come from chunks by size class and go back to a list per class; large
// ones from malloc, linked so that they can be found again. When a run is over, reset() takes back everything at once,
// cycles of lists included, and keeps the first chunk for the next run: nothing has to be visited.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace redipy::script {

/// One caller at a time.
class Heap {
 public:
  Heap() = default;
  ~Heap() { reset(); }
  Heap(const Heap&) = delete;
  Heap& operator=(const Heap&) = delete;

  /// How many bytes may be in use; allocate throws CommandError beyond.
  void set_limit(size_t bytes) { limit_ = bytes; }
  size_t used() const { return used_; }

  /// Aligned for anything of ours (16).
  void* allocate(size_t bytes) {
    const size_t granules = (bytes + granule - 1) / granule;
    if (granules > largest_class) return allocate_large(bytes);
    used_ += granules * granule;
    if (used_ > limit_) refuse(granules * granule);
    if (Free* const block = free_[granules]) {
      free_[granules] = block->next;
      return block;
    }
    return carve(granules * granule);
  }
  /// `bytes` as allocated.
  void release(void* block, size_t bytes) {
    const size_t granules = (bytes + granule - 1) / granule;
    if (granules > largest_class) return release_large(block);
    used_ -= granules * granule;
    auto* const freed = static_cast<Free*>(block);
    freed->next = free_[granules];
    free_[granules] = freed;
    freed_classes_ |= uint64_t{1} << (granules - 1);
  }

  /// Everything allocated is void.
  void reset();

 private:
  static constexpr size_t granule = 16;
  static constexpr size_t largest_class = 64;  // granules: 1 KiB; as many as freed_classes_ has bits
  static constexpr size_t chunk_size = 64 * 1024;

  struct Free {
    Free* next;
  };
  struct alignas(granule) Large {
    Large* next;
    Large* previous;
    size_t bytes;
  };

  void* carve(size_t bytes) {
    if (static_cast<size_t>(end_ - at_) < bytes) new_chunk();
    char* const block = at_;
    at_ += bytes;
    return block;
  }
  void new_chunk();
  void* allocate_large(size_t bytes);
  void release_large(void* block);
  [[noreturn]] void refuse(size_t bytes);

  size_t used_ = 0;
  size_t limit_ = SIZE_MAX;
  char* at_ = nullptr;
  char* end_ = nullptr;
  Free* free_[largest_class + 1] = {};
  uint64_t freed_classes_ = 0;  // bit n - 1: free_[n] may hold something
  Large* large_ = nullptr;
  std::vector<std::unique_ptr<char[]>> chunks_;
};

}  // namespace redipy::script
