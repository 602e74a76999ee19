// SPDX-License-Identifier: Apache-2.0
//
// Questions about the server: INFO (info.h), TIME, ROLE and the like; the containers whose subcommands have files of
// their own: COMMAND, CONFIG, SLOWLOG, LATENCY, MEMORY.
#include "server/commands/families.h"
#include "server/commands/subcommands.h"
#include "server/info.h"
#include "server/server.h"
#include "server/session.h"

namespace redipy {

namespace {

// INFO [section [section ...]]
void info(Session& session, const Args& args, Reply& reply) {
  reply.verbatim(info_text(session.server(), args.from(1)), "txt");
}

// TIME
void time(Session& session, const Args&, Reply& reply) {
  const int64_t now_us = session.server().clock().now_us();
  reply.array(2);
  reply.bulk(std::to_string(now_us / 1'000'000));
  reply.bulk(std::to_string(now_us % 1'000'000));
}

// LASTSAVE: nothing was saved yet, so it is the start, as in Redis
void lastsave(Session& session, const Args&, Reply& reply) { reply.integer(session.server().last_save_s); }

// ROLE
void role(Session&, const Args&, Reply& reply) {
  reply.array(3);
  reply.bulk("master");
  reply.integer(0);
  reply.array(0);
}

constexpr Flags anytime = flag::loading | flag::stale;

const Command rows[] = {
    {"INFO", "[section [section ...]]", -1,
     anytime | flag::dangerous | flag::random_reply | tip::all_shards | tip::special_response, no_keys, info,
     Event::none, "Tells about the server: memory, clients, statistics.", "1.0.0", "O(1)"},
    {"TIME", "", 1, anytime | flag::fast | flag::random_reply, no_keys, time, Event::none,
     "Tells the time of the server: seconds and microseconds.", "2.6.0", "O(1)"},
    {"LASTSAVE", "", 1, anytime | flag::fast | flag::random_reply | flag::dangerous, no_keys, lastsave, Event::none,
     "Tells when data were saved last.", "1.0.0", "O(1)"},
    {"ROLE", "", 1, anytime | flag::noscript | flag::fast | flag::dangerous, no_keys, role, Event::none,
     "Tells the role of the server in replication.", "2.8.12", "O(1)"},
    {"LOLWUT", "[VERSION version] [columns [rows]]", -1, flag::read | flag::fast, no_keys, lolwut, Event::none,
     "Draws something.", "5.0.0", "O(N) for N characters"},
    {"COMMAND", "", -1, anytime | flag::connection | flag::random_order, no_keys, command, Event::none,
     "Tells about all commands.", "2.8.13", "O(N) for N commands", command_subcommands()},
    {"CONFIG", "", -2, 0, no_keys, nullptr, Event::none, "Shows and changes the configuration.", "2.0.0",
     "Depends on the subcommand", config_subcommands()},
    {"SLOWLOG", "", -2, 0, no_keys, nullptr, Event::none, "Shows commands that took long.", "2.2.12",
     "Depends on the subcommand", slowlog_subcommands()},
    {"LATENCY", "", -2, 0, no_keys, nullptr, Event::none, "Shows what held the server up.", "2.8.13",
     "Depends on the subcommand", latency_subcommands()},
    {"MEMORY", "", -2, 0, no_keys, nullptr, Event::none, "Shows where the memory is.", "4.0.0",
     "Depends on the subcommand", memory_subcommands()},
};

}  // namespace

std::span<const Command> introspection_rows() { return rows; }

}  // namespace redipy
