// SPDX-License-Identifier: Apache-2.0
//
// See long_string.h.
#include "core/memory/long_string.h"

#include <algorithm>
#include <cstring>

#include "core/base/heap.h"

namespace redipy {

size_t LongString::memory() const { return head_ ? sizeof(Head) + head_->capacity : 0; }

void LongString::clear() noexcept {
  if (head_) heap::release(head_, memory());
  head_ = nullptr;
}

void LongString::reserve(size_t capacity) {
  if (head_ && head_->capacity >= capacity) return;
  const size_t block = heap::good_size(sizeof(Head) + capacity);
  const bool fresh = head_ == nullptr;
  head_ = static_cast<Head*>(heap::reallocate(head_, block));
  if (fresh) head_->size = 0;
  head_->capacity = block - sizeof(Head);
}

void LongString::assign(View bytes) {
  if (head_ && (head_->capacity < bytes.size() || head_->capacity / 2 > bytes.size())) {
    LongString fresh(bytes);
    std::swap(head_, fresh.head_);
    return;
  }
  reserve(bytes.size());
  head_->size = bytes.size();
  if (!bytes.empty()) std::memmove(this->bytes(), bytes.data(), bytes.size());
}

void LongString::patch(size_t offset, View bytes) {
  const size_t end = offset + bytes.size();
  if (!head_ || end > head_->capacity) {
    constexpr size_t most_ahead = size_t{1} << 20;
    reserve(end + (head_ ? std::min(end, most_ahead) : 0));
  }
  if (offset > head_->size) std::memset(this->bytes() + head_->size, 0, offset - head_->size);
  if (!bytes.empty()) std::memcpy(this->bytes() + offset, bytes.data(), bytes.size());
  head_->size = std::max<uint64_t>(head_->size, end);
}

}  // namespace redipy
