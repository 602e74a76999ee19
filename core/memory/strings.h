// SPDX-License-Identifier: Apache-2.0
//
// A string in memory: a number in its entry's word, bytes in the entry, or bytes in a block of their own. Which of
// them, and when it changes, is Redis's rule: what is set is "int" if it is a number's text, "embstr" up to 44 bytes,
// else "raw"; what is changed in place or made of bits is "raw" from then on.
#pragma once

#include "core/base/numbers.h"
#include "core/memory/entry.h"
#include "core/memory/handle.h"
#include "core/store/strings.h"

namespace redipy {

class MemoryString final : public String, public Handle {
 public:
  View get() const override;
  size_t size() const override;
  View range(size_t offset, size_t length) const override;
  std::optional<int64_t> integer() const override;

  void set(View value) override;
  void set(int64_t value) override;
  void set_bytes(View value) override;
  void patch(size_t offset, View bytes) override;

  // --- how strings are kept; MemoryStore::put_string follows it, too

  static constexpr size_t longest_embstr = 44;
  static constexpr size_t longest_inline = 1024;

  /// The encoding of bytes that are set and are not a number's text.
  static constexpr Encoding encoding_of(size_t size) {
    if (size <= longest_embstr) return Encoding::embstr;
    return size <= longest_inline ? Encoding::raw : Encoding::long_raw;
  }
  /// Makes `bytes`, of this encoding, the value of `entry` if that has the same shape; false, and nothing done, if not.
  static bool assign_in_place(Entry& entry, Encoding encoding, View bytes);
  /// A new entry like `entry`, but with room for a value of this shape, which is not yet filled in.
  static Entry& reshaped(const Entry& entry, Encoding encoding, size_t size);

 private:
  void assign(Encoding encoding, View bytes);

  mutable char text_[integer_text_size];  // of the number, for get()
};

}  // namespace redipy
