// SPDX-License-Identifier: Apache-2.0
//
// See heap.h.
#include "scripting/heap.h"

#include <bit>
#include <cstdlib>
#include <new>

#include "core/command/error.h"

namespace redipy::script {

void Heap::new_chunk() {
  // Aligned as new[] gives it: 16.
  static_assert(__STDCPP_DEFAULT_NEW_ALIGNMENT__ >= granule);
  chunks_.emplace_back(new char[chunk_size]);
  at_ = chunks_.back().get();
  end_ = at_ + chunk_size;
}

void* Heap::allocate_large(size_t bytes) {
  if (bytes > limit_ || used_ + bytes > limit_) refuse(0);
  auto* const block = static_cast<Large*>(std::malloc(sizeof(Large) + bytes));
  if (!block) throw std::bad_alloc();
  used_ += bytes;
  *block = {large_, nullptr, bytes};
  if (large_) large_->previous = block;
  large_ = block;
  return block + 1;
}

void Heap::release_large(void* memory) {
  Large* const block = static_cast<Large*>(memory) - 1;
  used_ -= block->bytes;
  (block->previous ? block->previous->next : large_) = block->next;
  if (block->next) block->next->previous = block->previous;
  std::free(block);
}

void Heap::refuse(size_t bytes) {
  used_ -= bytes;
  throw CommandError("ERR script exceeds script-max-memory");
}

void Heap::reset() {
  while (large_) {
    Large* const next = large_->next;
    std::free(large_);
    large_ = next;
  }
  for (; freed_classes_ != 0; freed_classes_ &= freed_classes_ - 1) {
    free_[std::countr_zero(freed_classes_) + 1] = nullptr;
  }
  if (chunks_.size() > 1) chunks_.resize(1);
  at_ = end_ = nullptr;
  if (!chunks_.empty()) {
    at_ = chunks_.front().get();
    end_ = at_ + chunk_size;
  }
  used_ = 0;
}

}  // namespace redipy::script
