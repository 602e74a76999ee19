// SPDX-License-Identifier: Apache-2.0
//
// See value_reply.h.
#include "scripting/value_reply.h"

#include <algorithm>
#include <cassert>

#include "core/command/error.h"
#include "scripting/text.h"

namespace redipy::script {

namespace {

/// The key of a dict from what a reply has as one.
Bytes key_text(const Value& key) {
  if (key.is(Type::string)) return Bytes(key.text());
  if (key.is(Type::integer)) return std::to_string(key.integer());
  char digits[number_text_size];
  return key.is(Type::real) ? Bytes(digits, format_number(key.real(), digits)) : Bytes(type_name(key.type()));
}

}  // namespace

Value ValueReply::take() {
  levels_.clear();
  written_ = 0;
  if (!fault_.empty()) {
    result_.clear();
    throw CommandError(std::exchange(fault_, {}));
  }
  return std::move(result_);
}

void ValueReply::forget() {
  for (Level& level : levels_) {
    level.holder.forget();
    level.key.forget();
  }
  levels_.clear();
  result_.forget();
  written_ = 0;
  fault_.clear();
}

void ValueReply::number_text(View digits) {
  const std::optional<double> value = decimal(digits);
  value ? put(Value(*value)) : put_text(digits);
}

void ValueReply::error(View text) {
  ++written_;
  if (fault_.empty()) fault_ = text;
}

void ValueReply::attribute(size_t /*count*/) { assert(false && "no command that scripts may call has attributes"); }

void ValueReply::put_text(View text) {
  ++written_;
  if (!fault_.empty()) return;
  try {
    put(Value(new_text(heap_, text)));
  } catch (const CommandError& full) {
    fault_ = full.what();
  }
}

void ValueReply::put(Value value) try {
  ++written_;
  if (!fault_.empty()) return;
  if (levels_.empty()) {
    result_ = std::move(value);
    return;
  }
  Level& level = levels_.back();
  if (level.kind != Kind::map) {
    level.holder.list().append(std::move(value));
  } else if (!level.has_key) {
    level.key = std::move(value);
    level.has_key = true;
  } else {
    level.holder.dict().at(level.key.is(Type::string) ? level.key.text() : View(key_text(level.key))) =
        std::move(value);
    level.has_key = false;
  }
  if (level.missing != unknown && --level.missing == 0) finish(level);
} catch (const CommandError& full) {
  fault_ = full.what();
}

/// The innermost level has all its values.
void ValueReply::finish(Level& level) {
  if (level.kind == Kind::set) {
    List& list = level.holder.list();
    std::sort(list.items, list.items + list.size, [](const Value& a, const Value& b) {
      if (a.is(Type::string) && b.is(Type::string)) return a.text() < b.text();
      return a.type() < b.type();
    });
  }
  levels_.pop_back();
}

void ValueReply::open(Kind kind, size_t count) try {
  ++written_;
  if (!fault_.empty()) return;
  Level level{kind, kind == Kind::map && count != unknown ? count * 2 : count, {}, {}};
  const size_t room = count == unknown ? 0 : count;
  level.holder = kind == Kind::map ? Value(new_dict(heap_, room)) : Value(new_list(heap_, room));
  // It is in its place at once, by reference; so its parent may be complete before it is.
  put(level.holder);
  if (level.missing > 0 && fault_.empty()) levels_.push_back(std::move(level));
} catch (const CommandError& full) {
  fault_ = full.what();
}

Reply::Open ValueReply::open_unknown(Kind kind) {
  open(kind, unknown);
  return {levels_.size() - 1, 0};
}

void ValueReply::close([[maybe_unused]] Open open, [[maybe_unused]] size_t count) {
  if (!fault_.empty()) return;
  assert(open.position + 1 == levels_.size());
  finish(levels_.back());
}

void ValueReply::rewind([[maybe_unused]] size_t mark) {
  if (mark == written_) return;
  assert(mark == 0);
  fault_.clear();
  take();
}

}  // namespace redipy::script
