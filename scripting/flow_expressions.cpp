// SPDX-License-Identifier: Apache-2.0
//
// What is known of an expression, and what is wrong in it; see flow_state.h. flow_calls.cpp has the calls.
#include <cmath>
#include <optional>

#include "scripting/flow_state.h"
#include "scripting/messages.h"

namespace redipy::script {

namespace {

constexpr Known known_types(Types types) { return {types, nullptr, unknown_truth}; }

constexpr Known known_truth(bool truth) { return {type::boolean, nullptr, static_cast<int8_t>(truth)}; }

/// Both are literals: numbers or strings. Negative, zero, positive as left is less, equal, greater; nullopt if they do
/// not compare.
std::optional<int> compared(const Json& left, const Json& right) {
  const auto sign = [](const auto& a, const auto& b) { return a < b ? -1 : b < a ? 1 : 0; };
  if (left.is(Json::Type::string) && right.is(Json::Type::string)) return sign(left.text, right.text);
  if (left.is(Json::Type::integer) && right.is(Json::Type::integer)) return sign(left.integer, right.integer);
  const auto small = [](const Json& value) {
    return value.is(Json::Type::number) ||
           (value.is(Json::Type::integer) && std::abs(static_cast<double>(value.integer)) < 1e15);
  };
  if (!small(left) || !small(right)) return std::nullopt;
  const auto real = [](const Json& value) {
    return value.is(Json::Type::number) ? value.number : static_cast<double>(value.integer);
  };
  return sign(real(left), real(right));
}

const Json* literal_of(const Known& known) {
  return known.origin && known.origin->kind == ExpressionKind::literal ? &known.origin->literal : nullptr;
}

}  // namespace

Known Expressions::value(const Expression& expression) {
  switch (expression.kind) {
    case ExpressionKind::variable:
      return variable(expression);
    case ExpressionKind::load_argument:
      if (!silent_) touched_.loaded_arguments.insert(expression.position);
      position(expression, graph_.argument_names, "argument");
      return {};
    case ExpressionKind::load_key:
      if (!silent_) touched_.loaded_keys.insert(expression.position);
      position(expression, graph_.key_names, "key");
      return {type::string, &expression, unknown_truth};
    case ExpressionKind::literal:
      return literal(expression);
    case ExpressionKind::constant:
      return constant(expression);
    case ExpressionKind::logical_not: {
      const Known operand = value(*expression.parts[0]);
      return operand.truth == unknown_truth ? known_types(type::boolean) : known_truth(operand.truth == 0);
    }
    case ExpressionKind::binary:
      return binary(expression);
    case ExpressionKind::item:
      return item(expression);
    case ExpressionKind::entry:
      return entry(expression);
    case ExpressionKind::length:
      expect(*expression.parts[0], value(*expression.parts[0]), type::list | type::dict | type::string,
             message::no_length);
      return known_types(type::number);
    case ExpressionKind::concat:
      for (const Expression* part : expression.parts) expect(*part, value(*part), type::text, message::no_text);
      return known_types(type::string);
    case ExpressionKind::call:
      return call(expression);
  }
  return {};
}

Known Expressions::silently(const Expression& expression) {
  const bool was_silent = silent_;
  silent_ = true;
  const Known known = value(expression);
  silent_ = was_silent;
  return known;
}

Known Expressions::loosely(const Expression& expression) {
  loose_ = true;
  const Known known = silently(expression);
  loose_ = false;
  return known;
}

void Expressions::expect(Place place, const Known& known, Types types, View text) {
  if ((known.types & types) == 0) misuse(place, filled(text, {described(known.types)}));
}

void Expressions::index(const Expression& expression, const Known& known) {
  const Json* const literal = literal_of(known);
  const bool fraction = literal && literal->is(Json::Type::number) && literal->number != std::floor(literal->number);
  if ((known.types & type::number) == 0 || fraction) misuse(expression.place, Bytes(message::index_type));
}

void Expressions::error(Place place, Bytes text) {
  if (!silent_) findings_.error(place, std::move(text));
}

void Expressions::misuse(Place place, Bytes text) {
  constexpr View code = "ERR ";
  if (text.starts_with(code)) text.erase(0, code.size());
  if (!dead) error(place, std::move(text));
}

Known Expressions::literal(const Expression& expression) {
  const Json& literal = expression.literal;
  if (!silent_) note_big_integers(expression.place, literal);
  const bool scalar = !literal.is(Json::Type::array) && !literal.is(Json::Type::object);
  return {type_of(literal), scalar ? &expression : nullptr, static_cast<int8_t>(truth_of(literal))};
}

Known Expressions::variable(const Expression& expression) {
  if (expression.slot == no_slot) return {};
  if (!silent_) state_.used(expression.slot);
  if (!loose_) return state_.get(expression.slot);
  const bool key = graph_.variables[expression.slot].kind == Variable::Kind::key;
  return known_types(key ? type::string : type::any);
}

Known Expressions::constant(const Expression& expression) {
  if (constant_value(expression.name) < 0) error(expression.place, "unknown constant '" + expression.name + "'");
  return known_types(type::number);
}

void Expressions::position(const Expression& expression, const std::vector<Bytes>& names, View what) {
  if (expression.position < names.size()) return;
  error(expression.place, "there is no " + Bytes(what) + " at position " + std::to_string(expression.position) + ": " +
                              (what == "key" ? "keyv" : "argv") + " has " + std::to_string(names.size()));
}

void Expressions::note_big_integers(Place place, const Json& literal) {
  constexpr int64_t largest = int64_t{1} << 53;
  if (literal.is(Json::Type::integer) && (literal.integer > largest || literal.integer < -largest) &&
      touched_.big_integers.size() < Findings::most) {
    touched_.big_integers.push_back({place, "Lua cannot keep the integer " + std::to_string(literal.integer)});
  }
  for (const Json& item : literal.items) note_big_integers(place, item);
  for (const auto& [name, member] : literal.members) note_big_integers(place, member);
}

// --- operators

Known Expressions::binary(const Expression& expression) {
  const Known left = value(*expression.parts[0]);
  switch (expression.operation) {
    case Operator::both:
    case Operator::either: {
      const bool left_decides = left.truth == (expression.operation == Operator::either ? 1 : 0);
      const bool was_dead = dead;
      dead = dead || left_decides;
      const Known right = value(*expression.parts[1]);
      dead = was_dead;
      if (left_decides) return left;
      if (left.truth != unknown_truth) return right;
      // None is the one type that is always false.
      const Types kept = expression.operation == Operator::either ? left.types & ~type::none : left.types;
      const bool same = left.truth == right.truth;
      return {static_cast<Types>(kept | right.types), nullptr, same ? right.truth : unknown_truth};
    }
    case Operator::add:
    case Operator::subtract:
      return arithmetic(expression, left, value(*expression.parts[1]));
    case Operator::less:
    case Operator::less_equal:
    case Operator::greater:
    case Operator::greater_equal:
      return ordering(expression, left, value(*expression.parts[1]));
    case Operator::equal:
    case Operator::unequal:
      return equality(expression, left, value(*expression.parts[1]));
  }
  return {};
}

Known Expressions::arithmetic(const Expression& expression, const Known& left, const Known& right) {
  const bool adds = expression.operation == Operator::add;
  const Types fitting = adds ? type::number | type::string | type::list : type::number;
  const auto both = static_cast<Types>(left.types & right.types & fitting);
  if (both != 0) return known_types(both);
  misuse(expression.place,
         filled(adds ? message::add : message::subtract, {described(left.types), described(right.types)}));
  return adds ? Known{} : known_types(type::number);
}

Known Expressions::ordering(const Expression& expression, const Known& left, const Known& right) {
  if ((left.types & right.types & type::text) == 0) {
    misuse(expression.place, filled(message::compare, {described(left.types), described(right.types)}));
    return known_types(type::boolean);
  }
  const Json* const a = literal_of(left);
  const Json* const b = literal_of(right);
  const std::optional<int> order = a && b ? compared(*a, *b) : std::nullopt;
  if (!order) return known_types(type::boolean);
  switch (expression.operation) {
    case Operator::less:
      return known_truth(*order < 0);
    case Operator::less_equal:
      return known_truth(*order <= 0);
    case Operator::greater:
      return known_truth(*order > 0);
    default:
      return known_truth(*order >= 0);
  }
}

Known Expressions::equality(const Expression& expression, const Known& left, const Known& right) {
  const bool equal = expression.operation == Operator::equal;
  if ((left.types & right.types) == 0) {
    if (!silent_ && !dead) {
      findings_.warning(
          expression.place,
          described(left.types) + (equal ? " is never equal to " : " always differs from ") + described(right.types));
    }
    return known_truth(!equal);
  }
  if (left.types == type::none && right.types == type::none) return known_truth(equal);
  const Json* const a = literal_of(left);
  const Json* const b = literal_of(right);
  if (!a || !b) return known_types(type::boolean);
  if (a->is(Json::Type::boolean) && b->is(Json::Type::boolean)) {
    return known_truth((a->boolean == b->boolean) == equal);
  }
  const std::optional<int> order = compared(*a, *b);
  return order ? known_truth((*order == 0) == equal) : known_types(type::boolean);
}

Known Expressions::item(const Expression& expression) {
  const Known list = value(*expression.parts[0]);
  const Known at = value(*expression.parts[1]);
  expect(*expression.parts[0], list, type::list | type::string, message::no_index);
  index(*expression.parts[1], at);
  return known_types((list.types & type::list) != 0 ? type::any : type::string);
}

Known Expressions::entry(const Expression& expression) {
  const Known dict = value(*expression.parts[0]);
  const Known key = value(*expression.parts[1]);
  expect(*expression.parts[0], dict, type::dict, message::no_entries);
  expect(*expression.parts[1], key, type::text, message::entry_key);
  return {};
}

}  // namespace redipy::script
