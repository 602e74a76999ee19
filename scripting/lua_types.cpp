// SPDX-License-Identifier: Apache-2.0
//
// See lua_types.h. The sets only grow, so that going over the script until nothing changes ends; a script for which it
// takes too long is treated as one about which nothing is known.
#include "scripting/lua_types.h"

#include "scripting/functions.h"

namespace redipy::script {

namespace {

constexpr int most_rounds = 12;

Types of_literal(const Json& literal) {
  switch (literal.type) {
    case Json::Type::null:
      return types::none;
    case Json::Type::boolean:
      return types::boolean;
    case Json::Type::integer:
      return literal.integer > -(int64_t{1} << 53) && literal.integer < (int64_t{1} << 53) ? types::whole : types::real;
    case Json::Type::number:
      return types::real;
    case Json::Type::string:
      return types::text;
    case Json::Type::array:
      return types::list;
    case Json::Type::object:
      return types::dict;
  }
  return types::any;
}

Types of_sum(Types left, Types right) {
  if (within(left | right, types::whole)) return types::whole;
  Types sum = 0;
  if ((left & types::number) && (right & types::number)) sum |= types::number;
  sum |= left & right & (types::text | types::list);
  return sum;
}

Types of_function(Function function) {
  switch (function) {
    case Function::tonumber:
      return types::none | types::number;
    case Function::asintstr:
      return types::number;
    case Function::tostring:
    case Function::type:
    case Function::encode:
      return types::text;
    case Function::find:
      return types::none | types::whole;
    case Function::log:
      return types::none;
    case Function::decode:
    case Function::call:
      break;
  }
  return types::any;
}

}  // namespace

Types types_of(ReplyShape shape) {
  switch (shape) {
    case ReplyShape::integer:
      return types::whole;
    case ReplyShape::integer_or_none:
      return types::none | types::whole;
    case ReplyShape::text:
    case ReplyShape::status:
      return types::text;
    case ReplyShape::text_or_none:
    case ReplyShape::type_name:
      return types::none | types::text;
    case ReplyShape::number_or_none:
      return types::none | types::number;
    case ReplyShape::list:
    case ReplyShape::sorted_list:
    case ReplyShape::list_with_nones:
    case ReplyShape::number_list:
    case ReplyShape::score_pairs:
      return types::list;
    case ReplyShape::list_or_none:
      return types::none | types::list;
    case ReplyShape::list_or_count:
      return types::list | types::whole;
    case ReplyShape::dict:
    case ReplyShape::fields:
      return types::dict;
    case ReplyShape::truth:
    case ReplyShape::done:
      return types::boolean;
    case ReplyShape::done_or_text:
      return types::boolean | types::none | types::text;
    case ReplyShape::increment:
      return types::number;
    case ReplyShape::any:
      break;
  }
  return types::any;
}

LuaTypes::LuaTypes(const Graph& graph)
    : graph_(graph), uses_(graph.variables.size()), open_loops_(graph.variables.size()) {
  survey(graph.body, {});
  for (int round = 0; spread(graph.body); ++round) {
    if (round < most_rounds) continue;
    for (VariableUse& use : uses_) use.types = types::any;
    break;
  }
}

/// A use outside the loops that set the variable: it may not have been set.
void LuaTypes::use(Slot slot) {
  if (uses_[slot].declared_inside && open_loops_[slot] == 0) uses_[slot].types |= types::none;
}

void LuaTypes::survey(const Expression& expression, Scope scope) {
  if (expression.kind == ExpressionKind::variable) use(expression.slot);
  const bool orders = expression.kind == ExpressionKind::binary && expression.operation <= Operator::greater_equal;
  for (const Expression* const part : expression.parts) {
    if (orders && scope.loop && part->kind == ExpressionKind::variable) uses_[part->slot].reordered = true;
    survey(*part, scope);
  }
}

void LuaTypes::survey(const Block& block, Scope scope) {
  for (const Statement* const statement : block) {
    const bool loops = statement->kind == StatementKind::loop || statement->kind == StatementKind::for_each;
    const Scope inside = {true, scope.loop || loops};
    // A loop's condition is evaluated over and over, a for's array once.
    if (statement->value) survey(*statement->value, statement->kind == StatementKind::loop ? inside : scope);
    if (statement->key) survey(*statement->key, scope);
    const auto set = [&](Slot slot, bool nested) {
      VariableUse& use = uses_[slot];
      if (use.assignments++ == 0) use.declared_inside = nested;
    };
    switch (statement->kind) {
      case StatementKind::assign:
        set(statement->slot, scope.nested);
        break;
      case StatementKind::assign_item:
      case StatementKind::assign_entry:
        use(statement->slot);
        break;
      case StatementKind::for_each:
        set(statement->slot, true);
        set(statement->index_slot, true);
        ++open_loops_[statement->slot];
        ++open_loops_[statement->index_slot];
        break;
      default:
        break;
    }
    survey(statement->body, inside);
    survey(statement->otherwise, inside);
    if (statement->kind == StatementKind::for_each) {
      --open_loops_[statement->slot];
      --open_loops_[statement->index_slot];
    }
  }
}

bool LuaTypes::add(Slot slot, Types more) {
  Types& known = uses_[slot].types;
  const bool grows = !within(more, known);
  known |= more;
  return grows;
}

bool LuaTypes::spread(const Block& block) {
  bool grown = false;
  for (const Statement* const statement : block) {
    if (statement->kind == StatementKind::assign) {
      const bool key = graph_.variables[statement->slot].kind == Variable::Kind::key;
      grown |= add(statement->slot, key ? types::text : of(*statement->value));
    } else if (statement->kind == StatementKind::for_each) {
      const Types over = of(*statement->value);
      const bool texts = within(over, types::text | types::dict);  // its characters, its keys
      grown |= add(statement->slot, texts ? types::text : types::any);
      grown |= add(statement->index_slot, types::whole);
    }
    grown |= spread(statement->body);
    grown |= spread(statement->otherwise);
  }
  return grown;
}

Types LuaTypes::of(const Expression& expression) const {
  switch (expression.kind) {
    case ExpressionKind::variable:
      return uses_[expression.slot].types;
    case ExpressionKind::load_argument:
    case ExpressionKind::entry:
      return types::any;
    case ExpressionKind::load_key:
    case ExpressionKind::concat:
      return types::text;
    case ExpressionKind::literal:
      return of_literal(expression.literal);
    case ExpressionKind::constant:
    case ExpressionKind::length:
      return types::whole;
    case ExpressionKind::logical_not:
      return types::boolean;
    case ExpressionKind::item:
      return within(of(*expression.parts[0]), types::text) ? types::text : types::any;
    case ExpressionKind::call:
      return of_call(expression);
    case ExpressionKind::binary:
      break;
  }
  const auto part = [&](size_t i) { return of(*expression.parts[i]); };
  switch (expression.operation) {
    case Operator::add:
      return of_sum(part(0), part(1));
    case Operator::subtract:
      return within(part(0) | part(1), types::whole) ? types::whole : types::number;
    case Operator::both:
      return part(0) | part(1);
    case Operator::either:
      return static_cast<Types>((part(0) & ~types::none) | part(1));
    default:
      return types::boolean;
  }
}

Types LuaTypes::of_call(const Expression& expression) const {
  const FunctionRow* const row = find_function(expression.name);
  if (!row) return types::none;
  if (row->function == Function::call) return types_of(reply_shape(expression));
  return of_function(row->function);
}

}  // namespace redipy::script
