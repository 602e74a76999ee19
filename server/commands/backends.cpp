// SPDX-License-Identifier: Apache-2.0
//
// BACKEND: the backends of this server. So far there is one, in memory; what adds, routes and moves comes with the
// second kind.
#include "core/command/help.h"
#include "core/store/frame.h"
#include "server/commands/families.h"
#include "server/server.h"
#include "server/session.h"

namespace redipy {

namespace {

// BACKEND LIST
void backend_list(Session& session, const Args&, Reply& reply) {
  Server& server = session.server();
  const auto& backends = server.settings().backends;
  Store& store = server.store();
  const Frame frame(store);
  size_t keys = 0;
  for (int database = 0; database < store.databases(); ++database) {
    store.select(database);
    keys += store.size();
  }
  const Bytes name = backends.empty() ? "main" : backends.front().first;
  const Bytes url = backends.empty() ? "memory:" : backends.front().second;
  reply.array(1);
  reply.map(6);
  reply.bulk("name");
  reply.bulk(name);
  reply.bulk("url");
  reply.bulk(url);
  reply.bulk("kind");
  reply.bulk("memory");
  reply.bulk("state");
  reply.bulk("ready");
  reply.bulk("keys");
  reply.integer(static_cast<int64_t>(keys));
  reply.bulk("routes");
  reply.array(1);
  reply.bulk("*");
}

void backend_help(Session& session, const Args& args, Reply& reply) {
  write_help(reply, *session.server().commands().find(args[0])->command);
}

constexpr Flags managing = flag::admin | flag::noscript | flag::loading | flag::stale;

constexpr Command backend_subcommands[] = {
    {"LIST", "", 2, managing, no_keys, backend_list, Event::none,
     "Lists the backends with their state, keys and routes.", "7.2.0", "O(N) where N is the number of databases"},
    {"ADD", "name url", 4, managing | flag::not_yet, no_keys, nullptr, Event::none, "Adds a backend.", "7.2.0", "O(1)"},
    {"REMOVE", "name", 3, managing | flag::not_yet, no_keys, nullptr, Event::none,
     "Removes a backend that no route uses.", "7.2.0", "O(1)"},
    {"ROUTE", "pattern name", 4, managing | flag::not_yet, no_keys, nullptr, Event::none, "Routes keys to a backend.",
     "7.2.0", "O(1)"},
    {"UNROUTE", "pattern", 3, managing | flag::not_yet, no_keys, nullptr, Event::none, "Takes a route away.", "7.2.0",
     "O(1)"},
    {"COPY", "from to [MATCH pattern] [REPLACE]", -4, managing | flag::not_yet, no_keys, nullptr, Event::none,
     "Copies keys from one backend to another.", "7.2.0", "O(N)"},
    {"VERIFY", "a b [MATCH pattern]", -4, managing | flag::not_yet, no_keys, nullptr, Event::none,
     "Compares two backends.", "7.2.0", "O(N)"},
    {"SWITCH", "from to [ASYNC] [KEEP]", -4, managing | flag::not_yet, no_keys, nullptr, Event::none,
     "Moves everything to another backend while clients go on.", "7.2.0", "O(N)"},
    {"STATUS", "", 2, managing | flag::not_yet, no_keys, nullptr, Event::none, "Tells how a copy or switch is going.",
     "7.2.0", "O(1)"},
    {"CANCEL", "", 2, managing | flag::not_yet, no_keys, nullptr, Event::none, "Ends a running copy or switch.",
     "7.2.0", "O(1)"},
    {"HELP", "", 2, flag::loading | flag::stale, no_keys, backend_help, Event::none, "Explains the subcommands.",
     "7.2.0", "O(1)"},
};

constexpr Command rows[] = {
    {"BACKEND", "", -2, managing, no_keys, nullptr, Event::none,
     "Tells about the places where data live, and changes them.", "7.2.0", "Depends on the subcommand",
     backend_subcommands},
};

}  // namespace

std::span<const Command> backend_rows() { return rows; }

}  // namespace redipy
