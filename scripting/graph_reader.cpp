// SPDX-License-Identifier: Apache-2.0
//
// See graph_reader.h. The text becomes a JSON tree first, for the members of an object come in any order; then each
// node is read by the function of its kind. The rows below are all there is of the format.
#include "scripting/graph_reader.h"

#include <array>
#include <optional>
#include <unordered_map>

#include "scripting/node_reader.h"

namespace redipy::script {

namespace {

/// JSON levels that one level of nesting may take: statement, seq, cmds; and some for the script and its literals.
constexpr size_t json_levels_per_nesting = 4;
constexpr size_t json_levels_besides = 64;

class Reader : NodeReader {
 public:
  explicit Reader(const GraphLimits& limits) : NodeReader(nullptr, 0), limits_(limits) {}
  Reader(const GraphLimits& limits, std::vector<GraphFault>& faults, size_t most)
      : NodeReader(&faults, most), limits_(limits) {}

  Graph read(const Json& script) {
    try {
      guarded([&] { this->script(script); });
    } catch (const TooManyFaults&) {
    }
    return std::move(graph_);
  }

 private:
  using ReadExpression = void (Reader::*)(const Json&, Expression&);
  using ReadStatement = void (Reader::*)(const Json&, Statement&);
  struct ExpressionRow {
    View kind;
    ExpressionKind becomes;
    ReadExpression read;
  };
  struct StatementRow {
    View kind;
    StatementKind becomes;
    ReadStatement read;
  };
  static const std::array<ExpressionRow, 15> expression_rows;
  static const std::array<StatementRow, 9> statement_rows;

  void script(const Json& script) {
    require(script, 0, Json::Type::object);
    if (const View kind = kind_of(script, 0); kind != "script")
      note(0, "the kind is " + quoted(kind) + ", not \"script\"");
    guarded([&] { graph_.argument_names = names(script, "argv"); });
    guarded([&] { graph_.key_names = names(script, "keyv"); });
    graph_.body = block(script, 0);
  }

  std::vector<Bytes> names(const Json& script, const char* name) {
    std::vector<Bytes> found;
    for (const Json& item : array(script, 0, name)) {
      require(item, graph_.place(graph_.place(0, name), static_cast<uint32_t>(found.size())), Json::Type::string);
      found.push_back(item.text);
    }
    return found;
  }

  /// One level deeper, for as long as it lives.
  struct Level {
    Level(Reader& reader, Place place) : reader_(reader) {
      if (++reader_.depth_ > reader_.limits_.nesting) reader_.fail(place, "nested too deeply");
    }
    ~Level() { --reader_.depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;
    Reader& reader_;
  };

  // --- variables

  struct Reference {
    Slot slot;
    Variable::Kind kind;
  };

  static std::optional<Variable::Kind> variable_kind(View kind) {
    if (kind == "var") return Variable::Kind::variable;
    if (kind == "arg") return Variable::Kind::argument;
    if (kind == "key") return Variable::Kind::key;
    if (kind == "index") return Variable::Kind::index;
    return std::nullopt;
  }

  Variable::Kind reference_kind(const Json& node, Place place) {
    const View kind = kind_of(node, place);
    const auto found = variable_kind(kind);
    if (!found) fail(place, "expected a variable, not the kind " + quoted(kind));
    return *found;
  }

  Slot use(const Json& node, Place place) {
    const Variable::Kind kind = reference_kind(node, place);
    const Bytes& name = text(node, place, "name");
    const auto found = slots_.find(name);
    if (found == slots_.end()) {
      note(place, "the variable " + quoted(name) + " is not declared");
      return no_slot;
    }
    const Variable& variable = graph_.variables[found->second];
    if (variable.kind != kind) {
      note(place,
           quoted(name) + " was declared as " + Bytes(kind_name(variable.kind)) + ", not as " + Bytes(kind_name(kind)));
    }
    return found->second;
  }

  Slot declare(const Json& node, Place place) {
    const Variable::Kind kind = reference_kind(node, place);
    const Bytes& name = text(node, place, "name");
    const auto [found, is_new] = slots_.try_emplace(name, static_cast<Slot>(graph_.variables.size()));
    if (!is_new) return use(node, place);
    if (graph_.variables.size() >= limits_.variables) {
      slots_.erase(found);
      fail(place, "too many variables");
    }
    const Json* const readable = node.find("readable");
    graph_.variables.push_back(
        {kind, name, readable && readable->is(Json::Type::string) ? readable->text : Bytes(), place});
    return found->second;
  }

  /// The target of assign_at and assign_key.
  Slot container(const Json& node, Place place) {
    const Json& target = member(node, place, "assign");
    const Place at = graph_.place(place, "assign");
    const Variable::Kind kind = reference_kind(target, at);
    if (kind != Variable::Kind::variable) {
      note(at, "expected a var, not the kind " + quoted(kind_name(kind)));
      return no_slot;
    }
    return use(target, at);
  }

  // --- expressions

  const Expression* expression(const Json& node, Place place) {
    Expression& made = graph_.new_expression();
    made.place = place;
    if (!guarded([&] { fill(node, made); })) gap(made);
    return &made;
  }

  void fill(const Json& node, Expression& made) {
    const View kind = kind_of(node, made.place);
    for (const ExpressionRow& row : expression_rows) {
      if (row.kind != kind) continue;
      made.kind = row.becomes;
      return (this->*row.read)(node, made);
    }
    fail(made.place, "unknown kind " + quoted(kind));
  }

  static void gap(Expression& made) {
    made.kind = ExpressionKind::variable;
    made.slot = no_slot;
    made.parts.clear();
  }

  const Expression* part(const Json& node, Place place, const char* name) {
    const Json* const found = node.find(name);
    if (found) return expression(*found, graph_.place(place, name));
    note(place, quoted(name) + " is missing");
    Expression& made = graph_.new_expression();
    made.place = place;
    gap(made);
    return &made;
  }

  void parts(const Json& node, Expression& made, const char* name) {
    const std::vector<Json>& items = array(node, made.place, name);
    const Place place = graph_.place(made.place, name);
    made.parts.reserve(items.size());
    for (uint32_t i = 0; i < items.size(); ++i) made.parts.push_back(expression(items[i], graph_.place(place, i)));
  }

  void variable(const Json& node, Expression& made) { made.slot = use(node, made.place); }

  void position(const Json& node, Expression& made) {
    const Json& index = member(node, made.place, "index");
    if (!index.is(Json::Type::integer) || index.integer < 0 || index.integer > INT32_MAX) {
      fail(graph_.place(made.place, "index"), "expected a position from 0 on");
    }
    made.position = static_cast<uint32_t>(index.integer);
  }

  void literal(const Json& node, Expression& made) {
    const View type = text(node, made.place, "type");
    const Json& value = member(node, made.place, "value");
    const Place place = graph_.place(made.place, "value");
    if (type == "str") {
      require(value, place, Json::Type::string);
    } else if (type == "int") {
      require(value, place, Json::Type::integer);
    } else if (type == "float") {
      if (!value.is(Json::Type::integer)) require(value, place, Json::Type::number);
    } else if (type == "bool") {
      require(value, place, Json::Type::boolean);
    } else if (type == "list") {
      require(value, place, Json::Type::array);
    } else if (type == "dict") {
      require(value, place, Json::Type::object);
    } else if (type == "none") {
      require(value, place, Json::Type::null);
    } else {
      fail(made.place, "unknown literal type " + quoted(type));
    }
    made.literal = value;
    if (type == "float" && value.is(Json::Type::integer)) {
      made.literal = Json(static_cast<double>(value.integer));
    }
  }

  void constant(const Json& node, Expression& made) { made.name = text(node, made.place, "raw"); }

  void unary(const Json& node, Expression& made) {
    const Level level(*this, made.place);
    const View operation = text(node, made.place, "op");
    if (operation != "not") note(made.place, "unknown op " + quoted(operation));
    made.parts = {part(node, made.place, "arg")};
  }

  void binary(const Json& node, Expression& made) {
    const Level level(*this, made.place);
    const View operation = text(node, made.place, "op");
    bool known = false;
    for (int i = 0; i <= static_cast<int>(Operator::either) && !known; ++i) {
      made.operation = static_cast<Operator>(i);
      known = operator_name(made.operation) == operation;
    }
    if (!known) note(made.place, "unknown op " + quoted(operation));
    const Expression* const left = part(node, made.place, "left");
    made.parts = {left, part(node, made.place, "right")};
    if (!known) gap(made);
  }

  void item(const Json& node, Expression& made) {
    const Level level(*this, made.place);
    const Expression* const list = part(node, made.place, "arr");
    made.parts = {list, part(node, made.place, "index")};
  }

  void entry(const Json& node, Expression& made) {
    const Level level(*this, made.place);
    const Expression* const dict = part(node, made.place, "obj");
    made.parts = {dict, part(node, made.place, "key")};
  }

  void length(const Json& node, Expression& made) {
    const Json& of = member(node, made.place, "var");
    const Place place = graph_.place(made.place, "var");
    reference_kind(of, place);
    made.parts = {expression(of, place)};
  }

  void concat(const Json& node, Expression& made) {
    const Level level(*this, made.place);
    parts(node, made, "strings");
  }

  void call(const Json& node, Expression& made) {
    const Level level(*this, made.place);
    made.name = text(node, made.place, "name");
    parts(node, made, "args");
  }

  // --- statements

  /// The "cmds" of a script or sequence.
  Block block(const Json& node, Place place) {
    const std::vector<Json>& items = array(node, place, "cmds");
    const Place at = graph_.place(place, "cmds");
    Block made;
    made.reserve(items.size());
    for (uint32_t i = 0; i < items.size(); ++i) made.push_back(statement(items[i], graph_.place(at, i)));
    return made;
  }

  Block sequence(const Json& node, Place place, const char* name) {
    Block made;
    guarded([&] {
      const Json& inner = member(node, place, name);
      const Place at = graph_.place(place, name);
      if (const View kind = kind_of(inner, at); kind != "seq")
        note(at, "expected the kind \"seq\", not " + quoted(kind));
      made = block(inner, at);
    });
    return made;
  }

  const Statement* statement(const Json& node, Place place) {
    Statement& made = graph_.new_statement();
    made.place = place;
    if (!guarded([&] { fill(node, made); })) gap(made);
    return &made;
  }

  void fill(const Json& node, Statement& made) {
    const View kind = kind_of(node, made.place);
    for (const StatementRow& row : statement_rows) {
      if (row.kind != kind) continue;
      made.kind = row.becomes;
      return (this->*row.read)(node, made);
    }
    fail(made.place, "unknown kind " + quoted(kind));
  }

  void gap(Statement& made) {
    Expression& nothing = graph_.new_expression();
    nothing.place = made.place;
    gap(nothing);
    made.kind = StatementKind::evaluate;
    made.value = &nothing;
  }

  /// Reads a variable by `read` (use, declare, container …), which stands in the member `name`.
  template <class Read>
  Slot target(Read read) {
    Slot slot = no_slot;
    guarded([&] { slot = read(); });
    return slot;
  }

  void declaration(const Json& node, Statement& made) {
    made.declares = true;
    made.value = part(node, made.place, "value");  // which does not see the variable yet
    made.slot = target([&] { return declare(member(node, made.place, "assign"), graph_.place(made.place, "assign")); });
  }

  void assignment(const Json& node, Statement& made) {
    made.slot = target([&] { return use(member(node, made.place, "assign"), graph_.place(made.place, "assign")); });
    made.value = part(node, made.place, "value");
  }

  void item_assignment(const Json& node, Statement& made) {
    made.slot = target([&] { return container(node, made.place); });
    made.key = part(node, made.place, "index");
    made.value = part(node, made.place, "value");
  }

  void entry_assignment(const Json& node, Statement& made) {
    made.slot = target([&] { return container(node, made.place); });
    made.key = part(node, made.place, "key");
    made.value = part(node, made.place, "value");
  }

  void evaluation(const Json& node, Statement& made) { made.value = part(node, made.place, "expr"); }

  void branch(const Json& node, Statement& made) {
    const Level level(*this, made.place);
    made.value = part(node, made.place, "condition");
    made.body = sequence(node, made.place, "then");
    made.otherwise = sequence(node, made.place, "else");
  }

  void for_each(const Json& node, Statement& made) {
    const Level level(*this, made.place);
    made.value = part(node, made.place, "array");
    made.index_slot = loop_variable(node, made.place, "index", Variable::Kind::index);
    made.slot = loop_variable(node, made.place, "value", Variable::Kind::variable);
    made.body = sequence(node, made.place, "body");
  }

  Slot loop_variable(const Json& node, Place place, const char* name, Variable::Kind expected) {
    return target([&] {
      const Json& variable = member(node, place, name);
      const Place at = graph_.place(place, name);
      const View kind = kind_of(variable, at);
      if (kind != kind_name(expected)) {
        note(at, "expected the kind " + quoted(kind_name(expected)) + ", not " + quoted(kind));
      }
      return declare(variable, at);
    });
  }

  void loop(const Json& node, Statement& made) {
    const Level level(*this, made.place);
    made.value = part(node, made.place, "condition");
    made.body = sequence(node, made.place, "body");
  }

  void result(const Json& node, Statement& made) {
    const Json* const value = node.find("value");
    if (!value || !value->is(Json::Type::null)) made.value = part(node, made.place, "value");
  }

  const GraphLimits& limits_;
  std::unordered_map<Bytes, Slot> slots_;
  size_t depth_ = 0;
};

using Kind = ExpressionKind;
const std::array<Reader::ExpressionRow, 15> Reader::expression_rows = {{
    {"var", Kind::variable, &Reader::variable},
    {"arg", Kind::variable, &Reader::variable},
    {"key", Kind::variable, &Reader::variable},
    {"index", Kind::variable, &Reader::variable},
    {"load_json_arg", Kind::load_argument, &Reader::position},
    {"load_key_arg", Kind::load_key, &Reader::position},
    {"val", Kind::literal, &Reader::literal},
    {"constant", Kind::constant, &Reader::constant},
    {"unary", Kind::logical_not, &Reader::unary},
    {"binary", Kind::binary, &Reader::binary},
    {"array_at", Kind::item, &Reader::item},
    {"dict_key", Kind::entry, &Reader::entry},
    {"array_len", Kind::length, &Reader::length},
    {"concat", Kind::concat, &Reader::concat},
    {"call", Kind::call, &Reader::call},
}};

const std::array<Reader::StatementRow, 9> Reader::statement_rows = {{
    {"declare", StatementKind::assign, &Reader::declaration},
    {"assign", StatementKind::assign, &Reader::assignment},
    {"assign_at", StatementKind::assign_item, &Reader::item_assignment},
    {"assign_key", StatementKind::assign_entry, &Reader::entry_assignment},
    {"stmt", StatementKind::evaluate, &Reader::evaluation},
    {"branch", StatementKind::branch, &Reader::branch},
    {"for", StatementKind::for_each, &Reader::for_each},
    {"while", StatementKind::loop, &Reader::loop},
    {"return", StatementKind::result, &Reader::result},
}};

}  // namespace

namespace {

Json read_script(View text, const GraphLimits& limits) {
  if (text.size() > limits.bytes)
    throw GraphError("", "the text is longer than " + std::to_string(limits.bytes) + " bytes");
  try {
    return read_json(text, json_levels_per_nesting * limits.nesting + json_levels_besides, Duplicates::refused);
  } catch (const JsonError& fault) {
    throw GraphError("", Bytes("not valid JSON: ") + fault.what());
  }
}

}  // namespace

Graph read_graph(View text, const GraphLimits& limits) { return Reader(limits).read(read_script(text, limits)); }

Graph read_faulty_graph(View text, const GraphLimits& limits, std::vector<GraphFault>& faults, size_t most) {
  return Reader(limits, faults, most).read(read_script(text, limits));
}

bool looks_like_graph(View text) {
  const size_t first = text.find_first_not_of(" \t\r\n");
  return first != View::npos && text[first] == '{';
}

}  // namespace redipy::script
