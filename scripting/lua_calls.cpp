// SPDX-License-Identifier: Apache-2.0
//
// Calls of functions and of commands as Lua: see lua_writer.h.
#include <algorithm>

#include "scripting/functions.h"
#include "scripting/lua_text.h"
#include "scripting/lua_writer.h"
#include "scripting/messages.h"

namespace redipy::script {

namespace {

const Json first_position(int64_t{0});
constexpr size_t most_words = 40;  // arguments in one call: Lua has 250 registers

Bytes lower(View text) {
  Bytes made(text);
  for (char& c : made) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return made;
}

}  // namespace

/// Texts with commas between.
Bytes LuaWriter::list_of(std::span<const Bytes> texts) {
  Bytes made;
  for (const Bytes& text : texts) made += (made.empty() ? "" : ", ") + text;
  return made;
}

void LuaWriter::settle_conversions(std::span<Operand> operands) {
  size_t late = 0;  // behind the last whose evaluation can be noticed
  for (size_t i = 0; i < operands.size(); ++i) {
    if (!operands[i].stable) late = i;
  }
  const bool may_fail = std::any_of(operands.begin(), operands.begin() + static_cast<ptrdiff_t>(late),
                                    [](const Operand& one) { return !within(one.types, types::text | types::number); });
  if (!may_fail) return;
  for (Operand& one : operands) stabilize(one);
}

/// The operand as text by the piece for it, which fails with `message` for what has none. With numbers_too whole
/// numbers stay as they are: Redis spells them as scripts do.
Bytes LuaWriter::text_of(const Operand& operand, View piece, View message, bool numbers_too) {
  if (operand.literal) {
    const Json& literal = *operand.literal;
    if (literal.is(Json::Type::string)) return operand.text;
    if (literal.is(Json::Type::integer) || literal.is(Json::Type::number)) return lua_string(lua_number(literal));
  }
  if (within(operand.types, types::text)) return operand.text;
  if (within(operand.types, types::whole) && numbers_too) return operand.text;
  if (within(operand.types, types::number)) return use("number_text") + "(" + operand.text + ")";
  if (operand.stable && within(operand.types, types::none | types::text)) {
    return "(" + operand.text + " or " + use("cannot") + "(" + lua_string(message) + "))";
  }
  return use(piece) + "(" + operand.text + ")";
}

LuaWriter::Operand LuaWriter::call(const Expression& expression, bool dropped) {
  const FunctionRow* const row = find_function(expression.name);
  const size_t count = expression.parts.size();
  if (!row || count < row->least || (row->most != 255 && count > row->most)) {
    for (Operand& part : values(expression.parts)) stabilize(part);
    return called(fail(row ? message::argument_count : message::unknown_function, expression.name), types::none);
  }
  if (row->function == Function::call) return redis_call(expression, dropped);
  std::vector<Operand> parts = values(expression.parts);
  const Types of = types_.of(expression);
  const auto calls = [&](View piece) {
    Bytes text = use(piece) + "(";
    for (size_t i = 0; i < parts.size(); ++i) text += (i == 0 ? "" : ", ") + parts[i].text;
    return called(text + ")", of);
  };
  switch (row->function) {
    case Function::tonumber:
      return tonumber(std::move(parts[0]));
    case Function::asintstr:
      return within(parts[0].types, types::whole) ? std::move(parts[0]) : calls("to_whole");
    case Function::tostring:
      if (within(parts[0].types, types::text)) return std::move(parts[0]);
      if (within(parts[0].types, types::number)) return calls("number_text");
      return calls("to_text");
    case Function::type:
      return calls("type");
    case Function::find:
      if (parts.size() == 2) parts.push_back(literal(first_position));
      return calls("search");
    case Function::decode:
      return calls("decode");
    case Function::encode:
      return calls(within(parts[0].types, types::text) ? "quoted" : "json");
    case Function::log:
      return calls("log");
    case Function::call:
      break;
  }
  return {};
}

LuaWriter::Operand LuaWriter::tonumber(Operand operand) {
  if (within(operand.types, types::number)) return operand;
  if (!loops_ || !within(operand.types, types::none | types::text)) {
    return called(use("to_number") + "(" + operand.text + ")", types::none | types::number);
  }
  // In a loop without a call for what is digits only.
  stabilize(operand);
  Operand number = made(use("tonumber") + "(" + operand.text + ")", types::none | types::number);
  keep(number);
  line("if " + number.text + " and (" + number.text + " == " + use("huge") + " or " + use("find") + "(" + operand.text +
       ", \"[^%d]\")) then");
  ++out_->indent;
  line(number.text + " = " + use("strict_number") + "(" + operand.text + ")");
  --out_->indent;
  line("end");
  return number;
}

// --- commands

/// Makes the name of a command that is known only when the script runs a text, and fails where it is none.
void LuaWriter::check_name(Operand& name) {
  stabilize(name);
  if (within(name.types, types::text)) return;
  if (within(name.types, types::none | types::text)) {
    name.text = "(" + name.text + " or " + use("cannot") + "(" + lua_string(message::command_name) + "))";
  } else {
    name.text = use("command_name") + "(" + name.text + ")";
  }
}

LuaWriter::Operand LuaWriter::too_many_words() {
  return called(use("fail") + "(\"ERR a command of more than 7900 words cannot be sent by Lua\")", types::none);
}

/// The words of a command, to stand between parentheses.
Bytes LuaWriter::argument_list(std::span<const Bytes> words) {
  const Bytes joined = list_of(words);
  return words.size() > most_words ? "unpack({" + joined + "})" : joined;
}

LuaWriter::Operand LuaWriter::redis_call(const Expression& expression, bool dropped) {
  std::vector<Operand> parts = values(expression.parts);
  settle_conversions(parts);
  if (keyed_) return keyed_call(expression, std::move(parts), dropped);
  if (refuses_ && is_refused(expression)) return refused(message::command_refused, parts);
  const Operand& name = parts[0];
  const bool known_name = name.literal && name.literal->is(Json::Type::string);
  const bool sure = known_name && has_reply_row(command_of(expression));
  if (!known_name) check_name(parts[0]);
  std::vector<Bytes> words;
  for (size_t i = 1; i < parts.size(); ++i) {
    const bool safe = within(parts[i].types, types::text | types::number);
    words.push_back(sure || safe ? text_of(parts[i], "argument_text", message::command_argument, true)
                                 : use("command_word") + "(" + name.text + ", " + parts[i].text + ")");
  }
  if (words.size() > most_unpacked) return too_many_words();
  const Bytes joined = argument_list(words);
  if (known_name) return converted_reply(expression, joined, dropped);
  return called(use("any_call") + "(" + name.text + (joined.empty() ? "" : ", ") + joined + ")", types::any);
}

/// `words` are the arguments after the name.
LuaWriter::Operand LuaWriter::converted_reply(const Expression& expression, const Bytes& words, bool dropped) {
  const ReplyShape shape = reply_shape(expression);
  const Types of = types_of(shape);
  const Bytes name = lua_string(expression.parts[0]->literal.text);
  const Bytes after_name = words.empty() ? "" : ", " + words;
  const auto through = [&](View piece, const Bytes& arguments) {
    return called(use(piece) + "(" + arguments + ")", of);
  };
  if (shape == ReplyShape::increment) {
    const Bytes whole = lower(command_of(expression));
    return through("increment", "\"" + whole + "\", \"" + whole + "float\"" + after_name);
  }
  const Bytes reply = (loops_ ? use("call") : Bytes("redis.call")) + "(" + name + after_name + ")";
  if (dropped) return called(reply, types::any);
  switch (shape) {
    case ReplyShape::integer:
    case ReplyShape::list:
    case ReplyShape::text:
      return called(reply, of);
    case ReplyShape::integer_or_none:
    case ReplyShape::text_or_none:
    case ReplyShape::list_or_none:
      return made(reply + " or nil", of, false);
    case ReplyShape::number_or_none:
      return made("tonumber(" + reply + " or nil)", of);
    case ReplyShape::status:
      return made(reply + ".ok", of);
    case ReplyShape::sorted_list:
      return through("sorted", reply);
    case ReplyShape::list_with_nones:
      return through("list_with_nones", reply);
    case ReplyShape::list_or_count:
      return through("list_or_count", reply);
    case ReplyShape::number_list:
      return through("number_list", reply);
    case ReplyShape::dict:
      return through("dict_of", reply);
    case ReplyShape::type_name:
      return through("type_name", reply);
    case ReplyShape::done:
      return made(reply + " and true or false", of, false);
    case ReplyShape::done_or_text:
      return through("set", words);
    case ReplyShape::score_pairs:
      return through("score_pairs", reply);
    case ReplyShape::fields:
      return through("fields_of", words);
    case ReplyShape::truth:
      return made(reply + " == 1", of, false);
    case ReplyShape::increment:
    case ReplyShape::any:
      break;
  }
  return through("typed_call", name + after_name);
}

}  // namespace redipy::script
