// SPDX-License-Identifier: Apache-2.0
//
// SLOWLOG: the last commands that took long.
#include "core/command/help.h"
#include "server/commands/subcommands.h"
#include "server/server.h"
#include "server/session.h"

namespace redipy {

namespace {

// SLOWLOG GET [count]
void get(Session& session, const Args& args, Reply& reply) {
  if (args.size() > 3) {
    throw CommandError("ERR unknown subcommand or wrong number of arguments for '" + Bytes(args[1]) +
                       "'. Try SLOWLOG HELP.");
  }
  const SlowLog& log = session.server().slow_log();
  size_t count = 10;
  if (args.size() == 3) {
    constexpr View refusal = "ERR count should be greater than or equal to -1";
    const int64_t said = args.integer(2, -1, std::numeric_limits<int64_t>::max(), refusal);
    count = said == -1 ? log.size() : static_cast<size_t>(said);
  }
  count = std::min(count, log.size());
  reply.array(count);
  for (size_t i = 0; i < count; ++i) {
    const SlowLog::Entry& entry = log.entries()[i];
    reply.array(6);
    reply.integer(entry.id);
    reply.integer(entry.time_s);
    reply.integer(entry.duration_us);
    reply.array(entry.words.size());
    for (const Bytes& word : entry.words) reply.bulk(word);
    reply.bulk(entry.peer);
    reply.bulk(entry.client_name);
  }
}

// SLOWLOG LEN
void len(Session& session, const Args&, Reply& reply) {
  reply.integer(static_cast<int64_t>(session.server().slow_log().size()));
}

// SLOWLOG RESET
void reset(Session& session, const Args&, Reply& reply) {
  session.server().slow_log().reset();
  reply.ok();
}

void help(Session& session, const Args& args, Reply& reply) {
  write_help(reply, *session.server().commands().find(args[0])->command);
}

constexpr Flags ruling = flag::admin | flag::loading | flag::stale;

constexpr Command rows[] = {
    {"GET", "[count]", -2, ruling | flag::random_reply | tip::all_nodes, no_keys, get, Event::none,
     "Shows the last slow commands.", "2.2.12", "O(N) for N entries"},
    {"LEN", "", 2, ruling | flag::random_reply | tip::all_nodes | tip::sum, no_keys, len, Event::none,
     "Counts the entries.", "2.2.12", "O(1)"},
    {"RESET", "", 2, ruling | tip::all_nodes | tip::all_succeeded, no_keys, reset, Event::none, "Removes all entries.",
     "2.2.12", "O(N) for N entries"},
    {"HELP", "", 2, flag::loading | flag::stale, no_keys, help, Event::none, "Explains the subcommands.", "6.2.0",
     "O(1)"},
};

}  // namespace

std::span<const Command> slowlog_subcommands() { return rows; }

}  // namespace redipy
