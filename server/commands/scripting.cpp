// SPDX-License-Identifier: Apache-2.0
//
// Scripts: Redis's EVAL family, with JSON graphs for scripts, and SCRIPT with this server's own subcommands. What a
// graph means is docs/scripts.md; how it runs, scripting/ and server/scripts.h.
#include <algorithm>

#include "core/command/help.h"
#include "scripting/check.h"
#include "scripting/explain.h"
#include "scripting/lua_printer.h"
#include "scripting/messages.h"
#include "server/commands/families.h"
#include "server/script_request.h"
#include "server/scripts.h"
#include "server/server.h"
#include "server/session.h"

namespace redipy {

namespace {

using script::Script;

Scripts& scripts(Session& session) { return session.server().scripts(); }

/// Before a script's own commands are shown.
void show_monitors(Session& session, const Args& args) {
  Server& server = session.server();
  if (!server.monitors().empty()) server.dispatcher().show_monitors(*session.last_command, args, false);
}

/// Runs the script that the command asks for.
void run(Session& session, const Args& args, Reply& reply) {
  const ScriptRequest request = read_script_request(session, *session.last_command, args);
  show_monitors(session, args);
  if (request.read_only && request.script->effect == script::Effect::writes) {
    throw CommandError(script::message::read_only);
  }
  scripts(session).run(session, *request.script, request.keys, request.arguments, request.read_only, reply);
}

// SCRIPT LOAD script
void script_load(Session& session, const Args& args, Reply& reply) {
  reply.bulk(View(load_script(session, args[2]).sha));
}

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
  if (args.size() == 3) return write_statistics(find_script(session, args[2]), reply);
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
    write(find_script(session, args[2]).graph);
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
    {"RUN", "graph numkeys [key [key ...]] [arg [arg ...]]", -4, running, counted_keys(3, changes), run, Event::none,
     "Runs a graph, or a loaded script by its SHA1.", "7.2.0", effort},
    {"CALL", "graph json", 4, running, no_keys, run, Event::none,
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
    {"EVAL", "script numkeys [key [key ...]] [arg [arg ...]]", -3, running, counted_keys(2, changes), run, Event::none,
     "Runs a script.", "2.6.0", effort},
    {"EVALSHA", "sha1 numkeys [key [key ...]] [arg [arg ...]]", -3, running, counted_keys(2, changes), run, Event::none,
     "Runs a loaded script.", "2.6.0", effort},
    {"EVAL_RO", "script numkeys [key [key ...]] [arg [arg ...]]", -3, reading | flag::read, counted_keys(2, reads), run,
     Event::none, "Runs a script that only reads.", "7.0.0", effort},
    {"EVALSHA_RO", "sha1 numkeys [key [key ...]] [arg [arg ...]]", -3, reading | flag::read, counted_keys(2, reads),
     run, Event::none, "Runs a loaded script that only reads.", "7.0.0", effort},
    {"SCRIPT", "", -2, flag::noscript, no_keys, run, Event::none, "Loads, runs and inspects scripts.", "2.6.0",
     "Depends on subcommand", script_subcommands},
};

}  // namespace

std::span<const Command> scripting_rows() { return rows; }

}  // namespace redipy
