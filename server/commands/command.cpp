// SPDX-License-Identifier: Apache-2.0
//
// COMMAND: the command table, told to clients. Everything comes from the rows; see core/command/command.h.
#include <algorithm>
#include <cstdlib>

#include "core/base/glob.h"
#include "core/command/acl_categories.h"
#include "core/command/help.h"
#include "core/command/key_finder.h"
#include "core/command/syntax.h"
#include "server/commands/subcommands.h"
#include "server/server.h"
#include "server/session.h"

namespace redipy {

namespace {

using Entry = CommandTable::Entry;

struct FlagName {
  Flags flag;
  View name;
};
constexpr FlagName flag_names[] = {
    {flag::write, "write"},
    {flag::read, "readonly"},
    {flag::denyoom, "denyoom"},
    {flag::admin, "admin"},
    {flag::pubsub, "pubsub"},
    {flag::noscript, "noscript"},
    {flag::blocking, "blocking"},
    {flag::loading, "loading"},
    {flag::stale, "stale"},
    {flag::no_monitor, "skip_monitor"},
    {flag::no_slowlog, "skip_slowlog"},
    {flag::fast, "fast"},
    {flag::no_auth, "no_auth"},
    {flag::no_mandatory_keys, "no_mandatory_keys"},
    {flag::no_async_loading, "no_async_loading"},
    {flag::no_multi, "no_multi"},
    {flag::movable_keys, "movablekeys"},
    {flag::allow_busy, "allow_busy"},
};
constexpr FlagName key_flag_names[] = {
    {key::ro, "RO"},
    {key::rw, "RW"},
    {key::ow, "OW"},
    {key::rm, "RM"},
    {key::access, "access"},
    {key::update, "update"},
    {key::insert, "insert"},
    {key::remove, "delete"},
    {key::not_key, "not_key"},
    {key::incomplete, "incomplete"},
    {key::variable_flags, "variable_flags"},
};

constexpr FlagName tip_names[] = {
    {flag::random_reply, "nondeterministic_output"},
    {flag::random_order, "nondeterministic_output_order"},
    {tip::all_nodes, "request_policy:all_nodes"},
    {tip::all_shards, "request_policy:all_shards"},
    {tip::multi_shard, "request_policy:multi_shard"},
    {tip::special_request, "request_policy:special"},
    {tip::one_succeeded, "response_policy:one_succeeded"},
    {tip::all_succeeded, "response_policy:all_succeeded"},
    {tip::sum, "response_policy:agg_sum"},
    {tip::minimum, "response_policy:agg_min"},
    {tip::logical_and, "response_policy:agg_logical_and"},
    {tip::special_response, "response_policy:special"},
};

size_t count_flags(Flags flags, std::span<const FlagName> names) {
  return static_cast<size_t>(
      std::count_if(names.begin(), names.end(), [&](const FlagName& row) { return (flags & row.flag) != 0; }));
}

void reply_flags(Reply& reply, Flags flags, std::span<const FlagName> names) {
  reply.set(count_flags(flags, names));
  for (const FlagName& row : names) {
    if ((flags & row.flag) != 0) reply.status(row.name);
  }
}

/// Where the keys are, in the words of before Redis 7: first, last and step, if ranges say it all; and whether they do.
struct KeyRange {
  int first = 0, last = 0, step = 0;
  bool movable = false;
};

KeyRange key_range(const Command& command) {
  KeyRange range;
  range.movable = command.is(flag::movable_keys);
  int previous_last = 0;
  for (uint8_t i = 0; i < command.keys.count; ++i) {
    const KeySpec& spec = command.keys.specs[i];
    if (spec.begin != KeySpec::at_index || spec.find != KeySpec::by_range) {
      range.movable = true;
      continue;
    }
    const int last = spec.last >= 0 ? spec.index + spec.last : spec.last;
    if (command.keys.count == 1) return {spec.index, last, spec.step, range.movable};
    // Several make one range where each begins right after the one before it.
    if (spec.step != 1 || (previous_last != 0 && previous_last != spec.index - 1)) {
      range.movable = true;
      continue;
    }
    range.first = range.first == 0 ? spec.index : std::min<int>(range.first, spec.index);
    range.last = std::abs(last) > std::abs(range.last) || last < 0 ? last : range.last;
    range.step = 1;
    previous_last = last;
  }
  return range;
}

void reply_key_spec(Reply& reply, const KeySpec& spec) {
  const auto field = [&](View name, int64_t value) {
    reply.bulk(name);
    reply.integer(value);
  };
  const auto type = [&](View name, size_t fields) {
    reply.map(2);
    reply.bulk("type");
    reply.bulk(name);
    reply.bulk("spec");
    reply.map(fields);
  };
  reply.map(3);
  reply.bulk("flags");
  reply_flags(reply, spec.flags, key_flag_names);
  reply.bulk("begin_search");
  if (spec.begin == KeySpec::at_index) {
    type("index", 1);
    field("index", spec.index);
  } else if (spec.begin == KeySpec::at_keyword) {
    type("keyword", 2);
    reply.bulk("keyword");
    reply.bulk(spec.keyword);
    field("startfrom", spec.index);
  } else {
    type("unknown", 0);
  }
  reply.bulk("find_keys");
  if (spec.find == KeySpec::by_range) {
    type("range", 3);
    field("lastkey", spec.last);
    field("keystep", spec.step);
    field("limit", spec.limit);
  } else if (spec.find == KeySpec::by_count) {
    type("keynum", 3);
    field("keynumidx", spec.count_index);
    field("firstkey", spec.first_key);
    field("keystep", spec.step);
  } else {
    type("unknown", 0);
  }
}

void reply_tips(Reply& reply, const Command& command) {
  reply.set(count_flags(command.flags, tip_names));
  for (const FlagName& row : tip_names) {
    if (command.is(row.flag)) reply.bulk(row.name);
  }
}

void reply_info(Reply& reply, const CommandTable& table, const Entry& entry) {
  const Command& command = *entry.command;
  const KeyRange range = key_range(command);
  reply.array(10);
  reply.bulk(entry.full_name);
  reply.integer(command.arity);
  reply_flags(reply, command.flags | (range.movable ? flag::movable_keys : 0), flag_names);
  reply.integer(range.first);
  reply.integer(range.last);
  reply.integer(range.step);
  const std::vector<Bytes> categories = acl_categories_of(entry);
  reply.set(categories.size());
  for (const Bytes& category : categories) reply.status(category);
  reply_tips(reply, command);
  reply.set(command.keys.count);
  for (uint8_t i = 0; i < command.keys.count; ++i) reply_key_spec(reply, command.keys.specs[i]);
  if (command.subcommands.empty()) return reply.set(0);
  reply.array(command.subcommands.size());
  for (const Command& row : command.subcommands) reply_info(reply, table, *table.find(entry, row.name));
}

/// The entry of a name as COMMAND LIST writes it: "get", "config|get".
const Entry* find_full(const CommandTable& table, View name) {
  const size_t bar = name.find('|');
  const Entry* entry = table.find(name.substr(0, bar));
  if (!entry || bar == View::npos) return entry;
  return table.find(*entry, name.substr(bar + 1));
}

template <class Visit>
void for_each_command(const CommandTable& table, Visit visit) {
  for (const Entry& entry : table.entries()) {
    if (!entry.parent) visit(entry);
  }
}

size_t count_commands(const CommandTable& table) {
  size_t count = 0;
  for_each_command(table, [&](const Entry&) { ++count; });
  return count;
}

void reply_all_infos(Session& session, Reply& reply) {
  const CommandTable& table = session.server().commands();
  reply.array(count_commands(table));
  for_each_command(table, [&](const Entry& entry) { reply_info(reply, table, entry); });
}

// COMMAND INFO [command-name [command-name ...]]
void info(Session& session, const Args& args, Reply& reply) {
  const CommandTable& table = session.server().commands();
  if (args.size() == 2) return reply_all_infos(session, reply);
  reply.array(args.size() - 2);
  for (const View name : args.from(2)) {
    const Entry* entry = find_full(table, name);
    if (entry) {
      reply_info(reply, table, *entry);
    } else {
      reply.null();
    }
  }
}

// COMMAND COUNT
void count(Session& session, const Args&, Reply& reply) {
  reply.integer(static_cast<int64_t>(count_commands(session.server().commands())));
}

// COMMAND LIST [FILTERBY <MODULE module-name | ACLCAT category | PATTERN pattern>]
void list(Session& session, const Args& args, Reply& reply) {
  enum { all, module, category, pattern } filter = all;
  if (args.size() > 2) {
    if (args.size() != 5 || !args.is(2, "FILTERBY")) throw CommandError(error::syntax);
    if (args.is(3, "MODULE")) {
      filter = module;
    } else if (args.is(3, "ACLCAT")) {
      filter = category;
    } else if (args.is(3, "PATTERN")) {
      filter = pattern;
    } else {
      throw CommandError(error::syntax);
    }
  }
  const Bytes wanted = filter == category ? lower(args[4]) : Bytes();
  const auto open = reply.open_array();
  size_t count = 0;
  for (const Entry& entry : session.server().commands().entries()) {
    if (filter == module) break;  // there are none
    if (filter == category && !in_acl_category(entry, wanted)) continue;
    if (filter == pattern && !glob_match(args[4], entry.full_name, true)) continue;
    reply.bulk(entry.full_name);
    ++count;
  }
  reply.close(open, count);
}

/// Writes arguments; keys get the number of the key specification that speaks of them.
class DocumentWriter {
 public:
  DocumentWriter(Reply& reply, const Command& command) : reply_(reply), specs_(command.keys.count) {}

  void write(const std::vector<Argument>& arguments) {
    reply_.array(arguments.size());
    for (const Argument& argument : arguments) write(argument);
  }

 private:
  void field(View name, View value) {
    reply_.bulk(name);
    reply_.bulk(value);
  }

  void write(const Argument& argument) {
    const bool is_key = argument.type == Argument::key && specs_ > 0;
    const bool is_group = argument.type == Argument::one_of || argument.type == Argument::block;
    const size_t flags = size_t{argument.optional} + size_t{argument.multiple} + size_t{argument.multiple_token};
    // A group has its arguments where others have a text to be displayed.
    reply_.map(3 + size_t{is_key} + size_t{!argument.token.empty()} + size_t{flags > 0});
    field("name", argument.name);
    const bool plain = argument.type == Argument::key && !is_key;
    field("type", argument_type_name(plain ? Argument::string : argument.type));
    if (!is_group) field("display_text", argument.name);
    if (is_key) {
      reply_.bulk("key_spec_index");
      reply_.integer(std::min<int64_t>(keys_++, specs_ - 1));
    }
    if (!argument.token.empty()) field("token", argument.token);
    if (flags > 0) {
      reply_.bulk("flags");
      reply_.set(flags);
      if (argument.optional) reply_.status("optional");
      if (argument.multiple) reply_.status("multiple");
      if (argument.multiple_token) reply_.status("multiple_token");
    }
    if (is_group) {
      reply_.bulk("arguments");
      write(argument.arguments);
    }
  }

  Reply& reply_;
  int64_t specs_;
  int64_t keys_ = 0;
};

void reply_document(Reply& reply, const CommandTable& table, const Entry& entry) {
  const Command& command = *entry.command;
  const auto open = reply.open_map();
  size_t fields = 0;
  const auto field = [&](View name, View value) {
    if (value.empty()) return;
    reply.bulk(name);
    reply.bulk(value);
    ++fields;
  };
  field("summary", command.summary);
  field("since", command.since);
  field("group", group_name(entry.group));
  field("complexity", command.complexity);
  if (!command.syntax.empty()) {
    reply.bulk("arguments");
    DocumentWriter(reply, command).write(parse_syntax(command.syntax));
    ++fields;
  }
  if (!command.subcommands.empty()) {
    reply.bulk("subcommands");
    reply.map(command.subcommands.size());
    for (const Command& row : command.subcommands) {
      const Entry& subcommand = *table.find(entry, row.name);
      reply.bulk(subcommand.full_name);
      reply_document(reply, table, subcommand);
    }
    ++fields;
  }
  reply.close(open, fields);
}

// COMMAND DOCS [command-name [command-name ...]]
void docs(Session& session, const Args& args, Reply& reply) {
  const CommandTable& table = session.server().commands();
  const auto open = reply.open_map();
  size_t count = 0;
  const auto write = [&](const Entry& entry) {
    reply.bulk(entry.full_name);
    reply_document(reply, table, entry);
    ++count;
  };
  if (args.size() == 2) for_each_command(table, write);
  for (const View name : args.from(2)) {
    if (const Entry* entry = find_full(table, name)) write(*entry);
  }
  reply.close(open, count);
}

void reply_keys(Session& session, const Args& args, Reply& reply, bool with_flags) {
  const Args request(args.from(2));
  const Entry* entry = session.server().commands().find(request);
  if (!entry) throw CommandError("ERR Invalid command specified");
  const Command& command = *entry->command;
  if (command.keys.count == 0 && command.keys.rule == KeyRule::none) {
    throw CommandError("ERR The command has no key arguments");
  }
  const auto words = static_cast<int>(request.size());
  if (command.arity > 0 ? command.arity != words : words < -command.arity) {
    throw CommandError("ERR Invalid number of arguments specified for command");
  }
  const auto open = reply.open_array();
  size_t count = 0;
  const bool good = for_each_key(command, request, [&](FoundKey found) {
    if ((found.flags & key::not_key) != 0) return;
    if (with_flags) reply.array(2);
    reply.bulk(request[found.index]);
    if (with_flags) reply_flags(reply, found.flags, key_flag_names);
    ++count;
  });
  if ((!good || count == 0) && !command.is(flag::no_mandatory_keys)) {
    throw CommandError("ERR Invalid arguments specified for command");
  }
  reply.close(open, good ? count : 0);
}

// COMMAND GETKEYS command [arg [arg ...]]
void getkeys(Session& session, const Args& args, Reply& reply) { reply_keys(session, args, reply, false); }
// COMMAND GETKEYSANDFLAGS command [arg [arg ...]]
void getkeysandflags(Session& session, const Args& args, Reply& reply) { reply_keys(session, args, reply, true); }

void help(Session& session, const Args& args, Reply& reply) {
  write_help(reply, *session.server().commands().find(args[0])->command);
}

constexpr Flags asking = flag::loading | flag::stale | flag::connection;

constexpr Command rows[] = {
    {"COUNT", "", 2, asking, no_keys, count, Event::none, "Counts the commands of this server.", "2.8.13", "O(1)"},
    {"LIST", "[FILTERBY <MODULE module-name | ACLCAT category | PATTERN pattern>]", -2, asking | flag::random_order,
     no_keys, list, Event::none, "Lists the names of commands.", "7.0.0", "O(N) for N commands"},
    {"INFO", "[command-name [command-name ...]]", -2, asking | flag::random_order, no_keys, info, Event::none,
     "Tells arity, flags and keys of commands.", "2.8.13", "O(N) for N commands"},
    {"DOCS", "[command-name [command-name ...]]", -2, asking | flag::random_order, no_keys, docs, Event::none,
     "Tells summary, syntax and arguments of commands.", "7.0.0", "O(N) for N commands"},
    {"GETKEYS", "command [arg [arg ...]]", -3, asking, no_keys, getkeys, Event::none,
     "Finds the keys in a command's arguments.", "2.8.13", "O(N) for N arguments"},
    {"GETKEYSANDFLAGS", "command [arg [arg ...]]", -3, asking, no_keys, getkeysandflags, Event::none,
     "Finds the keys in a command's arguments, and what happens to them.", "7.0.0", "O(N) for N arguments"},
    {"HELP", "", 2, asking, no_keys, help, Event::none, "Explains the subcommands.", "5.0.0", "O(1)"},
};

}  // namespace

std::span<const Command> command_subcommands() { return rows; }

void command(Session& session, const Args&, Reply& reply) { reply_all_infos(session, reply); }

}  // namespace redipy
