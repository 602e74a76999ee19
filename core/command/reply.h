// SPDX-License-Identifier: Apache-2.0
//
// A reply in terms of shapes. Handlers say what they mean ("a map of n entries", "the value is absent"); the writers
// (core/resp/reply_writer.h for RESP2 and RESP3, the script interpreter's for values) know how it looks.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "core/base/view.h"

namespace redipy {

/// Writes one reply per command. Aggregates announce their size, then their elements follow.
class Reply {
 public:
  virtual ~Reply() = default;

  // --- single values
  virtual void status(View text) = 0;  ///< +OK
  virtual void integer(int64_t value) = 0;
  virtual void bulk(View bytes) = 0;
  virtual void null() = 0;              ///< an absent value: RESP2 $-1
  virtual void null_array() = 0;        ///< an absent array: RESP2 *-1
  virtual void number(double value) = 0;  ///< RESP2: its text as a bulk string
  virtual void number_text(View digits) = 0;  ///< as number(), for one that is written otherwise (a coordinate)
  virtual void boolean(bool value) = 0;   ///< RESP2: 1 or 0
  virtual void big_number(View digits) = 0;
  /// Text for people; `format` has three letters ("txt", "mkd"). RESP2: a bulk string.
  virtual void verbatim(View text, View format) = 0;
  /// `text` begins with its code word, without '-'. Control characters become blanks.
  virtual void error(View text) = 0;

  // --- aggregates
  virtual void array(size_t count) = 0;
  virtual void map(size_t count) = 0;    ///< `count` keys with their values follow. RESP2: a flat array
  virtual void set(size_t count) = 0;    ///< RESP2: an array
  virtual void pairs(size_t count) = 0;  ///< `count` pairs follow, each after pair(). RESP2: a flat array
  virtual void pair() = 0;               ///< RESP3: an array of two
  virtual void push(size_t count) = 0;   ///< an out-of-band message: RESP2: an array
  virtual void attribute(size_t count) = 0;  ///< RESP3 only; nothing may be written for it in RESP2

  /// An array (set, map) whose size is known only afterwards: open, write the elements, close with their count.
  struct Open {
    size_t position;
    char kind;
  };
  virtual Open open_array() = 0;
  virtual Open open_set() = 0;
  virtual Open open_map() = 0;
  virtual Open open_pairs() = 0;
  virtual void close(Open open, size_t count) = 0;

  /// Where the next byte (or value) goes; rewind(mark()) takes back what was written since.
  virtual size_t mark() const = 0;
  virtual void rewind(size_t mark) = 0;

  /// 2 or 3. For the few commands whose reply differs in more than shape (HELLO, CLIENT TRACKING).
  virtual int protocol() const = 0;

  // --- said often
  void ok() { status("OK"); }
  template <std::same_as<std::optional<View>> Optional>
  void bulk(const Optional& bytes) {
    if (bytes) {
      bulk(*bytes);
    } else {
      null();
    }
  }
  template <std::same_as<std::optional<double>> Optional>
  void number(const Optional& value) {
    if (value) {
      number(*value);
    } else {
      null();
    }
  }
};

}  // namespace redipy
