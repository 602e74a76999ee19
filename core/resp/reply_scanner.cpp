// SPDX-License-Identifier: Apache-2.0
//
// The scanner is a loop over steps, each of which passes one line or one payload. An aggregate is a number of elements
// still to come; those around it wait on a stack. An attribute of n pairs together with what it belongs to is an
// aggregate of 2n + 1 elements: when the last one is passed, so is the one element that both are.
#include "core/resp/reply_scanner.h"

#include <algorithm>
#include <cstring>

namespace redipy {

ReplyScanner::Step ReplyScanner::fail() {
  failed_ = true;
  return Step::failed;
}

ReplyScanner::Result ReplyScanner::scan(const char*& at, const char* end) {
  if (failed_) return Result::failed;
  for (;;) {
    Step step;
    if (payload_left_ > 0) {
      step = skip_payload(at, end);
    } else {
      if (at == end) return Result::incomplete;
      const char kind = *at;
      switch (kind) {
        case '+':
        case '-':
        case ':':
        case '_':
        case '#':
        case ',':
        case '(':
          step = read_line(at, end);
          break;
        case '$':
        case '!':
        case '=':
        case '*':
        case '~':
        case '>':
        case '%':
        case '|':
          step = read_counted(at, end, kind);
          break;
        default:
          step = fail();
      }
    }
    if (step == Step::opened) continue;
    if (step == Step::incomplete) return Result::incomplete;
    if (step == Step::failed) return Result::failed;
    // One element is passed, and with it every aggregate whose last one it was.
    while (!outer_.empty() && --elements_left_ == 0) {
      elements_left_ = outer_.back();
      outer_.pop_back();
    }
    if (outer_.empty()) {
      in_reply_ = false;
      attributes_ = 0;
      return Result::complete;
    }
  }
}

void ReplyScanner::note_kind(char kind) {
  if (!in_reply_) {
    in_reply_ = true;
    kind_ = kind;
  } else if (kind_ == '|' && outer_.size() == attributes_ && elements_left_ == 1) {
    kind_ = kind;  // what the attribute belongs to
  } else {
    return;
  }
  if (kind == '|') ++attributes_;
}

ReplyScanner::Step ReplyScanner::read_line(const char*& at, const char* end) {
  const auto there = static_cast<size_t>(end - at);
  const auto* stop = static_cast<const char*>(std::memchr(at + line_seen_, '\r', there - line_seen_));
  if (!stop || stop + 1 == end) {
    line_seen_ = stop ? there - 1 : there;
    return there > longest_line ? fail() : Step::incomplete;
  }
  if (stop[1] != '\n') return fail();
  note_kind(*at);
  at = stop + 2;
  line_seen_ = 0;
  return Step::passed;
}

ReplyScanner::Step ReplyScanner::read_counted(const char*& at, const char* end, char kind) {
  // Digits are so few that those of a line that was cut are simply read again.
  const char* stop = at + 1;
  const bool negative = stop < end && *stop == '-';
  if (negative) ++stop;
  const char* const digits = stop;
  int64_t count = 0;
  for (; stop < end; ++stop) {
    const auto digit = static_cast<unsigned>(static_cast<unsigned char>(*stop) - '0');
    if (digit > 9) break;
    if (stop > digits && count == 0) return fail();  // a zero in front
    count = count * 10 + digit;
    if (count > longest_payload) return fail();
  }
  if (stop < end && (*stop != '\r' || stop == digits)) return fail();
  if (stop + 1 >= end) return Step::incomplete;
  if (stop[1] != '\n') return fail();
  // -1 says null, and only of these two kinds.
  if (negative && (count != 1 || (kind != '$' && kind != '*'))) return fail();

  note_kind(kind);
  at = stop + 2;
  if (negative) return Step::passed;
  const auto elements = static_cast<size_t>(count);
  switch (kind) {
    case '$':
    case '!':
    case '=':
      payload_left_ = elements + 2;
      return skip_payload(at, end);
    case '%':
      return open(elements * 2);
    case '|':
      return open(elements * 2 + 1);
    default:
      return open(elements);
  }
}

ReplyScanner::Step ReplyScanner::open(size_t elements) {
  if (elements == 0) return Step::passed;
  if (outer_.size() == deepest_nesting) return fail();
  outer_.push_back(elements_left_);
  elements_left_ = elements;
  return Step::opened;
}

ReplyScanner::Step ReplyScanner::skip_payload(const char*& at, const char* end) {
  const auto there = static_cast<size_t>(end - at);
  if (payload_left_ > 2) {
    const size_t skipped = std::min(payload_left_ - 2, there);
    at += skipped;
    payload_left_ -= skipped;
  }
  while (payload_left_ > 0 && payload_left_ <= 2 && at < end) {
    if (*at != (payload_left_ == 2 ? '\r' : '\n')) return fail();
    ++at;
    --payload_left_;
  }
  return payload_left_ > 0 ? Step::incomplete : Step::passed;
}

}  // namespace redipy
