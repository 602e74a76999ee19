// SPDX-License-Identifier: Apache-2.0
//
// Where replies end, in the bytes that a Redis sends (RESP2 and RESP3). Does no I/O and keeps no bytes: it reads what
// somebody received, stops where the bytes end, in the middle of anything, and goes on there when more have come. What
// it passes can be relayed as it stands. Every byte is looked at once at most: payloads are skipped by their length.
//
// What is wrong in the structure is found out (lengths, line ends, nesting, unknown kinds), for from there on nobody
// knows whose reply is whose. What lines and payloads say is not looked at; reply_cursor.h reads that.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/view.h"

namespace redipy {

class ReplyScanner {
 public:
  static constexpr int64_t longest_payload = int64_t{1} << 40;  ///< in bytes or elements
  static constexpr size_t deepest_nesting = 16384;  ///< Lua's stack lets Redis nest a script's reply thousands deep
  static constexpr size_t longest_line = size_t{1} << 20;

  enum class Result : uint8_t {
    complete,    ///< a reply ended at `at`
    incomplete,  ///< the bytes ended before the reply did
    failed,      ///< this is no reply, and the scanner is of no further use
  };

  /// Goes on with the reply that begins or went on at `at`, and moves `at` to where it stopped. Complete: behind the
  /// reply. Incomplete: what lies before `at` is not needed any more; what lies behind it (part of a line) is to be
  /// given again, with more. An attribute (|) belongs to the reply that follows it; a push (>) is a reply of its own.
  /// Streamed strings and aggregates ($?, *?), which no Redis sends, are failures.
  Result scan(const char*& at, const char* end);

  /// The first byte of the reply that is being read, or was just read: + - : $ * _ # , ( ! = % ~ > and | as long as
  /// nothing but the reply's attribute has come.
  char kind() const { return kind_; }
  /// Whether a reply has begun, that is, its first line was passed, and is not complete.
  bool in_reply() const { return in_reply_; }
  /// How many bytes of the payload under way are beyond `end`: how much to make room for. 0 if none is.
  size_t missing_bytes(const char* at, const char* end) const {
    const auto there = static_cast<size_t>(end - at);
    return payload_left_ > there ? payload_left_ - there : 0;
  }

 private:
  enum class Step : uint8_t { passed, opened, incomplete, failed };

  Step read_line(const char*& at, const char* end);
  Step read_counted(const char*& at, const char* end, char kind);
  Step skip_payload(const char*& at, const char* end);
  Step open(size_t elements);
  Step fail();
  void note_kind(char kind);

  size_t payload_left_ = 0;    // of the payload under way, with its line end
  size_t elements_left_ = 0;   // of the innermost aggregate
  std::vector<size_t> outer_;  // the same of those around it; the first one is 0
  size_t line_seen_ = 0;       // bytes at `at` in which no line end was found
  size_t attributes_ = 0;      // how many aggregates around the reply's own beginning are attributes
  char kind_ = 0;
  bool in_reply_ = false;
  bool failed_ = false;
};

}  // namespace redipy
