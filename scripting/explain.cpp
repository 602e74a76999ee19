// SPDX-License-Identifier: Apache-2.0
//
// See explain.h. Expressions are written with as few parentheses as Python needs.
#include "scripting/explain.h"

#include "core/base/text.h"
#include "scripting/explain_names.h"
#include "scripting/text.h"

namespace redipy::script {

namespace {

constexpr size_t most_bytes = size_t{1} << 20;
constexpr View cut_off = "# … cut off here: there is more than a megabyte of it\n";

/// How tightly an expression holds together, as Python has it.
enum Tightness : uint8_t { anything, either, both, negation, comparison, sum, atom };

bool is_word(View text, View besides) {
  if (text.empty() || text.size() > 64) return false;
  for (const char c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!letter && besides.find(c) == View::npos) return false;
  }
  return true;
}

class Explainer {
 public:
  explicit Explainer(const Graph& graph) : graph_(graph), names_(graph) {}

  Bytes run() {
    try {
      script();
    } catch (const Full&) {
      out_.resize(out_.rfind('\n', most_bytes) + 1);
      out_ += cut_off;
    }
    return std::move(out_);
  }

 private:
  struct Full {};

  void write(View text) {
    out_ += text;
    if (out_.size() > most_bytes) throw Full();
  }

  // --- the frame

  void script() {
    write("def script(");
    bool first = true;
    const auto parameter = [&](View name, View kind) {
      if (!first) write(", ");
      first = false;
      write(name);
      write(kind);
    };
    for (uint32_t i = 0; i < names_.keys(); ++i) parameter(names_.key(i), ": key");
    for (uint32_t i = 0; i < names_.arguments(); ++i) parameter(names_.argument(i), ": arg");
    write("):\n");
    returns_ = returns_only_at_the_end();
    if (!returns_) {
      write("    # \"result = …\" sets what the script gives and goes on; the last one counts\n");
    }
    block(graph_.body, 1);
  }

  static bool has_result(const Block& block) {
    for (const Statement* statement : block) {
      if (statement->kind == StatementKind::result) return true;
      if (has_result(statement->body) || has_result(statement->otherwise)) return true;
    }
    return false;
  }

  /// Then it is Python's return.
  bool returns_only_at_the_end() const {
    if (graph_.body.empty()) return true;
    const Block before(graph_.body.begin(), graph_.body.end() - 1);
    const Statement& last = *graph_.body.back();
    return !has_result(before) && !has_result(last.body) && !has_result(last.otherwise);
  }

  // --- statements

  void indent(size_t depth) { write(Bytes(4 * depth, ' ')); }

  void block(const Block& statements, size_t depth) {
    bool empty = true;
    for (const Statement* statement : statements) {
      if (names_.goes_without_saying(*statement)) continue;
      empty = false;
      indent(depth);
      this->statement(*statement, depth);
    }
    if (!empty) return;
    indent(depth);
    write("pass\n");
  }

  void statement(const Statement& statement, size_t depth) {
    const View name = statement.kind == StatementKind::assign || statement.kind == StatementKind::assign_item ||
                              statement.kind == StatementKind::assign_entry
                          ? View(names_.variable(statement.slot))
                          : View();
    switch (statement.kind) {
      case StatementKind::assign:
        write(name);
        write(" = ");
        return end(statement.value);
      case StatementKind::assign_item:
        return assign_item(statement, name);
      case StatementKind::assign_entry:
        write(name);
        write("[");
        expression(*statement.key, anything);
        write("] = ");
        return end(statement.value);
      case StatementKind::evaluate:
        return end(statement.value);
      case StatementKind::branch:
        return branch(statement, depth);
      case StatementKind::for_each:
        return for_each(statement, depth);
      case StatementKind::loop:
        write("while ");
        expression(*statement.value, anything);
        write(":\n");
        return block(statement.body, depth + 1);
      case StatementKind::result:
        write(returns_ ? "return " : "result = ");
        return end(statement.value);
    }
  }

  /// The value, null for none, and the end of the line.
  void end(const Expression* value) {
    if (value) {
      expression(*value, anything);
    } else {
      write("None");
    }
    write("\n");
  }

  void assign_item(const Statement& statement, View name) {
    write(name);
    const Expression& index = *statement.key;
    if (index.kind == ExpressionKind::length && index.parts[0]->kind == ExpressionKind::variable &&
        index.parts[0]->slot == statement.slot) {
      write(".append(");
      expression(*statement.value, anything);
      return write(")\n");
    }
    write("[");
    expression(index, anything);
    write("] = ");
    end(statement.value);
  }

  void branch(const Statement& first, size_t depth) {
    write("if ");
    for (const Statement* branch = &first;;) {
      if (branch->body.empty() && !branch->otherwise.empty()) {
        write("not ");
        expression(*branch->value, negation);
        write(":\n");
        return block(branch->otherwise, depth + 1);
      }
      expression(*branch->value, anything);
      write(":\n");
      block(branch->body, depth + 1);
      if (branch->otherwise.empty()) return;
      indent(depth);
      if (branch->otherwise.size() != 1 || branch->otherwise[0]->kind != StatementKind::branch) {
        write("else:\n");
        return block(branch->otherwise, depth + 1);
      }
      write("elif ");
      branch = branch->otherwise[0];
    }
  }

  void for_each(const Statement& statement, size_t depth) {
    const bool numbered = names_.is_used(statement.index_slot);
    write("for ");
    if (numbered) {
      write(names_.variable(statement.index_slot));
      write(", ");
    }
    write(names_.variable(statement.slot));
    write(numbered ? " in enumerate(" : " in ");
    expression(*statement.value, anything);
    write(numbered ? "):\n" : ":\n");
    block(statement.body, depth + 1);
  }

  // --- expressions

  void expression(const Expression& expression, Tightness needed) {
    const Tightness has = tightness(expression);
    if (has < needed) write("(");
    bare(expression);
    if (has < needed) write(")");
  }

  static Tightness tightness(const Expression& expression) {
    if (expression.kind == ExpressionKind::logical_not) return negation;
    if (expression.kind == ExpressionKind::literal) {
      const Json& literal = expression.literal;
      const bool negative = (literal.is(Json::Type::integer) && literal.integer < 0) ||
                            (literal.is(Json::Type::number) && literal.number < 0);
      return negative ? sum : atom;
    }
    if (expression.kind != ExpressionKind::binary) return atom;
    switch (expression.operation) {
      case Operator::add:
      case Operator::subtract:
        return sum;
      case Operator::both:
        return both;
      case Operator::either:
        return either;
      default:
        return comparison;
    }
  }

  void bare(const Expression& expression) {
    const auto& parts = expression.parts;
    switch (expression.kind) {
      case ExpressionKind::variable:
        return write(names_.variable(expression.slot));
      case ExpressionKind::load_argument:
        if (expression.position < names_.arguments()) return write(names_.argument(expression.position));
        return write("argument(" + std::to_string(expression.position) + ")");
      case ExpressionKind::load_key:
        if (expression.position < names_.keys()) return write(names_.key(expression.position));
        return write("key(" + std::to_string(expression.position) + ")");
      case ExpressionKind::literal:
        return literal(expression.literal);
      case ExpressionKind::constant:
        if (is_word(expression.name, "_.")) return write(expression.name);
        write("constant(");
        string(expression.name);
        return write(")");
      case ExpressionKind::logical_not:
        write("not ");
        return this->expression(*parts[0], negation);
      case ExpressionKind::binary:
        return binary(expression);
      case ExpressionKind::item:
        this->expression(*parts[0], atom);
        write("[");
        this->expression(*parts[1], anything);
        return write("]");
      case ExpressionKind::entry:
        this->expression(*parts[0], atom);
        write(".get(");
        this->expression(*parts[1], anything);
        return write(")");
      case ExpressionKind::length:
        write("len(");
        this->expression(*parts[0], anything);
        return write(")");
      case ExpressionKind::concat:
        return concat(expression);
      case ExpressionKind::call:
        return call(expression);
    }
  }

  void binary(const Expression& expression) {
    static constexpr View signs[] = {" + ", " - ", " < ", " <= ", " > ", " >= ", " == ", " != ", " and ", " or "};
    const Tightness own = tightness(expression);
    // Comparisons do not chain; sums are taken from the left.
    this->expression(*expression.parts[0], own == comparison ? sum : own);
    write(signs[static_cast<size_t>(expression.operation)]);
    this->expression(*expression.parts[1], own == comparison ? sum : own == sum ? atom : own);
  }

  /// Can stand between the braces of an f-string.
  static bool suits_f_string(const Expression& part, int depth) {
    if (part.kind == ExpressionKind::literal) {
      return depth == 0 ? part.literal.is(Json::Type::string) || part.literal.is(Json::Type::integer)
                        : part.literal.is(Json::Type::integer);
    }
    if (part.kind == ExpressionKind::concat || depth > 3) return false;
    for (size_t i = 0; i < part.parts.size(); ++i) {
      const bool name = i == 0 && part.kind == ExpressionKind::call && part.name == "redis.call" &&
                        part.parts[0]->kind == ExpressionKind::literal && is_word(part.parts[0]->literal.text, "_");
      if (!name && !suits_f_string(*part.parts[i], depth + 1)) return false;
    }
    return part.kind != ExpressionKind::call || is_word(part.name, "_.");
  }

  void concat(const Expression& expression) {
    bool suits = true;
    for (const Expression* part : expression.parts) suits = suits && suits_f_string(*part, 0);
    if (!suits) {
      write("concat(");
      list(expression.parts, 0);
      return write(")");
    }
    write("f\"");
    for (const Expression* part : expression.parts) {
      if (part->kind == ExpressionKind::literal && part->literal.is(Json::Type::string)) {
        characters(part->literal.text, true);
      } else {
        write("{");
        this->expression(*part, anything);
        write("}");
      }
    }
    write("\"");
  }

  void call(const Expression& expression) {
    size_t first = 0;
    if (expression.name == "redis.call" && !expression.parts.empty() &&
        expression.parts[0]->kind == ExpressionKind::literal && is_word(expression.parts[0]->literal.text, "_")) {
      write("redis.");
      write(lower(expression.parts[0]->literal.text));
      first = 1;
    } else if (is_word(expression.name, "_.")) {
      write(expression.name);
    } else {
      write("call(");
      string(expression.name);
      if (!expression.parts.empty()) write(", ");
      list(expression.parts, 0);
      return write(")");
    }
    write("(");
    list(expression.parts, first);
    write(")");
  }

  void list(const std::vector<const Expression*>& parts, size_t first) {
    for (size_t i = first; i < parts.size(); ++i) {
      if (i > first) write(", ");
      expression(*parts[i], anything);
    }
  }

  // --- literals

  void literal(const Json& value) {
    switch (value.type) {
      case Json::Type::null:
        return write("None");
      case Json::Type::boolean:
        return write(value.boolean ? "True" : "False");
      case Json::Type::integer:
        return write(std::to_string(value.integer));
      case Json::Type::number: {
        char digits[number_text_size];
        const View text(digits, format_number(value.number, digits));
        write(text);
        // A float shows that it is one.
        if (text.find_first_of(".en") == View::npos) write(".0");
        return;
      }
      case Json::Type::string:
        return string(value.text);
      case Json::Type::array:
        write("[");
        for (size_t i = 0; i < value.items.size(); ++i) {
          if (i > 0) write(", ");
          literal(value.items[i]);
        }
        return write("]");
      case Json::Type::object:
        write("{");
        for (size_t i = 0; i < value.members.size(); ++i) {
          if (i > 0) write(", ");
          string(value.members[i].first);
          write(": ");
          literal(value.members[i].second);
        }
        return write("}");
    }
  }

  void string(View text) {
    write("\"");
    characters(text, false);
    write("\"");
  }

  void characters(View text, bool braces_doubled) {
    static constexpr View hex = "0123456789abcdef";
    for (const char c : text) {
      const auto code = static_cast<unsigned char>(c);
      if (c == '"' || c == '\\') {
        out_ += '\\';
        out_ += c;
      } else if (c == '\n') {
        out_ += "\\n";
      } else if (c == '\r') {
        out_ += "\\r";
      } else if (c == '\t') {
        out_ += "\\t";
      } else if (code < 0x20 || code == 0x7f) {
        out_ += "\\x";
        out_ += hex[code >> 4];
        out_ += hex[code & 15];
      } else {
        out_ += c;
        if (braces_doubled && (c == '{' || c == '}')) out_ += c;
      }
    }
    write("");
  }

  const Graph& graph_;
  ExplainNames names_;
  Bytes out_;
  bool returns_ = false;
};

}  // namespace

Bytes explain(const Graph& graph) { return Explainer(graph).run(); }

}  // namespace redipy::script
