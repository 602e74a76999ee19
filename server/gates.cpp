// SPDX-License-Identifier: Apache-2.0
//
// The gates: what every request must pass before it runs, in the order in which Redis looks (processCommand). A rule
// for all commands is one more function in this list.
#include <algorithm>

#include "core/base/text.h"
#include "server/config.h"
#include "server/dispatch.h"
#include "server/scripts.h"
#include "server/server.h"
#include "server/session.h"

namespace redipy {

namespace {

struct Case {
  Server& server;
  Session& session;
  const Request& request;
  const Args& args;

  const Command& command() const { return *request.entry->command; }
  bool is(Flags flags) const { return command().is(flags); }
  /// An upstream decides what becomes of it.
  bool is_upstreams() const { return server.dispatcher().goes_upstream(request, args); }
};

Verdict pass() { return {}; }
Verdict refuse(View text) { return {Verdict::refuse, Bytes(text)}; }

/// What may be shown of a client's argument in an error.
View excerpt(View text) { return text.substr(0, 128); }

Verdict known(const Case& it) {
  if (it.server.dispatcher().is_foreign(it.request.entry)) return pass();  // for the upstream to know
  if (!it.request.entry) {
    Bytes text = "ERR unknown command '" + Bytes(excerpt(it.args[0])) + "', with args beginning with: ";
    Bytes shown;
    for (size_t i = 1; i < it.args.size() && shown.size() < 128; ++i) {
      const View word = it.args[i].substr(0, 128 - shown.size());
      shown += "'" + Bytes(word.substr(0, word.find('\0'))) + "' ";
    }
    return refuse(text + shown);
  }
  const Command& command = it.command();
  if (!command.subcommands.empty() && it.args.size() > 1) {
    if (it.is_upstreams() && command.name != "SCRIPT") return pass();
    if (command.name == "SCRIPT" && script::looks_like_graph(it.args[1])) return pass();  // SCRIPT graph: RUN, in short
    const View what =
        command.name == "DEBUG" ? "unknown subcommand or wrong number of arguments for" : "unknown subcommand";
    return refuse("ERR " + Bytes(what) + " '" + Bytes(excerpt(it.args[1])) + "'. Try " + upper(command.name) +
                  " HELP.");
  }
  return pass();
}

Verdict right_arity(const Case& it) {
  const auto given = static_cast<int>(it.args.size());
  const int arity = it.command().arity;
  const bool right = arity >= 0 ? given == arity : given >= -arity;
  const bool runs = it.command().subcommands.empty() || it.command().run.session;  // a container may run too: COMMAND
  if (right && (runs || it.is_upstreams())) return pass();
  return refuse(wrong_arity(it.request.entry->full_name).what());
}

/// DEBUG only where the configuration allows it.
Verdict not_protected(const Case& it) {
  const CommandTable::Entry& entry = *it.request.entry;
  if ((entry.parent ? entry.parent : entry.command)->name != "DEBUG") return pass();
  const Bytes& allowed = it.server.settings().enable_debug_command;
  if (allowed == "yes" || (allowed == "local" && it.session.link().is_local())) return pass();
  return refuse(
      "ERR DEBUG command not allowed. If the enable-debug-command option is set to \"local\", you can run it from a "
      "local connection, otherwise you need to set this option in the configuration file, and then restart the "
      "server.");
}

Verdict authenticated(const Case& it) {
  if (it.session.authenticated || it.is(flag::no_auth)) return pass();
  return refuse("NOAUTH Authentication required.");
}

Verdict not_yet(const Case& it) {
  if (!it.is(flag::not_yet) || it.is_upstreams()) return pass();
  if (it.session.transaction.open && it.is(flag::no_multi)) return pass();  // refused for that, further down
  return refuse("ERR '" + it.request.entry->full_name + "' is not supported yet by this server, see docs/commands.md");
}

Verdict allowed_while_subscribed(const Case& it) {
  if (it.session.protocol() != 2 || !it.session.subscriptions.any()) return pass();
  constexpr View allowed[] = {"PING",       "SUBSCRIBE",    "UNSUBSCRIBE", "PSUBSCRIBE", "PUNSUBSCRIBE",
                              "SSUBSCRIBE", "SUNSUBSCRIBE", "QUIT",        "RESET"};
  if (std::find(std::begin(allowed), std::end(allowed), it.command().name) != std::end(allowed)) return pass();
  return refuse("ERR Can't execute '" + it.request.entry->full_name +
                "': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context");
}

/// Without room nothing is queued any more, as queues take memory too, and no queue runs that may need more. What runs
/// at once is refused by the backend.
Verdict enough_memory(const Case& it) {
  if (!it.session.transaction.open) return pass();
  const View name = it.command().name;
  if (name == "DISCARD" || name == "QUIT" || name == "RESET") return pass();
  if (name == "EXEC") {
    const auto& queue = it.session.transaction.queue;
    const bool needs_memory = std::any_of(queue.begin(), queue.end(), [](const QueuedCommand& queued) {
      return queued.entry->command->is(flag::denyoom);
    });
    if (!needs_memory) return pass();
  }
  const Place* const place = it.session.transaction.place;
  if ((place && !place->memory) || it.server.memory().has_room()) return pass();
  return refuse(error::out_of_memory);
}

Verdict queued_in_transaction(const Case& it) {
  if (!it.session.transaction.open || it.is(flag::queued_never)) return pass();
  if (it.is(flag::no_multi)) return refuse("ERR Command not allowed inside a transaction");
  return {Verdict::queue, {}};
}

/// Whether a command may change data or tell replicas. Lua may say in its first line that it does not:
/// "#!lua flags=no-writes".
bool may_write(const CommandTable::Entry& entry, View script) {
  if (!entry.command->is(flag::write | flag::may_replicate)) return false;
  if (entry.full_name != "eval" || !script.starts_with("#!lua")) return true;
  const View first_line = script.substr(0, script.find('\n'));
  const size_t flags = first_line.find(" flags=");
  return flags == View::npos || first_line.find("no-writes", flags) == View::npos;
}

/// Whether what may write is held back at an upstream that pauses, too (config=relay), and alone knows whether it does:
/// loaded Lua and functions, which take connections of their own.
bool is_held_there(const Case& it) {
  if (it.request.entry->full_name != "evalsha" && it.request.entry->full_name != "fcall") return false;
  const Place* const place = it.server.backends().destination(it.request.entry, it.args).place;
  return place && place->upstream && place->url.upstream.relay_config && !it.session.transaction.open;
}

/// During CLIENT PAUSE commands wait, or only those that may write (EXEC: when something in its queue does); while a
/// route changes, those that may write to its keys.
Verdict not_paused(const Case& it) {
  const Backends& backends = it.server.backends();
  if (backends.holds_writes() && backends.holds_back(it.session, *it.request.entry, it.args)) {
    return {Verdict::postpone, {}};
  }
  if (it.server.pause_state().until_ms == 0) return pass();
  bool writes = may_write(*it.request.entry, it.args.size() > 1 ? it.args[1] : View());
  if (it.command().name == "EXEC") {
    const auto& queue = it.session.transaction.queue;
    writes = std::any_of(queue.begin(), queue.end(), [](const QueuedCommand& queued) {
      return may_write(*queued.entry, queued.words.size() > 1 ? View(queued.words[1]) : View());
    });
  }
  if (!it.server.paused(writes)) return pass();
  if (!it.server.paused(false) && is_held_there(it)) return pass();
  return {Verdict::postpone, {}};
}

/// While a script pauses, data is not touched: commands wait for its end, or are told that it takes long.
Verdict not_busy(const Case& it) {
  if (!it.server.script_paused()) return pass();
  const View name = it.command().name;
  if (it.is(flag::allow_busy) && name != "EXEC" && name != "WATCH") return pass();
  if (!it.server.scripts().told_busy()) return {Verdict::postpone, {}};
  return refuse(error::busy_with_script);
}

using Gate = Verdict (*)(const Case&);
constexpr Gate gates[] = {
    known,    right_arity,   not_protected, authenticated,         not_yet, allowed_while_subscribed,
    not_busy, enough_memory, not_paused,    queued_in_transaction,
};

}  // namespace

Verdict admit(Session& session, const Request& request, const Args& args) {
  const Case it{session.server(), session, request, args};
  for (const Gate gate : gates) {
    Verdict verdict = gate(it);
    if (verdict.kind != Verdict::run) return verdict;
  }
  return {};
}

}  // namespace redipy
