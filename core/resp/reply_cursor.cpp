// SPDX-License-Identifier: Apache-2.0
//
// The cursor looks at one element at a time, eagerly: read() finds all that its questions ask for.
#include "core/resp/reply_cursor.h"

#include <cstring>

#include "core/base/numbers.h"

namespace redipy {

namespace {

constexpr int64_t longest_payload = int64_t{1} << 40;

}  // namespace

/// Reads the line at `at`, and the payload that it announces. Returns where the next one begins, or null.
const char* ReplyCursor::read_header(const char* at) {
  if (at == end_) return nullptr;
  const auto* stop = static_cast<const char*>(std::memchr(at, '\r', static_cast<size_t>(end_ - at)));
  if (!stop || stop + 1 == end_ || stop[1] != '\n') return nullptr;
  const char kind = *at;
  const View line(at + 1, static_cast<size_t>(stop - at - 1));
  at = stop + 2;
  text_ = {};
  count_ = 0;
  null_ = false;
  aggregate_ = false;

  if (View("+-:#,(_").find(kind) != View::npos) {
    text_ = line;
    null_ = kind == '_';
    kind_ = kind;
    return at;
  }
  if (View("$!=*~>%|").find(kind) == View::npos) return nullptr;
  const auto said = parse_integer(line);
  if (!said || *said < -1 || *said > longest_payload) return nullptr;
  if (*said == -1) {
    if (kind != '$' && kind != '*') return nullptr;
    kind_ = kind;
    null_ = true;
    return at;
  }
  const auto length = static_cast<size_t>(*said);
  if (kind == '$' || kind == '!' || kind == '=') {
    const auto there = static_cast<size_t>(end_ - at);
    if (there < 2 || there - 2 < length || at[length] != '\r' || at[length + 1] != '\n') return nullptr;
    text_ = View(at, length);
    if (kind == '=' && length >= 4 && text_[3] == ':') text_.remove_prefix(4);
    kind_ = kind;
    return at + length + 2;
  }
  count_ = kind == '%' || kind == '|' ? length * 2 : length;
  aggregate_ = true;
  kind_ = kind;
  return at;
}

void ReplyCursor::read() {
  const char* at = read_header(begin_);
  while (at && kind_ == '|') {
    // Past the attribute's elements, to what it belongs to.
    size_t left = count_;
    while (at && left > 0) {
      at = read_header(at);
      if (at) left += kind_ == '|' ? count_ : count_ - 1;
    }
    if (at) at = read_header(at);
  }
  next_ = at;
  if (at) return;
  kind_ = 0;
  text_ = {};
  count_ = 0;
  null_ = false;
  aggregate_ = false;
}

std::optional<int64_t> ReplyCursor::integer() const { return parse_integer(text_); }

void ReplyCursor::enter() {
  if (at_end()) return;
  begin_ = next_;
  read();
}

void ReplyCursor::skip() {
  size_t left = 1;
  while (left > 0 && !at_end()) {
    left += count_ - 1;
    enter();
  }
}

View ReplyCursor::raw() const {
  if (at_end()) return {};
  ReplyCursor behind = *this;
  behind.skip();
  return {begin_, static_cast<size_t>(behind.begin_ - begin_)};
}

}  // namespace redipy
