// SPDX-License-Identifier: Apache-2.0
//
// Requests as bytes. Each word is reserved for at once and written in place.
#include "proxy/request_writer.h"

#include <cstring>

#include "core/base/numbers.h"

namespace redipy {

namespace {

constexpr size_t header_size = 1 + integer_text_size + 2;

char* write_header(char* at, char kind, size_t count) {
  *at++ = kind;
  if (count < 10) {
    *at++ = static_cast<char>('0' + count);
  } else {
    at += format_unsigned(count, at);
  }
  *at++ = '\r';
  *at++ = '\n';
  return at;
}

char* write_bytes(char* at, View bytes) {
  if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
  return at + bytes.size();
}

}  // namespace

void append_header(char kind, size_t count, Buffer& out) {
  char* const begin = out.reserve(header_size);
  out.commit(static_cast<size_t>(write_header(begin, kind, count) - begin));
}

void append_bulk(View before, View after, Buffer& out) {
  const size_t size = before.size() + after.size();
  char* const begin = out.reserve(header_size + size + 2);
  char* at = write_header(begin, '$', size);
  at = write_bytes(at, before);
  at = write_bytes(at, after);
  at = write_bytes(at, "\r\n");
  out.commit(static_cast<size_t>(at - begin));
}

void RequestWriter::line(char kind, size_t count) { append_header(kind, count, out_); }

void RequestWriter::word(View before, View between, View after) {
  const size_t size = before.size() + between.size() + after.size();
  char* const begin = out_.reserve(header_size + size + 2);
  char* at = write_header(begin, '$', size);
  at = write_bytes(at, before);
  at = write_bytes(at, between);
  at = write_bytes(at, after);
  at = write_bytes(at, "\r\n");
  out_.commit(static_cast<size_t>(at - begin));
}

void reencode(const Args& args, Buffer& out) { RequestWriter(out, args.size()).words(args.from(0)); }

}  // namespace redipy
