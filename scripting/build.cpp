// SPDX-License-Identifier: Apache-2.0
//
// See build.h and build_redis.h. Members stand in the order in which redipy writes them.
#include "scripting/build.h"

#include <algorithm>
#include <stdexcept>

#include "scripting/build_redis.h"
#include "scripting/text.h"

namespace redipy::script::build {

namespace {

Bytes quoted(View text) {
  Bytes json;
  if (!append_json_string(json, text)) throw std::invalid_argument("a script's text must be UTF-8");
  return json;
}

Bytes value(View json, View type) {
  return R"({"kind":"val","value":)" + Bytes(json) + R"(,"type":")" + Bytes(type) + "\"}";
}

Expr binary(View operation, const Expr& left, const Expr& right) {
  return Expr::of_json(R"({"kind":"binary","op":")" + Bytes(operation) + R"(","left":)" + left.json() + R"(,"right":)" +
                       right.json() + "}");
}

Bytes list(const Exprs& expressions) {
  Bytes json = "[";
  for (const Expr& expression : expressions) {
    if (json.size() > 1) json += ',';
    json += expression.json();
  }
  return json + "]";
}

Bytes names(const std::vector<Bytes>& texts) {
  Bytes json = "[";
  for (const Bytes& text : texts) {
    if (json.size() > 1) json += ',';
    json += quoted(text);
  }
  return json + "]";
}

/// "var_0", of that kind.
Var numbered(View kind, View prefix, size_t number) {
  return Var(R"({"kind":")" + Bytes(kind) + R"(","name":")" + Bytes(prefix) + "_" + std::to_string(number) + "\"}");
}

/// An argument or key.
Var labelled(View kind, size_t number, View name) {
  return Var(R"({"kind":")" + Bytes(kind) + R"(","name":")" + Bytes(kind) + "_" + std::to_string(number) +
             R"(","readable":)" + quoted(name) + "}");
}

Statement declaration(const Var& variable, View value) {
  return Statement(R"({"kind":"declare","assign":)" + variable.json() + R"(,"value":)" + Bytes(value) + "}");
}

void add_name(std::vector<Bytes>& names, View name) {
  if (std::find(names.begin(), names.end(), name) != names.end()) {
    throw std::invalid_argument("the name " + quoted(name) + " stands twice");
  }
  names.emplace_back(name);
}

}  // namespace

// --- expressions

Expr::Expr(None) : json_(value("null", "none")) {}
Expr::Raw Expr::literal(bool given) { return {value(given ? "true" : "false", "bool")}; }
Expr::Raw Expr::literal(int64_t given) { return {value(std::to_string(given), "int")}; }
Expr::Expr(View text) : json_(value(quoted(text), "str")) {}

Expr::Expr(double given) {
  char digits[number_text_size];
  Bytes text(digits, format_number(given, digits));
  if (text.find_first_of("ni") != Bytes::npos) throw std::invalid_argument("a script's numbers must be finite");
  if (text.find_first_of(".e") == Bytes::npos) text += ".0";
  json_ = value(text, "float");
}

Expr::Expr(const Json& given) {
  static constexpr View types[] = {"none", "bool", "int", "float", "str", "list", "dict"};
  Bytes json;
  append_json(json, given);
  json_ = value(json, types[static_cast<size_t>(given.type)]);
}

Expr operator+(const Expr& left, const Expr& right) { return binary("add", left, right); }
Expr operator-(const Expr& left, const Expr& right) { return binary("sub", left, right); }
Expr operator<(const Expr& left, const Expr& right) { return binary("lt", left, right); }
Expr operator<=(const Expr& left, const Expr& right) { return binary("le", left, right); }
Expr operator>(const Expr& left, const Expr& right) { return binary("gt", left, right); }
Expr operator>=(const Expr& left, const Expr& right) { return binary("ge", left, right); }
Expr operator==(const Expr& left, const Expr& right) { return binary("eq", left, right); }
Expr operator!=(const Expr& left, const Expr& right) { return binary("ne", left, right); }
Expr operator&&(const Expr& left, const Expr& right) { return binary("and", left, right); }
Expr operator||(const Expr& left, const Expr& right) { return binary("or", left, right); }
Expr operator!(const Expr& operand) {
  return Expr::of_json(R"({"kind":"unary","op":"not","arg":)" + operand.json() + "}");
}

// --- variables

Expr Var::operator[](const Expr& index) const {
  return of_json(R"({"kind":"array_at","arr":)" + json() + R"(,"index":)" + index.json() + "}");
}

Expr Var::get_key(const Expr& key) const {
  return of_json(R"({"kind":"dict_key","obj":)" + json() + R"(,"key":)" + key.json() + "}");
}

Expr Var::len() const { return of_json(R"({"kind":"array_len","var":)" + json() + "}"); }

Statement Var::assign(const Expr& value) const {
  return Statement(R"({"kind":"assign","assign":)" + json() + R"(,"value":)" + value.json() + "}");
}

Statement Var::set_at(const Expr& index, const Expr& value) const {
  return Statement(R"({"kind":"assign_at","assign":)" + json() + R"(,"index":)" + index.json() + R"(,"value":)" +
                   value.json() + "}");
}

Statement Var::set_key(const Expr& key, const Expr& value) const {
  return Statement(R"({"kind":"assign_key","assign":)" + json() + R"(,"key":)" + key.json() + R"(,"value":)" +
                   value.json() + "}");
}

// --- sequences

void Sequence::add(const Statement& statement) { add_node(statement.json()); }
void Sequence::add(const Expr& expression) { add_node(R"({"kind":"stmt","expr":)" + expression.json() + "}"); }

Sequence::Node& Sequence::add_node(Bytes head) {
  nodes_.push_back({std::move(head), {}});
  return nodes_.back();
}

Sequence& Sequence::add_block(Node& node, View name) {
  return *node.blocks.emplace_back(name, std::make_unique<Sequence>(script_)).second;
}

Branch Sequence::if_(const Expr& condition) {
  Node& node = add_node(R"({"kind":"branch","condition":)" + condition.json());
  Sequence& then = add_block(node, "then");
  return {then, add_block(node, "else")};
}

Loop Sequence::for_(const Expr& array) {
  const size_t number = script_.loops_++;
  const Var index = numbered("index", "ix", number);
  const Var value = numbered("var", "val", number);
  Node& node = add_node(R"({"kind":"for","array":)" + array.json() + R"(,"index":)" + index.json() + R"(,"value":)" +
                        value.json());
  return {add_block(node, "body"), index, value};
}

Sequence& Sequence::while_(const Expr& condition) {
  return add_block(add_node(R"({"kind":"while","condition":)" + condition.json()), "body");
}

Bytes Sequence::commands() const {
  Bytes json = "[";
  for (const Node& node : nodes_) {
    if (json.size() > 1) json += ',';
    json += node.head;
    for (const auto& [name, block] : node.blocks) {
      json += ",\"" + Bytes(name) + R"(":{"kind":"seq","cmds":)" + block->commands() + "}";
    }
    if (!node.blocks.empty()) json += '}';
  }
  return json + "]";
}

// --- the script

Var Script::add_arg(View name) {
  const size_t number = arguments_.size();
  add_name(arguments_, name);
  Var variable = labelled("arg", number, name);
  add(declaration(variable, R"({"kind":"load_json_arg","index":)" + std::to_string(number) + "}"));
  return variable;
}

Var Script::add_key(View name) {
  const size_t number = keys_.size();
  add_name(keys_, name);
  Var variable = labelled("key", number, name);
  add(declaration(variable, R"({"kind":"load_key_arg","index":)" + std::to_string(number) + "}"));
  return variable;
}

Var Script::add_local(const Expr& init) {
  Var variable = numbered("var", "var", locals_++);
  add(declaration(variable, init.json()));
  return variable;
}

void Script::return_(const Expr& value) { add(Statement(R"({"kind":"return","value":)" + value.json() + "}")); }
void Script::return_(None) { add(Statement(R"({"kind":"return","value":null})")); }

Bytes Script::compile() const {
  return R"({"kind":"script","cmds":)" + commands() + R"(,"argv":)" + names(arguments_) + R"(,"keyv":)" + names(keys_) +
         "}";
}

// --- functions

Expr call(View function, const Exprs& arguments, bool no_adjust) {
  return Expr::of_json(R"({"kind":"call","name":)" + quoted(function) + R"(,"args":)" + list(arguments) +
                       R"(,"no_adjust":)" + (no_adjust ? "true" : "false") + "}");
}

Expr redis_call(const Exprs& words, bool no_adjust) { return call("redis.call", words, no_adjust); }
Expr concat(const Exprs& texts) { return Expr::of_json(R"({"kind":"concat","strings":)" + list(texts) + "}"); }
Expr to_num(const Expr& text) { return call("tonumber", {text}); }
Expr to_int_str(const Expr& number) { return call("asintstr", {number}); }
Expr to_str(const Expr& value) { return call("tostring", {value}); }
Expr type_str(const Expr& value) { return call("type", {value}); }
Expr find(const Expr& text, const Expr& part) { return call("string.find", {text, part}); }
Expr find(const Expr& text, const Expr& part, const Expr& start) { return call("string.find", {text, part, start}); }
Expr from_json(const Expr& text) { return call("cjson.decode", {text}); }
Expr to_json(const Expr& value) { return call("cjson.encode", {value}); }

Expr log(LogLevel level, const Expr& text) {
  static constexpr View names[] = {"DEBUG", "VERBOSE", "NOTICE", "WARNING"};
  const Bytes constant = R"({"kind":"constant","raw":"redis.LOG_)" + Bytes(names[static_cast<size_t>(level)]) + "\"}";
  return call("redis.log", {Expr::of_json(constant), text});
}

// --- keys

Expr RedisObject::command(View name, const Exprs& arguments, bool no_adjust) const {
  Exprs words = {name, key_};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return redis_call(words, no_adjust);
}

Expr RedisVar::set(const Expr& value, const SetOptions& options) const {
  Exprs arguments = {value};
  if (options.mode == SetMode::if_exists) arguments.emplace_back("XX");
  if (options.mode == SetMode::if_missing) arguments.emplace_back("NX");
  if (options.previous) arguments.emplace_back("GET");
  if (options.expire_ms) {
    arguments.emplace_back("PX");
    arguments.emplace_back(*options.expire_ms);
  } else if (options.keep_ttl) {
    arguments.emplace_back("KEEPTTL");
  }
  return command("set", arguments);
}

}  // namespace redipy::script::build
