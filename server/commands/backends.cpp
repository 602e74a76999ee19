// SPDX-License-Identifier: Apache-2.0
//
// BACKEND: the backends of this server, where they are and which keys belong to them.
#include <optional>

#include "core/command/help.h"
#include "core/store/frame.h"
#include "server/commands/families.h"
#include "server/executor.h"
#include "server/server.h"
#include "server/session.h"

namespace redipy {

namespace {

View state_of(const Place& place) {
  if (place.executor) return place.executor->refusal().empty() ? "ready" : "down";
  if (!place.upstream) return "ready";
  switch (place.upstream->health().state) {
    case proxy::Health::connecting:
      return "connecting";
    case proxy::Health::ready:
      return "ready";
    case proxy::Health::down:
      return "down";
  }
  return "";
}

/// As far as it is known without asking anybody.
std::optional<size_t> count_keys(const Place& place) {
  if (place.executor) return place.executor->keys();
  if (!place.memory) return place.upstream->known_keys();
  Store& store = *place.store();
  const Frame frame(store);
  size_t keys = 0;
  for (int database = 0; database < store.databases(); ++database) {
    store.select(database);
    keys += store.size();
  }
  return keys;
}

// BACKEND LIST
void backend_list(Session& session, const Args&, Reply& reply) {
  const Backends& backends = session.server().backends();
  reply.array(backends.all().size());
  for (const auto& place : backends.all()) {
    reply.map(6);
    reply.bulk("name");
    reply.bulk(View(place->name));
    reply.bulk("url");
    reply.bulk(View(place->url.shown));
    reply.bulk("kind");
    reply.bulk(place->kind());
    reply.bulk("state");
    reply.bulk(state_of(*place));
    reply.bulk("keys");
    if (const auto keys = count_keys(*place)) {
      reply.integer(static_cast<int64_t>(*keys));
    } else {
      reply.null();
    }
    reply.bulk("routes");
    const auto open = reply.open_array();
    size_t routes = 0;
    for (const Backends::Route& route : backends.routes()) {
      if (route.place != place.get()) continue;
      reply.bulk(View(route.pattern));
      ++routes;
    }
    if (place.get() == &backends.main()) {
      reply.bulk("*");
      ++routes;
    }
    reply.close(open, routes);
  }
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
