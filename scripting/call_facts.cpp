// SPDX-License-Identifier: Apache-2.0
//
// See call_facts.h.
#include "scripting/call_facts.h"

#include <algorithm>

#include "core/base/text.h"
#include "core/command/key_finder.h"
#include "scripting/functions.h"
#include "scripting/text.h"

namespace redipy::script {

namespace {

/// Stands for an argument that the graph does not tell; equal to no keyword and no number.
constexpr View untold("\0?", 2);

/// The words of a call as far as the graph tells them.
class Words {
 public:
  explicit Words(Origins origins) {
    texts_.reserve(origins.size());
    for (const Expression* origin : origins) texts_.push_back(text(origin));
    views_.assign(texts_.begin(), texts_.end());
  }

  Args args() const { return Args(std::span<const View>(views_)); }
  bool told(size_t i) const { return views_[i] != untold; }

 private:
  static Bytes text(const Expression* origin) {
    if (!origin || origin->kind != ExpressionKind::literal) return Bytes(untold);
    const Json& literal = origin->literal;
    if (literal.is(Json::Type::string)) return literal.text;
    if (literal.is(Json::Type::integer)) return std::to_string(literal.integer);
    if (literal.is(Json::Type::number)) {
      char digits[number_text_size];
      return Bytes(digits, format_number(literal.number, digits));
    }
    return Bytes(untold);
  }

  std::vector<Bytes> texts_;
  std::vector<View> views_;
};

bool arity_fits(const Command& command, size_t words) {
  const auto least = static_cast<size_t>(std::abs(command.arity));
  return command.arity < 0 ? words >= least : words == least;
}

/// SORT … BY pattern, GET pattern: keys that are made of data.
bool sort_reads_others(const Args& args) {
  for (size_t i = 2; i + 1 < args.size(); ++i) {
    if ((args.is(i, "BY") || args.is(i, "GET")) && args[i + 1].find('*') != View::npos) return true;
  }
  return false;
}

/// The origins that a call shows by itself.
std::vector<const Expression*> literals(const Expression& call) {
  std::vector<const Expression*> origins;
  for (const Expression* part : call.parts) {
    origins.push_back(part->kind == ExpressionKind::literal ? part : nullptr);
  }
  return origins;
}

/// Walks a graph for effect_of().
class EffectFinder {
 public:
  explicit EffectFinder(const CommandTable& commands) : commands_(commands) {}

  /// Whether a writing call is certainly reached; may_write says whether there is any.
  bool block(const Block& statements) {
    bool certain = false;
    for (const Statement* statement : statements) certain = this->statement(*statement) || certain;
    return certain;
  }
  bool may_write = false;

 private:
  bool statement(const Statement& statement) {
    bool certain = statement.key && expression(*statement.key);
    certain = (statement.value && expression(*statement.value)) || certain;
    const bool body = block(statement.body);
    const bool otherwise = block(statement.otherwise);
    return certain || (statement.kind == StatementKind::branch && body && otherwise);
  }

  bool expression(const Expression& expression) {
    const bool lazy = expression.kind == ExpressionKind::binary &&
                      (expression.operation == Operator::both || expression.operation == Operator::either);
    bool certain = false;
    for (size_t i = 0; i < expression.parts.size(); ++i) {
      const bool inner = this->expression(*expression.parts[i]);
      certain = (inner && !(lazy && i > 0)) || certain;
    }
    if (expression.kind != ExpressionKind::call || expression.name != "redis.call" || expression.parts.empty()) {
      return certain;
    }
    const CallFacts facts = facts_of(commands_, literals(expression));
    if (facts.settled) {
      if (!writes(*facts.entry->command)) return certain;
      may_write = true;
      return certain || facts.fault.empty();
    }
    if (!facts.named || facts.entry) may_write = true;  // else there is no such command
    return certain;
  }

  const CommandTable& commands_;
};

}  // namespace

bool writes(const Command& command) { return command.is(flag::write | flag::may_replicate); }

View refusal(const Command& command) {
  if (command.is(flag::noscript)) return "is not allowed in scripts";
  if (command.is(flag::blocking)) return "may wait, and a script must not";
  if (command.is(flag::not_yet)) return "is not supported yet";
  return {};
}

CallFacts facts_of(const CommandTable& commands, Origins origins) {
  CallFacts facts;
  const Words words(origins);
  if (!words.told(0) || !origins[0]->literal.is(Json::Type::string)) return facts;
  facts.named = true;
  const Args args = words.args();
  facts.entry = commands.find(args[0]);
  if (!facts.entry) {
    facts.fault = "unknown command";
    return facts;
  }
  const CommandTable::Entry& container = *facts.entry;
  if (!container.command->subcommands.empty() && args.size() > 1) {
    const CommandTable::Entry* const inner = words.told(1) ? commands.find(container, args[1]) : nullptr;
    if (inner) {
      facts.entry = inner;
    } else if (words.told(1) && !container.command->run.data && !container.command->run.session) {
      facts.fault = "unknown subcommand of '" + container.full_name + "'";
      facts.entry = nullptr;
      return facts;
    }
    facts.settled = inner || words.told(1);
  } else {
    facts.settled = true;
  }
  const Command& command = *facts.entry->command;
  if (!arity_fits(command, args.size())) {
    facts.fault = "wrong number of arguments for '" + facts.entry->full_name + "'";
  } else if (const View why = refusal(command); facts.settled && !why.empty()) {
    facts.fault = "'" + facts.entry->full_name + "' " + Bytes(why);
  }
  return facts;
}

bool key_parts(const Command& command, Origins origins, std::vector<size_t>& parts) {
  if (command.keys.count == 0 && command.keys.rule == KeyRule::none) return !command.is(flag::read | flag::write);
  const Words words(origins);
  const Args args = words.args();
  bool by_words = command.keys.rule == KeyRule::sort || command.keys.rule == KeyRule::georadius ||
                  command.keys.rule == KeyRule::migrate;
  bool exact = !(command.keys.rule == KeyRule::sort && sort_reads_others(args));
  for (uint8_t i = 0; i < command.keys.count; ++i) {
    const KeySpec& spec = command.keys.specs[i];
    if (spec.begin == KeySpec::at_keyword) by_words = true;
    // The rule knows what these do not tell.
    const bool told_by_rule = command.keys.rule != KeyRule::none;
    if (!told_by_rule && (spec.begin == KeySpec::begin_unknown || spec.find == KeySpec::find_unknown)) exact = false;
    if (!told_by_rule && (spec.flags & key::incomplete) != 0) exact = false;
  }
  std::vector<bool> settled(args.size());
  const bool whole = for_each_key(command, args, [&](FoundKey found) {
    settled[found.index] = true;
    if ((found.flags & key::not_key) == 0) parts.push_back(found.index);
  });
  if (by_words) {  // any other word that is not told may be the one that makes its neighbour a key
    for (size_t i = 2; i < args.size(); ++i) exact = exact && (words.told(i) || settled[i]);
  }
  return whole && exact;
}

Effect effect_of(const Graph& graph, const CommandTable& commands) {
  EffectFinder finder(commands);
  const bool certain = finder.block(graph.body);
  if (certain) return Effect::writes;
  return finder.may_write ? Effect::depends : Effect::reads;
}

}  // namespace redipy::script
