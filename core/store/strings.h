// SPDX-License-Identifier: Apache-2.0
//
// A string value as a store hands it out. Bytes, any of them; the integer form is the same value seen as a number.
#pragma once

#include <optional>

#include "core/store/types.h"

namespace redipy {

/// The string at a key that exists. A handle, and each view it gives, holds until the next change through the store
/// or the end of the command. No method changes the key's deadline.
class String {
 public:
  virtual ~String() = default;

  virtual View get() const = 0;
  virtual size_t size() const = 0;
  /// The bytes [offset, offset + length), cut at the end of the value. SQL reads no more than these.
  virtual View range(size_t offset, size_t length) const = 0;
  /// The value as a 64-bit integer if its bytes are that integer's canonical text ("7", "-7"; not "+7", "07", " 7").
  virtual std::optional<int64_t> integer() const = 0;

  virtual void set(View value) = 0;
  virtual void set(int64_t value) = 0;
  /// As set(), of bytes that are no text (bits, a HyperLogLog): a store need not look whether they spell a number.
  virtual void set_bytes(View value) = 0;
  /// Writes `bytes` at `offset`; a gap before it is filled with zeros. Appends when offset == size().
  virtual void patch(size_t offset, View bytes) = 0;
};

}  // namespace redipy
