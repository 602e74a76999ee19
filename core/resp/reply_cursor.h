// SPDX-License-Identifier: Apache-2.0
//
// Reads the bytes of a complete reply, as ReplyScanner has found it, element by element, without making values of them:
// where a reply is relayed but one thing in it matters (a key, a cursor, an address). It walks forwards only, in the
// order of the bytes:
//
//   ReplyCursor reply(bytes);                        // stands at the reply itself
//   const size_t keys = reply.count();               // *3
//   reply.enter();                                   // now stands at the first of its elements
//   for (size_t i = 0; i < keys; ++i, reply.skip()) use(reply.text());
//
// Bytes that are no reply, or that end too early, are never read past: the cursor then stands at its end. Attributes
// belong to the element that they stand before, and are seen by nobody but raw().
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "core/base/view.h"

namespace redipy {

class ReplyCursor {
 public:
  /// Stands at the first element of these bytes, which must outlive it.
  explicit ReplyCursor(View bytes) : begin_(bytes.data()), end_(bytes.data() + bytes.size()) { read(); }

  /// Nothing more to read: all was read, or what follows is no reply (is_broken()).
  bool at_end() const { return kind_ == 0; }
  bool is_broken() const { return kind_ == 0 && begin_ != end_; }

  /// The first byte of the element: + - : $ * _ # , ( ! = % ~ >; 0 at the end.
  char kind() const { return kind_; }
  /// Null, in any of its three spellings.
  bool is_null() const { return null_; }
  /// An error, short (-) or long (!).
  bool is_error() const { return kind_ == '-' || kind_ == '!'; }
  /// An array, set, map or push; not a null array.
  bool is_aggregate() const { return aggregate_; }
  /// What the element says: of a line without its first byte, of a payload without its length, of a verbatim text
  /// without its format. Empty for aggregates and null.
  View text() const { return text_; }
  /// text() as an integer, whether it came as one or as a string; nullopt if it is none.
  std::optional<int64_t> integer() const;
  /// How many elements an aggregate has (twice the pairs of a map); 0 for all else.
  size_t count() const { return count_; }

  /// Moves to the first element of an aggregate; from anything else, and from an empty aggregate, to what follows.
  void enter();
  /// Moves behind the element with all that is in it.
  void skip();
  /// The bytes of the element, with all that is in it and its attributes. Does not move.
  View raw() const;

  /// Where the element begins in the bytes given.
  const char* position() const { return begin_; }

 private:
  void read();
  const char* read_header(const char* at);

  const char* begin_;           // of the element, with its attributes
  const char* end_;             // of all bytes
  const char* next_ = nullptr;  // behind the element's line, or its payload
  View text_;
  size_t count_ = 0;
  char kind_ = 0;
  bool null_ = false;
  bool aggregate_ = false;
};

}  // namespace redipy
