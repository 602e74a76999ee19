// SPDX-License-Identifier: Apache-2.0
//
// See lua_printer.h. Here is the frame: what has to be known of the graph beforehand, and how the pieces are put
// together.
#include "scripting/lua_printer.h"

#include <algorithm>
#include <unordered_set>

#include "scripting/lua_text.h"
#include "scripting/lua_writer.h"

namespace redipy::script {

namespace {

constexpr size_t most_variables = 80;  // as locals, among those of the prelude and temporaries
constexpr size_t most_nesting = 30;
constexpr size_t most_statements = 400;

size_t nesting(const Expression& expression) {
  size_t deepest = 0;
  for (const Expression* const part : expression.parts) deepest = std::max(deepest, nesting(*part));
  return deepest + 1;
}

struct Survey {
  size_t nesting = 0;
  size_t statements = 0;  ///< in the longest block
  bool loops = false;
  bool returns_last = true;

  void look(const Block& block, size_t depth, bool last) {
    statements = std::max(statements, block.size());
    for (const Statement* const one : block) {
      const bool is_last = last && one == block.back();
      nesting = std::max(nesting, depth + 1);
      if (one->value) nesting = std::max(nesting, depth + script::nesting(*one->value));
      if (one->key) nesting = std::max(nesting, depth + script::nesting(*one->key));
      if (one->kind == StatementKind::result && !is_last) returns_last = false;
      if (one->kind == StatementKind::loop || one->kind == StatementKind::for_each) loops = true;
      const bool ends = is_last && one->kind == StatementKind::branch;
      look(one->body, depth + 1, ends);
      look(one->otherwise, depth + 1, ends);
    }
  }
};

/// The names that the writer gives to what is not in the graph.
bool is_own_name(View name) {
  for (const View start : {View("t"), View("items"), View("at")}) {
    if (name.starts_with(start) && name.find_first_not_of("0123456789", start.size()) == View::npos) return true;
  }
  return false;
}

}  // namespace

LuaWriter::LuaWriter(const Graph& graph, const LuaTarget& target, const CommandTable* commands)
    : graph_(graph),
      target_(target),
      commands_(commands),
      types_(graph),
      prelude_(target.tells_lines),
      names_(graph.variables.size()),
      made_(graph.variables.size()),
      number_flags_(graph.variables.size()) {
  Survey survey;
  survey.look(graph.body, 0, true);
  spread_ =
      graph.variables.size() > most_variables || survey.nesting > most_nesting || survey.statements > most_statements;
  loops_ = survey.loops;
  returns_last_ = survey.returns_last && !spread_;
  owns_all_ = target.owns_all();
  keyed_ = !target.prefix.empty() || !owns_all_;
  refuses_ = commands && target.tells_lines;
  if (keyed_ || refuses_) add_key_pieces();
  name_variables();
}

void LuaWriter::name_variables() {
  std::unordered_set<Bytes> taken;
  const auto unique = [&](const Bytes& wanted) {
    Bytes name = wanted;
    for (int i = 2; prelude_.reserves(name) || is_own_name(name) || taken.contains(name); ++i) {
      name = wanted + "_" + std::to_string(i);
    }
    taken.insert(name);
    return name;
  };
  for (Slot slot = 0; slot < names_.size(); ++slot) {
    if (spread_) {
      names_[slot] = "v[" + std::to_string(slot + 1) + "]";
      continue;
    }
    const Variable& variable = graph_.variables[slot];
    Bytes wanted = lua_identifier(variable.readable.empty() ? variable.name : variable.readable);
    if (wanted.empty()) wanted = kind_name(variable.kind);
    names_[slot] = unique(wanted);
    const VariableUse& use = types_.variable(slot);
    constexpr size_t most_flags = 10;
    if (use.reordered && use.assignments == 1 && !use.declared_inside && use.types == types::any &&
        flagged_.size() < most_flags) {
      number_flags_[slot] = unique(names_[slot] + "_is_number");
      flagged_.push_back(slot);
    }
  }
}

LuaText LuaWriter::print() {
  Bytes inside;
  for (Slot slot = 0; slot < names_.size() && !spread_; ++slot) {
    if (!types_.variable(slot).declared_inside) continue;
    inside += (inside.empty() ? "local " : ", ") + names_[slot];
    made_[slot] = true;
  }
  if (!inside.empty()) line(inside);
  if (!returns_last_ && !spread_) line("local result");
  block(graph_.body, returns_last_);
  place_ = 0;
  if (!returns_last_) line("return " + use("result_text") + (spread_ ? "(v.result)" : "(result)"));

  LuaText made;
  const auto put = [&](uint32_t indent, const Bytes& text, Place place) {
    made.text.append(size_t{2} * indent, ' ');
    made.text += text;
    made.text += '\n';
    made.places.push_back(place);
  };
  if (prelude_.uses("key_specs")) {
    Bytes specs;
    for (const auto& [command, rows] : key_specs_) {
      specs.append("  [\"").append(command).append("\"] = ").append(rows).append(",\n");
    }
    prelude_.set("key_specs", "", "local key_specs = {\n" + specs + "}\n");
  }
  prelude_.define("prelude_lines", std::to_string(prelude_.lines().size()));  // the number changes no line's number
  for (const Bytes& text : prelude_.lines()) put(0, text, 0);
  if (reads_keys_ && !target_.prefix.empty()) {
    put(0, "for i = 1, #KEYS do", 0);
    put(1, "KEYS[i] = string.sub(KEYS[i], " + std::to_string(target_.prefix.size() + 1) + ")", 0);
    put(0, "end", 0);
  }
  if (spread_) put(0, "local v, blocks = {}, {}", 0);
  for (const Chunk& chunk : lifted_) {
    for (const Line& one : chunk.lines) put(one.indent, one.text, one.place);
  }
  if (main_.spills) put(0, "local spill = {}", 0);
  for (const Line& one : main_.lines) put(one.indent, one.text, one.place);
  return made;
}

LuaText print_lua(const Graph& graph) { return LuaWriter(graph, LuaTarget{}, nullptr).print(); }

LuaText print_lua(const Graph& graph, const LuaTarget& target, const CommandTable& commands) {
  return LuaWriter(graph, target, &commands).print();
}

}  // namespace redipy::script
