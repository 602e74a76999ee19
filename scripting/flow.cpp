// SPDX-License-Identifier: Apache-2.0
//
// See flow.h. First the statements; flow_expressions.cpp has the expressions.
#include "scripting/flow.h"

#include "scripting/flow_state.h"
#include "scripting/messages.h"

namespace redipy::script {

namespace {

class Statements {
 public:
  Statements(const Graph& graph, const CommandTable& commands, Findings& findings)
      : graph_(graph),
        findings_(findings),
        state_(graph),
        expressions_(graph, commands, state_, findings),
        loops_(graph, expressions_) {}

  Touched run() {
    block(graph_.body);
    Touched touched = expressions_.take_touched();
    for (Slot slot = 0; slot < graph_.variables.size(); ++slot) {
      if (!state_.is_used(slot)) touched.unused.push_back(slot);
    }
    return touched;
  }

 private:
  /// False if no way leads to its end.
  bool block(const Block& statements) {
    const bool was_dead = expressions_.dead;
    bool ends = true;
    for (const Statement* statement : statements) {
      if (!ends && !expressions_.dead) {
        findings_.warning(statement->place, "never reached: the loop before it does not end");
        expressions_.dead = true;
      }
      ends = this->statement(*statement) && ends;
    }
    expressions_.dead = was_dead;
    return ends;
  }

  void dead_block(const Block& statements) {
    const bool was_dead = expressions_.dead;
    expressions_.dead = true;
    const size_t mark = state_.mark();
    block(statements);
    state_.take_back(mark);
    expressions_.dead = was_dead;
  }

  bool statement(const Statement& statement) {
    switch (statement.kind) {
      case StatementKind::assign:
        assign(statement);
        return true;
      case StatementKind::assign_item:
        assign_item(statement);
        return true;
      case StatementKind::assign_entry:
        assign_entry(statement);
        return true;
      case StatementKind::evaluate:
        expressions_.value(*statement.value);
        if (statement.value->kind != ExpressionKind::call && statement.value->slot != no_slot) {
          findings_.warning(statement.place, "has no effect");
        }
        return true;
      case StatementKind::branch:
        return branch(statement);
      case StatementKind::for_each:
        for_each(statement);
        return true;
      case StatementKind::loop:
        return loop(statement);
      case StatementKind::result:
        if (statement.value) expressions_.value(*statement.value);
        return true;
    }
    return true;
  }

  void assign(const Statement& statement) {
    const Expression& value = *statement.value;
    Known known = expressions_.value(value);
    if (statement.slot == no_slot) return;
    if (!statement.declares && value.kind == ExpressionKind::variable && value.slot == statement.slot) {
      findings_.warning(statement.place, "assigns the variable to itself");
    }
    if (graph_.variables[statement.slot].kind == Variable::Kind::key) {
      expressions_.expect(value, known, type::text, message::key_value);
      known = {type::string, known.origin, unknown_truth};
    }
    state_.set(statement.slot, known);
  }

  void assign_item(const Statement& statement) {
    const Known index = expressions_.value(*statement.key);
    expressions_.value(*statement.value);
    if (statement.slot == no_slot) return;
    state_.used(statement.slot);
    expressions_.expect(statement.place, state_.get(statement.slot), type::list, message::no_item);
    expressions_.index(*statement.key, index);
  }

  void assign_entry(const Statement& statement) {
    const Known key = expressions_.value(*statement.key);
    expressions_.value(*statement.value);
    if (statement.slot == no_slot) return;
    state_.used(statement.slot);
    expressions_.expect(statement.place, state_.get(statement.slot), type::dict, message::no_entry);
    expressions_.expect(*statement.key, key, type::text, message::entry_key);
  }

  bool branch(const Statement& statement) {
    const Known condition = expressions_.value(*statement.value);
    if (condition.truth != unknown_truth && !expressions_.dead) {
      const bool holds = condition.truth == 1;
      const Block& never = holds ? statement.otherwise : statement.body;
      findings_.warning(statement.value->place, Bytes("the condition is always ") + (holds ? "true" : "false") +
                                                    (never.empty() ? ""
                                                     : holds       ? ": \"else\" is never reached"
                                                                   : ": \"then\" is never reached"));
      if (holds) {
        const bool ends = block(statement.body);
        dead_block(statement.otherwise);
        return ends;
      }
      dead_block(statement.body);
      return block(statement.otherwise);
    }
    const size_t mark = state_.mark();
    const bool then_ends = block(statement.body);
    const State::Changes then = state_.take_back(mark);
    const bool else_ends = block(statement.otherwise);
    const State::Changes otherwise = state_.take_back(mark);
    if (then_ends == else_ends) {
      state_.meet(then, otherwise);
    } else {
      state_.apply(then_ends ? then : otherwise);
    }
    return then_ends || else_ends;
  }

  /// Before a loop: whatever its body assigns may have been assigned already.
  void forget(const Statement& statement) {
    for (const auto& [slot, types] : loops_.assigned(statement)) state_.join(slot, {types, nullptr, unknown_truth});
  }

  void for_each(const Statement& statement) {
    const Known over = expressions_.value(*statement.value);
    expressions_.expect(*statement.value, over, type::list | type::string | type::dict, message::no_loop);
    forget(statement);
    const size_t mark = state_.mark();
    if (statement.index_slot != no_slot) {
      state_.used(statement.index_slot);
      state_.set(statement.index_slot, {type::number, nullptr, unknown_truth});
    }
    if (statement.slot != no_slot) {
      state_.used(statement.slot);
      state_.set(statement.slot, {LoopChanges::element_types(over.types), nullptr, unknown_truth});
    }
    block(statement.body);
    state_.take_back(mark);
  }

  bool loop(const Statement& statement) {
    const Expression& condition = *statement.value;
    const Known at_first = expressions_.silently(condition);
    if (at_first.truth == 0 && !expressions_.dead) {
      expressions_.value(condition);
      findings_.warning(condition.place, Bytes("the condition is false from the start") +
                                             (statement.body.empty() ? "" : ": \"body\" is never reached"));
      dead_block(statement.body);
      return true;
    }
    forget(statement);
    const Known later = expressions_.value(condition);
    const size_t mark = state_.mark();
    block(statement.body);
    state_.take_back(mark);  // forget() has told what is left of it
    if (expressions_.dead) return true;
    if (later.truth == 1) {
      findings_.error(statement.place, "the loop never ends: its condition is always true");
      return false;
    }
    if (loops_.leaves_alone(statement, condition, state_)) {
      findings_.warning(statement.place,
                        "the loop never ends once it has begun: nothing in it changes what its condition reads");
    }
    return true;
  }

  const Graph& graph_;
  Findings& findings_;
  State state_;
  Expressions expressions_;
  LoopChanges loops_;
};

}  // namespace

Touched follow(const Graph& graph, const CommandTable& commands, Findings& findings) {
  return Statements(graph, commands, findings).run();
}

}  // namespace redipy::script
