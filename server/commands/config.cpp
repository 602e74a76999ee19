// SPDX-License-Identifier: Apache-2.0
//
// CONFIG: what server/config.h can do, as a command.
#include "server/config.h"

#include <algorithm>

#include "core/command/help.h"
#include "core/memory/memory_backend.h"
#include "server/commands/subcommands.h"
#include "server/executor.h"
#include "server/scripts.h"
#include "server/server.h"
#include "server/session.h"

namespace redipy {

namespace {

// CONFIG GET parameter [parameter ...]
void get(Session& session, const Args& args, Reply& reply) {
  const auto found = session.server().config().get(args.from(2));
  reply.map(found.size());
  for (const auto& [name, value] : found) {
    reply.bulk(name);
    reply.bulk(value);
  }
}

// CONFIG SET parameter value [parameter value ...]
void set(Session& session, const Args& args, Reply& reply) {
  if (args.size() % 2 != 0) throw CommandError(error::syntax);
  std::vector<std::pair<View, View>> changes;
  for (size_t i = 2; i < args.size(); i += 2) changes.emplace_back(args[i], args[i + 1]);
  Server& server = session.server();
  const Bytes& allowed = server.settings().enable_protected_configs;
  const bool guarded = allowed == "yes" || (allowed == "local" && session.link().is_local());
  try {
    server.config().set(changes, guarded);
  } catch (const ConfigError& failure) {
    throw CommandError("ERR " + Bytes(failure.what()));
  }
  reply.ok();
}

// CONFIG REWRITE
void rewrite(Session& session, const Args&, Reply& reply) {
  try {
    session.server().config().rewrite();
  } catch (const ConfigError& failure) {
    throw CommandError("ERR " + Bytes(failure.what()));
  }
  reply.ok();
}

// CONFIG RESETSTAT
void resetstat(Session& session, const Args&, Reply& reply) {
  Server& server = session.server();
  server.statistics().reset();
  server.memory().memory().reset_statistics();
  server.backends().for_each_executor([](Executor& executor) { executor.reset_statistics(); });
  server.memory().memory().reclaimer().reset_freed();
  server.scripts().reset_totals();
  reply.ok();
}

void help(Session& session, const Args& args, Reply& reply) {
  write_help(reply, *session.server().commands().find(args[0])->command);
}

constexpr Flags ruling = flag::admin | flag::noscript | flag::loading | flag::stale;

constexpr Command rows[] = {
    {"GET", "parameter [parameter ...]", -3, ruling, no_keys, get, Event::none,
     "Shows the parameters whose names match the patterns.", "2.0.0", "O(N) for N patterns"},
    {"SET", "parameter value [parameter value ...]", -4, ruling | tip::all_nodes | tip::all_succeeded, no_keys, set,
     Event::none, "Changes parameters, all of them or none.", "2.0.0", "O(N) for N parameters"},
    {"REWRITE", "", 2, ruling | tip::all_nodes | tip::all_succeeded, no_keys, rewrite, Event::none,
     "Writes the parameters into the configuration file.", "2.8.0", "O(1)"},
    {"RESETSTAT", "", 2, ruling | tip::all_nodes | tip::all_succeeded, no_keys, resetstat, Event::none,
     "Begins the statistics of INFO anew.", "2.0.0", "O(1)"},
    {"HELP", "", 2, flag::loading | flag::stale, no_keys, help, Event::none, "Explains the subcommands.", "5.0.0",
     "O(1)"},
};

}  // namespace

std::span<const Command> config_subcommands() { return rows; }

}  // namespace redipy
