// SPDX-License-Identifier: Apache-2.0
//
// Counts the replies in a stream of bytes, without keeping them: a reply is framed, its kind checked, then forgotten.
// Whether a benchmark is of any worth hangs here: a server that answers errors, nulls or half an array is fast too.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace redipy::bench {

class Replies {
 public:
  // `expected`: how the first line of every reply must begin ("+OK", "$32", "*100"); empty: any reply but an error.
  explicit Replies(std::string expected) : expected_(std::move(expected)) {}

  // Reads on; replies how many top-level replies were completed by these bytes.
  // Throws std::runtime_error when they are not RESP.
  std::uint64_t feed(std::string_view bytes);

  // Errors anywhere in a reply, and replies of another kind than expected; the first of them as it came.
  std::uint64_t bad() const { return bad_; }
  const std::string& first_bad() const { return first_bad_; }

 private:
  void begin_value(std::string_view line);
  void open_aggregate(std::string_view line, std::uint64_t values_each);
  void end_value() { --open_; }
  void complain(std::string_view line);

  std::string expected_;
  std::string line_;        // the part of a line that came with earlier bytes
  std::uint64_t skip_ = 0;  // bytes left of a bulk string and its CRLF
  std::uint64_t open_ = 0;  // values missing until the reply is complete
  std::uint64_t bad_ = 0;
  std::string first_bad_;
};

}  // namespace redipy::bench
