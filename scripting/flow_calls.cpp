// SPDX-License-Identifier: Apache-2.0
//
// Calls of functions and commands: is there such a one, do the arguments suit it, which keys are touched; see
// flow_state.h.
#include "scripting/call_facts.h"
#include "scripting/flow_state.h"
#include "scripting/messages.h"
#include "scripting/text.h"

namespace redipy::script {

namespace {

/// Types that a function takes at a position; what it says to others.
struct ParameterRow {
  Function function;
  size_t position;
  Types types;
  View misuse;
};

constexpr ParameterRow parameter_rows[] = {
    {Function::asintstr, 0, type::text, message::no_integer}, {Function::find, 0, type::text, message::no_search},
    {Function::find, 1, type::text, message::no_part},        {Function::find, 2, type::number, message::index_type},
    {Function::decode, 0, type::text, message::no_json},      {Function::log, 0, type::number, message::log_level},
    {Function::log, 1, type::text, message::log_text},        {Function::call, 0, type::string, message::command_name},
};

}  // namespace

Known Expressions::call(const Expression& expression) {
  std::vector<Known> arguments;
  arguments.reserve(expression.parts.size());
  for (const Expression* part : expression.parts) arguments.push_back(value(*part));

  const FunctionRow* const row = find_function(expression.name);
  if (!row) {
    error(expression.place, "unknown function '" + expression.name + "'");
    return {};
  }
  if (arguments.size() < row->least || (row->most != 255 && arguments.size() > row->most)) {
    error(expression.place, "wrong number of arguments for '" + expression.name + "'");
    return {result_types(row->function), nullptr, unknown_truth};
  }
  for (const ParameterRow& parameter : parameter_rows) {
    if (parameter.function != row->function || parameter.position >= arguments.size()) continue;
    const Known& argument = arguments[parameter.position];
    const Place place = expression.parts[parameter.position]->place;
    if ((argument.types & parameter.types) == 0) {
      const bool says_type = parameter.misuse.find("%s") != View::npos;
      misuse(place, says_type ? filled(parameter.misuse, {described(argument.types)}) : Bytes(parameter.misuse));
    }
  }
  switch (row->function) {
    case Function::call:
      return redis_call(expression, arguments);
    case Function::tonumber:
    case Function::decode:
      if (arguments[0].types == type::number) return {type::number, nullptr, unknown_truth};
      break;
    case Function::asintstr: {
      const Expression* const origin = arguments[0].origin;
      if (origin && origin->kind == ExpressionKind::literal && origin->literal.is(Json::Type::string) &&
          !parse_number(origin->literal.text)) {
        misuse(expression.parts[0]->place, "asintstr cannot convert a string that is no number");
      }
      break;
    }
    default:
      break;
  }
  return {result_types(row->function), nullptr, unknown_truth};
}

Known Expressions::redis_call(const Expression& expression, const std::vector<Known>& arguments) {
  for (size_t i = 1; i < arguments.size(); ++i) {
    expect(*expression.parts[i], arguments[i], type::text, message::command_argument);
  }
  std::vector<const Expression*> origins;
  origins.reserve(arguments.size());
  for (const Known& argument : arguments) origins.push_back(argument.origin);
  const CallFacts facts = facts_of(commands_, origins);
  if (!facts.fault.empty()) {
    error(expression.place, facts.fault);
    return {};
  }
  if (!silent_) {
    if (!facts.settled) {
      touched_.unknown_commands = true;
      if (touched_.unknown.size() < Findings::most) {
        touched_.unknown.push_back({expression.place, "which command it is depends on data"});
      }
    } else {
      touched_.writes = touched_.writes || writes(*facts.entry->command);
      find_keys(expression, *facts.entry->command, origins);
    }
  }
  if (!facts.settled || facts.entry->parent) return {};
  return {result_types(facts.entry->command->name, arguments.size()), nullptr, unknown_truth};
}

void Expressions::find_keys(const Expression& expression, const Command& command,
                            std::span<const Expression* const> origins) {
  const auto unknown = [&](Place place, Bytes text) {
    if (touched_.unknown.size() < Findings::most) touched_.unknown.push_back({place, std::move(text)});
  };
  std::vector<size_t> parts;
  if (!key_parts(command, origins, parts)) unknown(expression.place, "which keys it touches depends on data");
  for (const size_t part : parts) {
    const Expression* const origin = origins[part];
    if (!origin) {
      unknown(expression.parts[part]->place, "this key depends on data");
    } else if (origin->kind == ExpressionKind::load_key) {
      touched_.keys.insert(origin->position);
    } else if (origin->literal.is(Json::Type::string)) {
      touched_.literals.insert(origin->literal.text);
    } else {
      Bytes text;
      append_json(text, origin->literal);  // a number; whatever else has been found fault with
      touched_.literals.insert(text);
    }
  }
}

}  // namespace redipy::script
