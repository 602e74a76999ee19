// SPDX-License-Identifier: Apache-2.0
//
// A script as a typed tree: what the JSON graph says (docs/scripts.md), with names resolved to slots and every form
// checked. graph_reader.h makes it; compiler.h, lua_printer.h, explain.h and check.h each walk it. It is never changed
// once it is made.
//
//   Graph ── body ──> Block ──> Statement ──> Expression ──> Expression …
//                                  └──> Block …
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "core/base/view.h"
#include "scripting/json.h"

namespace redipy::script {

/// A local variable, by number. Names are gone; Graph::variables has them for people.
using Slot = uint32_t;

/// Stands where a faulty graph has no variable that could be told; never in a graph that runs.
inline constexpr Slot no_slot = UINT32_MAX;

/// Where a node stands in the graph's JSON: a number in Graph's table of places. Graph::path writes it out.
using Place = uint32_t;

enum class ExpressionKind : uint8_t {
  variable,       ///< slot                       (var, arg, key, index)
  load_argument,  ///< position                   (load_json_arg)
  load_key,       ///< position                   (load_key_arg)
  literal,        ///< literal                    (val); lists and dicts are made anew each time
  constant,       ///< name                       (constant)
  logical_not,    ///< parts: operand             (unary)
  binary,         ///< operation, parts: left, right
  item,           ///< parts: list, index         (array_at)
  entry,          ///< parts: dict, key           (dict_key)
  length,         ///< parts: the variable        (array_len)
  concat,         ///< parts: the texts
  call,           ///< name, parts: the arguments
};

enum class Operator : uint8_t { add, subtract, less, less_equal, greater, greater_equal, equal, unequal, both, either };
/// As the graph spells it: "add", "lt", "and" …
View operator_name(Operator operation);

struct Expression {
  ExpressionKind kind = ExpressionKind::literal;
  Operator operation = Operator::add;
  Place place = 0;
  Slot slot = 0;
  uint32_t position = 0;
  Json literal;
  Bytes name;
  std::vector<const Expression*> parts;
};

struct Statement;
using Block = std::vector<const Statement*>;

enum class StatementKind : uint8_t {
  assign,        ///< slot = value; declares: the first time      (declare, assign)
  assign_item,   ///< slot[key] = value                           (assign_at)
  assign_entry,  ///< slot[key] = value                           (assign_key)
  evaluate,      ///< value                                       (stmt)
  branch,        ///< value is the condition; body, otherwise
  for_each,      ///< value is the array; slot, index_slot; body  (for)
  loop,          ///< value is the condition; body                (while)
  result,        ///< value, or null for none                     (return)
};

struct Statement {
  StatementKind kind = StatementKind::evaluate;
  bool declares = false;
  Place place = 0;
  Slot slot = 0;
  Slot index_slot = 0;
  const Expression* value = nullptr;
  const Expression* key = nullptr;
  Block body;
  Block otherwise;
};

struct Variable {
  enum class Kind : uint8_t { variable, argument, key, index };
  Kind kind = Kind::variable;
  Bytes name;      ///< as the graph has it: "var_0"
  Bytes readable;  ///< the label of an argument or key, empty if there is none
  Place declared = 0;
};
/// As the graph spells it: "var", "arg", "key", "index".
View kind_name(Variable::Kind kind);

class Graph {
 public:
  Graph() = default;
  Graph(Graph&&) = default;
  Graph& operator=(Graph&&) = default;
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;

  std::vector<Bytes> argument_names;  ///< argv
  std::vector<Bytes> key_names;       ///< keyv
  std::vector<Variable> variables;    ///< by slot
  Block body;

  /// "cmds[3].then.cmds[0].expr.args[1]"; empty for the script itself.
  Bytes path(Place place) const;

  // --- for who makes a graph
  Expression& new_expression() { return expressions_.emplace_back(); }
  Statement& new_statement() { return statements_.emplace_back(); }
  /// The place of a member of `parent`; `field` is static text. The script itself is place 0.
  Place place(Place parent, const char* field);
  /// The place of an element of the array at `parent`.
  Place place(Place parent, uint32_t index);

 private:
  struct Step {
    Place parent;
    uint32_t index;
    const char* field;  // null: index counts
  };
  std::vector<Step> steps_;
  std::deque<Expression> expressions_;  // nodes stay where they are: others point to them
  std::deque<Statement> statements_;
};

}  // namespace redipy::script
