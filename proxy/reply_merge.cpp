// SPDX-License-Identifier: Apache-2.0
//
// Merging: replies wait as bytes until all are there; the one reply is made of pieces of theirs.
#include "proxy/reply_merge.h"

#include <algorithm>
#include <cassert>
#include <limits>

#include "core/base/numbers.h"
#include "core/resp/reply_cursor.h"
#include "proxy/request_writer.h"

namespace redipy {

namespace {

bool is_error(View reply) { return ReplyCursor(reply).is_error(); }

void append_integer(int64_t value, Buffer& out) {
  char* const begin = out.reserve(integer_text_size + 3);
  *begin = ':';
  const size_t digits = format_integer(value, begin + 1);
  begin[digits + 1] = '\r';
  begin[digits + 2] = '\n';
  out.commit(digits + 3);
}

}  // namespace

Merge merge_of(const Command& command) {
  if (command.is(tip::special_response)) return Merge::special;
  if (command.is(tip::sum)) return Merge::sum;
  if (command.is(tip::minimum)) return Merge::minimum;
  if (command.is(tip::all_succeeded)) return Merge::all_succeeded;
  if (command.is(tip::one_succeeded)) return Merge::one_succeeded;
  if (command.is(tip::logical_and)) return Merge::logical_and;
  return command.is(tip::multi_shard) ? Merge::in_order : Merge::concatenate;
}

ReplyMerge::ReplyMerge(Merge kind, size_t parts, std::vector<uint32_t> part_of_key)
    : kind_(kind), missing_(parts), replies_(parts), part_of_key_(std::move(part_of_key)) {
  assert(kind != Merge::special && parts > 0);
}

void ReplyMerge::add(size_t part, View reply) {
  assert(replies_[part].empty() && !reply.empty());
  replies_[part] = reply;
  --missing_;
}

void ReplyMerge::write(Buffer& out) const {
  assert(complete());
  const auto failed = std::find_if(replies_.begin(), replies_.end(), is_error);
  if (kind_ == Merge::one_succeeded) {
    const auto succeeded = std::find_if_not(replies_.begin(), replies_.end(), is_error);
    return out.append(succeeded != replies_.end() ? *succeeded : replies_.front());
  }
  if (failed != replies_.end()) return out.append(*failed);
  const size_t mark = out.size();
  if (write_merged(out)) return;
  out.truncate(mark);
  out.append("-UPSTREAM the replies of the cluster's nodes do not fit together\r\n");
}

bool ReplyMerge::write_merged(Buffer& out) const {
  switch (kind_) {
    case Merge::in_order:
      return write_in_order(out);
    case Merge::sum:
    case Merge::minimum:
      return write_number(out);
    case Merge::logical_and:
      return write_logical_and(out);
    case Merge::concatenate:
      return write_concatenation(out);
    case Merge::all_succeeded:
    case Merge::one_succeeded:
      out.append(replies_.front());
      return true;
    case Merge::special:
      break;
  }
  return false;
}

bool ReplyMerge::write_in_order(Buffer& out) const {
  std::vector<ReplyCursor> at;
  at.reserve(replies_.size());
  size_t elements = 0;
  for (const Bytes& reply : replies_) {
    ReplyCursor& own = at.emplace_back(View(reply));
    if (!own.is_aggregate()) return false;
    elements += own.count();
    own.enter();
  }
  if (elements != part_of_key_.size()) return false;
  append_header('*', elements, out);
  for (const uint32_t part : part_of_key_) {
    const View element = at[part].raw();
    if (element.empty()) return false;
    out.append(element);
    at[part].skip();
  }
  return true;
}

bool ReplyMerge::write_number(Buffer& out) const {
  int64_t result = kind_ == Merge::sum ? 0 : std::numeric_limits<int64_t>::max();
  for (const Bytes& reply : replies_) {
    const auto value = ReplyCursor(reply).integer();
    if (!value) return false;
    if (kind_ == Merge::minimum) {
      result = std::min(result, *value);
    } else if (__builtin_add_overflow(result, *value, &result)) {
      return false;
    }
  }
  append_integer(result, out);
  return true;
}

bool ReplyMerge::write_logical_and(Buffer& out) const {
  std::vector<ReplyCursor> at;
  for (const Bytes& reply : replies_) at.emplace_back(View(reply));
  const size_t elements = at[0].count();
  for (ReplyCursor& own : at) {
    if (!own.is_aggregate() || own.count() != elements) return false;
    own.enter();
  }
  append_header('*', elements, out);
  for (size_t i = 0; i < elements; ++i) {
    bool all = true;
    for (ReplyCursor& own : at) {
      const auto value = own.integer();
      if (!value) return false;
      all &= *value != 0;
      own.skip();
    }
    append_integer(all ? 1 : 0, out);
  }
  return true;
}

bool ReplyMerge::write_concatenation(Buffer& out) const {
  size_t elements = 0;
  const char kind = ReplyCursor(replies_[0]).kind();
  for (const Bytes& reply : replies_) {
    const ReplyCursor own{View(reply)};
    if (!own.is_aggregate() || own.kind() != kind) return false;
    elements += own.count();
  }
  append_header(kind, kind == '%' ? elements / 2 : elements, out);
  for (const Bytes& reply : replies_) {
    ReplyCursor own{View(reply)};
    own.enter();
    out.append(View(reply).substr(static_cast<size_t>(own.position() - reply.data())));
  }
  return true;
}

std::optional<uint64_t> ScanCursor::after(uint64_t next, uint32_t node, uint32_t nodes) {
  if (next == 0) {
    ++node;
    return node < nodes ? node : uint64_t{0};
  }
  uint64_t value = 0;
  if (__builtin_mul_overflow(next, uint64_t{nodes}, &value)) return std::nullopt;
  if (__builtin_add_overflow(value, uint64_t{node}, &value)) return std::nullopt;
  return value;
}

}  // namespace redipy
