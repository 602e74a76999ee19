// SPDX-License-Identifier: Apache-2.0
//
// Writing scripts in C++: the symbolic API, after redipy's. Expressions are written with C++'s operators; nothing of
// it runs here, it makes the JSON text of a graph (docs/scripts.md), the same as redipy makes of the same script.
//
//   Script script;
//   const Var limit = script.add_arg("limit");
//   const RedisList in(script.add_key("in")), out(script.add_key("out"));
//   Var value = script.add_local(in.lpop());
//   Sequence& loop = script.while_(value != none);
//   auto [then, otherwise] = loop.if_(to_num(value) < limit);
//   then.add(out.rpush({value}));
//   loop.add(value.assign(in.lpop()));
//   script.return_(out.llen());
//   const Bytes graph = script.compile();
#pragma once

#include <concepts>
#include <initializer_list>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "core/base/view.h"
#include "scripting/json.h"

namespace redipy::script::build {

struct None {};
inline constexpr None none;

/// An expression, as its JSON text. Literals become one by themselves.
class Expr {
 public:
  Expr(None);  // NOLINT(google-explicit-constructor): literals read as themselves
  Expr(std::same_as<bool> auto value) : Expr(literal(value)) {}                          // NOLINT
  Expr(std::signed_integral auto value) : Expr(literal(static_cast<int64_t>(value))) {}  // NOLINT
  Expr(double value);                                                                    // NOLINT
  Expr(const char* text) : Expr(View(text)) {}                                           // NOLINT
  Expr(View text);                                                                       // NOLINT
  Expr(const Bytes& text) : Expr(View(text)) {}                                          // NOLINT
  /// A list or dict (an array or object), or any other value.
  Expr(const Json& value);  // NOLINT

  const Bytes& json() const { return json_; }

  static Expr of_json(Bytes json) { return Expr(Raw{std::move(json)}); }

 private:
  struct Raw {
    Bytes json;
  };
  explicit Expr(Raw raw) : json_(std::move(raw.json)) {}
  static Raw literal(bool value);
  static Raw literal(int64_t value);

  Bytes json_;
};

using Exprs = std::vector<Expr>;

Expr operator+(const Expr& left, const Expr& right);
Expr operator-(const Expr& left, const Expr& right);
Expr operator<(const Expr& left, const Expr& right);
Expr operator<=(const Expr& left, const Expr& right);
Expr operator>(const Expr& left, const Expr& right);
Expr operator>=(const Expr& left, const Expr& right);
Expr operator==(const Expr& left, const Expr& right);
Expr operator!=(const Expr& left, const Expr& right);
/// As in a script: one of the operands, the right one evaluated only when it is needed.
Expr operator&&(const Expr& left, const Expr& right);
Expr operator||(const Expr& left, const Expr& right);
Expr operator!(const Expr& operand);

/// A statement that is not yet part of a sequence; Sequence::add takes it.
class Statement {
 public:
  explicit Statement(Bytes json) : json_(std::move(json)) {}
  const Bytes& json() const { return json_; }

 private:
  Bytes json_;
};

/// A variable, argument or key, or what a loop gives.
class Var : public Expr {
 public:
  explicit Var(Bytes json) : Expr(of_json(std::move(json))) {}

  /// The element at an index.
  Expr operator[](const Expr& index) const;
  /// The entry of that key.
  Expr get_key(const Expr& key) const;
  Expr len() const;

  Statement assign(const Expr& value) const;
  /// Assigns an element; at the index len() it is appended. For locals and values of loops only.
  Statement set_at(const Expr& index, const Expr& value) const;
  Statement set_key(const Expr& key, const Expr& value) const;
};

class Sequence;
class Script;

struct Branch {
  Sequence& then;
  Sequence& otherwise;
};
struct Loop {
  Sequence& body;
  Var index;
  Var value;
};

/// Statements in order. Those that it makes by if_, for_ and while_ live as long as the script.
class Sequence {
 public:
  explicit Sequence(Script& script) : script_(script) {}
  Sequence(const Sequence&) = delete;
  Sequence& operator=(const Sequence&) = delete;

  void add(const Statement& statement);
  /// Evaluates it and drops the value.
  void add(const Expr& expression);

  Branch if_(const Expr& condition);
  Loop for_(const Expr& array);
  Sequence& while_(const Expr& condition);

 protected:
  /// The statements as a JSON array.
  Bytes commands() const;

 private:
  struct Node {
    Bytes head;  // the whole statement, or up to its blocks
    std::vector<std::pair<View, std::unique_ptr<Sequence>>> blocks;
  };
  Node& add_node(Bytes head);
  Sequence& add_block(Node& node, View name);

  Script& script_;
  std::vector<Node> nodes_;
};

/// The whole script. Arguments and keys are declared where they are added.
class Script : public Sequence {
 public:
  Script() : Sequence(*this) {}

  Var add_arg(View name);
  Var add_key(View name);
  Var add_local(const Expr& init);
  void return_(const Expr& value);
  void return_(None);

  /// The graph.
  Bytes compile() const;

 private:
  friend class Sequence;
  std::vector<Bytes> arguments_;
  std::vector<Bytes> keys_;
  size_t locals_ = 0;
  size_t loops_ = 0;
};

// --- functions

Expr call(View function, const Exprs& arguments, bool no_adjust = false);
/// Any command; the classes below know those with methods.
Expr redis_call(const Exprs& words, bool no_adjust = false);
Expr concat(const Exprs& texts);
Expr to_num(const Expr& text);
Expr to_int_str(const Expr& number);
Expr to_str(const Expr& value);
Expr type_str(const Expr& value);
Expr find(const Expr& text, const Expr& part);
Expr find(const Expr& text, const Expr& part, const Expr& start);
Expr from_json(const Expr& text);
Expr to_json(const Expr& value);

enum class LogLevel : uint8_t { debug, verbose, notice, warning };
Expr log(LogLevel level, const Expr& text);

}  // namespace redipy::script::build
