// SPDX-License-Identifier: Apache-2.0
//
// The bytes of values as they are read: lengths, strings and numbers, each checked against what is left. Nothing read
// here is trusted; whatever does not fit throws "ERR Bad data format".
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "core/base/view.h"

namespace redipy::dump {

[[noreturn]] void refuse_data();

/// Bytes that strings which do not stand in the input itself (compressed ones, integers) are unfolded into. They stay
/// where they are until it is destroyed.
class Unfolded {
 public:
  View keep(Bytes&& bytes) { return large_.emplace_back(std::move(bytes)); }
  View keep_integer(int64_t number);

 private:
  std::deque<Bytes> large_;
  std::vector<std::unique_ptr<char[]>> chunks_;
  size_t left_ = 0;  // in the last chunk
};

class DumpInput {
 public:
  /// `longest_string` bounds what a compressed string may claim to be.
  DumpInput(View bytes, size_t longest_string) : rest_(bytes), longest_string_(longest_string) {}

  bool empty() const { return rest_.empty(); }
  size_t left() const { return rest_.size(); }

  uint8_t byte();
  View bytes(size_t count);
  uint64_t length();
  /// A string of any form. The view holds as long as the input's bytes and `unfolded`.
  View string(Unfolded& unfolded);
  /// Eight bytes, little endian.
  double binary_score();
  /// Decimal text behind a byte that tells its length.
  double text_score();

 private:
  uint64_t big_endian(size_t count);
  uint64_t length_after(uint8_t head);
  template <typename Integer>
  Integer little_endian();

  View rest_;
  size_t longest_string_;
};

}  // namespace redipy::dump
