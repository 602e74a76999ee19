// SPDX-License-Identifier: Apache-2.0
//
// See builtins.h.
#include "scripting/builtins.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "core/base/numbers.h"
#include "core/command/error.h"
#include "scripting/messages.h"
#include "scripting/text.h"

namespace redipy::script {

namespace {

[[noreturn]] void refuse(View text, Type type) { throw CommandError(filled(text, {type_name(type)})); }
[[noreturn]] void refuse(View text, Type first, Type second) {
  throw CommandError(filled(text, {type_name(first), type_name(second)}));
}

/// The least double that no int64 reaches.
constexpr double integers_end = 9223372036854775808.0;

/// A whole number; nullopt for any other value.
std::optional<int64_t> whole(const Value& value) {
  if (value.is(Type::integer)) return value.integer();
  if (!value.is(Type::real) || value.real() != std::trunc(value.real())) return std::nullopt;
  if (value.real() >= integers_end || value.real() < -integers_end) return std::nullopt;
  return static_cast<int64_t>(value.real());
}

/// Where the index leads in something of that length; a negative one counts from the end. `appends`: the length itself
/// is allowed.
size_t position(const Value& index, size_t length, bool appends) {
  const std::optional<int64_t> given = whole(index);
  if (!given) throw CommandError(message::index_type);
  const auto size = static_cast<int64_t>(length);
  const int64_t at = *given < 0 ? *given + size : *given;
  if (at < 0 || at > size || (at == size && !appends)) throw CommandError(message::index_range);
  return static_cast<size_t>(at);
}

}  // namespace

View text_of(const Value& value, char* digits, View refusal) {
  switch (value.type()) {
    case Type::string:
      return value.text();
    case Type::integer:
      return {digits, format_integer(value.integer(), digits)};
    case Type::real:
      return {digits, format_number(value.real(), digits)};
    default:
      refuse(refusal, value.type());
  }
}

Bytes plain_text(const Value& value) {
  if (value.is(Type::none)) return "nil";
  if (value.is(Type::boolean)) return value.boolean() ? "true" : "false";
  char digits[number_text_size];
  return Bytes(text_of(value, digits, message::no_text));
}

View type_word(Type type) {
  static constexpr std::array<View, 7> words = {"nil", "boolean", "number", "number", "string", "table", "table"};
  return words[static_cast<size_t>(type)];
}

Value add_numbers(const Value& a, const Value& b) {
  if (!a.is_number() || !b.is_number()) refuse(message::add, a.type(), b.type());
  if (a.is(Type::integer) && b.is(Type::integer)) throw CommandError(message::overflow);
  return Value(a.number() + b.number());
}

Value subtract(const Value& a, const Value& b) {
  if (!a.is_number() || !b.is_number()) refuse(message::subtract, a.type(), b.type());
  if (a.is(Type::integer) && b.is(Type::integer)) throw CommandError(message::overflow);
  return Value(a.number() - b.number());
}

Value item(Heap& heap, const Value& of, const Value& index) {
  if (of.is(Type::list)) {
    const List& list = of.list();
    return list.items[position(index, list.size, false)];
  }
  if (!of.is(Type::string)) refuse(message::no_index, of.type());
  const View text = of.text();
  const size_t at = character_offset(text, position(index, count_characters(text), false));
  return Value(new_text(heap, text.substr(at, character_length(text.substr(at)))));
}

Value entry(const Value& of, const Value& key) {
  if (!of.is(Type::dict)) refuse(message::no_entries, of.type());
  char digits[number_text_size];
  const Value* const found = of.dict().find(text_of(key, digits, message::entry_key));
  return found ? *found : Value();
}

int64_t length(const Value& of) {
  switch (of.type()) {
    case Type::list:
      return of.list().size;
    case Type::dict:
      return of.dict().size;
    case Type::string:
      return static_cast<int64_t>(count_characters(of.text()));
    default:
      refuse(message::no_length, of.type());
  }
}

void set_item(const Value& of, const Value& index, const Value& value) {
  if (!of.is(Type::list)) refuse(message::no_item, of.type());
  List& list = of.list();
  const size_t at = position(index, list.size, true);
  if (at == list.size) {
    list.append(value);
  } else {
    list.items[at] = value;
  }
}

void set_entry(const Value& of, const Value& key, const Value& value) {
  if (!of.is(Type::dict)) refuse(message::no_entry, of.type());
  char digits[number_text_size];
  of.dict().at(text_of(key, digits, message::entry_key)) = value;
}

Value to_number(const Value& value) {
  if (value.is_number()) return value;
  if (!value.is(Type::string)) return Value();
  const std::optional<Number> number = parse_number(value.text());
  if (!number) return Value();
  return number->whole ? Value(number->integer) : Value(number->real);
}

Value to_integer(const Value& value) {
  Value number = to_number(value);
  if (number.is(Type::integer)) return number;
  if (!number.is(Type::real) || !std::isfinite(number.real())) refuse(message::no_integer, value.type());
  const double whole = std::trunc(number.real());
  // Beyond 64 bits a double is whole, but no integer of ours.
  if (whole >= integers_end || whole < -integers_end) return Value(whole);
  return Value(static_cast<int64_t>(whole));
}

Value find(const Value& text, const Value& part, const Value* start) {
  char text_digits[number_text_size];
  char part_digits[number_text_size];
  const View searched = text_of(text, text_digits, message::no_search);
  const View wanted = text_of(part, part_digits, message::no_part);
  size_t from = 0;
  if (start) {
    const std::optional<int64_t> given = whole(*start);
    if (!given) throw CommandError(message::index_type);
    const auto length = static_cast<int64_t>(count_characters(searched));
    const int64_t first = *given < 0 ? std::max<int64_t>(*given + length, 0) : *given;
    if (first > length) return Value();
    from = character_offset(searched, static_cast<size_t>(first));
  }
  const size_t found = searched.find(wanted, from);
  if (found == View::npos) return Value();
  return Value(static_cast<int64_t>(count_characters(searched.substr(0, found))));
}

}  // namespace redipy::script
