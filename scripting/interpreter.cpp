// SPDX-License-Identifier: Apache-2.0
//
// See interpreter.h; program.h has the instructions. The loop in Run::execute dispatches them; what an instruction does
// beyond a few lines is a method below or a function of builtins.h.
#include "scripting/interpreter.h"

#include <algorithm>

#include "core/base/numbers.h"
#include "core/base/text.h"
#include "scripting/builtins.h"
#include "scripting/json_values.h"
#include "scripting/messages.h"
#include "scripting/text.h"

namespace redipy::script {

namespace {

/// Bytes that are copied, or values that are compared, for the price of a step.
constexpr size_t bytes_per_step = 64;

}  // namespace

struct Interpreter::Run {
  Interpreter& own;
  const Program& program;
  const Input& input;
  const Limits& limits;
  Host& host;
  Value result;
  const Instruction* at = nullptr;  // the one that runs, for the place of an error
  int64_t left = 0;                 // steps to the next pause
  uint64_t granted = 0;             // steps up to it

  Value* frame() { return own.frame_.data(); }
  Heap& heap() { return own.heap_; }

  uint64_t steps() const { return left < 0 ? granted : granted - static_cast<uint64_t>(left); }

  /// Grants steps up to the next pause.
  void grant() {
    if (granted >= limits.steps) throw CommandError("ERR script exceeds script-max-steps");
    const uint64_t more = std::min<uint64_t>(limits.steps_between_pauses, limits.steps - granted);
    granted += more;
    left = static_cast<int64_t>(more);
  }

  void pause() {
    host.pause();
    grant();
  }

  /// Pays for work that one instruction does beyond its own step.
  void spend(size_t steps) {
    left -= static_cast<int64_t>(steps);
    while (left < 0) {
      const int64_t owed = left;
      pause();
      left += owed;
    }
  }
  void spend_on_copy(size_t bytes) { spend(bytes / bytes_per_step); }

  void execute();

  // --- instructions
  Value add(const Value& left_side, const Value& right_side);
  Value join(const Instruction& made);
  Value key_text(const Value& value);
  Value load_key(uint32_t position);
  Value load_argument(uint32_t position);
  Value to_visit(const Value& value);
  bool less(const Value& a, const Value& b, bool or_equal, bool swapped);
  Value function(const Instruction& made);
  void log(const Value& level, const Value& text);

  // --- Redis commands
  Value call(const CallSite& site);
  void gather_words(const CallSite& site);
  Value send(const CommandTable::Entry& entry);
  Value increment(const CommandTable::Entry& entry);
  Value converted(Value reply, Result kind);
};

void Interpreter::Run::execute() {
  Value* const r = frame();
  const Instruction* const code = program.code.data();
  for (const Instruction* next = code;;) {
    at = next;
    if (--left < 0) {
      left = 0;
      pause();
    }
    const Instruction& i = *next++;
    switch (i.op) {
      case Op::move:
        r[i.a] = r[i.b];
        break;
      case Op::take:
        r[i.a] = std::move(r[i.b]);
        break;
      case Op::negate:
        r[i.a].set(!r[i.b].truth());
        break;
      case Op::add: {
        const Value& x = r[i.b];
        const Value& y = r[i.c];
        int64_t sum = 0;
        if (x.is(Type::integer) && y.is(Type::integer) && !__builtin_add_overflow(x.integer(), y.integer(), &sum)) {
          r[i.a].set(sum);
        } else {
          r[i.a] = add(x, y);
        }
        break;
      }
      case Op::subtract: {
        const Value& x = r[i.b];
        const Value& y = r[i.c];
        int64_t difference = 0;
        if (x.is(Type::integer) && y.is(Type::integer) &&
            !__builtin_sub_overflow(x.integer(), y.integer(), &difference)) {
          r[i.a].set(difference);
        } else {
          r[i.a] = subtract(x, y);
        }
        break;
      }
      case Op::jump:
        next = code + i.c;
        break;
      case Op::jump_if:
        if (r[i.a].truth() == (i.flag != 0)) next = code + i.c;
        break;
      case Op::jump_less:
      case Op::jump_less_equal:
        if (less(r[i.a], r[i.b], i.op == Op::jump_less_equal, i.swapped) == (i.flag != 0)) next = code + i.c;
        break;
      case Op::jump_equal: {
        size_t compared = 0;
        const bool same = equal(r[i.a], r[i.b], [&] {
          if (++compared % bytes_per_step == 0) spend(1);
        });
        if (same == (i.flag != 0)) next = code + i.c;
        break;
      }
      case Op::item:
        r[i.a] = item(heap(), r[i.b], r[i.c]);
        break;
      case Op::entry:
        r[i.a] = entry(r[i.b], r[i.c]);
        break;
      case Op::length:
        r[i.a].set(length(r[i.b]));
        break;
      case Op::concat:
        r[i.a] = join(i);
        break;
      case Op::set_item:
        set_item(r[i.a], r[i.b], r[i.c]);
        break;
      case Op::set_entry:
        set_entry(r[i.a], r[i.b], r[i.c]);
        break;
      case Op::literal:
        r[i.a] = value_from_json(heap(), program.literals[i.b]);
        break;
      case Op::load_key:
        r[i.a] = load_key(i.b);
        break;
      case Op::load_argument:
        r[i.a] = load_argument(i.b);
        break;
      case Op::to_key:
        r[i.a] = key_text(r[i.b]);
        break;
      case Op::loop_begin:
        r[i.a] = to_visit(r[i.b]);
        r[i.a + 1].set(int64_t{0});
        break;
      case Op::loop_next: {
        const List& visited = r[i.a].list();
        const int64_t position = r[i.a + 1].integer();
        if (position >= static_cast<int64_t>(visited.size)) {
          ++next;
          break;
        }
        r[i.b].set(position);
        r[i.c] = visited.items[position];
        r[i.a + 1].set(position + 1);
        next = code + next->c;
        break;
      }
      case Op::function:
        r[i.a] = function(i);
        break;
      case Op::call:
        r[i.a] = call(program.calls[i.b]);
        break;
      case Op::set_result:
        result = r[i.a];
        break;
      case Op::fail:
        throw CommandError(program.messages[i.b]);
      case Op::end:
        return;
    }
  }
}

Value Interpreter::Run::add(const Value& left_side, const Value& right_side) {
  if (left_side.is(Type::string) && right_side.is(Type::string)) {
    const View first = left_side.text();
    const View second = right_side.text();
    spend_on_copy(first.size() + second.size());
    Text* const joined = new_text(heap(), first.size() + second.size());
    std::memcpy(joined->data(), first.data(), first.size());
    std::memcpy(joined->data() + first.size(), second.data(), second.size());
    return Value(joined);
  }
  if (left_side.is(Type::list) && right_side.is(Type::list)) {
    const List& first = left_side.list();
    const List& second = right_side.list();
    spend_on_copy((size_t{first.size} + second.size) * sizeof(Value));
    Value joined(new_list(heap(), size_t{first.size} + second.size));
    for (const List* const list : {&first, &second}) {
      for (uint32_t i = 0; i < list->size; ++i) joined.list().append(list->items[i]);
    }
    return joined;
  }
  return add_numbers(left_side, right_side);
}

Value Interpreter::Run::join(const Instruction& made) {
  // Two rounds: how long it gets, then the text itself.
  const uint32_t* const operands = program.operands.data() + made.b;
  char digits[number_text_size];
  size_t size = 0;
  for (uint32_t i = 0; i < made.c; ++i) size += text_of(frame()[operands[i]], digits, message::no_text).size();
  spend_on_copy(size);
  Text* const joined = new_text(heap(), size);
  char* out = joined->data();
  for (uint32_t i = 0; i < made.c; ++i) {
    const View part = text_of(frame()[operands[i]], digits, message::no_text);
    std::memcpy(out, part.data(), part.size());
    out += part.size();
  }
  return Value(joined);
}

Value Interpreter::Run::key_text(const Value& value) {
  if (value.is(Type::string)) return value;
  char digits[number_text_size];
  return Value(new_text(heap(), text_of(value, digits, message::key_value)));
}

static Bytes name_of(std::span<const Bytes> names, uint32_t position) {
  return position < names.size() ? names[position] : std::to_string(position);
}

Value Interpreter::Run::load_key(uint32_t position) {
  if (position >= input.keys.size()) {
    throw CommandError(filled(message::missing_key, {name_of(input.key_names, position)}));
  }
  return Value(new_text(heap(), input.keys[position]));
}

/// The first time what was decoded before the run; a list or dict is made anew after that.
Value Interpreter::Run::load_argument(uint32_t position) {
  if (position >= input.arguments.size()) {
    throw CommandError(filled(message::missing_argument, {name_of(input.argument_names, position)}));
  }
  Value& decoded = own.arguments_[position];
  if (decoded.is(Type::none)) return value_from_json(heap(), input.arguments[position], limits.nesting);
  if (decoded.is(Type::list) || decoded.is(Type::dict)) return std::move(decoded);
  return decoded;
}

/// What a loop visits: a list itself, the characters of a string, the keys of a dict.
Value Interpreter::Run::to_visit(const Value& value) {
  switch (value.type()) {
    case Type::list:
      return value;
    case Type::dict:
      spend(value.dict().size);
      return Value(sorted_keys(heap(), value.dict()));
    case Type::string: {
      spend(value.text().size());
      Value characters(new_list(heap(), 0));
      for (View rest = value.text(); !rest.empty();) {
        const size_t size = character_length(rest);
        characters.list().append(Value(new_text(heap(), rest.substr(0, size))));
        rest.remove_prefix(size);
      }
      return characters;
    }
    default:
      throw CommandError(filled(message::no_loop, {type_name(value.type())}));
  }
}

bool Interpreter::Run::less(const Value& a, const Value& b, bool or_equal, bool swapped) {
  if (a.is(Type::integer) && b.is(Type::integer)) {
    return or_equal ? a.integer() <= b.integer() : a.integer() < b.integer();
  }
  if (a.is_number() && b.is_number()) {
    const int order = compare_numbers(a, b);
    return order < 0 || (or_equal && order == 0);
  }
  if (a.is(Type::string) && b.is(Type::string)) {
    return or_equal ? a.text() <= b.text() : a.text() < b.text();
  }
  const Value& first = swapped ? b : a;
  const Value& second = swapped ? a : b;
  throw CommandError(filled(message::compare, {type_name(first.type()), type_name(second.type())}));
}

Value Interpreter::Run::function(const Instruction& made) {
  const Value* const given = frame() + made.b;
  const Value& first = given[0];
  switch (static_cast<Function>(made.flag)) {
    case Function::tonumber:
      return to_number(first);
    case Function::asintstr:
      return to_integer(first);
    case Function::type:
      return Value(new_text(heap(), type_word(first.type())));
    case Function::find:
      spend(given[0].is(Type::string) ? first.text().size() / bytes_per_step : 0);
      return find(first, given[1], made.c > 2 ? &given[2] : nullptr);
    case Function::decode:
      if (first.is_number()) return first;
      if (!first.is(Type::string)) throw CommandError(filled(message::no_json, {type_name(first.type())}));
      spend(first.text().size() / 16);
      try {
        return value_from_json(heap(), first.text(), limits.nesting);
      } catch (const JsonError&) {
        throw CommandError(message::malformed_json);
      }
    case Function::tostring:
      if (first.is(Type::string)) return first;
      if (first.is(Type::list) || first.is(Type::dict)) break;
      return Value(new_text(heap(), plain_text(first)));
    case Function::encode:
      break;
    case Function::log:
      log(first, given[1]);
      return Value();
    case Function::call:
      return Value();  // has an instruction of its own
  }
  Bytes json;
  append_json(json, first, limits.nesting, limits.memory, message::memory_full);
  spend(json.size() / 16);
  return Value(new_text(heap(), json));
}

void Interpreter::Run::log(const Value& level, const Value& text) {
  if (!level.is(Type::integer) || level.integer() < 0 || level.integer() > 3) throw CommandError(message::log_level);
  char digits[number_text_size];
  host.log(static_cast<int>(level.integer()), text_of(text, digits, message::log_text));
}

// --- Redis commands

/// The name and the arguments as the command's words.
void Interpreter::Run::gather_words(const CallSite& site) {
  const uint32_t* const operands = program.operands.data() + site.first_operand;
  std::vector<View>& words = own.words_;
  words.resize(site.operands);
  if (own.digits_.size() < site.operands * number_text_size) own.digits_.resize(site.operands * number_text_size);
  for (uint32_t i = 0; i < site.operands; ++i) {
    const Value& value = frame()[operands[i]];
    words[i] = value.is(Type::string)
                   ? value.text()
                   : text_of(value, own.digits_.data() + i * number_text_size, message::command_argument);
  }
}

Value Interpreter::Run::call(const CallSite& site) {
  const CommandTable::Entry* entry = site.entry;
  Result kind = site.result;
  if (!entry) {
    const Value& name = frame()[program.operands[site.first_operand]];
    if (!name.is(Type::string)) throw CommandError(filled(message::command_name, {type_name(name.type())}));
    entry = own.commands_.find(name.text());
    if (!entry) throw CommandError(message::unknown_command);
    if (entry->command->subcommands.empty()) kind = result_of(entry->command->name);
  }
  gather_words(site);
  if (!entry->command->subcommands.empty()) {
    if (own.words_.size() < 2) throw CommandError(message::command_arity);
    entry = own.commands_.find(*entry, own.words_[1]);
    if (!entry) throw CommandError(message::unknown_command);
  }
  return kind == Result::increment ? increment(*entry) : converted(send(*entry), kind);
}

Value Interpreter::Run::send(const CommandTable::Entry& entry) {
  const auto count = static_cast<int>(own.words_.size());
  const int arity = entry.command->arity;
  if (arity >= 0 ? count != arity : count < -arity) throw CommandError(message::command_arity);
  host.call(entry, Args(own.words_), own.reply_);
  return own.reply_.take();
}

/// Integers by INCRBY and HINCRBY; where the amount or what is stored is none, by their float forms.
Value Interpreter::Run::increment(const CommandTable::Entry& entry) {
  const bool of_hash = entry.command->name == "HINCRBY";
  const size_t amount = of_hash ? 3 : 2;
  if (own.words_.size() != amount + 1) throw CommandError(message::command_arity);
  if (parse_integer(own.words_[amount])) {
    try {
      return send(entry);
    } catch (const CommandError& refusal) {
      const View text = refusal.what();
      if (text != error::not_an_integer && text != "ERR hash value is not an integer") throw;
      own.reply_.forget();
    }
  }
  const View in_floats = of_hash ? "HINCRBYFLOAT" : "INCRBYFLOAT";
  own.words_[0] = in_floats;
  return to_number(send(*own.commands_.find(in_floats)));
}

/// The reply as redipy gives it, where that differs from RESP3.
Value Interpreter::Run::converted(Value reply, Result kind) {
  switch (kind) {
    case Result::reply:
    case Result::increment:
      return reply;
    case Result::type_name:
      return reply.is(Type::string) && reply.text() == "none" ? Value() : std::move(reply);
    case Result::done:
      for (size_t i = 3; i < own.words_.size(); ++i) {
        if (equals_ignore_case(own.words_[i], "get")) return reply;
      }
      return Value(!reply.is(Type::none));
    case Result::score_pairs: {
      // Without a count the one pair comes by itself.
      if (!reply.is(Type::list)) return Value(new_list(heap(), 0));
      const List& list = reply.list();
      if (list.size == 0 || list.items[0].is(Type::list)) return reply;
      Value pairs(new_list(heap(), 1));
      pairs.list().append(std::move(reply));
      return pairs;
    }
    case Result::fields: {
      const List& values = reply.list();
      Value dict(new_dict(heap(), values.size));
      for (uint32_t i = 0; i < values.size; ++i) dict.dict().at(own.words_[2 + i]) = values.items[i];
      return dict;
    }
    case Result::truth:
      return Value(reply.is(Type::integer) && reply.integer() != 0);
  }
  return reply;
}

// --- a run

Bytes invalid_argument(const Input& input, size_t position, View fault) {
  return "ERR argument '" + name_of(input.argument_names, static_cast<uint32_t>(position)) +
         "' is not valid JSON: " + Bytes(fault);
}

Interpreter::~Interpreter() = default;

void Interpreter::prepare(const Program& program) {
  constexpr size_t most_kept = 4096;  // registers, beyond what this program needs
  const size_t wanted = std::max<size_t>(program.frame_size, std::min(frame_.size(), most_kept));
  if (frame_.size() != wanted) std::vector<Value>(wanted).swap(frame_);
  for (size_t i = 0; i < program.constants.size(); ++i) frame_[i] = program.constants[i];
}

/// Nothing that the run has made is given back by itself: the heap takes it all.
void Interpreter::tidy(const Program& program) {
  const size_t used = std::min<size_t>(program.frame_size, frame_.size());
  for (size_t i = 0; i < used; ++i) frame_[i].forget();
  for (Value& value : arguments_) value.forget();
  arguments_.clear();
  reply_.forget();
  heap_.reset();
}

bool Interpreter::run(const Program& program, const Input& input, const Limits& limits, Host& host, Bytes& result) {
  Run run{*this, program, input, limits, host, {}};
  result.clear();
  heap_.set_limit(limits.memory);
  const auto fail = [&](View text, Place place) {
    steps_ = run.steps();
    run.result.forget();
    tidy(program);
    result.clear();
    throw ScriptError(text, place);
  };
  try {
    prepare(program);
    for (size_t i = 0; i < input.arguments.size(); ++i) {
      try {
        arguments_.push_back(value_from_json(heap_, input.arguments[i], limits.nesting));
      } catch (const JsonError& fault) {
        fail(invalid_argument(input, i, fault.what()), 0);
      }
    }
    run.grant();
    run.execute();
    const bool empty =
        run.result.is(Type::none) || ((run.result.is(Type::list) || run.result.is(Type::dict)) && !run.result.truth());
    if (!empty) append_json(result, run.result, limits.nesting, limits.result, message::result_too_long);
    steps_ = run.steps();
    run.result.forget();
    tidy(program);
    return !empty;
  } catch (const ScriptError&) {
    throw;
  } catch (const std::bad_alloc&) {
    fail(message::memory_full, 0);
  } catch (const CommandError& fault) {
    fail(fault.what(), run.at ? program.places[static_cast<size_t>(run.at - program.code.data())] : 0);
  } catch (...) {  // the host's own: a database that fails. The script will run again
    run.result.forget();
    tidy(program);
    throw;
  }
  return false;
}

}  // namespace redipy::script
