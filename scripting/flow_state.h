// SPDX-License-Identifier: Apache-2.0
//
// The parts that flow.cpp works with: what is known of the variables (State), of an expression (Expressions), and what
// a loop may change (LoopChanges).
#pragma once

#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "scripting/flow.h"
#include "scripting/types.h"

namespace redipy::script {

inline constexpr int8_t unknown_truth = -1;

/// What is known of a value.
struct Known {
  Types types = type::any;
  const Expression* origin = nullptr;  ///< the literal (no list or dict) or load_key that it is, if that is known
  int8_t truth = unknown_truth;        ///< 1: always true, 0: always false
};

/// What is known of each variable. Changes are written to a trail, so that a way can be taken back at a cost in
/// proportion to what was assigned on it.
class State {
 public:
  explicit State(const Graph& graph) : known_(graph.variables.size()), uses_(graph.variables.size()) {}

  const Known& get(Slot slot) const { return known_[slot]; }
  void set(Slot slot, Known known);
  /// It may also be this.
  void join(Slot slot, Known other);

  using Changes = std::vector<std::pair<Slot, Known>>;  // by slot, each once
  size_t mark() const { return trail_.size(); }
  /// Everything as it was at the mark; gives what the variables that were changed since had become.
  Changes take_back(size_t mark);
  void apply(const Changes& changes);
  /// Two ways from here that meet: one changed this, the other that.
  void meet(const Changes& one, const Changes& other);

  void used(Slot slot) { uses_[slot] = true; }
  bool is_used(Slot slot) const { return uses_[slot]; }

 private:
  std::vector<Known> known_;
  std::vector<bool> uses_;
  std::vector<std::pair<Slot, Known>> trail_;  // with what they were before
};

/// Tells what is known of an expression, and finds what is wrong in it.
class Expressions {
 public:
  Expressions(const Graph& graph, const CommandTable& commands, State& state, Findings& findings)
      : graph_(graph), commands_(commands), state_(state), findings_(findings) {}

  Known value(const Expression& expression);
  /// As value(), with nothing written down.
  Known silently(const Expression& expression);
  /// As silently(), with nothing known of any variable.
  Known loosely(const Expression& expression);

  /// A misuse if the value can be none of these types; %s in the text is what it is.
  void expect(const Expression& expression, const Known& known, Types types, View text) {
    expect(expression.place, known, types, text);
  }
  void expect(Place place, const Known& known, Types types, View text);
  /// A misuse if the value cannot be the index of an element.
  void index(const Expression& expression, const Known& known);

  bool dead = false;  ///< in code that cannot be reached: types mean nothing there

  /// What the calls touched; to be asked once.
  Touched take_touched() { return std::move(touched_); }

 private:
  Known literal(const Expression& expression);
  Known variable(const Expression& expression);
  Known constant(const Expression& expression);
  Known binary(const Expression& expression);
  Known arithmetic(const Expression& expression, const Known& left, const Known& right);
  Known ordering(const Expression& expression, const Known& left, const Known& right);
  Known equality(const Expression& expression, const Known& left, const Known& right);
  Known item(const Expression& expression);
  Known entry(const Expression& expression);
  Known call(const Expression& expression);
  Known redis_call(const Expression& expression, const std::vector<Known>& arguments);
  void find_keys(const Expression& expression, const Command& command, std::span<const Expression* const> origins);
  void position(const Expression& expression, const std::vector<Bytes>& names, View what);
  void note_big_integers(Place place, const Json& literal);
  void error(Place place, Bytes text);
  void misuse(Place place, Bytes text);

  const Graph& graph_;
  const CommandTable& commands_;
  State& state_;
  Findings& findings_;
  Touched touched_;
  bool silent_ = false;
  bool loose_ = false;
};

/// What the loops of a graph may assign, found once: the assignments in a loop's body stand side by side in a list.
class LoopChanges {
 public:
  LoopChanges(const Graph& graph, Expressions& expressions);

  using Assigned = std::pair<Slot, Types>;
  std::span<const Assigned> assigned(const Statement& loop) const;
  /// Nothing that the condition reads can change in the body, and it calls no command.
  bool leaves_alone(const Statement& loop, const Expression& condition, const State& state) const;

  /// What a loop over such a value gives its variable.
  static Types element_types(Types over) { return (over & type::list) != 0 ? type::any : type::string; }

 private:
  struct Range {
    size_t first, last;
    bool mutates;  // an element or entry of some list or dict
  };
  void visit(const Block& block);
  void visit(const Statement& statement);
  bool leaves_alone(const Range& range, const Expression& condition, const State& state) const;
  bool is_assigned(Slot slot, const Range& range) const;

  const Graph& graph_;
  Expressions& expressions_;
  std::vector<Assigned> all_;
  std::vector<std::vector<size_t>> places_;  // for each variable, where in all_ it is
  size_t mutations_ = 0;
  std::unordered_map<const Statement*, Range> ranges_;
};

}  // namespace redipy::script
