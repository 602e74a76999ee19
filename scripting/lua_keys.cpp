// SPDX-License-Identifier: Apache-2.0
//
// Calls of commands as Lua for a backend whose keys have a prefix, or that is one of several: see lua_target.h,
// lua_writer.h. Where the graph tells a command and which of its words are keys, the prefix simply stands before these.
// Else `keyed` finds them when the script runs, from the rows of the command table that are printed into the script:
// the one row of a command that the graph names, all of them where even the name is computed.
//
// A command that our table does not have cannot be called here: nobody knows its keys.
#include <algorithm>

#include "core/base/text.h"
#include "scripting/call_facts.h"
#include "scripting/lua_commands.h"
#include "scripting/lua_text.h"
#include "scripting/lua_writer.h"
#include "scripting/messages.h"

namespace redipy::script {

namespace {

bool is_container(const Command& command) { return !command.subcommands.empty(); }

bool is_forbidden(const Command& command) { return command.is(flag::noscript | flag::blocking); }

bool is_channel_command(const Command& command) { return command.name == "PUBLISH" || command.name == "SPUBLISH"; }

bool pops_from_some_key(View name) { return name == "LMPOP" || name == "ZMPOP"; }

bool arity_fits(const Command& command, size_t words) {
  const auto least = static_cast<size_t>(std::abs(command.arity));
  return command.arity < 0 ? words >= least : words == least;
}

std::vector<const Expression*> literals(const Expression& call) {
  std::vector<const Expression*> origins;
  for (const Expression* part : call.parts) {
    origins.push_back(part->kind == ExpressionKind::literal ? part : nullptr);
  }
  return origins;
}

/// A specification as lua_prelude_keys.cpp has it; empty if it tells no key.
Bytes row_of(const KeySpec& spec) {
  if ((spec.flags & key::not_key) != 0) return {};
  if (spec.begin == KeySpec::begin_unknown || spec.find == KeySpec::find_unknown) return {};
  const auto member = [](View name, int value) { return ", " + Bytes(name) + " = " + std::to_string(value); };
  Bytes made = spec.begin == KeySpec::at_index ? "at = " + std::to_string(spec.index)
                                               : "word = " + lua_string(spec.keyword) + member("from", spec.index);
  if (spec.find == KeySpec::by_count) {
    made += member("count", spec.count_index) + member("first", spec.first_key);
  } else {
    if (spec.last != 0) made += member("last", spec.last);
    if (spec.limit > 1) made += member("limit", spec.limit);
  }
  if (spec.step != 1) made += member("step", spec.step);
  return "{" + made + "}";
}

}  // namespace

/// The pieces that tell the target.
void LuaWriter::add_key_pieces() {
  prelude_.add_keys();
  const Bytes& prefix = target_.prefix;
  prelude_.define("prefix", lua_string(prefix));
  prelude_.define("prefix_pattern", lua_string(glob_of(prefix)));
  prelude_.define("behind_prefix", std::to_string(prefix.size() + 1));
  // The first star of a pattern is the one that SORT replaces.
  prelude_.define("pattern_here", prefix.find('*') == Bytes::npos ? "made[i] = key_here(words[i])"
                                                                  : "fail(" + lua_string(message::sort_prefix) + ")");
  Bytes needs;
  const Bytes foreign = lua_foreign(target_, needs);
  prelude_.set("foreign", needs, "local function foreign(key)\n" + foreign + "end\n");
  const Bytes check =
      owns_all_ ? Bytes() : "  if foreign(key) then\n    fail(" + lua_string(message::cross_backend) + ")\n  end\n";
  prelude_.set("key_here", owns_all_ ? "" : "foreign fail",
               "local function key_here(key)\n" + check + "  return " +
                   (prefix.empty() ? "" : lua_string(prefix) + " .. ") + "key\nend\n");
}

// --- words

/// A word as text, also where it is a number.
Bytes LuaWriter::text_word(const Operand& part) {
  return text_of(part, "argument_text", message::command_argument, false);
}

Bytes LuaWriter::text_words(std::span<const Operand> parts) {
  std::vector<Bytes> words;
  for (const Operand& part : parts) words.push_back(text_word(part));
  return argument_list(words);
}

/// A word that is a key, as the backend has it.
Bytes LuaWriter::key_word(const Operand& part) {
  const Bytes text = text_word(part);
  if (part.literal) {
    const Bytes key = part.literal->is(Json::Type::string) ? part.literal->text : lua_number(*part.literal);
    if (target_.owns(key)) return lua_string(target_.prefix + key);
  }
  if (!owns_all_) return use("key_here") + "(" + text + ")";
  const bool whole = part.atomic || part.literal || !within(part.types, types::text);
  return lua_string(target_.prefix) + " .. " + (whole ? text : "(" + text + ")");
}

/// Whether the graph tells which of the words are keys, so that what they become can be printed. That has to be seen
/// by nobody: where a key may be refused, nothing may fail or change something after it.
bool LuaWriter::keys_in_place(const Expression& expression, const Command& command, std::span<const Operand> parts,
                              std::vector<size_t>& keys) const {
  if (command.keys.count == 0 && command.keys.rule == KeyRule::none) return true;
  const auto origins = literals(expression);
  if (!key_parts(command, origins, keys)) return false;
  if (owns_all_ || keys.empty()) return true;
  const size_t first = *std::min_element(keys.begin(), keys.end());
  return std::all_of(parts.begin() + static_cast<ptrdiff_t>(first), parts.end(), [&](const Operand& part) {
    return part.literal ? !part.literal->is(Json::Type::boolean) && !part.literal->is(Json::Type::null)
                        : (part.stable || &part == &parts[first]) && within(part.types, types::text | types::number);
  });
}

// --- commands

LuaWriter::Operand LuaWriter::keyed_call(const Expression& expression, std::vector<Operand> parts, bool dropped) {
  if (parts.size() - 1 > most_unpacked) return too_many_words();
  const Operand& name = parts[0];
  if (!name.literal || !name.literal->is(Json::Type::string)) {
    check_name(parts[0]);
    return call_by_name(parts);
  }
  const CommandTable::Entry* entry = commands_->find(name.literal->text);
  if (!entry) {
    for (Operand& part : parts) stabilize(part);
    return called(use("fail") + "(" + lua_string(message::unknown_command) + ")", types::none);
  }
  if (is_container(*entry->command)) {
    if (parts.size() < 2) return refused(message::command_arity, parts);
    if (!parts[1].literal) return call_by_name(parts);
    const Json& subcommand = *parts[1].literal;
    entry = subcommand.is(Json::Type::string) ? commands_->find(*entry, subcommand.text) : nullptr;
    if (!entry) return refused(message::unknown_command, parts);
  }
  return command(expression, *entry, parts, dropped);
}

/// A command that is known only when the script runs.
LuaWriter::Operand LuaWriter::call_by_name(std::span<Operand> parts) {
  for (Operand& part : parts) stabilize(part);
  if (!prelude_.uses("call_any")) set_call_any();
  const Bytes words = text_words(parts.subspan(1));
  return called(
      use("call_any") + "(" + use("known") + "(" + parts[0].text + ")" + (words.empty() ? "" : ", ") + words + ")",
      types::any);
}

/// Whether the graph names a command that scripts must not call, with as many words as it wants.
bool LuaWriter::is_refused(const Expression& call) const {
  const CallFacts facts = facts_of(*commands_, literals(call));
  return facts.settled && is_forbidden(*facts.entry->command) && arity_fits(*facts.entry->command, call.parts.size());
}

/// A call that fails once its words are there.
LuaWriter::Operand LuaWriter::refused(View text, std::span<const Operand> parts) {
  const Bytes words = text_words(parts.subspan(1));
  return called(use("refuse") + "(" + lua_string(text) + (words.empty() ? "" : ", ") + words + ")", types::none);
}

LuaWriter::Operand LuaWriter::command(const Expression& expression, const CommandTable::Entry& entry,
                                      std::span<Operand> parts, bool dropped) {
  const Command& command = *entry.command;
  if (!arity_fits(command, parts.size())) return refused(message::command_arity, parts);
  if (is_forbidden(command)) return refused(message::command_refused, parts);
  const bool prefixed = !target_.prefix.empty();
  Operand made;
  if (prefixed && database_command(command.name, parts, made)) return made;

  std::vector<size_t> keys;
  Bytes words;
  if (keys_in_place(expression, command, parts, keys)) {
    if (prefixed && target_.prefixes_channels && is_channel_command(command)) keys = {1};
    std::vector<Bytes> texts;
    for (size_t i = 1; i < parts.size(); ++i) {
      const bool is_key = std::find(keys.begin(), keys.end(), i) != keys.end();
      texts.push_back(is_key ? key_word(parts[i])
                             : text_of(parts[i], "argument_text", message::command_argument, true));
    }
    words = argument_list(texts);
  } else {
    for (Operand& part : parts) stabilize(part);  // calls inside one another would need more registers than there are
    key_specs_.emplace(entry.full_name, specs_of(command));
    words =
        use("keyed") + "(" + use("key_specs") + "[\"" + entry.full_name + "\"], " + text_words(parts.subspan(1)) + ")";
  }
  Operand reply = converted_reply(expression, words, dropped);
  if (!prefixed || dropped || !pops_from_some_key(command.name)) return reply;
  return called(use("popped") + "(" + reply.text + ")", types::any);
}

/// What under a prefix is another command, for it is about all keys of a database.
bool LuaWriter::database_command(View name, std::span<const Operand> parts, Operand& made) {
  constexpr std::pair<View, View> pieces[] = {{"KEYS", "keys_like"},
                                              {"SCAN", "scan"},
                                              {"RANDOMKEY", "random_key"},
                                              {"DBSIZE", "count_keys"},
                                              {"FLUSHDB", "flush_keys"}};
  for (const auto& [command, piece] : pieces) {
    if (name != command) continue;
    made =
        called(use(piece) + "(" + text_words(parts.subspan(1)) + ")", command == "DBSIZE" ? types::whole : types::any);
    return true;
  }
  if (name != "FLUSHALL" && name != "SWAPDB") return false;
  made = refused(filled(message::no_prefix, {name}), parts);
  return true;
}

// --- what is found when the script runs

/// Where a command's keys are, as a table of Lua.
Bytes LuaWriter::specs_of(const Command& command) {
  switch (command.keys.rule) {
    case KeyRule::sort:
      return "{rule = \"SORT\", patterns = " + use("sort_patterns") + "}";
    case KeyRule::georadius:
      return "{rule = \"GEORADIUS\"}";
    case KeyRule::migrate:
      return "{rule = \"MIGRATE\"}";
    case KeyRule::none:
    case KeyRule::set_get:
      break;
  }
  if (!target_.prefix.empty() && target_.prefixes_channels && is_channel_command(command))
    return "{free = true, {at = 1}}";
  Bytes rows;
  for (uint8_t i = 0; i < command.keys.count; ++i) {
    const Bytes row = row_of(command.keys.specs[i]);
    if (!row.empty()) rows += (rows.empty() ? "" : ", ") + row;
  }
  if (rows.empty()) return "{none = true}";
  return rows == "{at = 1}" ? "{first = true}" : "{" + rows + "}";
}

/// The pieces `known`, which finds a command by its name, and `call_any`, which calls it.
void LuaWriter::set_call_any() {
  std::map<Bytes, Bytes> groups;  // by where their keys are: names and arities
  for (const CommandTable::Entry& entry : commands_->entries()) {
    const Command& command = *entry.command;
    const Bytes kind = is_container(command)   ? "{container = true}"
                       : is_forbidden(command) ? "{refused = true}"
                                               : specs_of(command);
    groups[kind] += entry.full_name + ":" + std::to_string(command.arity) + " ";
  }
  Bytes rows;
  for (const auto& [kind, names] : groups) {
    rows += "  {names = \" " + names + "\", " + kind.substr(1) + ",\n";
  }
  prelude_.set("known", "find fail",
               "local command_groups = {\n" + rows + R"lua(}
local described_commands = {}
local function described_command(name, lower)
  local found = described_commands[lower]
  if found then
    return found
  end
  for _, group in ipairs(command_groups) do
    local _, stop = find(group.names, " " .. lower .. ":", 1, true)
    if stop then
      local arity = tonumber(string.match(group.names, "^%-?%d+", stop + 1))
      found = {name = name, lower = lower, arity = arity, group = group}
      described_commands[lower] = found
      return found
    end
  end
  fail()lua" + lua_string(message::unknown_command) +
                   R"lua()
end
local plain_name = "^[%w_-]+$"
local function known(name)
  return described_command(name, find(name, plain_name) and string.lower(name) or "?")
end
)lua");

  const bool prefixed = !target_.prefix.empty();
  Bytes needs = "any_call keyed known fail";
  Bytes databases;
  const auto instead = [&](View name, View piece, View arguments) {
    needs += " " + Bytes(piece);
    databases += "  if lower == \"" + Bytes(name) + "\" then\n    return " + Bytes(piece) + "(" + Bytes(arguments) +
                 ")\n  end\n";
  };
  if (prefixed) {
    instead("keys", "keys_like", "...");
    instead("scan", "scan", "...");
    instead("randomkey", "random_key", "");
    instead("dbsize", "count_keys", "");
    instead("flushdb", "flush_keys", "...");
    for (const View name : {"FLUSHALL", "SWAPDB"}) {
      databases += "  if lower == \"" + lower(name) + "\" then\n    fail(" +
                   lua_string(filled(message::no_prefix, {name})) + ")\n  end\n";
    }
    needs += " popped";
  }
  const Bytes pops =
      prefixed ? "  if lower == \"lmpop\" or lower == \"zmpop\" then\n    return popped(reply)\n  end\n" : "";
  prelude_.set("call_any", needs,
               R"lua(-- A command whose name is known only now.
local function call_any(command, ...)
  local size = select("#", ...) + 1
  if command.group.container then
    if size < 2 then
      fail()lua" + lua_string(message::command_arity) +
                   R"lua()
    end
    local word = ...
    command = described_command(command.name, find(word, plain_name) and command.lower .. "|" .. string.lower(word) or "?")
  end
  local lower, arity = command.lower, command.arity
  if arity >= 0 and size ~= arity or size < -arity then
    fail()lua" + lua_string(message::command_arity) +
                   R"lua()
  elseif command.group.refused then
    fail()lua" + lua_string(message::command_refused) +
                   R"lua()
  end
)lua" + databases + "  local reply = any_call(command.name, keyed(command.group, ...))\n" +
                   pops + "  return reply\nend\n");
}

}  // namespace redipy::script
