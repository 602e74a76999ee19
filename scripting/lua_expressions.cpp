// SPDX-License-Identifier: Apache-2.0
//
// Expressions as Lua: see lua_writer.h.
#include <algorithm>
#include <array>
#include <utility>

#include "scripting/functions.h"
#include "scripting/lua_text.h"
#include "scripting/lua_writer.h"
#include "scripting/messages.h"

namespace redipy::script {

namespace {

constexpr uint32_t deepest = 30;    // levels in one function
constexpr size_t most_joined = 20;  // texts in one chain of ".."
constexpr size_t longest_literal = 100;

/// Lists and dicts inside one another, and values in all; more than `enough` are not counted.
struct LiteralSize {
  size_t depth = 0;
  size_t values = 0;

  void measure(const Json& literal, size_t at, size_t enough) {
    depth = std::max(depth, at);
    if (++values > enough || at > enough) return;
    for (const Json& item : literal.items) measure(item, at + 1, enough);
    for (const auto& member : literal.members) measure(member.second, at + 1, enough);
  }
};

Bytes one_line(View text) {
  Bytes made(text);
  for (char& c : made) {
    if (c == '\r' || c == '\n') c = ' ';
  }
  return made;
}

View name_of(const std::vector<Bytes>& names, uint32_t position, Bytes& digits) {
  if (position < names.size()) return names[position];
  digits = std::to_string(position);
  return digits;
}

}  // namespace

/// An expression that ends the script.
Bytes LuaWriter::fail(View message, View part) {
  return use("fail") + "(" + lua_string(one_line(filled(message, {part}))) + ")";
}

// --- order

LuaWriter::Operand LuaWriter::value(const Expression& expression, const Bytes* target) {
  if (++depth_ > deepest && spread_) {
    --depth_;
    return called(lifted([&] { line("return " + value(expression).text); }), types_.of(expression));
  }
  const Place place = std::exchange(place_, expression.place);
  Operand made = value_here(expression, target);
  place_ = place;
  --depth_;
  return made;
}

std::vector<LuaWriter::Operand> LuaWriter::values(std::span<const Expression* const> parts) {
  std::vector<Operand> made;
  made.reserve(parts.size());
  size_t settled = 0;
  for (const Expression* const part : parts) {
    const size_t before = end();
    Operand next = value(*part);
    if (end() > before) {
      // Lines have come that stand before all of this expression: what is left of it is evaluated before them.
      size_t at = before;
      for (; settled < made.size(); ++settled) {
        Operand& earlier = made[settled];
        if (earlier.stable) continue;
        const Bytes name = temporary();
        insert(at++, definition(name, earlier.text));
        earlier = {name, earlier.types, true, true, false, earlier.literal};
      }
    }
    made.push_back(std::move(next));
  }
  return made;
}

LuaWriter::Operand LuaWriter::value_here(const Expression& expression, const Bytes* target) {
  switch (expression.kind) {
    case ExpressionKind::variable:
      return {names_[expression.slot], types_.of(expression), true, true, false, nullptr};
    case ExpressionKind::load_argument:
      return argument(expression, target);
    case ExpressionKind::load_key: {
      reads_keys_ = true;
      Bytes digits;
      const View name = name_of(graph_.key_names, expression.position, digits);
      Bytes key = "KEYS[" + std::to_string(expression.position + 1) + "]";
      if (target) {
        line(definition(*target, key));
        key = *target;
      }
      check_given(key, message::missing_key, name);
      return {std::move(key), types::text, true, true, false, nullptr};
    }
    case ExpressionKind::literal:
      return literal(expression.literal);
    case ExpressionKind::constant: {
      const int number = constant_value(expression.name);
      if (number < 0) return called(fail(message::unknown_constant, expression.name), types::none);
      return {std::to_string(number), types::whole, true, true, false, nullptr};
    }
    case ExpressionKind::logical_not: {
      Operand decides = condition(*expression.parts[0]);
      return {"not " + inner(decides), types::boolean, decides.stable, false, false, nullptr};
    }
    case ExpressionKind::binary:
      return binary(expression, target);
    case ExpressionKind::item:
    case ExpressionKind::entry: {
      const std::vector<Operand> parts = values(expression.parts);
      const View piece = expression.kind == ExpressionKind::item ? "item" : "entry";
      return called(use(piece) + "(" + parts[0].text + ", " + parts[1].text + ")", types_.of(expression));
    }
    case ExpressionKind::length:
      return length(expression);
    case ExpressionKind::concat:
      return concat(expression);
    case ExpressionKind::call:
      return call(expression, false);
  }
  return {};
}

// --- what a script gets and what it says itself

/// Ends the script if it was not given a key or an argument.
void LuaWriter::check_given(const Bytes& given, View message, View name) {
  line("if not " + given + " then");
  ++out_->indent;
  if (out_ == &main_ && !target_.tells_lines) {
    line("return redis.error_reply(" + lua_string(one_line(filled(message, {name}))) + ")");
  } else {
    line(fail(message, name));
  }
  --out_->indent;
  line("end");
}

LuaWriter::Operand LuaWriter::argument(const Expression& expression, const Bytes* target) {
  Bytes digits;
  const View name = name_of(graph_.argument_names, expression.position, digits);
  const Bytes into = target ? *target : temporary();
  const Bytes given = "ARGV[" + std::to_string(expression.position + 1) + "]";
  line(definition(into, given));
  check_given(into, message::missing_argument, name);
  line("if string.byte(" + into + ") == 61 then -- '=': not plain text");
  ++out_->indent;
  line(into + " = " + use("argument") + "(" + into + ")");
  --out_->indent;
  line("end");
  return {into, types::any, true, true, false, nullptr};
}

LuaWriter::Operand LuaWriter::literal(const Json& literal) {
  const auto scalar = [&](Bytes text, Types of) { return Operand{std::move(text), of, true, true, false, &literal}; };
  const auto within_53_bits = [](int64_t integer) {
    return integer > -(int64_t{1} << 53) && integer < (int64_t{1} << 53);
  };
  switch (literal.type) {
    case Json::Type::null:
      return scalar("nil", types::none);
    case Json::Type::boolean:
      return scalar(literal.boolean ? "true" : "false", types::boolean);
    case Json::Type::integer:
      return scalar(lua_number(literal), within_53_bits(literal.integer) ? types::whole : types::real);
    case Json::Type::number: {
      Bytes digits = lua_number(literal);
      // Lua 5.1 keeps one constant for 0 and -0.
      return scalar(digits == "-0" ? use("minus_zero") : std::move(digits), types::real);
    }
    case Json::Type::string:
      return scalar(lua_string(literal.text), types::text);
    case Json::Type::array:
    case Json::Type::object:
      break;
  }
  const bool list = literal.is(Json::Type::array);
  const Types of = list ? types::list : types::dict;
  LiteralSize size;
  size.measure(literal, 0, longest_literal);
  if (size.values > longest_literal || size.depth > deepest) {
    Bytes form = "=";
    append_lua_value(form, literal);
    return called(use("argument") + "(" + lua_string(form) + ")", of);
  }
  Bytes text = list ? "{" : "{[0] = " + std::to_string(literal.members.size());
  const auto inside = [&](const Json& value) {
    return value.is(Json::Type::null) ? use("none") : this->literal(value).text;
  };
  for (const Json& item : literal.items) text += (text.size() > 1 ? ", " : "") + inside(item);
  for (const auto& [key, member] : literal.members) text += ", [" + lua_string(key) + "] = " + inside(member);
  return made(text + "}", of);
}

// --- operators

LuaWriter::Operand LuaWriter::binary(const Expression& expression, const Bytes* target) {
  switch (expression.operation) {
    case Operator::equal:
    case Operator::unequal:
      return equality(expression);
    case Operator::both:
    case Operator::either:
      return logical(expression, target);
    case Operator::add:
    case Operator::subtract:
      return arithmetic(expression);
    default:
      return ordering(expression);
  }
}

LuaWriter::Operand LuaWriter::equality(const Expression& expression) {
  const std::vector<Operand> parts = values(expression.parts);
  const bool stable = parts[0].stable && parts[1].stable;
  constexpr Types tables = types::list | types::dict;
  const bool equal = expression.operation == Operator::equal;
  if ((parts[0].types & tables) == 0 || (parts[1].types & tables) == 0) {
    return {
        inner(parts[0]) + (equal ? " == " : " ~= ") + inner(parts[1]), types::boolean, stable, false, false, nullptr};
  }
  Operand made = called(use("equal") + "(" + parts[0].text + ", " + parts[1].text + ")", types::boolean);
  if (!equal) {
    made.text = "not " + made.text;
    made.atomic = made.call = false;
  }
  return made;
}

/// Makes sure, with a check if need be, that both are numbers; false if a check would not be simple, or if it could
/// refuse what is allowed: two texts.
bool LuaWriter::numbers_checked(Operand& left, Operand& right, View message) {
  if (within(left.types | right.types, types::number)) return true;
  constexpr Types number_or_none = types::number | types::none;  // beside which nothing but a number is allowed
  if (!within(left.types, number_or_none) && !within(right.types, number_or_none)) return false;
  const auto simple = [&](const Operand& one) {
    return within(one.types, number_or_none) || number_flag(one) != nullptr;
  };
  if (!simple(left) || !simple(right)) return false;
  stabilize(left);
  stabilize(right);
  Bytes test;
  for (const Operand* const one : {&left, &right}) {
    if (within(one->types, types::number)) continue;
    const Bytes* const flag = number_flag(*one);
    test += (test.empty() ? "" : " and ") + (flag ? *flag : one->text);
  }
  line("if not (" + test + ") then");
  ++out_->indent;
  line(use("cannot") + "(" + lua_string(message) + ", " + left.text + ", " + right.text + ")");
  --out_->indent;
  line("end");
  return true;
}

/// The local that says whether a variable is a number; null if the operand is none that has one.
const Bytes* LuaWriter::number_flag(const Operand& operand) const {
  for (const Slot slot : flagged_) {
    if (names_[slot] == operand.text) return &number_flags_[slot];
  }
  return nullptr;
}

LuaWriter::Operand LuaWriter::ordering(const Expression& expression) {
  static constexpr std::array<View, 4> signs = {" < ", " <= ", " > ", " >= "};
  static constexpr std::array<View, 4> pieces = {"less", "less_equal", "greater", "greater_equal"};
  const size_t which = static_cast<size_t>(expression.operation) - static_cast<size_t>(Operator::less);
  std::vector<Operand> parts = values(expression.parts);
  if (numbers_checked(parts[0], parts[1], message::compare)) {
    const bool stable = parts[0].stable && parts[1].stable;
    return {inner(parts[0]) + Bytes(signs[which]) + inner(parts[1]), types::boolean, stable, false, false, nullptr};
  }
  return called(use(pieces[which]) + "(" + parts[0].text + ", " + parts[1].text + ")", types::boolean);
}

LuaWriter::Operand LuaWriter::arithmetic(const Expression& expression) {
  const bool add = expression.operation == Operator::add;
  const Types of = types_.of(expression);
  std::vector<Operand> parts = values(expression.parts);
  if (numbers_checked(parts[0], parts[1], add ? message::add : message::subtract)) {
    const bool stable = parts[0].stable && parts[1].stable;
    return {inner(parts[0]) + (add ? " + " : " - ") + inner(parts[1]), of, stable, false, false, nullptr};
  }
  if (add && within(parts[0].types | parts[1].types, types::text)) {
    return made(inner(parts[0]) + " .. " + inner(parts[1]), types::text, false);
  }
  return called(use(add ? "add" : "subtract") + "(" + parts[0].text + ", " + parts[1].text + ")", of);
}

/// The value of one of the operands; the right one is evaluated only when it is needed.
LuaWriter::Operand LuaWriter::logical(const Expression& expression, const Bytes* target) {
  const bool both = expression.operation == Operator::both;
  const Types of = types_.of(expression);
  const Types left_types = types_.of(*expression.parts[0]);
  if (within(left_types, types::none | types::boolean)) {  // Lua's own `and` and `or` do
    const Operand left = value(*expression.parts[0]);
    const size_t before = end();
    const Operand right = value(*expression.parts[1]);
    if (end() == before) {
      return {inner(left) + (both ? " and " : " or ") + inner(right),
              of,
              left.stable && right.stable,
              false,
              false,
              nullptr};
    }
    return {joined_logic(target ? *target : temporary(), before, left.text, both, right.text),
            of,
            true,
            true,
            false,
            nullptr};
  }
  const Operand left = value(*expression.parts[0]);
  const Bytes kept = target ? *target : temporary();
  line(definition(kept, left.text));
  const Operand decides = truth({kept, left.types, true, true, false, nullptr});
  line(both ? "if " + decides.text + " then" : "if not " + inner(decides) + " then");
  ++out_->indent;
  line(kept + " = " + value(*expression.parts[1]).text);
  --out_->indent;
  line("end");
  return {kept, of, true, true, false, nullptr};
}

/// `left and right` or `left or right` where lines, from `at` on, belong to the right side alone.
Bytes LuaWriter::joined_logic(Bytes kept, size_t at, const Bytes& left, bool both, const Bytes& right) {
  indent_from(at);
  insert(at, definition(kept, left));
  insert(at + 1, "if " + Bytes(both ? "" : "not ") + kept + " then");
  ++out_->indent;
  line(kept + " = " + right);
  --out_->indent;
  line("end");
  return kept;
}

// --- truth

/// What Lua takes for true where the expression is.
LuaWriter::Operand LuaWriter::condition(const Expression& expression) {
  const bool logical = expression.kind == ExpressionKind::binary &&
                       (expression.operation == Operator::both || expression.operation == Operator::either);
  if (!logical || (spread_ && depth_ >= deepest)) return truth(value(expression));
  ++depth_;
  const bool both = expression.operation == Operator::both;
  const Operand left = condition(*expression.parts[0]);
  const size_t before = end();
  const Operand right = condition(*expression.parts[1]);
  Operand made{inner(left) + (both ? " and " : " or ") + inner(right),
               types::boolean,
               left.stable && right.stable,
               false,
               false,
               nullptr};
  if (end() > before) {
    const Bytes kept = joined_logic(temporary(), before, left.text, both, right.text);
    made = {kept, types::any, true, true, false, nullptr};
  }
  --depth_;
  return made;
}

LuaWriter::Operand LuaWriter::truth(Operand operand) {
  const Types of = operand.types;
  const auto test = [&](const Bytes& text) {
    return Operand{text, types::boolean, operand.stable, false, false, nullptr};
  };
  if (within(of, types::none | types::boolean)) return operand;
  if (within(of, types::number)) return test(inner(operand) + " ~= 0");
  if (within(of, types::text)) return test(inner(operand) + " ~= \"\"");
  if (of & (types::list | types::dict)) {
    if (operand.stable && within(of, types::list)) return test(operand.text + "[1] ~= nil");
    if (operand.stable && within(of, types::dict)) return test(operand.text + "[0] ~= 0");
    return called(use("truth") + "(" + operand.text + ")", types::boolean);
  }
  stabilize(operand);
  Bytes text;
  if (of & (types::none | types::boolean)) text = operand.text + " and ";
  if (of & types::number) text += operand.text + " ~= 0";
  if (of & types::text) text += (of & types::number ? " and " : "") + operand.text + " ~= \"\"";
  return test(text);
}

// --- lengths and texts

LuaWriter::Operand LuaWriter::length(const Expression& expression) {
  const Operand of = value(*expression.parts[0]);
  if (within(of.types, types::list)) return {"#" + of.text, types::whole, false, true, false, nullptr};
  if (within(of.types, types::dict)) return {of.text + "[0]", types::whole, false, true, false, nullptr};
  if (within(of.types, types::text)) return called(use("count") + "(" + of.text + ")", types::whole);
  return called(use("length") + "(" + of.text + ")", types::whole);
}

LuaWriter::Operand LuaWriter::concat(const Expression& expression) {
  std::vector<Operand> parts = values(expression.parts);
  settle_conversions(parts);
  std::vector<Bytes> texts;
  texts.reserve(parts.size());
  const bool few = parts.size() <= most_joined;
  for (const Operand& part : parts) {
    Bytes text = text_of(part, "joined_text", message::no_text, false);
    texts.push_back(few && !part.atomic && text == part.text ? '(' + text + ')' : std::move(text));
  }
  if (texts.empty()) return made("\"\"", types::text);
  if (!few) return called("table.concat({" + list_of(texts) + "})", types::text);
  Bytes text = texts[0];
  for (size_t i = 1; i < texts.size(); ++i) text += " .. " + texts[i];
  return made(text, types::text, false);
}

}  // namespace redipy::script
