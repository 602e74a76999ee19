// SPDX-License-Identifier: Apache-2.0
//
// Requests in: RESP arrays of bulk strings, and inline commands. Does no I/O: it reads bytes that somebody received,
// stops where they end, in the middle of anything, and goes on there when more have come. Every byte is looked at once,
// however the request was split.
//
// The words of a request are views into the caller's buffer. When that buffer moves, rebase() moves them along.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "core/base/view.h"

namespace redipy {

class RequestParser {
 public:
  /// What a request may be, at most. Redis's names are in the comments.
  struct Limits {
    size_t bulk_bytes = size_t{512} << 20;  ///< proto-max-bulk-len
    bool authenticated = true;              ///< before AUTH only small requests are taken
  };

  enum class Result : uint8_t {
    complete,    ///< a request was read; its words are the last ones in `words`
    incomplete,  ///< the bytes ended before the request did
    failed,      ///< error() says why; the connection is of no further use
  };

  /// Reads one request from [at, end) and moves `at` behind it. The words are appended to `words`, of which those from
  /// `first_word` on are this request's: pass the same vector until the request is complete. Empty requests (*0, blank
  /// lines) are skipped.
  Result parse(const char*& at, const char* end, std::vector<View>& words, const Limits& limits);

  /// The error reply for what went wrong, without '-': "ERR Protocol error: …".
  const Bytes& error() const { return error_; }

  /// Whether a request has begun that is not complete. Its words are then in `words`.
  bool in_request() const { return words_left_ > 0 || bulk_bytes_ >= 0; }
  /// Bytes that the next word lacks, when that is known and large: how much to make room for.
  size_t missing_bytes(const char* at, const char* end) const;

  /// The buffer moved by `distance` bytes: views into [begin, end) of the old place follow.
  static void rebase(std::vector<View>& words, const char* begin, const char* end, ptrdiff_t distance);

  /// Inline words that were unquoted live until this call.
  void forget_inline() {
    if (!unquoted_.empty()) unquoted_.clear();
  }

 private:
  Result parse_inline(const char*& at, const char* end, std::vector<View>& words);
  Result fail(View text);

  int64_t words_left_ = 0;   // of the request being read; 0: none has begun
  int64_t bulk_bytes_ = -1;  // of the word being read; -1: its header was not read
  std::deque<Bytes> unquoted_;
  Bytes error_;
};

}  // namespace redipy
