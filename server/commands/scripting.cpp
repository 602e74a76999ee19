// SPDX-License-Identifier: Apache-2.0
//
// Scripts: Redis's EVAL family, with JSON graphs for scripts, and SCRIPT with this server's own subcommands. What a
// graph means is docs/scripts.md; how it runs, scripting/ and server/scripts.h.
#include <algorithm>

#include "core/command/help.h"
#include "scripting/check.h"
#include "scripting/explain.h"
#include "scripting/json.h"
#include "scripting/lua_printer.h"
#include "scripting/messages.h"
#include "server/commands/families.h"
#include "server/scripts.h"
#include "server/server.h"
#include "server/session.h"

namespace redipy {

namespace {

using script::Script;

constexpr View no_script = "NOSCRIPT No matching script. Please use EVAL.";

Scripts& scripts(Session& session) { return session.server().scripts(); }

Script& load(Session& session, View source) {
  if (!script::looks_like_graph(source)) {
    throw CommandError(
        "ERR Lua scripts are not supported yet by this server: a script is a JSON graph, see docs/scripts.md");
  }
  return scripts(session).library().load(source, scripts(session).graph_limits());
}

Script& known(Session& session, View sha) {
  Script* const found = scripts(session).library().find(sha);
  if (!found) throw CommandError(no_script);
  return *found;
}

/// Before anything else is looked at, as in Redis.
void digits_of_a_script(View text) {
  constexpr size_t sha1_digits = 40;
  if (text.size() != sha1_digits) throw CommandError(no_script);
}

/// A graph, or the digits of one.
Script& either(Session& session, View text) {
  return script::looks_like_graph(text) ? load(session, text) : known(session, text);
}

/// Before a script's own commands are shown.
void show_monitors(Session& session, const Args& args) {
  Server& server = session.server();
  if (!server.monitors().empty()) server.dispatcher().show_monitors(*session.last_command, args, false);
}

/// Finds the script that argument `at` tells, and runs it on what follows: numkeys, keys, arguments.
void run(Session& session, const Args& args, size_t at, Script& (*find)(Session&, View), bool read_only, Reply& reply) {
  const int64_t count = args.integer(at + 1);
  const size_t first = at + 2;
  if (count > static_cast<int64_t>(args.size() - first)) {
    throw CommandError("ERR Number of keys can't be greater than number of args");
  }
  if (count < 0) throw CommandError("ERR Number of keys can't be negative");
  const auto keys = static_cast<size_t>(count);
  Script& script = find(session, args[at]);
  show_monitors(session, args);
  if (read_only && script.effect == script::Effect::writes) throw CommandError(script::message::read_only);
  scripts(session).run(session, script, args.range(first, keys), args.from(first + keys), read_only, reply);
}

// EVAL script numkeys [key ...] [arg ...]
void eval(Session& session, const Args& args, Reply& reply) { run(session, args, 1, load, false, reply); }

// EVALSHA sha1 numkeys [key ...] [arg ...]
void evalsha(Session& session, const Args& args, Reply& reply) {
  digits_of_a_script(args[1]);
  run(session, args, 1, known, false, reply);
}

// EVAL_RO script numkeys [key ...] [arg ...]
void eval_ro(Session& session, const Args& args, Reply& reply) { run(session, args, 1, load, true, reply); }

// EVALSHA_RO sha1 numkeys [key ...] [arg ...]
void evalsha_ro(Session& session, const Args& args, Reply& reply) {
  digits_of_a_script(args[1]);
  run(session, args, 1, known, true, reply);
}

// SCRIPT graph numkeys [key ...] [arg ...]
void script_graph(Session& session, const Args& args, Reply& reply) {
  if (args.size() < 3) throw wrong_arity("script");
  run(session, args, 1, load, false, reply);
}

// SCRIPT RUN graph|sha numkeys [key ...] [arg ...]
void script_run(Session& session, const Args& args, Reply& reply) { run(session, args, 2, either, false, reply); }

/// What `given`, an object, has under each of the names, in their order; throws for a name that is missing or one too
/// many.
std::vector<const script::Json*> by_name(const script::Json* given, std::span<const Bytes> names, View what) {
  static const script::Json nothing(script::Json::Type::object);
  const script::Json& object = given ? *given : nothing;
  if (!object.is(script::Json::Type::object)) throw CommandError("ERR '" + Bytes(what) + "s' must be an object");
  std::vector<const script::Json*> found;
  for (const Bytes& name : names) {
    const script::Json* const value = object.find(name);
    if (!value) throw CommandError("ERR missing " + Bytes(what) + " '" + name + "'");
    found.push_back(value);
  }
  for (const auto& [name, value] : object.members) {
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      throw CommandError("ERR the script has no " + Bytes(what) + " '" + name + "'");
    }
  }
  return found;
}

// SCRIPT CALL graph|sha json
void script_call(Session& session, const Args& args, Reply& reply) {
  Script& script = either(session, args[2]);
  constexpr size_t levels_around = 3;
  script::Json given;
  try {
    given = script::read_json(args[3], scripts(session).graph_limits().nesting + levels_around,
                              script::Duplicates::refused);
  } catch (const script::JsonError& fault) {
    throw CommandError(Bytes("ERR keys and arguments are not valid JSON: ") + fault.what());
  }
  if (!given.is(script::Json::Type::object)) throw CommandError("ERR keys and arguments must be an object");
  for (const auto& [name, value] : given.members) {
    if (name != "keys" && name != "args")
      throw CommandError("ERR unknown member '" + name + "': keys and args are known");
  }
  std::vector<View> keys;
  for (const script::Json* const key : by_name(given.find("keys"), script.graph.key_names, "key")) {
    if (!key->is(script::Json::Type::string)) throw CommandError("ERR a key must be a string");
    keys.emplace_back(key->text);
  }
  const auto values = by_name(given.find("args"), script.graph.argument_names, "arg");
  std::vector<Bytes> documents(values.size());
  for (size_t i = 0; i < values.size(); ++i) script::append_json(documents[i], *values[i]);
  const std::vector<View> arguments(documents.begin(), documents.end());
  show_monitors(session, args);
  scripts(session).run(session, script, keys, arguments, false, reply);
}

// SCRIPT LOAD script
void script_load(Session& session, const Args& args, Reply& reply) { reply.bulk(View(load(session, args[2]).sha)); }

// SCRIPT EXISTS sha1 [sha1 ...]
void script_exists(Session& session, const Args& args, Reply& reply) {
  reply.array(args.size() - 2);
  for (const View sha : args.from(2)) reply.integer(scripts(session).library().find(sha) ? 1 : 0);
}

// SCRIPT FLUSH [ASYNC | SYNC]
void script_flush(Session& session, const Args& args, Reply& reply) {
  if (args.size() > 3 || (args.size() == 3 && !args.is(2, "ASYNC") && !args.is(2, "SYNC"))) {
    throw CommandError("ERR SCRIPT FLUSH only support SYNC|ASYNC option");
  }
  scripts(session).library().flush();
  reply.ok();
}

// SCRIPT KILL
void script_kill(Session& session, const Args&, Reply& reply) {
  scripts(session).kill();
  reply.ok();
}

void write_statistics(const Script& script, Reply& reply) {
  reply.map(7);
  reply.bulk("sha");
  reply.bulk(View(script.sha));
  const auto number = [&](View name, uint64_t value) {
    reply.bulk(name);
    reply.integer(static_cast<int64_t>(value));
  };
  number("calls", script.calls);
  number("errors", script.errors);
  number("microseconds", script.nanoseconds / 1000);
  number("steps", script.steps);
  number("bytes", script.source.size());
  reply.bulk("last-error");
  script.last_error.empty() ? reply.null() : reply.bulk(View(script.last_error));
}

// SCRIPT STATS [sha1]
void script_stats(Session& session, const Args& args, Reply& reply) {
  if (args.size() > 3) throw wrong_arity("script|stats");
  if (args.size() == 3) return write_statistics(known(session, args[2]), reply);
  const auto all = scripts(session).library().all();
  reply.array(all.size());
  for (const Script* const script : all) write_statistics(*script, reply);
}

// SCRIPT CHECK graph
void script_check(Session& session, const Args& args, Reply& reply) {
  const Bytes document = script::check_graph(args[2], session.server().commands(), scripts(session).graph_limits());
  reply.bulk(View(document));
}

// SCRIPT EXPLAIN graph|sha
void script_explain(Session& session, const Args& args, Reply& reply) {
  const auto write = [&](const script::Graph& graph) {
    const Bytes text = script::explain(graph) + "\n# As Lua, for a Redis upstream:\n\n" + script::print_lua(graph).text;
    reply.verbatim(text, "txt");
  };
  if (script::looks_like_graph(args[2])) {
    write(script::read_graph(args[2], scripts(session).graph_limits()));
  } else {
    write(known(session, args[2]).graph);
  }
}

void script_help(Session& session, const Args& args, Reply& reply) {
  write_help(reply, *session.server().commands().find(args[0])->command);
}

constexpr KeyFlags changes = key::rw | key::update | key::access;
constexpr KeyFlags reads = key::ro | key::access;
constexpr Flags reading = flag::noscript | flag::no_monitor | flag::no_mandatory_keys | flag::stale;
constexpr Flags running = reading | flag::may_replicate;
constexpr View effort = "Depends on the script";

constexpr Command script_subcommands[] = {
    {"LOAD", "script", 3, flag::noscript | flag::stale | tip::all_nodes | tip::all_succeeded, no_keys, script_load,
     Event::none, "Loads a script and gives its SHA1.", "2.6.0", "O(N) where N is the length of the script"},
    {"EXISTS", "sha1 [sha1 ...]", -3, flag::noscript | tip::all_shards | tip::logical_and, no_keys, script_exists,
     Event::none, "Tells which scripts are loaded.", "2.6.0", "O(N) where N is the number of scripts asked for"},
    {"FLUSH", "[ASYNC | SYNC]", -2, flag::noscript | tip::all_nodes | tip::all_succeeded, no_keys, script_flush,
     Event::none, "Forgets all scripts.", "2.6.0", "O(N) where N is the number of scripts"},
    {"KILL", "", 2, flag::noscript | flag::allow_busy | tip::all_shards | tip::one_succeeded, no_keys, script_kill,
     Event::none, "Ends the script that runs, if it has written nothing.", "2.6.0", "O(1)"},
    {"RUN", "graph numkeys [key [key ...]] [arg [arg ...]]", -4, running, counted_keys(3, changes), script_run,
     Event::none, "Runs a graph, or a loaded script by its SHA1.", "7.2.0", effort},
    {"CALL", "graph json", 4, running, no_keys, script_call, Event::none,
     "Runs a graph, or a loaded script by its SHA1, with keys and arguments by name.", "7.2.0", effort},
    {"CHECK", "graph", 3, flag::noscript, no_keys, script_check, Event::none,
     "Tells, as JSON, what is wrong with a graph and what it touches.", "7.2.0",
     "O(N) where N is the length of the graph"},
    {"EXPLAIN", "graph", 3, flag::noscript, no_keys, script_explain, Event::none,
     "Shows a graph, or a loaded script by its SHA1, as pseudo-code and as Lua.", "7.2.0",
     "O(N) where N is the length of the graph"},
    {"STATS", "[sha1]", -2, flag::noscript | flag::random_reply, no_keys, script_stats, Event::none,
     "Tells what scripts have done.", "7.2.0", "O(N) where N is the number of scripts"},
    {"DEBUG", "", 3, flag::noscript | flag::not_yet, no_keys, nullptr, Event::none,
     "Changes the way scripts are debugged.", "3.2.0", "O(1)"},
    {"HELP", "", 2, flag::loading | flag::stale, no_keys, script_help, Event::none, "Explains the subcommands.",
     "5.0.0", "O(1)"},
};

constexpr Command rows[] = {
    {"EVAL", "script numkeys [key [key ...]] [arg [arg ...]]", -3, running, counted_keys(2, changes), eval, Event::none,
     "Runs a script.", "2.6.0", effort},
    {"EVALSHA", "sha1 numkeys [key [key ...]] [arg [arg ...]]", -3, running, counted_keys(2, changes), evalsha,
     Event::none, "Runs a loaded script.", "2.6.0", effort},
    {"EVAL_RO", "script numkeys [key [key ...]] [arg [arg ...]]", -3, reading | flag::read, counted_keys(2, reads),
     eval_ro, Event::none, "Runs a script that only reads.", "7.0.0", effort},
    {"EVALSHA_RO", "sha1 numkeys [key [key ...]] [arg [arg ...]]", -3, reading | flag::read, counted_keys(2, reads),
     evalsha_ro, Event::none, "Runs a loaded script that only reads.", "7.0.0", effort},
    {"SCRIPT", "", -2, flag::noscript, no_keys, script_graph, Event::none, "Loads, runs and inspects scripts.", "2.6.0",
     "Depends on subcommand", script_subcommands},
};

}  // namespace

std::span<const Command> scripting_rows() { return rows; }

}  // namespace redipy
