// SPDX-License-Identifier: Apache-2.0
//
// See explain_names.h.
#include "scripting/explain_names.h"

#include <array>

#include "scripting/text.h"

namespace redipy::script {

namespace {

constexpr size_t longest_name = 40;  // in characters

/// Words of Python, and names that the pseudo-code has a meaning for.
constexpr std::array<View, 52> reserved = {
    "False",    "None",     "True",      "and",      "as",    "assert", "async",  "await",    "break",
    "class",    "continue", "def",       "del",      "elif",  "else",   "except", "finally",  "for",
    "from",     "global",   "if",        "import",   "in",    "is",     "lambda", "nonlocal", "not",
    "or",       "pass",     "raise",     "return",   "try",   "while",  "with",   "yield",    "call",
    "cjson",    "concat",   "enumerate", "len",      "redis", "result", "script", "string",   "tonumber",
    "tostring", "type",     "asintstr",  "constant", "arg",   "key",    "print",
};

/// What a name can be in Python; empty if nothing is left.
Bytes identifier(View name) {
  Bytes made;
  for (size_t characters = 0; !name.empty() && characters < longest_name; ++characters) {
    const size_t length = character_length(name);
    const char c = name.front();
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    const bool digit = c >= '0' && c <= '9';
    if (digit && made.empty()) made += '_';
    if (length > 1 || letter || digit) {
      made += name.substr(0, length);
    } else if (!made.empty() && made.back() != '_') {
      made += '_';
    }
    name.remove_prefix(length);
  }
  return made;
}

}  // namespace

ExplainNames::ExplainNames(const Graph& graph)
    : variables_(graph.variables.size()), used_(graph.variables.size()), declarations_(graph.variables.size()) {
  for (const View word : reserved) taken_.emplace(word, 1);
  for (const Bytes& name : graph.key_names) keys_.push_back(unique(name, "key"));
  for (const Bytes& name : graph.argument_names) arguments_.push_back(unique(name, "arg"));
  key_loads_.resize(keys_.size());
  argument_loads_.resize(arguments_.size());
  count(graph.body);
  merge(graph);
  for (Slot slot = 0; slot < variables_.size(); ++slot) {
    const Variable& variable = graph.variables[slot];
    if (!variables_[slot].empty()) continue;
    variables_[slot] = unique(variable.readable.empty() ? variable.name : variable.readable, variable.name);
  }
}

void ExplainNames::count(const Block& block) {
  for (const Statement* statement : block) {
    if (statement->value) count(*statement->value);
    if (statement->key) count(*statement->key);
    switch (statement->kind) {
      case StatementKind::assign:
        if (statement->declares) ++declarations_[statement->slot];
        used_[statement->slot] = true;
        break;
      case StatementKind::assign_item:
      case StatementKind::assign_entry:
        used_[statement->slot] = true;
        break;
      case StatementKind::for_each:
        ++declarations_[statement->slot];
        ++declarations_[statement->index_slot];
        break;
      default:
        break;
    }
    count(statement->body);
    count(statement->otherwise);
  }
}

void ExplainNames::count(const Expression& expression) {
  switch (expression.kind) {
    case ExpressionKind::variable:
      used_[expression.slot] = true;
      return;
    // Positions beyond the names are an error when they are reached; they have no name, and need no count.
    case ExpressionKind::load_argument:
      if (expression.position < arguments_.size()) ++argument_loads_[expression.position];
      return;
    case ExpressionKind::load_key:
      if (expression.position < keys_.size()) ++key_loads_[expression.position];
      return;
    default:
      for (const Expression* part : expression.parts) count(*part);
  }
}

void ExplainNames::merge(const Graph& graph) {
  for (const Statement* statement : graph.body) {
    if (statement->kind != StatementKind::assign || !statement->declares) continue;
    const Expression& value = *statement->value;
    const bool argument = value.kind == ExpressionKind::load_argument;
    if (!argument && value.kind != ExpressionKind::load_key) continue;
    const auto& names = argument ? arguments_ : keys_;
    if (value.position >= names.size() || declarations_[statement->slot] != 1) continue;
    if ((argument ? argument_loads_ : key_loads_)[value.position] != 1) continue;
    variables_[statement->slot] = names[value.position];
    unsaid_.insert(statement);
  }
}

Bytes ExplainNames::unique(View wish, View otherwise) {
  Bytes name = identifier(wish);
  if (name.empty()) name = identifier(otherwise);
  if (name.empty()) name.push_back('x');
  for (;;) {
    size_t& wishes = taken_[name];
    if (++wishes == 1) return name;
    name += '_' + std::to_string(wishes);
  }
}

}  // namespace redipy::script
