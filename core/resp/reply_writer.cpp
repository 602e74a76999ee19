// SPDX-License-Identifier: Apache-2.0
//
// Each shape reserves the most it can need, writes, and commits what it took: one bounds check per value.
#include "core/resp/reply_writer.h"

#include <cstring>

#include "core/base/numbers.h"

namespace redipy {

namespace {

constexpr size_t longest_number = 24;

char* put(char* at, View text) {
  std::memcpy(at, text.data(), text.size());
  return at + text.size();
}

char* put_line_end(char* at) {
  at[0] = '\r';
  at[1] = '\n';
  return at + 2;
}

/// The header `<kind><count>\r\n`, at most longest_number + 3 bytes.
char* put_header(char* at, char kind, size_t count) {
  *at++ = kind;
  if (count < 10) {
    *at++ = static_cast<char>('0' + count);
  } else {
    at += format_integer(static_cast<int64_t>(count), at);
  }
  return put_line_end(at);
}

}  // namespace

void ReplyWriter::header(char kind, size_t count) {
  char* const start = out_->reserve(longest_number + 3);
  out_->commit(static_cast<size_t>(put_header(start, kind, count) - start));
}

void ReplyWriter::status(View text) {
  char* const start = out_->reserve(text.size() + 3);
  *start = '+';
  out_->commit(static_cast<size_t>(put_line_end(put(start + 1, text)) - start));
}

void ReplyWriter::integer(int64_t value) {
  char* const start = out_->reserve(longest_number + 3);
  *start = ':';
  char* at = start + 1;
  if (value >= 0 && value < 10) {
    *at++ = static_cast<char>('0' + value);
  } else {
    at += format_integer(value, at);
  }
  out_->commit(static_cast<size_t>(put_line_end(at) - start));
}

void ReplyWriter::bulk(View bytes) {
  char* const start = out_->reserve(bytes.size() + longest_number + 5);
  char* at = put_header(start, '$', bytes.size());
  if (!bytes.empty()) at = put(at, bytes);
  out_->commit(static_cast<size_t>(put_line_end(at) - start));
}

void ReplyWriter::null() { out_->append(protocol_ == 3 ? View("_\r\n") : View("$-1\r\n")); }

void ReplyWriter::null_array() { out_->append(protocol_ == 3 ? View("_\r\n") : View("*-1\r\n")); }

void ReplyWriter::number(double value) {
  char text[64];
  const size_t length = format_double(value, text);
  if (protocol_ != 3) return bulk(View(text, length));
  char* const start = out_->reserve(length + 3);
  *start = ',';
  out_->commit(static_cast<size_t>(put_line_end(put(start + 1, {text, length})) - start));
}

void ReplyWriter::number_text(View digits) {
  if (protocol_ != 3) return bulk(digits);
  out_->append(",");
  out_->append(digits);
  out_->append("\r\n");
}

void ReplyWriter::boolean(bool value) {
  if (protocol_ == 3) return out_->append(value ? "#t\r\n" : "#f\r\n");
  integer(value ? 1 : 0);
}

void ReplyWriter::big_number(View digits) {
  if (protocol_ != 3) return bulk(digits);
  out_->append("(");
  out_->append(digits);
  out_->append("\r\n");
}

void ReplyWriter::verbatim(View text, View format) {
  if (protocol_ != 3) return bulk(text);
  header('=', text.size() + 4);
  out_->append(format);
  out_->append(":");
  out_->append(text);
  out_->append("\r\n");
}

void ReplyWriter::error(View text) {
  char* const start = out_->reserve(text.size() + 3);
  char* at = start;
  *at++ = '-';
  for (const char c : text) *at++ = (c == '\r' || c == '\n') ? ' ' : c;
  out_->commit(static_cast<size_t>(put_line_end(at) - start));
}

void ReplyWriter::map(size_t count) {
  if (protocol_ == 3) {
    header('%', count);
  } else {
    header('*', count * 2);
  }
}

void ReplyWriter::pair() {
  if (protocol_ == 3) header('*', 2);
}

void ReplyWriter::attribute(size_t count) {
  if (protocol_ == 3) header('|', count);
}

void ReplyWriter::close(Open open, size_t count) {
  char kind = open.kind;
  if (kind == 'p') {
    kind = '*';
    if (protocol_ != 3) count *= 2;
  } else if (protocol_ != 3) {
    if (kind == '%') count *= 2;
    kind = '*';
  }
  char text[longest_number + 3];
  const auto length = static_cast<size_t>(put_header(text, kind, count) - text);
  const size_t body = out_->size() - open.position;
  out_->reserve(length);
  char* const start = out_->data() + open.position;
  std::memmove(start + length, start, body);
  std::memcpy(start, text, length);
  out_->commit(length);
}

}  // namespace redipy
