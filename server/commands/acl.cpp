// SPDX-License-Identifier: Apache-2.0
//
// ACL as far as it goes with one user, `default`, who may do everything. More users come with a later version.

#include "core/command/acl_categories.h"
#include "core/command/help.h"
#include "server/commands/subcommands.h"
#include "server/server.h"
#include "server/session.h"

#include <openssl/rand.h>
#include <openssl/sha.h>

namespace redipy {

namespace {

Bytes hex(View bytes) {
  Bytes text;
  for (const char byte : bytes) {
    text += "0123456789abcdef"[static_cast<unsigned char>(byte) >> 4];
    text += "0123456789abcdef"[static_cast<unsigned char>(byte) & 15];
  }
  return text;
}

Bytes sha256_hex(View text) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  return hex({reinterpret_cast<const char*>(digest), sizeof digest});
}

/// The rules of the default user, as ACL LIST writes them after its name.
Bytes default_rules(Server& server) {
  const Bytes& password = server.settings().requirepass;
  return "on " + (password.empty() ? Bytes("nopass") : "#" + sha256_hex(password)) + " sanitize-payload ~* &* +@all";
}

// ACL WHOAMI
void whoami(Session&, const Args&, Reply& reply) { reply.bulk("default"); }

// ACL USERS
void users(Session&, const Args&, Reply& reply) {
  reply.array(1);
  reply.bulk("default");
}

// ACL LIST
void list(Session& session, const Args&, Reply& reply) {
  reply.array(1);
  reply.bulk("user default " + default_rules(session.server()));
}

// ACL GETUSER username
void getuser(Session& session, const Args& args, Reply& reply) {
  if (args[2] != "default") return reply.null();
  const Bytes& password = session.server().settings().requirepass;
  reply.map(6);
  reply.bulk("flags");
  reply.set(password.empty() ? 3 : 2);
  reply.bulk("on");
  if (password.empty()) reply.bulk("nopass");
  reply.bulk("sanitize-payload");
  reply.bulk("passwords");
  reply.array(password.empty() ? 0 : 1);
  if (!password.empty()) reply.bulk(sha256_hex(password));
  reply.bulk("commands");
  reply.bulk("+@all");
  reply.bulk("keys");
  reply.bulk("~*");
  reply.bulk("channels");
  reply.bulk("&*");
  reply.bulk("selectors");
  reply.array(0);
}

// ACL CAT [category]
void cat(Session& session, const Args& args, Reply& reply) {
  if (args.size() > 3) throw wrong_arity("acl|cat");
  if (args.size() == 2) {
    reply.array(acl_categories().size());
    for (const View name : acl_categories()) reply.bulk(name);
    return;
  }
  size_t known = 0;
  for (const View name : acl_categories()) known += equals_ignore_case(name, args[2]);
  if (known == 0) throw CommandError("ERR Unknown category '" + Bytes(args[2]) + "'");
  const auto open = reply.open_array();
  size_t count = 0;
  for (const auto& entry : session.server().commands().entries()) {
    if (!in_acl_category(entry, lower(args[2]))) continue;
    reply.bulk(entry.full_name);
    ++count;
  }
  reply.close(open, count);
}

// ACL GENPASS [bits]
void genpass(Session&, const Args& args, Reply& reply) {
  if (args.size() > 3) throw wrong_arity("acl|genpass");
  int64_t bits = 256;
  if (args.size() == 3) {
    bits = args.integer(2);
    if (bits < 1 || bits > 4096) {
      throw CommandError(
          "ERR ACL GENPASS argument must be the number of bits for the output password, a positive "
          "number up to 4096");
    }
  }
  const auto digits = static_cast<size_t>((bits + 3) / 4);
  Bytes random((digits + 1) / 2, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(random.data()), static_cast<int>(random.size())) != 1) {
    throw CommandError("ERR no random bytes");
  }
  reply.bulk(hex(random).substr(0, digits));
}

// ACL LOG [count | RESET]: a user who may do everything is refused nothing but a wrong password
void log(Session&, const Args& args, Reply& reply) {
  if (args.size() > 3) throw wrong_arity("acl|log");
  if (args.size() == 3 && args.is(2, "RESET")) return reply.ok();
  if (args.size() == 3) args.integer(2);
  reply.array(0);
}

void help(Session& session, const Args& args, Reply& reply) {
  write_help(reply, *session.server().commands().find(args[0])->command);
}

constexpr Flags asking = flag::noscript | flag::loading | flag::stale;
constexpr Flags ruling = asking | flag::admin | flag::dangerous;

constexpr Command rows[] = {
    {"WHOAMI", "", 2, asking, no_keys, whoami, Event::none, "Tells which user this connection is.", "6.0.0", "O(1)"},
    {"USERS", "", 2, ruling, no_keys, users, Event::none, "Lists the names of the users.", "6.0.0", "O(N) for N users"},
    {"LIST", "", 2, ruling, no_keys, list, Event::none, "Lists the users with their rules.", "6.0.0",
     "O(N) for N users"},
    {"GETUSER", "username", 3, ruling, no_keys, getuser, Event::none, "Tells the rules of a user.", "6.0.0",
     "O(N) for N rules"},
    {"CAT", "[category]", -2, asking, no_keys, cat, Event::none,
     "Lists the categories of commands, or the commands of one.", "6.0.0", "O(1)"},
    {"GENPASS", "[bits]", -2, asking, no_keys, genpass, Event::none, "Makes a random password.", "6.0.0", "O(1)"},
    {"LOG", "[<count | RESET>]", -2, ruling, no_keys, log, Event::none, "Lists what was refused by the rules.", "6.0.0",
     "O(N) for N entries"},
    {"SETUSER", "username [rule [rule ...]]", -3, ruling | flag::not_yet | tip::all_nodes | tip::all_succeeded, no_keys,
     nullptr, Event::none, "Makes or changes a user.", "6.0.0", "O(N) for N rules"},
    {"DELUSER", "username [username ...]", -3, ruling | flag::not_yet | tip::all_nodes | tip::all_succeeded, no_keys,
     nullptr, Event::none, "Removes users.", "6.0.0", "O(1)"},
    {"DRYRUN", "username command [arg [arg ...]]", -4, ruling | flag::not_yet, no_keys, nullptr, Event::none,
     "Tells whether a user may run a command.", "7.0.0", "O(1)"},
    {"LOAD", "", 2, ruling | flag::not_yet, no_keys, nullptr, Event::none, "Reads the users' file again.", "6.0.0",
     "O(N) for N users"},
    {"SAVE", "", 2, ruling | flag::not_yet | tip::all_nodes | tip::all_succeeded, no_keys, nullptr, Event::none,
     "Writes the users' file.", "6.0.0", "O(N) for N users"},
    {"HELP", "", 2, asking, no_keys, help, Event::none, "Explains the subcommands.", "6.0.0", "O(1)"},
};

}  // namespace

std::span<const Command> acl_subcommands() { return rows; }

}  // namespace redipy
