// SPDX-License-Identifier: Apache-2.0
//
// BACKEND: the backends of this server, where they are and which keys belong to them. What they do: flows_backends.cpp.
#include "core/command/help.h"
#include "server/commands/families.h"
#include "server/flows.h"
#include "server/server.h"
#include "server/session.h"

namespace redipy {

namespace {

/// What takes several steps, for it asks upstreams or the disk.
template <FlowFunction function>
void in_steps(Session& session, const Args& args, Reply&) {
  start_flow(session, function, *session.server().commands().find(args), args, nullptr);
}

void backend_help(Session& session, const Args& args, Reply& reply) {
  write_help(reply, *session.server().commands().find(args[0])->command);
}

constexpr Flags managing = flag::admin | flag::noscript | flag::loading | flag::stale;

constexpr Flags in_several_steps = managing | flag::no_multi;

constexpr Command backend_subcommands[] = {
    {"LIST", "", 2, in_several_steps, no_keys, in_steps<flows::backend_list>, Event::none,
     "Lists the backends with their state, keys and routes.", "7.2.0", "O(N) where N is the number of backends"},
    {"ADD", "name url", 4, in_several_steps, no_keys, in_steps<flows::backend_add>, Event::none, "Adds a backend.",
     "7.2.0", "O(1)"},
    {"REMOVE", "name", 3, in_several_steps, no_keys, in_steps<flows::backend_remove>, Event::none,
     "Removes a backend that no route uses.", "7.2.0", "O(1)"},
    {"ROUTE", "pattern name", 4, in_several_steps, no_keys, in_steps<flows::backend_route>, Event::none,
     "Routes keys to a backend, where none moves by it.", "7.2.0",
     "O(N) where N is the number of keys in the backend that they belong to now"},
    {"UNROUTE", "pattern", 3, in_several_steps, no_keys, in_steps<flows::backend_unroute>, Event::none,
     "Takes a route away, where no key moves by it.", "7.2.0",
     "O(N) where N is the number of keys in the backend that it leads to"},
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
