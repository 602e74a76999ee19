// SPDX-License-Identifier: Apache-2.0
//
// Requests as bytes: an array of bulk strings, which is all that RESP2 and RESP3 have for them.
#pragma once

#include "core/command/args.h"
#include "core/resp/buffer.h"

namespace redipy {

/// Appends one request word by word; as many as were announced have to follow.
class RequestWriter {
 public:
  RequestWriter(Buffer& out, size_t words) : out_(out) { line('*', words); }

  void word(View bytes) { word(bytes, {}, {}); }
  /// One word, of three parts.
  void word(View before, View between, View after);
  void words(std::span<const View> all) {
    for (const View bytes : all) word(bytes);
  }

 private:
  void line(char kind, size_t count);
  Buffer& out_;
};

/// Appends the request as it is.
void reencode(const Args& args, Buffer& out);

/// Appends a bulk string of two parts; for replies, too.
void append_bulk(View before, View after, Buffer& out);
/// Appends a header line: `*3`.
void append_header(char kind, size_t count, Buffer& out);

}  // namespace redipy
