// SPDX-License-Identifier: Apache-2.0
//
// Commands about the connection itself: who it is, which protocol and database it uses. CLIENT is in clients.cpp.
#include <algorithm>
#include <limits>

#include "core/base/numbers.h"
#include "server/commands/families.h"
#include "server/server.h"
#include "server/session.h"
#include "server/version.h"

namespace redipy {

namespace {

// PING [message]
void ping(Session& session, const Args& args, Reply& reply) {
  if (args.size() > 2) throw wrong_arity("ping");
  if (session.protocol() == 2 && session.subscriptions.any()) {
    reply.array(2);
    reply.bulk("pong");
    return reply.bulk(args.size() == 2 ? args[1] : View());
  }
  if (args.size() == 2) return reply.bulk(args[1]);
  reply.status("PONG");
}

// ECHO message
void echo(Session&, const Args& args, Reply& reply) { reply.bulk(args[1]); }

// SELECT index
void select(Session& session, const Args& args, Reply& reply) {
  const int64_t index = args.integer(1);
  if (index < std::numeric_limits<int>::min() || index > std::numeric_limits<int>::max()) {
    throw CommandError("ERR value is out of range, value must between -2147483648 and 2147483647");
  }
  if (index < 0 || index >= session.server().settings().databases) throw CommandError(error::db_index_out_of_range);
  session.database = static_cast<int>(index);
  reply.ok();
}

/// Whether the two are equal, in time that does not depend on where they differ.
bool same_secret(View given, View secret) {
  unsigned difference = given.size() != secret.size();
  for (size_t i = 0; i < given.size(); ++i) {
    const char other = secret.empty() ? '\0' : secret[i % secret.size()];
    difference |= static_cast<unsigned char>(given[i] ^ other);
  }
  return difference == 0;
}

/// The default user, without a password set, takes any.
void authenticate(Session& session, View user, View password) {
  const Bytes& secret = session.server().settings().requirepass;
  if (user == "default" && (secret.empty() || same_secret(password, secret))) {
    session.authenticated = true;
    return;
  }
  throw CommandError("WRONGPASS invalid username-password pair or user is disabled.");
}

// AUTH [username] password
void auth(Session& session, const Args& args, Reply& reply) {
  if (args.size() > 3) throw CommandError(error::syntax);
  if (args.size() == 2 && session.server().settings().requirepass.empty()) {
    throw CommandError(
        "ERR AUTH <password> called without any password configured for the default user. Are you sure your "
        "configuration is correct?");
  }
  authenticate(session, args.size() == 3 ? args[1] : View("default"), args[args.size() - 1]);
  reply.ok();
}

bool is_printable_name(View name) {
  return std::all_of(name.begin(), name.end(), [](char c) { return c >= '!' && c <= '~'; });
}

// HELLO [protover [AUTH username password] [SETNAME clientname]]
void hello(Session& session, const Args& args, Reply& reply) {
  int protocol = session.protocol();
  if (args.size() > 1) {
    const auto said = parse_integer(args[1]);
    if (!said) throw CommandError("ERR Protocol version is not an integer or out of range");
    if (*said != 2 && *said != 3) throw CommandError("NOPROTO unsupported protocol version");
    protocol = static_cast<int>(*said);
  }
  std::optional<View> user, password, name;
  for (size_t i = 2; i < args.size(); ++i) {
    const size_t left = args.size() - 1 - i;
    if (args.is(i, "AUTH") && left >= 2) {
      user = args[i + 1];
      password = args[i + 2];
      i += 2;
    } else if (args.is(i, "SETNAME") && left >= 1) {
      name = args[++i];
      if (!is_printable_name(*name)) {
        throw CommandError("ERR Client names cannot contain spaces, newlines or special characters.");
      }
    } else {
      throw CommandError("ERR Syntax error in HELLO option '" + Bytes(args[i]) + "'");
    }
  }
  if (user) authenticate(session, *user, *password);
  if (!session.authenticated) {
    throw CommandError(
        "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> "
        "<pass> option can be used to authenticate the client and select the RESP protocol version at the same time");
  }
  if (name) session.name = *name;
  session.set_protocol(protocol);
  // The reply is already in the protocol that was asked for.
  static_cast<ReplyWriter&>(reply).set_protocol(protocol);
  reply.map(7);
  reply.bulk("server");
  reply.bulk("redis");
  reply.bulk("version");
  reply.bulk(redis_version);
  reply.bulk("proto");
  reply.integer(protocol);
  reply.bulk("id");
  reply.integer(static_cast<int64_t>(session.id()));
  reply.bulk("mode");
  reply.bulk("standalone");
  reply.bulk("role");
  reply.bulk("master");
  reply.bulk("modules");
  reply.array(0);
}

// RESET
void reset(Session& session, const Args&, Reply& reply) {
  session.reset();
  static_cast<ReplyWriter&>(reply).set_protocol(2);
  reply.status("RESET");
}

// QUIT
void quit(Session& session, const Args&, Reply& reply) {
  session.close_after_reply();
  reply.ok();
}

constexpr Flags always = flag::noscript | flag::loading | flag::stale | flag::fast | flag::connection;

constexpr Command rows[] = {
    {"PING", "[message]", -1, flag::fast | flag::connection | tip::all_shards | tip::all_succeeded, no_keys, ping,
     Event::none, "Says that the server is alive, or echoes a message.", "1.0.0", "O(1)"},
    {"ECHO", "message", 2, flag::loading | flag::stale | flag::fast | flag::connection, no_keys, echo, Event::none,
     "Replies with its argument.", "1.0.0", "O(1)"},
    {"SELECT", "index", 2, flag::loading | flag::stale | flag::fast | flag::connection, no_keys, select, Event::none,
     "Changes the database of this connection.", "1.0.0", "O(1)"},
    {"AUTH", "[username] password", -2, always | flag::no_auth | flag::allow_busy, no_keys, auth, Event::none,
     "Authenticates the connection.", "1.0.0", "O(N) where N is the number of passwords of the user"},
    {"HELLO", "[protover [AUTH username password] [SETNAME clientname]]", -1, always | flag::no_auth | flag::allow_busy,
     no_keys, hello, Event::none, "Chooses the protocol version; may authenticate and name the connection.", "6.0.0",
     "O(1)"},
    {"RESET", "", 1, always | flag::no_auth | flag::allow_busy | flag::queued_never, no_keys, reset, Event::none,
     "Brings the connection back to the state of a new one.", "6.2.0", "O(1)"},
    {"QUIT", "", -1, always | flag::no_auth | flag::allow_busy | flag::queued_never, no_keys, quit, Event::none,
     "Closes the connection.", "1.0.0", "O(1)"},
};

}  // namespace

std::span<const Command> connection_rows() { return rows; }

}  // namespace redipy
