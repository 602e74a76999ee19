// SPDX-License-Identifier: Apache-2.0
//
// Writes a graph as lines of Lua. An expression becomes an *operand*, a piece of Lua that gives its value, and perhaps
// lines before it; operands that would then be evaluated too late are kept in temporaries first, so that the order of
// the graph holds. Statements are in lua_statements.cpp, expressions in lua_expressions.cpp, calls in lua_calls.cpp.
//
// Lua allows 200 locals in a function, 60 outer ones, and about 200 levels of nesting. A script that could come near is
// written *spread*: its variables are in a table `v`, and what nests deeply, or is very long, is a function of its own
// in a table `blocks`, which sees nothing but `v`.
#pragma once

#include <map>
#include <span>
#include <string_view>

#include "core/base/function_ref.h"
#include "core/command/table.h"
#include "scripting/lua_prelude.h"
#include "scripting/lua_printer.h"
#include "scripting/lua_types.h"

namespace redipy::script {

class LuaWriter {
 public:
  /// The table may be null for a target that owns all keys, as they are.
  LuaWriter(const Graph& graph, const LuaTarget& target, const CommandTable* commands);
  LuaText print();

 private:
  struct Line {
    uint32_t indent;
    Place place;
    Bytes text;
  };
  /// The body of a function.
  struct Chunk {
    std::vector<Line> lines;
    uint32_t indent = 0;
    uint32_t temporaries = 0;  ///< in use
    bool spills = false;       ///< uses the table `spill` for temporaries that are too many for locals
  };
  struct Operand {
    Bytes text;
    Types types = types::any;
    bool stable = false;  ///< gives the same wherever in its statement it stands, as often as wanted, and cannot fail
    bool atomic = true;   ///< needs no parentheses
    bool call = false;    ///< may stand as a statement
    const Json* literal = nullptr;
  };
  using Parts = std::vector<const Expression*>;

  // --- lines
  size_t end() const { return out_->lines.size(); }
  void line(Bytes text) { out_->lines.push_back({out_->indent, place_, std::move(text)}); }
  void insert(size_t at, Bytes text) {
    out_->lines.insert(out_->lines.begin() + static_cast<ptrdiff_t>(at), {out_->indent, place_, std::move(text)});
  }
  void indent_from(size_t at);
  Bytes use(View piece) { return Bytes(prelude_.use(piece)); }
  Bytes fail(View message, View part);

  // --- temporaries
  Bytes temporary();
  /// "local t1 = text", or an assignment to one that is no local.
  static Bytes definition(const Bytes& temporary, const Bytes& text);
  void keep(Operand& operand);
  void stabilize(Operand& operand) {
    if (!operand.stable) keep(operand);
  }

  // --- statements
  void name_variables();
  void block(const Block& block, bool last);
  void inner_block(const Block& block, bool last);
  void statement(const Statement& statement, bool last);
  void scope_from(size_t start, uint32_t temporaries);
  void assign(const Statement& statement);
  void assign_item(const Statement& statement);
  void evaluate(const Expression& expression);
  void branch(const Statement& statement, bool last);
  void for_each(const Statement& statement);
  void loop(const Statement& statement);
  void result(const Statement& statement, bool last);
  Bytes result_text(const Operand& operand);
  Bytes lifted(FunctionRef<void()> write);

  // --- expressions
  Operand value(const Expression& expression, const Bytes* target = nullptr);
  Operand value_here(const Expression& expression, const Bytes* target);
  std::vector<Operand> values(std::span<const Expression* const> parts);
  Operand argument(const Expression& expression, const Bytes* target);
  void check_given(const Bytes& given, View message, View name);
  Operand literal(const Json& literal);
  Operand binary(const Expression& expression, const Bytes* target);
  Operand equality(const Expression& expression);
  Operand ordering(const Expression& expression);
  Operand arithmetic(const Expression& expression);
  Operand logical(const Expression& expression, const Bytes* target);
  Operand length(const Expression& expression);
  Operand concat(const Expression& expression);
  Operand condition(const Expression& expression);
  Operand truth(Operand operand);
  Bytes joined_logic(Bytes kept, size_t at, const Bytes& left, bool both, const Bytes& right);
  const Bytes* number_flag(const Operand& operand) const;
  bool numbers_checked(Operand& left, Operand& right, View message);

  // --- calls
  Operand call(const Expression& expression, bool dropped);
  Operand tonumber(Operand operand);
  Operand redis_call(const Expression& expression, bool dropped);
  void check_name(Operand& name);
  /// Lua's own limit is 8000 values on the stack of a function.
  static constexpr size_t most_unpacked = 7900;
  Operand too_many_words();
  Bytes argument_list(std::span<const Bytes> words);
  Operand converted_reply(const Expression& expression, const Bytes& words, bool dropped);
  /// For texts that are made of several operands: none is converted before all are evaluated.
  void settle_conversions(std::span<Operand> operands);
  Bytes text_of(const Operand& operand, View piece, View message, bool numbers_too);
  Bytes list_of(std::span<const Bytes> texts);

  // --- calls under a prefix, or beside other backends (lua_keys.cpp)
  void add_key_pieces();
  Operand keyed_call(const Expression& expression, std::vector<Operand> parts, bool dropped);
  Operand call_by_name(std::span<Operand> parts);
  Operand command(const Expression& expression, const CommandTable::Entry& entry, std::span<Operand> parts,
                  bool dropped);
  bool is_refused(const Expression& call) const;
  Operand refused(View text, std::span<const Operand> parts);
  bool database_command(View name, std::span<const Operand> parts, Operand& made);
  bool keys_in_place(const Expression& expression, const Command& command, std::span<const Operand> parts,
                     std::vector<size_t>& keys) const;
  Bytes key_word(const Operand& part);
  Bytes text_word(const Operand& part);
  Bytes text_words(std::span<const Operand> parts);
  Bytes specs_of(const Command& command);
  void set_call_any();

  static Bytes inner(const Operand& operand) { return operand.atomic ? operand.text : '(' + operand.text + ')'; }
  Operand made(Bytes text, Types types, bool atomic = true) const {
    return {std::move(text), types, false, atomic, false, nullptr};
  }
  Operand called(Bytes text, Types types) const { return {std::move(text), types, false, true, true, nullptr}; }

  const Graph& graph_;
  const LuaTarget& target_;
  const CommandTable* const commands_;
  LuaTypes types_;
  LuaPrelude prelude_;
  std::vector<Bytes> names_;  // by slot
  std::vector<bool> made_;    // by slot: its local has been made
  std::vector<Bytes>
      number_flags_;           // by slot: the local that says whether the variable is a number; empty if there is none
  std::vector<Slot> flagged_;  // those that have one
  Chunk main_;
  Chunk* out_ = &main_;
  std::vector<Chunk> lifted_;
  Place place_ = 0;
  uint32_t depth_ = 0;
  bool spread_ = false;
  bool loops_ = false;        // the script has loops: what a loop calls is looked up before
  bool returns_last_ = true;  // every return ends the script where it stands
  bool keyed_ = false;        // keys have a prefix, or may be of another backend
  bool refuses_ = false;      // what scripts must not call is refused here: Redis would let some of it through
  bool reads_keys_ = false;
  bool owns_all_ = true;
  std::map<Bytes, Bytes> key_specs_;  // by command: where its keys are, if they are found when the script runs
};

}  // namespace redipy::script
