// SPDX-License-Identifier: Apache-2.0
//
// From a graph to a Program, in one walk. Temporaries are a stack above the variables; jumps forward are patched when
// their target is known. What can only fail (an unknown function, a wrong number of arguments) becomes an instruction
// that fails when it is reached: a branch that is not taken does no harm.
#include <limits>
#include <map>
#include <unordered_map>

#include "core/base/text.h"
#include "scripting/messages.h"
#include "scripting/program.h"

namespace redipy::script {

namespace {

constexpr Register no_register = std::numeric_limits<Register>::max();

class Compiler {
 public:
  Compiler(const Graph& graph, const CommandTable& commands) : graph_(graph), commands_(commands) {}

  Program compile() {
    // Constants come first in the frame, but their number is known last: until then they count down from the top.
    temporaries_ = peak_ = static_cast<Register>(graph_.variables.size());
    block(graph_.body);
    emit(Op::end, 0);
    lay_out();
    return std::move(program_);
  }

 private:
  // --- emitting

  uint32_t emit(Op op, Register a, uint32_t b = 0, uint32_t c = 0, uint8_t flag = 0) {
    program_.code.push_back({op, flag, false, a, b, c});
    program_.places.push_back(place_);
    return static_cast<uint32_t>(program_.code.size() - 1);
  }

  uint32_t here() const { return static_cast<uint32_t>(program_.code.size()); }

  using Patches = std::vector<uint32_t>;
  void patch(const Patches& jumps, uint32_t target) {
    for (const uint32_t jump : jumps) program_.code[jump].c = target;
  }

  Register temporary() {
    const Register made = temporaries_++;
    peak_ = std::max(peak_, temporaries_);
    return made;
  }

  /// Gives back the temporaries that were made since.
  struct Scope {
    explicit Scope(Compiler& compiler) : compiler_(compiler), temporaries_(compiler.temporaries_) {}
    ~Scope() { compiler_.temporaries_ = temporaries_; }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;
    Compiler& compiler_;
    Register temporaries_;
  };

  bool is_temporary(Register some) const { return some >= graph_.variables.size() && some < first_constant; }

  // --- constants: numbered from first_constant on until the frame is laid out

  static constexpr Register first_constant = Register{1} << 30;

  Register constant(Value value) {
    program_.constants.push_back(std::move(value));
    return first_constant + static_cast<Register>(program_.constants.size() - 1);
  }

  Register text_constant(View text) {
    const auto [known, is_new] = texts_.try_emplace(Bytes(text), 0);
    if (!is_new) return known->second;
    auto& block = program_.texts.emplace_back(new char[sizeof(Text) + text.size()]);
    auto* const made = new (block.get()) Text{{nullptr, 1}, static_cast<uint32_t>(text.size())};
    std::memcpy(made->data(), text.data(), text.size());
    return known->second = constant(Value(made));
  }

  template <class Key>
  Register pooled(std::map<Key, Register>& pool, Key key, Value value) {
    const auto [known, is_new] = pool.try_emplace(key, 0);
    if (is_new) known->second = constant(std::move(value));
    return known->second;
  }

  Register integer_constant(int64_t value) { return pooled(integers_, value, Value(value)); }

  /// The register of a literal that is no list or dict.
  Register literal_constant(const Json& literal) {
    switch (literal.type) {
      case Json::Type::boolean:
        return pooled(others_, literal.boolean ? 1 : 0, Value(literal.boolean));
      case Json::Type::integer:
        return integer_constant(literal.integer);
      case Json::Type::number: {
        uint64_t bits = 0;  // 0.0 and -0.0 are two
        std::memcpy(&bits, &literal.number, sizeof bits);
        return pooled(reals_, bits, Value(literal.number));
      }
      case Json::Type::string:
        return text_constant(literal.text);
      default:
        return pooled(others_, 2, Value());
    }
  }

  /// Puts the constants in front and all else behind them.
  void lay_out() {
    const auto shift = static_cast<Register>(program_.constants.size());
    const auto place = [&](uint32_t& operand) {
      operand = operand >= first_constant ? operand - first_constant : operand + shift;
    };
    for (Instruction& made : program_.code) {
      switch (made.op) {
        case Op::jump:
        case Op::fail:
        case Op::end:
          break;
        case Op::jump_if:
        case Op::set_result:
        case Op::concat:
        case Op::literal:
        case Op::load_key:
        case Op::load_argument:
        case Op::call:
          place(made.a);
          break;
        case Op::move:
        case Op::take:
        case Op::negate:
        case Op::length:
        case Op::to_key:
        case Op::loop_begin:
        case Op::function:
        case Op::jump_less:
        case Op::jump_less_equal:
        case Op::jump_equal:
          place(made.a);
          place(made.b);
          break;
        default:
          place(made.a);
          place(made.b);
          place(made.c);
      }
    }
    for (uint32_t& operand : program_.operands) place(operand);
    program_.frame_size = shift + peak_;
  }

  // --- expressions

  /// The register that holds the value: its own for a variable or constant, else a new temporary.
  Register value(const Expression& expression) {
    if (expression.kind == ExpressionKind::variable) return expression.slot;
    if (is_plain_literal(expression)) return literal_constant(expression.literal);
    const Register made = temporary();
    into(expression, made);
    return made;
  }

  static bool is_plain_literal(const Expression& expression) {
    return expression.kind == ExpressionKind::literal && !expression.literal.is(Json::Type::array) &&
           !expression.literal.is(Json::Type::object);
  }

  void fail(View text, std::initializer_list<View> parts) {
    program_.messages.push_back(filled(text, parts));
    emit(Op::fail, 0, static_cast<uint32_t>(program_.messages.size() - 1));
  }

  /// Computes the value into `target`, a temporary or a variable.
  void into(const Expression& expression, Register target) {
    const Scope scope(*this);
    const Place outer = std::exchange(place_, expression.place);
    switch (expression.kind) {
      case ExpressionKind::variable:
        if (expression.slot != target) emit(Op::move, target, expression.slot);
        break;
      case ExpressionKind::load_argument:
        emit(Op::load_argument, target, expression.position);
        break;
      case ExpressionKind::load_key:
        emit(Op::load_key, target, expression.position);
        break;
      case ExpressionKind::literal:
        literal(expression, target);
        break;
      case ExpressionKind::constant:
        if (const int number = constant_value(expression.name); number >= 0) {
          emit(Op::move, target, integer_constant(number));
        } else {
          fail(message::unknown_constant, {expression.name});
        }
        break;
      case ExpressionKind::logical_not: {
        const Register operand = value(*expression.parts[0]);
        emit(Op::negate, target, operand);
        break;
      }
      case ExpressionKind::binary:
        binary(expression, target);
        break;
      case ExpressionKind::item:
        two_operands(Op::item, expression, target);
        break;
      case ExpressionKind::entry:
        two_operands(Op::entry, expression, target);
        break;
      case ExpressionKind::length: {
        const Register operand = value(*expression.parts[0]);
        emit(Op::length, target, operand);
        break;
      }
      case ExpressionKind::concat: {
        const uint32_t first = operands(expression.parts);
        emit(Op::concat, target, first, static_cast<uint32_t>(expression.parts.size()));
        break;
      }
      case ExpressionKind::call:
        call(expression, target);
        break;
    }
    place_ = outer;
  }

  void literal(const Expression& expression, Register target) {
    if (is_plain_literal(expression)) {
      emit(Op::move, target, literal_constant(expression.literal));
      return;
    }
    program_.literals.push_back(expression.literal);
    emit(Op::literal, target, static_cast<uint32_t>(program_.literals.size() - 1));
  }

  void two_operands(Op op, const Expression& expression, Register target) {
    const Register first = value(*expression.parts[0]);
    const Register second = value(*expression.parts[1]);
    emit(op, target, first, second);
  }

  void binary(const Expression& expression, Register target) {
    switch (expression.operation) {
      case Operator::add:
        return two_operands(Op::add, expression, target);
      case Operator::subtract:
        return two_operands(Op::subtract, expression, target);
      case Operator::both:
      case Operator::either:
        return choice(expression, target);
      default:
        break;
    }
    // A comparison as a value: true unless it jumps.
    const Register made = is_temporary(target) ? target : temporary();
    Patches otherwise;
    jump_when(expression, false, otherwise);
    emit(Op::move, made, literal_constant(Json(true)));
    const uint32_t done = emit(Op::jump, 0);
    patch(otherwise, here());
    emit(Op::move, made, literal_constant(Json(false)));
    program_.code[done].c = here();
    if (made != target) emit(Op::take, target, made);
  }

  /// `and`, `or`: the value of an operand. Not into a variable, which the right side may yet read.
  void choice(const Expression& expression, Register target) {
    const Register made = is_temporary(target) ? target : temporary();
    into(*expression.parts[0], made);
    const uint32_t skip = emit(Op::jump_if, made, 0, 0, expression.operation == Operator::either ? 1 : 0);
    into(*expression.parts[1], made);
    program_.code[skip].c = here();
    if (made != target) emit(Op::take, target, made);
  }

  /// Jumps if the truth of the expression is `sense`, to what the patches will say; else goes on behind.
  void jump_when(const Expression& expression, bool sense, Patches& jumps) {
    const Scope scope(*this);
    const Place outer = std::exchange(place_, expression.place);
    const auto compare = [&](Op op, size_t left, bool swapped, bool wanted) {
      // Operands are computed in their order, whichever way round they are compared.
      const Register first = value(*expression.parts[0]);
      const Register second = value(*expression.parts[1]);
      const uint32_t jump = emit(op, left == 0 ? first : second, left == 0 ? second : first, 0, wanted ? 1 : 0);
      program_.code[jump].swapped = swapped;
      jumps.push_back(jump);
    };
    const auto plain = [&] {
      const Register operand = value(expression);
      jumps.push_back(emit(Op::jump_if, operand, 0, 0, sense ? 1 : 0));
    };
    if (expression.kind == ExpressionKind::logical_not) {
      jump_when(*expression.parts[0], !sense, jumps);
    } else if (expression.kind != ExpressionKind::binary) {
      plain();
    } else {
      switch (expression.operation) {
        case Operator::less:
          compare(Op::jump_less, 0, false, sense);
          break;
        case Operator::less_equal:
          compare(Op::jump_less_equal, 0, false, sense);
          break;
        case Operator::greater:
          compare(Op::jump_less, 1, true, sense);
          break;
        case Operator::greater_equal:
          compare(Op::jump_less_equal, 1, true, sense);
          break;
        case Operator::equal:
          compare(Op::jump_equal, 0, false, sense);
          break;
        case Operator::unequal:
          compare(Op::jump_equal, 0, false, !sense);
          break;
        case Operator::both:
        case Operator::either: {
          // One operand alone may decide: false for `and`, true for `or`.
          const bool decisive = expression.operation == Operator::either;
          if (sense == decisive) {
            jump_when(*expression.parts[0], sense, jumps);
            jump_when(*expression.parts[1], sense, jumps);
          } else {
            Patches skip;
            jump_when(*expression.parts[0], decisive, skip);
            jump_when(*expression.parts[1], sense, jumps);
            patch(skip, here());
          }
          break;
        }
        default:
          plain();
      }
    }
    place_ = outer;
  }

  uint32_t operands(const std::vector<const Expression*>& parts) {
    std::vector<Register> registers;
    registers.reserve(parts.size());
    for (const Expression* const part : parts) registers.push_back(value(*part));
    const auto first = static_cast<uint32_t>(program_.operands.size());
    program_.operands.insert(program_.operands.end(), registers.begin(), registers.end());
    return first;
  }

  void call(const Expression& expression, Register target) {
    const FunctionRow* const row = find_function(expression.name);
    const size_t given = expression.parts.size();
    const bool fits = row && given >= row->least && (given <= row->most || row->most == UINT8_MAX);
    if (!fits) {
      for (const Expression* const part : expression.parts) value(*part);
      if (!row) return fail(message::unknown_function, {expression.name});
      return fail(message::argument_count, {expression.name});
    }
    if (row->function == Function::call) return redis_call(expression, target);
    // The arguments side by side; a single one may stay where it is.
    Register first = no_register;
    if (given == 1) {
      first = value(*expression.parts[0]);
    } else {
      first = temporaries_;
      for (size_t i = 0; i < given; ++i) temporary();
      for (size_t i = 0; i < given; ++i) into(*expression.parts[i], first + static_cast<Register>(i));
    }
    emit(Op::function, target, first, static_cast<uint32_t>(given), static_cast<uint8_t>(row->function));
  }

  void redis_call(const Expression& expression, Register target) {
    CallSite site;
    site.first_operand = operands(expression.parts);
    site.operands = static_cast<uint32_t>(expression.parts.size());
    const Expression& name = *expression.parts[0];
    if (name.kind == ExpressionKind::literal && name.literal.is(Json::Type::string)) {
      const CommandTable::Entry* const entry = commands_.find(name.literal.text);
      if (!entry) return fail(message::unknown_command, {});
      if (entry->command->subcommands.empty()) {
        site.entry = entry;
        site.result = result_of(entry->command->name);
      }
    }
    program_.calls.push_back(site);
    emit(Op::call, target, static_cast<uint32_t>(program_.calls.size() - 1));
  }

  // --- statements

  void block(const Block& statements) {
    for (const Statement* const statement : statements) {
      const Scope scope(*this);
      const Place outer = std::exchange(place_, statement->place);
      this->statement(*statement);
      place_ = outer;
    }
  }

  void statement(const Statement& statement) {
    switch (statement.kind) {
      case StatementKind::assign:
        return assign(statement);
      case StatementKind::assign_item:
        return assign_within(Op::set_item, statement);
      case StatementKind::assign_entry:
        return assign_within(Op::set_entry, statement);
      case StatementKind::evaluate:
        value(*statement.value);
        return;
      case StatementKind::branch:
        return branch(statement);
      case StatementKind::for_each:
        return for_each(statement);
      case StatementKind::loop:
        return loop(statement);
      case StatementKind::result:
        emit(Op::set_result, statement.value ? value(*statement.value) : literal_constant(Json()));
        return;
    }
  }

  void assign(const Statement& statement) {
    const bool key = graph_.variables[statement.slot].kind == Variable::Kind::key;
    const ExpressionKind kind = statement.value->kind;
    if (!key || kind == ExpressionKind::load_key || kind == ExpressionKind::concat) {
      return into(*statement.value, statement.slot);
    }
    const Register made = value(*statement.value);
    emit(Op::to_key, statement.slot, made);
  }

  void assign_within(Op op, const Statement& statement) {
    const Register key = value(*statement.key);
    const Register made = value(*statement.value);
    emit(op, statement.slot, key, made);
  }

  void branch(const Statement& statement) {
    Patches otherwise;
    jump_when(*statement.value, false, otherwise);
    block(statement.body);
    if (statement.otherwise.empty()) return patch(otherwise, here());
    const uint32_t done = emit(Op::jump, 0);
    patch(otherwise, here());
    block(statement.otherwise);
    program_.code[done].c = here();
  }

  /// The condition stands behind the body: one jump a turn.
  void loop(const Statement& statement) {
    const uint32_t enter = emit(Op::jump, 0);
    const uint32_t body = here();
    block(statement.body);
    program_.code[enter].c = here();
    Patches again;
    jump_when(*statement.value, true, again);
    patch(again, body);
  }

  void for_each(const Statement& statement) {
    const Register visited = temporary();
    temporary();  // the position
    const Register array = value(*statement.value);
    emit(Op::loop_begin, visited, array);
    const uint32_t enter = emit(Op::jump, 0);
    const uint32_t body = here();
    block(statement.body);
    program_.code[enter].c = here();
    emit(Op::loop_next, visited, statement.index_slot, statement.slot);
    emit(Op::jump, 0, 0, body);
  }

  const Graph& graph_;
  const CommandTable& commands_;
  Program program_;
  Place place_ = 0;
  Register temporaries_ = 0;
  Register peak_ = 0;
  std::unordered_map<Bytes, Register> texts_;
  std::map<int64_t, Register> integers_;
  std::map<uint64_t, Register> reals_;
  std::map<int, Register> others_;
};

}  // namespace

Program compile(const Graph& graph, const CommandTable& commands) { return Compiler(graph, commands).compile(); }

}  // namespace redipy::script
