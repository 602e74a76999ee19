// SPDX-License-Identifier: Apache-2.0
// See int_set.h. What depends on the width is written once, as a template, and called through visit_width().
#include "core/memory/int_set.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>
#include <new>
#include <stdexcept>

#include "core/base/heap.h"

namespace redipy {
namespace {

static_assert(std::endian::native == std::endian::little, "the format is little endian, and we copy");

constexpr size_t head_bytes = 8;
constexpr uint32_t size_limit = 1U << 27;

uint32_t width_of(int64_t number) {
  if (number == static_cast<int16_t>(number)) return 2;
  return number == static_cast<int32_t>(number) ? 4 : 8;
}

// Calls with a value of the type that has this width.
template <typename Call>
auto visit_width(uint32_t width, Call call) {
  if (width == 2) return call(int16_t{});
  return width == 4 ? call(int32_t{}) : call(int64_t{});
}

template <typename T>
T load(const unsigned char* integers, size_t index) {
  T value;
  std::memcpy(&value, integers + index * sizeof(T), sizeof(T));
  return value;
}

template <typename T>
uint32_t lower_bound_of(const unsigned char* integers, uint32_t size, T number) {
  // The answer is in [base, base + size]; each step halves that without a branch.
  uint32_t base = 0;
  while (size > 1) {
    const uint32_t half = size / 2;
    base += load<T>(integers, base + half - 1) < number ? half : 0;
    size -= half;
  }
  return base + (size == 1 && load<T>(integers, base) < number ? 1 : 0);
}

}  // namespace

size_t IntSet::memory() const {
  static_assert(sizeof(Head) == head_bytes);
  return head_ == nullptr ? 0 : heap::good_size(head_bytes + size_t{head_->capacity} * head_->width);
}

void IntSet::clear() noexcept {
  if (head_ != nullptr) heap::release(head_, memory());
  head_ = nullptr;
}

int64_t IntSet::at(uint32_t index) const {
  assert(index < size());
  return visit_width(head_->width,
                     [&](auto type) -> int64_t { return load<decltype(type)>(head_->integers(), index); });
}

uint32_t IntSet::lower_bound(int64_t number) const {
  return visit_width(head_->width, [&](auto type) {
    return lower_bound_of(head_->integers(), head_->size, static_cast<decltype(type)>(number));
  });
}

bool IntSet::contains(int64_t number) const {
  if (head_ == nullptr || width_of(number) > head_->width) return false;
  const uint32_t index = lower_bound(number);
  return index < head_->size && at(index) == number;
}

void IntSet::rebuild(uint32_t capacity, uint32_t width) {
  const size_t block_size = heap::good_size(head_bytes + size_t{capacity} * width);
  const size_t room = std::min<size_t>((block_size - head_bytes) / width, (1U << 28) - 1);
  auto* head = static_cast<Head*>(heap::allocate(block_size));
  new (head) Head{.size = size(), .width = width & 15, .capacity = static_cast<uint32_t>(room) & 0x0fffffff};
  if (head_ != nullptr && head_->width == width) {
    std::memcpy(head->integers(), head_->integers(), size_t{head->size} * width);
  } else {
    for (uint32_t i = 0; i < head->size; ++i) {
      const int64_t number = at(i);
      std::memcpy(head->integers() + size_t{i} * width, &number, width);  // the lower bytes, in little endian
    }
  }
  clear();
  head_ = head;
}

bool IntSet::add(int64_t number) {
  uint32_t index = 0;
  const uint32_t width = width_of(number);
  if (head_ == nullptr) {
    rebuild(1, width);
  } else if (width > head_->width) {
    rebuild(head_->size + 1, width);
    index = number < 0 ? 0 : head_->size;  // it lies beyond all that were narrower
  } else {
    index = at(head_->size - 1) < number ? head_->size : lower_bound(number);  // numbers often come in order
    if (index < head_->size && at(index) == number) return false;
    if (head_->size == head_->capacity) {
      if (head_->size == size_limit) throw std::length_error("a set of integers would become too long");
      rebuild(head_->size + 1, head_->width);
    }
  }
  const size_t size_of_one = head_->width;
  unsigned char* const place = head_->integers() + index * size_of_one;
  std::memmove(place + size_of_one, place, (head_->size - index) * size_of_one);
  std::memcpy(place, &number, size_of_one);
  ++head_->size;
  return true;
}

bool IntSet::remove(int64_t number) {
  if (!contains(number)) return false;
  if (head_->size == 1) {
    clear();
    return true;
  }
  const uint32_t index = lower_bound(number);
  const size_t size_of_one = head_->width;
  unsigned char* const place = head_->integers() + index * size_of_one;
  --head_->size;
  std::memmove(place, place + size_of_one, (head_->size - index) * size_of_one);
  if (head_->capacity > 32 && head_->size < head_->capacity / 2) rebuild(head_->size + head_->size / 4, head_->width);
  return true;
}

IntSet IntSet::copy() const {
  IntSet result;
  if (head_ == nullptr) return result;
  result.rebuild(head_->size, head_->width);
  std::memcpy(result.head_->integers(), head_->integers(), size_t{head_->size} * head_->width);
  result.head_->size = head_->size;
  return result;
}

void IntSet::append_intset_to(Bytes& out) const {
  assert(head_ != nullptr);
  const uint32_t width = head_->width;
  out.append(reinterpret_cast<const char*>(&width), 4);
  out.append(reinterpret_cast<const char*>(&head_->size), 4);
  out.append(reinterpret_cast<const char*>(head_->integers()), size_t{head_->size} * width);
}

std::optional<IntSet> IntSet::from_intset(View blob) {
  if (blob.size() < 8) return std::nullopt;
  uint32_t width = 0;
  uint32_t size = 0;
  std::memcpy(&width, blob.data(), 4);
  std::memcpy(&size, blob.data() + 4, 4);
  if (width != 2 && width != 4 && width != 8) return std::nullopt;
  if (size == 0 || size > size_limit || blob.size() != 8 + size_t{size} * width) return std::nullopt;
  const auto* const integers = reinterpret_cast<const unsigned char*>(blob.data() + 8);
  const bool sorted = visit_width(width, [&](auto type) {
    for (uint32_t i = 1; i < size; ++i) {
      if (load<decltype(type)>(integers, i - 1) >= load<decltype(type)>(integers, i)) return false;
    }
    return true;
  });
  if (!sorted) return std::nullopt;
  IntSet result;
  result.rebuild(size, width);
  std::memcpy(result.head_->integers(), integers, size_t{size} * width);
  result.head_->size = size;
  return result;
}

}  // namespace redipy
