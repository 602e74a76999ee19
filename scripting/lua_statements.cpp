// SPDX-License-Identifier: Apache-2.0
//
// Statements as Lua: see lua_writer.h.
#include <algorithm>
#include <utility>

#include "scripting/lua_text.h"
#include "scripting/lua_writer.h"
#include "scripting/messages.h"

namespace redipy::script {

namespace {

constexpr uint32_t deepest = 30;       // levels in one function
constexpr size_t longest_block = 400;  // statements in one function
constexpr size_t group = 200;
constexpr uint32_t most_locals = 25;  // temporaries of one statement

}  // namespace

// --- lines and temporaries

void LuaWriter::indent_from(size_t at) {
  for (size_t i = at; i < out_->lines.size(); ++i) ++out_->lines[i].indent;
}

Bytes LuaWriter::temporary() {
  const uint32_t number = ++out_->temporaries;
  if (number <= most_locals) return "t" + std::to_string(number);
  out_->spills = true;
  return "spill[" + std::to_string(number) + "]";
}

Bytes LuaWriter::definition(const Bytes& temporary, const Bytes& text) {
  return (temporary.ends_with(']') ? Bytes() : Bytes("local ")) + temporary + " = " + text;
}

void LuaWriter::keep(Operand& operand) {
  const Bytes name = temporary();
  line(definition(name, operand.text));
  operand.text = name;
  operand.stable = operand.atomic = true;
  operand.call = false;
}

/// The end of a statement: what it has kept is no longer needed.
void LuaWriter::scope_from(size_t start, uint32_t temporaries) {
  if (out_->temporaries == temporaries) return;
  out_->temporaries = temporaries;
  indent_from(start);
  insert(start, "do");
  line("end");
}

/// Writes a function of its own and gives the call of it.
Bytes LuaWriter::lifted(FunctionRef<void()> write) {
  const size_t number = lifted_.size();
  lifted_.emplace_back();
  Chunk fresh;
  Chunk* const outer = std::exchange(out_, &fresh);
  const uint32_t depth = std::exchange(depth_, 0);
  fresh.indent = 1;
  write();
  if (fresh.spills) fresh.lines.insert(fresh.lines.begin(), {1, place_, "local spill = {}"});
  fresh.lines.insert(fresh.lines.begin(), {0, place_, "blocks[" + std::to_string(number + 1) + "] = function()"});
  fresh.lines.push_back({0, place_, "end"});
  out_ = outer;
  depth_ = depth;
  lifted_[number] = std::move(fresh);
  return "blocks[" + std::to_string(number + 1) + "]()";
}

// --- blocks

void LuaWriter::block(const Block& block, bool last) {
  if (spread_ && block.size() > longest_block) {
    for (size_t start = 0; start < block.size(); start += group) {
      const size_t stop = std::min(start + group, block.size());
      line(lifted([&] {
        for (size_t i = start; i < stop; ++i) statement(*block[i], false);
      }));
    }
    return;
  }
  for (const Statement* const one : block) statement(*one, last && one == block.back());
}

/// The body of a branch or loop.
void LuaWriter::inner_block(const Block& inner, bool last) {
  const Place place = place_;
  ++out_->indent;
  if (++depth_ > deepest && spread_) {
    line(lifted([&] { block(inner, false); }));
  } else {
    block(inner, last);
  }
  place_ = place;
  --depth_;
  --out_->indent;
}

void LuaWriter::statement(const Statement& statement, bool last) {
  place_ = statement.place;
  const size_t start = end();
  const uint32_t temporaries = out_->temporaries;
  switch (statement.kind) {
    case StatementKind::assign:
      return assign(statement);
    case StatementKind::assign_item:
    case StatementKind::assign_entry:
      assign_item(statement);
      break;
    case StatementKind::evaluate:
      evaluate(*statement.value);
      break;
    case StatementKind::branch:
      branch(statement, last);
      break;
    case StatementKind::for_each:
      for_each(statement);
      break;
    case StatementKind::loop:
      loop(statement);
      break;
    case StatementKind::result:
      result(statement, last);
      break;
  }
  scope_from(start, temporaries);
}

// --- assignments

void LuaWriter::assign(const Statement& statement) {
  const Slot slot = statement.slot;
  const Bytes& name = names_[slot];
  const size_t start = end();
  const uint32_t temporaries = out_->temporaries;
  const bool makes = !spread_ && !made_[slot];
  const bool key = graph_.variables[slot].kind == Variable::Kind::key;
  // A variable that is only now made can hold what comes on the way to its value.
  Operand made =
      value(*statement.value, makes && (!key || statement.value->kind == ExpressionKind::load_key) ? &name : nullptr);
  if (key && !within(made.types, types::text)) {
    made.text = text_of(made, "key_text", message::key_value, false);
    made.stable = false;
  }
  made_[slot] = true;
  if (makes && made.text != name && out_->temporaries == temporaries) {
    line("local " + name + " = " + made.text);
  } else {
    if (made.text != name) line(name + " = " + made.text);
    if (out_->temporaries != temporaries) {
      const Bytes first = "local " + name + " = ";
      for (size_t i = start; makes && i < end(); ++i) {
        if (out_->lines[i].text.starts_with(first)) out_->lines[i].text.erase(0, View("local ").size());
      }
      scope_from(start, temporaries);
      if (makes) insert(start, "local " + name);
    }
  }
  if (!number_flags_[slot].empty()) line("local " + number_flags_[slot] + " = type(" + name + ") == \"number\"");
}

void LuaWriter::assign_item(const Statement& statement) {
  const Bytes& name = names_[statement.slot];
  const bool entry = statement.kind == StatementKind::assign_entry;
  const Expression& key = *statement.key;
  const bool appends = !entry && key.kind == ExpressionKind::length && key.parts[0]->kind == ExpressionKind::variable &&
                       key.parts[0]->slot == statement.slot;
  if (appends && within(types_.variable(statement.slot).types, types::list) &&
      !(types_.of(*statement.value) & types::none)) {
    const Operand made = value(*statement.value);
    return line(name + "[#" + name + " + 1] = " + made.text);
  }
  const Expression* const parts[] = {&key, statement.value};
  const std::vector<Operand> made = values(parts);
  line(use(entry ? "set_entry" : "set_item") + "(" + name + ", " + made[0].text + ", " + made[1].text + ")");
}

void LuaWriter::evaluate(const Expression& expression) {
  const bool call_of = expression.kind == ExpressionKind::call;
  Operand made = call_of ? call(expression, true) : value(expression);
  if (made.stable) return;
  if (made.call) return line(made.text);
  keep(made);
}

// --- branches and loops

void LuaWriter::branch(const Statement& statement, bool last) {
  const Statement* current = &statement;
  Operand decides = condition(*current->value);
  line("if " + decides.text + " then");
  for (;;) {
    inner_block(current->body, last);
    if (current->otherwise.empty()) break;
    const Statement& next = *current->otherwise.front();
    if (current->otherwise.size() == 1 && next.kind == StatementKind::branch && !spread_) {
      const Place place = std::exchange(place_, next.place);
      const size_t before = end();
      const uint32_t temporaries = out_->temporaries;
      decides = condition(*next.value);
      if (end() == before) {
        line("elseif " + decides.text + " then");
        current = &next;
        continue;
      }
      out_->lines.resize(before);
      out_->temporaries = temporaries;
      place_ = place;
    }
    line("else");
    inner_block(current->otherwise, last);
    break;
  }
  line("end");
}

void LuaWriter::for_each(const Statement& statement) {
  Operand over = value(*statement.value);
  const Bytes number = temporary();
  const Bytes items = temporary();
  const Bytes& index = names_[statement.index_slot];
  const Bytes& element = names_[statement.slot];
  line(definition(items, within(over.types, types::list) ? over.text : use("looped") + "(" + over.text + ")"));
  line(definition(number, "0"));
  line("while " + items + "[" + number + " + 1] ~= nil do");
  ++out_->indent;
  line(index + " = " + number);
  line(number + " = " + number + " + 1");
  line(element + " = " + items + "[" + number + "]");
  if (!within(over.types, types::text | types::dict)) {
    line("if " + element + " == " + use("none") + " then");
    ++out_->indent;
    line(element + " = nil");
    --out_->indent;
    line("end");
  }
  --out_->indent;
  inner_block(statement.body, false);
  line("end");
}

void LuaWriter::loop(const Statement& statement) {
  const size_t head = end();
  line("while true do");
  ++out_->indent;
  ++depth_;
  const size_t before = end();
  const uint32_t temporaries = out_->temporaries;
  const Operand decides = condition(*statement.value);
  if (end() == before) {
    out_->lines[head].text = "while " + decides.text + " do";
  } else {
    line("if not (" + decides.text + ") then");
    ++out_->indent;
    line("break");
    --out_->indent;
    line("end");
  }
  --out_->indent;
  --depth_;
  inner_block(statement.body, false);
  out_->temporaries = temporaries;  // they end with the loop's body
  line("end");
}

// --- results

void LuaWriter::result(const Statement& statement, bool last) {
  if (!last || !returns_last_) {
    const Bytes name = spread_ ? "v.result" : "result";
    return line(name + " = " + (statement.value ? value(*statement.value).text : "nil"));
  }
  line("return " + (statement.value ? result_text(value(*statement.value)) : "nil"));
}

Bytes LuaWriter::result_text(Operand operand) {
  if (operand.literal) {
    const Json& literal = *operand.literal;
    if (literal.is(Json::Type::null)) return "nil";
    Bytes json;
    append_json(json, literal);
    return lua_string(json);
  }
  if (within(operand.types, types::text)) return use("quoted") + "(" + operand.text + ")";
  if (within(operand.types, types::boolean)) return "tostring(" + operand.text + ")";
  if (within(operand.types, types::whole) && operand.stable) {  // flags and counts are mostly these
    return operand.text + " == 0 and \"0\" or " + operand.text + " == 1 and \"1\" or string.format(\"%d\", " +
           operand.text + ")";
  }
  if (within(operand.types, types::whole)) return "string.format(\"%d\", " + operand.text + ")";
  return use("result_text") + "(" + operand.text + ")";
}

}  // namespace redipy::script
