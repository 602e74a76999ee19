// SPDX-License-Identifier: Apache-2.0
//
// CLIENT: what one connection may know and decide about itself and the others. Tracking has a file of its own
// (client_tracking.cpp).
#include <algorithm>
#include <limits>

#include "core/base/numbers.h"
#include "core/command/help.h"
#include "server/client_text.h"
#include "server/commands/client_tracking.h"
#include "server/commands/families.h"
#include "server/server.h"
#include "server/session.h"

namespace redipy {

namespace {

constexpr View bad_name = "ERR Client names cannot contain spaces, newlines or special characters.";

bool is_printable(View text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '!' && c <= '~'; });
}

// CLIENT ID
void client_id(Session& session, const Args&, Reply& reply) { reply.integer(static_cast<int64_t>(session.id())); }

// CLIENT INFO
void client_info(Session& session, const Args&, Reply& reply) { reply.verbatim(client_text(session) + "\n", "txt"); }

// CLIENT GETNAME
void client_getname(Session& session, const Args&, Reply& reply) {
  if (session.name.empty()) return reply.null();
  reply.bulk(session.name);
}

// CLIENT SETNAME connection-name
void client_setname(Session& session, const Args& args, Reply& reply) {
  if (!is_printable(args[2])) throw CommandError(bad_name);
  session.name = args[2];
  reply.ok();
}

// CLIENT SETINFO <LIB-NAME libname | LIB-VER libver>
void client_setinfo(Session& session, const Args& args, Reply& reply) {
  const bool is_name = args.is(2, "LIB-NAME");
  if (!is_name && !args.is(2, "LIB-VER")) {
    throw CommandError("ERR Unrecognized option '" + Bytes(args[2]) + "'");
  }
  if (!is_printable(args[3])) {
    throw CommandError("ERR " + Bytes(args[2]) + " cannot contain spaces, newlines or special characters.");
  }
  (is_name ? session.library_name : session.library_version) = args[3];
  reply.ok();
}

/// The TYPE of CLIENT LIST and KILL.
enum class Kind : uint8_t { normal, replica, pubsub, primary };

Kind parse_kind(View text) {
  if (equals_ignore_case(text, "normal")) return Kind::normal;
  if (equals_ignore_case(text, "replica") || equals_ignore_case(text, "slave")) return Kind::replica;
  if (equals_ignore_case(text, "pubsub")) return Kind::pubsub;
  if (equals_ignore_case(text, "master")) return Kind::primary;
  throw CommandError("ERR Unknown client type '" + Bytes(text) + "'");
}

Kind kind_of(const Session& session) {
  if (session.monitor) return Kind::replica;  // as Redis counts them
  return session.subscriptions.any() ? Kind::pubsub : Kind::normal;
}

// CLIENT LIST [TYPE type] [ID id [id ...]]
void client_list(Session& session, const Args& args, Reply& reply) {
  Bytes text;
  Server& server = session.server();
  if (args.size() == 4 && args.is(2, "TYPE")) {
    const Kind kind = parse_kind(args[3]);
    server.for_each_session([&](Session& other) {
      if (kind_of(other) == kind) text += client_text(other) + "\n";
    });
  } else if (args.size() > 3 && args.is(2, "ID")) {
    std::vector<uint64_t> ids;
    for (const View word : args.from(3)) {
      const auto id = parse_integer(word);
      if (!id) throw CommandError("ERR Invalid client ID");
      ids.push_back(static_cast<uint64_t>(*id));
    }
    for (const uint64_t id : ids) {
      if (Session* other = server.session(id)) text += client_text(*other) + "\n";
    }
  } else if (args.size() != 2) {
    throw CommandError(error::syntax);
  } else {
    server.for_each_session([&](Session& other) { text += client_text(other) + "\n"; });
  }
  reply.verbatim(text, "txt");
}

struct KillFilter {
  std::optional<uint64_t> id;
  std::optional<View> address, local_address, user;
  std::optional<Kind> kind;
  bool skip_me = true;

  bool matches(Session& session) const {
    return (!id || session.id() == *id) && (!address || session.link().peer_address() == *address) &&
           (!local_address || session.link().local_address() == *local_address) && (!user || *user == "default") &&
           (!kind || kind_of(session) == *kind);
  }
};

/// Ends a client: the caller itself only after its reply.
void kill(Session& caller, Session& other) {
  if (&other == &caller) {
    caller.close_after_reply();
  } else {
    other.close_now();
  }
}

// CLIENT KILL <ip:port | [ID client-id] [TYPE type] [USER username] [ADDR ip:port] [LADDR ip:port] [SKIPME yes|no]>
void client_kill(Session& session, const Args& args, Reply& reply) {
  Server& server = session.server();
  KillFilter filter;
  const bool old_form = args.size() == 3;
  if (old_form) {
    filter.address = args[2];
    filter.skip_me = false;
  } else {
    if (args.size() % 2 != 0) throw CommandError(error::syntax);
    for (size_t i = 2; i < args.size(); i += 2) {
      const View value = args[i + 1];
      if (args.is(i, "ID")) {
        const auto id = parse_integer(value);
        if (!id || *id < 1) throw CommandError("ERR client-id should be greater than 0");
        filter.id = static_cast<uint64_t>(*id);
      } else if (args.is(i, "TYPE")) {
        filter.kind = parse_kind(value);
      } else if (args.is(i, "ADDR")) {
        filter.address = value;
      } else if (args.is(i, "LADDR")) {
        filter.local_address = value;
      } else if (args.is(i, "USER")) {
        if (value != "default") throw CommandError("ERR No such user '" + Bytes(value) + "'");
        filter.user = value;
      } else if (args.is(i, "SKIPME")) {
        if (equals_ignore_case(value, "yes")) {
          filter.skip_me = true;
        } else if (equals_ignore_case(value, "no")) {
          filter.skip_me = false;
        } else {
          throw CommandError(error::syntax);
        }
      } else {
        throw CommandError(error::syntax);
      }
    }
  }
  int64_t killed = 0;
  server.for_each_session([&](Session& other) {
    if (!filter.matches(other) || (&other == &session && filter.skip_me)) return;
    ++killed;
    kill(session, other);
  });
  if (!old_form) return reply.integer(killed);
  if (killed == 0) throw CommandError("ERR No such client");
  reply.ok();
}

// CLIENT PAUSE timeout [WRITE | ALL]
void client_pause(Session& session, const Args& args, Reply& reply) {
  bool writes_only = false;
  if (args.size() > 4) throw CommandError(error::syntax);
  if (args.size() == 4) {
    if (args.is(3, "WRITE")) {
      writes_only = true;
    } else if (!args.is(3, "ALL")) {
      throw CommandError("ERR CLIENT PAUSE mode must be WRITE or ALL");
    }
  }
  const int64_t ms = args.integer(2, error::timeout_not_an_integer);
  if (ms < 0) throw CommandError(error::timeout_negative);
  const int64_t now = session.server().clock().now_ms();
  if (ms > std::numeric_limits<int64_t>::max() - now) throw CommandError("ERR timeout is out of range");
  session.server().pause(now + ms, writes_only);
  reply.ok();
}

// CLIENT UNPAUSE
void client_unpause(Session& session, const Args&, Reply& reply) {
  session.server().unpause();
  reply.ok();
}

// CLIENT REPLY <ON | OFF | SKIP>
void client_reply(Session& session, const Args& args, Reply& reply) {
  using Mode = Session::ReplyMode;
  if (args.is(2, "ON")) {
    session.reply_mode = Mode::on;
    return reply.ok();
  }
  if (args.is(2, "OFF")) {
    session.reply_mode = Mode::off;
  } else if (args.is(2, "SKIP")) {
    if (session.reply_mode != Mode::off) session.reply_mode = Mode::skip_next;
  } else {
    throw CommandError(error::syntax);
  }
}

bool on_or_off(const Args& args, size_t i) {
  if (args.is(i, "ON")) return true;
  if (args.is(i, "OFF")) return false;
  throw CommandError(error::syntax);
}

// CLIENT NO-EVICT <ON | OFF>
void client_no_evict(Session& session, const Args& args, Reply& reply) {
  session.no_evict = on_or_off(args, 2);
  reply.ok();
}

// CLIENT NO-TOUCH <ON | OFF>
void client_no_touch(Session& session, const Args& args, Reply& reply) {
  session.no_touch = on_or_off(args, 2);
  reply.ok();
}

// CLIENT UNBLOCK client-id [TIMEOUT | ERROR]
void client_unblock(Session& session, const Args& args, Reply& reply) {
  bool with_error = false;
  if (args.size() > 4) throw wrong_arity("client|unblock");
  if (args.size() == 4) {
    if (args.is(3, "ERROR")) {
      with_error = true;
    } else if (!args.is(3, "TIMEOUT")) {
      throw CommandError("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR");
    }
  }
  const int64_t id = args.integer(2);
  Session* other = id < 0 ? nullptr : session.server().session(static_cast<uint64_t>(id));
  reply.integer(other && session.server().waiting().unblock(*other, with_error) ? 1 : 0);
}

void client_help(Session& session, const Args& args, Reply& reply) {
  write_help(reply, *session.server().commands().find(args[0])->command);
}

constexpr Flags quick = flag::noscript | flag::loading | flag::stale | flag::connection;
constexpr Flags ruling = quick | flag::admin | flag::dangerous;

constexpr Command client_subcommands[] = {
    {"ID", "", 2, quick, no_keys, client_id, Event::none, "Tells this connection's id.", "5.0.0", "O(1)"},
    {"INFO", "", 2, quick | flag::random_reply, no_keys, client_info, Event::none, "Describes this connection.",
     "6.2.0", "O(1)"},
    {"LIST", "[TYPE <normal | master | replica | pubsub>] [ID client-id [client-id ...]]", -2,
     ruling | flag::random_reply, no_keys, client_list, Event::none, "Describes the connections.", "2.4.0",
     "O(N) for N connections"},
    {"KILL",
     "<ip:port | [ID client-id] | [TYPE <normal | master | replica | pubsub>] | [USER username] | [ADDR ip:port] | "
     "[LADDR ip:port] | [SKIPME <yes | no>]>",
     -3, ruling, no_keys, client_kill, Event::none, "Ends connections.", "2.4.0", "O(N) for N connections"},
    {"GETNAME", "", 2, quick, no_keys, client_getname, Event::none, "Tells this connection's name.", "2.6.9", "O(1)"},
    {"SETNAME", "connection-name", 3, quick | tip::all_nodes | tip::all_succeeded, no_keys, client_setname, Event::none,
     "Names this connection.", "2.6.9", "O(1)"},
    {"SETINFO", "<LIB-NAME libname | LIB-VER libver>", 4, quick | flag::new_in_72 | tip::all_nodes | tip::all_succeeded,
     no_keys, client_setinfo, Event::none, "Says which library the client uses.", "7.2.0", "O(1)"},
    {"PAUSE", "timeout [<WRITE | ALL>]", -3, ruling, no_keys, client_pause, Event::none,
     "Has commands wait for a time.", "3.0.0", "O(1)"},
    {"UNPAUSE", "", 2, ruling, no_keys, client_unpause, Event::none, "Ends a pause.", "6.2.0",
     "O(N) for N waiting clients"},
    {"REPLY", "<ON | OFF | SKIP>", 3, quick, no_keys, client_reply, Event::none,
     "Says whether this connection wants replies.", "3.2.0", "O(1)"},
    {"NO-EVICT", "<ON | OFF>", 3, ruling, no_keys, client_no_evict, Event::none,
     "Protects this connection from being closed for its memory.", "7.0.0", "O(1)"},
    {"NO-TOUCH", "<ON | OFF>", 3, quick | flag::new_in_72, no_keys, client_no_touch, Event::none,
     "Keeps this connection's commands from counting as uses of keys.", "7.2.0", "O(1)"},
    {"TRACKING",
     "<ON | OFF> [REDIRECT client-id] [PREFIX prefix [PREFIX prefix ...]] [BCAST] [OPTIN] [OPTOUT] [NOLOOP]", -3, quick,
     no_keys, client_tracking, Event::none, "Asks to be told when keys change.", "6.0.0", "O(1)"},
    {"CACHING", "<YES | NO>", 3, quick, no_keys, client_caching, Event::none,
     "Says whether the next command's keys are tracked.", "6.0.0", "O(1)"},
    {"GETREDIR", "", 2, quick, no_keys, client_getredir, Event::none, "Tells where invalidations go.", "6.0.0", "O(1)"},
    {"TRACKINGINFO", "", 2, quick, no_keys, client_trackinginfo, Event::none, "Tells how this connection tracks.",
     "6.2.0", "O(1)"},
    {"UNBLOCK", "client-id [<TIMEOUT | ERROR>]", -3, ruling, no_keys, client_unblock, Event::none,
     "Ends another connection's waiting.", "5.0.0", "O(log N) for N waiting clients"},
    {"HELP", "", 2, quick, no_keys, client_help, Event::none, "Explains the subcommands.", "5.0.0", "O(1)"},
};

constexpr Command rows[] = {
    {"CLIENT", "", -2, 0, no_keys, nullptr, Event::none, "Tells about connections and changes them.", "2.4.0",
     "Depends on the subcommand", client_subcommands},
};

}  // namespace

std::span<const Command> client_rows() { return rows; }

}  // namespace redipy
