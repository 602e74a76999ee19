// SPDX-License-Identifier: Apache-2.0
//
// The elements of a large hash and of a large set: a block of memory each, with the bytes that a table finds it by.
//
//   Field         field size 32 | value size 32 | field | value
//   SetMember     size 32 | bytes
//
// (That of a large sorted set has its own file, member.h, as its tree looks into it, too.)
#pragma once

#include <cstdint>
#include <cstring>
#include <limits>
#include <new>

#include "core/base/heap.h"
#include "core/base/view.h"
#include "core/command/error.h"

namespace redipy {

/// A size for a block with so many bytes: one of the allocator's, as far as these are a multiple of 16 apart, so that
/// a value may grow within its block.
constexpr size_t block_size(size_t bytes) { return (bytes + 15) & ~size_t{15}; }

/// Refuses what the 32 bits of a block's head do not hold.
inline uint32_t block_length(View bytes) {
  if (bytes.size() > std::numeric_limits<uint32_t>::max() / 2) throw CommandError(error::string_too_long);
  return static_cast<uint32_t>(bytes.size());
}

inline void copy_bytes(char* to, View bytes) {
  if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
}

/// Made and freed only by the functions here.
class Field {
 public:
  static Field* make(View field, View value) {
    const uint32_t field_size = block_length(field);
    const uint32_t value_size = block_length(value);
    auto* made = new (heap::allocate(block_size(head + field.size() + value.size()))) Field;
    made->field_size_ = field_size;
    made->value_size_ = value_size;
    copy_bytes(made->bytes(), field);
    copy_bytes(made->bytes() + field_size, value);
    return made;
  }
  static void free(Field* field) { heap::release(field, field->memory()); }
  Field* copy() const { return make(key(), value()); }

  Field(const Field&) = delete;
  Field& operator=(const Field&) = delete;

  View key() const { return {bytes(), field_size_}; }
  View value() const { return {bytes() + field_size_, value_size_}; }
  size_t memory() const { return block_size(head + field_size_ + size_t{value_size_}); }

  /// Replaces the value if it fits the block as it is; false, and nothing done, if not.
  bool assign(View value) {
    if (block_size(head + field_size_ + value.size()) != memory()) return false;
    value_size_ = static_cast<uint32_t>(value.size());
    copy_bytes(bytes() + field_size_, value);
    return true;
  }

 private:
  Field() = default;

  static constexpr size_t head = 2 * sizeof(uint32_t);

  char* bytes() { return reinterpret_cast<char*>(this) + head; }
  const char* bytes() const { return reinterpret_cast<const char*>(this) + head; }

  uint32_t field_size_;
  uint32_t value_size_;
};

/// Made and freed only by the functions here.
class SetMember {
 public:
  static SetMember* make(View bytes) {
    const uint32_t size = block_length(bytes);
    auto* made = new (heap::allocate(head + bytes.size())) SetMember;
    made->size_ = size;
    copy_bytes(reinterpret_cast<char*>(made) + head, bytes);
    return made;
  }
  static void free(SetMember* member) { heap::release(member, member->memory()); }
  SetMember* copy() const { return make(key()); }

  SetMember(const SetMember&) = delete;
  SetMember& operator=(const SetMember&) = delete;

  View key() const { return {reinterpret_cast<const char*>(this) + head, size_}; }
  size_t memory() const { return head + size_; }

 private:
  SetMember() = default;

  static constexpr size_t head = sizeof(uint32_t);

  uint32_t size_;
};

}  // namespace redipy
