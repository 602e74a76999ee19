// SPDX-License-Identifier: Apache-2.0
//
// Framing of replies; see replies.h.
#include "bench/load/replies.h"

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace redipy::bench {

namespace {

[[noreturn]] void not_resp(std::string_view line) {
  throw std::runtime_error("not a RESP reply: " + std::string(line.substr(0, 200)));
}

// The number after the type byte; -1 stands for null.
std::int64_t length_of(std::string_view line) {
  std::int64_t length = 0;
  const char* end = line.data() + line.size();
  const auto [stopped, error] = std::from_chars(line.data() + 1, end, length);
  if (error != std::errc{} || stopped != end || length < -1) not_resp(line);
  return length;
}

}  // namespace

std::uint64_t Replies::feed(std::string_view bytes) {
  std::uint64_t complete = 0;
  while (!bytes.empty()) {
    if (skip_ > 2) {
      const auto taken = std::min<std::uint64_t>(skip_ - 2, bytes.size());
      bytes.remove_prefix(taken);
      skip_ -= taken;
      continue;
    }
    if (skip_ > 0) {
      if (bytes.front() != (skip_ == 2 ? '\r' : '\n')) throw std::runtime_error("a bulk string does not end in CRLF");
      bytes.remove_prefix(1);
      if (--skip_ == 0) end_value();
    } else {
      const std::size_t end = bytes.find('\n');
      if (end == std::string_view::npos) {
        line_ += bytes;
        if (line_.size() > 65536) not_resp(line_);
        return complete;
      }
      if (line_.empty()) {
        begin_value(bytes.substr(0, end));
      } else {
        line_ += bytes.substr(0, end);
        begin_value(line_);
        line_.clear();
      }
      bytes.remove_prefix(end + 1);
    }
    if (open_ == 0) ++complete;
  }
  return complete;
}

// `line` has lost its line feed, but must still have the carriage return before it.
void Replies::begin_value(std::string_view line) {
  if (line.size() < 2 || line.back() != '\r') not_resp(line);
  line.remove_suffix(1);
  if (open_ == 0) {
    open_ = 1;
    if (!line.starts_with(expected_) && line.front() != '-') complain(line);
  }
  switch (line.front()) {
    case '-':
      complain(line);
      return end_value();
    case '+':
    case ':':
    case '_':
    case '#':
    case ',':
    case '(':
      return end_value();
    case '*':
    case '~':
    case '>':
      return open_aggregate(line, 1);
    case '%':
      return open_aggregate(line, 2);
    case '$':
    case '=': {
      const std::int64_t length = length_of(line);
      if (length < 0) return end_value();
      skip_ = static_cast<std::uint64_t>(length) + 2;
      return;
    }
    default:
      not_resp(line);
  }
}

void Replies::open_aggregate(std::string_view line, std::uint64_t values_each) {
  const std::int64_t length = length_of(line);
  if (length > 0) open_ += static_cast<std::uint64_t>(length) * values_each;
  end_value();  // the header itself
}

void Replies::complain(std::string_view line) {
  if (bad_++ == 0) first_bad_ = line.substr(0, 200);
}

}  // namespace redipy::bench
