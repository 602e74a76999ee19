// SPDX-License-Identifier: Apache-2.0
//
// A command is a function and one row. The rows of a family stand below its handlers (core/commands/hashes.cpp is a
// good one to read first); the table (table.h) finds a row by name, the dispatcher obeys its flags, COMMAND and
// docs/commands.md are printed from it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/base/view.h"
#include "core/command/args.h"
#include "core/command/keys.h"
#include "core/command/reply.h"
#include "core/store/event.h"

namespace redipy {

class Store;

/// Reads all arguments, touches the store, replies; in this order, so that a refused command has changed nothing.
/// A blocking command's handler leaves the reply untouched when there is nothing to give: the session then waits.
using Handler = void (*)(Store&, const Args&, Reply&);

/// The handler of a command that needs the connection (AUTH, MULTI, SUBSCRIBE …); they live in server/commands/, which
/// alone knows what a Session is.
class Session;
using SessionHandler = void (*)(Session&, const Args&, Reply&);

/// What runs a command: one of the two, or neither for a container of subcommands.
struct Run {
  constexpr Run() = default;
  constexpr Run(std::nullptr_t) {}                             // NOLINT(google-explicit-constructor): rows read better
  constexpr Run(Handler handler) : data(handler) {}            // NOLINT(google-explicit-constructor)
  constexpr Run(SessionHandler handler) : session(handler) {}  // NOLINT(google-explicit-constructor)
  Handler data = nullptr;
  SessionHandler session = nullptr;
};

using Flags = uint64_t;
namespace flag {
inline constexpr Flags read = 1u << 0;      ///< reads keys ("readonly")
inline constexpr Flags write = 1u << 1;     ///< may change keys
inline constexpr Flags denyoom = 1u << 2;   ///< refused when memory is above maxmemory and nothing can be evicted
inline constexpr Flags fast = 1u << 3;      ///< constant or logarithmic time
inline constexpr Flags blocking = 1u << 4;  ///< may wait
inline constexpr Flags admin = 1u << 5;
inline constexpr Flags pubsub = 1u << 6;
inline constexpr Flags noscript = 1u << 7;     ///< not from scripts
inline constexpr Flags loading = 1u << 8;      ///< also while loading
inline constexpr Flags stale = 1u << 9;        ///< also on a stale replica
inline constexpr Flags no_monitor = 1u << 10;  ///< not shown by MONITOR
inline constexpr Flags no_slowlog = 1u << 11;
inline constexpr Flags no_auth = 1u << 12;       ///< before AUTH
inline constexpr Flags no_multi = 1u << 13;      ///< refused inside MULTI
inline constexpr Flags movable_keys = 1u << 14;  ///< the key specs do not tell all keys
inline constexpr Flags allow_busy = 1u << 15;    ///< answered while a script runs long
inline constexpr Flags may_replicate = 1u << 16;
inline constexpr Flags no_async_loading = 1u << 17;
inline constexpr Flags no_mandatory_keys = 1u << 18;
inline constexpr Flags no_touch = 1u << 19;      ///< its look-ups are no uses of the key (OBJECT, TTL …)
inline constexpr Flags dangerous = 1u << 20;     ///< ACL category only
inline constexpr Flags connection = 1u << 21;    ///< ACL category only
inline constexpr Flags keyspace = 1u << 22;      ///< ACL category only
inline constexpr Flags queued_never = 1u << 23;  ///< runs at once inside MULTI (EXEC, DISCARD, WATCH, RESET, QUIT …)
inline constexpr Flags new_in_72 = 1u << 24;     ///< unknown to Redis 7.0
inline constexpr Flags not_yet = 1u << 25;       ///< known, answers that it is not there yet (docs/commands.md)
inline constexpr Flags random_reply = 1u << 26;  ///< told as a tip: nondeterministic_output
inline constexpr Flags random_order = 1u << 27;  ///< told as a tip: nondeterministic_output_order
}  // namespace flag

/// What COMMAND tells of a command to clients of a cluster besides (its "tips"): to whom it is to go, if not to the one
/// node that has its keys, and what to make of the replies.
namespace tip {
inline constexpr Flags all_nodes = Flags{1} << 32;
inline constexpr Flags all_shards = Flags{1} << 33;
inline constexpr Flags multi_shard = Flags{1} << 34;  ///< split by the keys' shards
inline constexpr Flags special_request = Flags{1} << 35;
inline constexpr Flags one_succeeded = Flags{1} << 40;
inline constexpr Flags all_succeeded = Flags{1} << 41;
inline constexpr Flags sum = Flags{1} << 42;
inline constexpr Flags minimum = Flags{1} << 43;
inline constexpr Flags logical_and = Flags{1} << 44;
inline constexpr Flags special_response = Flags{1} << 45;
}  // namespace tip

/// The families, as COMMAND DOCS and the ACL categories name them.
enum class Group : uint8_t {
  generic,
  string,
  list,
  set,
  sorted_set,
  hash,
  bitmap,
  hyperloglog,
  geo,
  stream,
  pubsub,
  transactions,
  connection,
  server,
  scripting,
  cluster,
  backend,
};
View group_name(Group group);

struct Command {
  View name;    ///< in upper case; a subcommand's own word ("GET" of CONFIG)
  View syntax;  ///< its arguments: `key field value [field value ...]`, `key <NX | XX>`; see syntax.h
  int arity;    ///< number of words with the name (and container); negative: at least so many
  Flags flags;
  Keys keys = {};
  Run run = {};
  Event event = Event::none;  ///< what its changes are called
  View summary = {};
  View since = {};  ///< the Redis version that brought it
  View complexity = {};
  std::span<const Command> subcommands = {};

  bool is(Flags some) const { return (flags & some) != 0; }
};

/// The rows of a family.
struct Family {
  Group group;
  std::span<const Command> rows;
};

}  // namespace redipy
