// SPDX-License-Identifier: Apache-2.0
//
// Commands about the server as a whole that are no questions: SHUTDOWN, MONITOR, WAIT; DEBUG is in debug.cpp, ACL in
// acl.cpp.
#include <limits>

#include "server/commands/families.h"
#include "server/commands/subcommands.h"
#include "server/server.h"
#include "server/session.h"

namespace redipy {

namespace {

// MONITOR
void monitor(Session& session, const Args&, Reply& reply) {
  if (session.server().dispatcher().in_block()) {
    throw CommandError("ERR MONITOR isn't allowed for DENY BLOCKING client");
  }
  if (!session.monitor) {
    session.monitor = true;
    session.server().monitors().push_back(&session);
  }
  reply.ok();
}

// SHUTDOWN [NOSAVE | SAVE] [NOW] [FORCE] [ABORT]
void shutdown(Session& session, const Args& args, Reply&) {
  bool save = false, nosave = false, abort = false;
  for (size_t i = 1; i < args.size(); ++i) {
    if (args.is(i, "SAVE")) {
      save = true;
    } else if (args.is(i, "ABORT")) {
      abort = true;
    } else if (args.is(i, "NOSAVE")) {
      nosave = true;
    } else if (!args.is(i, "NOW") && !args.is(i, "FORCE")) {
      throw CommandError(error::syntax);
    }
  }
  if ((abort && args.size() > 2) || (save && nosave)) throw CommandError(error::syntax);
  if (abort) throw CommandError("ERR No shutdown in progress.");
  if (!nosave && session.server().script_paused()) throw CommandError(error::busy_with_script);
  if (save) throw CommandError("ERR Errors trying to SHUTDOWN: snapshots are not supported yet by this server");
  session.server().request_shutdown();
}

// WAIT numreplicas timeout: there are no replicas, so all that can come is the timeout.
void wait(Session& session, const Args& args, Reply& reply) {
  const int64_t replicas = args.integer(1);
  const int64_t ms = args.integer(2, error::timeout_not_an_integer);
  if (ms < 0) throw CommandError(error::timeout_negative);
  const int64_t now = session.server().clock().now_ms();
  if (ms > std::numeric_limits<int64_t>::max() - now) throw CommandError("ERR timeout is out of range");
  if (replicas <= 0 || session.server().dispatcher().in_block()) return reply.integer(0);
  session.wait.kind = Wait::replicas;
  session.wait.entry = session.last_command;
  session.wait.words.assign(args.begin(), args.end());
  session.wait.database = session.database;
  session.wait.deadline.reset();
  if (ms > 0) session.wait.deadline = now + ms;
  session.server().waiting().enter(session);
  session.server().due_changed();
}

constexpr Flags ruling = flag::admin | flag::noscript | flag::loading | flag::stale | flag::dangerous;

const Command rows[] = {
    {"MONITOR", "", 1, ruling, no_keys, monitor, Event::none, "Shows this connection all commands that are run.",
     "1.0.0", "O(1)"},
    {"SHUTDOWN", "[<NOSAVE | SAVE>] [NOW] [FORCE] [ABORT]", -1, ruling | flag::no_multi | flag::allow_busy, no_keys,
     shutdown, Event::none, "Ends the server.", "1.0.0", "O(1), as nothing is saved"},
    {"WAIT", "numreplicas timeout", 3, flag::connection | flag::blocking | tip::all_shards | tip::minimum, no_keys,
     wait, Event::none, "Waits until replicas have the writes of this connection.", "3.0.0", "O(1)"},
    {"DEBUG", "", -2, ruling, no_keys, nullptr, Event::none, "Looks into the server and changes it, for tests.",
     "1.0.0", "Depends on the subcommand", debug_subcommands()},
    {"ACL", "", -2, 0, no_keys, nullptr, Event::none, "Tells about users and what they may do.", "6.0.0",
     "Depends on the subcommand", acl_subcommands()},
};

}  // namespace

std::span<const Command> server_rows() { return rows; }

}  // namespace redipy
