// SPDX-License-Identifier: Apache-2.0
//
// Commands of Redis 7.2 that this server knows but does not have yet: the gates answer them with an error that says so,
// and docs/commands.md lists them. What one of the coming parts brings (functions, streams, replication, snapshots) is
// taken out here.
#include "server/commands/families.h"

namespace redipy {

namespace {

constexpr KeyFlags reads = key::ro | key::access;
constexpr KeyFlags changes = key::rw | key::update;
constexpr KeyFlags removes = key::rw | key::remove;

constexpr Command row(View name, int arity, Flags flags, Keys keys, View summary, View since,
                      std::span<const Command> subcommands = {}) {
  return {name,  "",      arity,       subcommands.empty() ? flags | flag::not_yet : flags,
          keys,  nullptr, Event::none, summary,
          since, "",      subcommands};
}

/// Keys of XREAD and XREADGROUP: the first half of what follows STREAMS.
constexpr Keys after_streams(int16_t start) {
  Keys keys = keyword_key("STREAMS", start, reads);
  keys.specs[0].last = -1;
  keys.specs[0].limit = 2;
  return keys;
}

/// Keys of MIGRATE: one, or those after KEYS.
constexpr Keys migrate_keys() {
  constexpr KeyFlags moves = key::rw | key::access | key::remove;
  Keys several = keyword_key("KEYS", -2, moves | key::incomplete);
  several.specs[0].last = -1;
  return with_rule(key_at(3, moves) + several, KeyRule::migrate);
}

// --- functions

constexpr Flags running = flag::noscript | flag::no_monitor | flag::no_mandatory_keys | flag::stale;
constexpr Flags told = flag::loading | flag::stale;

constexpr Command function_subcommands[] = {
    row("LOAD", -3, flag::noscript | flag::write | flag::denyoom | tip::all_shards | tip::all_succeeded, no_keys,
        "Loads a library.", "7.0.0"),
    row("DELETE", 3, flag::noscript | flag::write | tip::all_shards | tip::all_succeeded, no_keys, "Removes a library.",
        "7.0.0"),
    row("FLUSH", -2, flag::noscript | flag::write | tip::all_shards | tip::all_succeeded, no_keys,
        "Removes all libraries.", "7.0.0"),
    row("LIST", -2, flag::noscript | flag::random_order, no_keys, "Lists the libraries.", "7.0.0"),
    row("DUMP", 2, flag::noscript, no_keys, "Writes all libraries as one payload.", "7.0.0"),
    row("RESTORE", -3, flag::noscript | flag::write | flag::denyoom | tip::all_shards | tip::all_succeeded, no_keys,
        "Reads a payload of DUMP.", "7.0.0"),
    row("KILL", 2, flag::noscript | flag::allow_busy | tip::all_shards | tip::one_succeeded, no_keys,
        "Ends the function that runs.", "7.0.0"),
    row("STATS", 2, flag::noscript | flag::allow_busy | flag::random_reply | tip::all_shards | tip::special_response,
        no_keys, "Tells what runs.", "7.0.0"),
    row("HELP", 2, told, no_keys, "Explains the subcommands.", "7.0.0"),
};
constexpr Command function_rows[] = {
    row("FCALL", -3, running | flag::may_replicate, counted_keys(2, changes | key::access), "Calls a function.",
        "7.0.0"),
    row("FCALL_RO", -3, running | flag::read, counted_keys(2, reads), "Calls a function that only reads.", "7.0.0"),
    row("FUNCTION", -2, 0, no_keys, "Loads and inspects libraries of functions.", "7.0.0", function_subcommands),
};

// --- streams

constexpr Command xgroup_subcommands[] = {
    row("CREATE", -5, flag::write | flag::denyoom, key_at(2, key::rw | key::insert), "Makes a group of consumers.",
        "5.0.0"),
    row("CREATECONSUMER", 5, flag::write | flag::denyoom, key_at(2, key::rw | key::insert), "Makes a consumer.",
        "6.2.0"),
    row("DELCONSUMER", 5, flag::write, key_at(2, removes), "Removes a consumer.", "5.0.0"),
    row("DESTROY", 4, flag::write, key_at(2, removes), "Removes a group.", "5.0.0"),
    row("SETID", -5, flag::write, key_at(2, changes), "Sets a group's last delivered id.", "5.0.0"),
    row("HELP", 2, told, no_keys, "Explains the subcommands.", "5.0.0"),
};
constexpr Command xinfo_subcommands[] = {
    row("STREAM", -3, flag::read, key_at(2, reads), "Tells about a stream.", "5.0.0"),
    row("GROUPS", 3, flag::read, key_at(2, reads), "Lists a stream's groups.", "5.0.0"),
    row("CONSUMERS", 4, flag::read | flag::random_reply, key_at(2, reads), "Lists a group's consumers.", "5.0.0"),
    row("HELP", 2, told, no_keys, "Explains the subcommands.", "5.0.0"),
};
constexpr Command stream_rows[] = {
    row("XADD", -5, flag::write | flag::denyoom | flag::fast | flag::random_reply, first_key(changes),
        "Appends an entry to a stream.", "5.0.0"),
    row("XLEN", 2, flag::read | flag::fast, first_key(key::ro), "Counts the entries of a stream.", "5.0.0"),
    row("XRANGE", -4, flag::read, first_key(reads), "Reads entries by id.", "5.0.0"),
    row("XREVRANGE", -4, flag::read, first_key(reads), "Reads entries by id, the newest first.", "5.0.0"),
    row("XREAD", -4, flag::read | flag::blocking, after_streams(1), "Reads from several streams.", "5.0.0"),
    row("XREADGROUP", -7, flag::write | flag::blocking, after_streams(4), "Reads as a consumer of a group.", "5.0.0"),
    row("XACK", -4, flag::write | flag::fast, first_key(changes), "Acknowledges entries.", "5.0.0"),
    row("XCLAIM", -6, flag::write | flag::fast | flag::random_reply, first_key(changes), "Takes over pending entries.",
        "5.0.0"),
    row("XAUTOCLAIM", -6, flag::write | flag::fast | flag::random_reply, first_key(removes),
        "Takes over entries pending for long.", "6.2.0"),
    row("XDEL", -3, flag::write | flag::fast, first_key(removes), "Removes entries.", "5.0.0"),
    row("XTRIM", -4, flag::write | flag::random_reply, first_key(removes), "Cuts a stream to a length.", "5.0.0"),
    row("XPENDING", -3, flag::read | flag::random_reply, first_key(reads), "Tells what is pending in a group.",
        "5.0.0"),
    row("XSETID", -3, flag::write | flag::denyoom | flag::fast, first_key(changes), "Sets a stream's last id.",
        "5.0.0"),
    row("XGROUP", -2, 0, no_keys, "Makes and changes groups of consumers.", "5.0.0", xgroup_subcommands),
    row("XINFO", -2, 0, no_keys, "Tells about streams.", "5.0.0", xinfo_subcommands),
};

// --- keys, snapshots, logs, replication, modules

constexpr Command key_rows[] = {
    row("MIGRATE", -6, flag::write | flag::dangerous | flag::random_reply, migrate_keys(),
        "Moves keys to another server.", "2.6.0"),
    row("WAITAOF", 4, flag::noscript | flag::connection | flag::new_in_72 | tip::all_shards | tip::minimum, no_keys,
        "Waits until writes are in the log.", "7.2.0"),
};

constexpr Flags saving = flag::admin | flag::noscript | flag::no_async_loading;

constexpr Command module_subcommands[] = {
    row("LIST", 2, flag::admin | flag::noscript | flag::random_order, no_keys, "Lists the modules.", "4.0.0"),
    row("LOAD", -3, saving, no_keys, "Loads a module.", "4.0.0"),
    row("LOADEX", -3, saving, no_keys, "Loads a module with a configuration.", "7.0.0"),
    row("UNLOAD", 3, saving, no_keys, "Unloads a module.", "4.0.0"),
    row("HELP", 2, told, no_keys, "Explains the subcommands.", "5.0.0"),
};
constexpr Command server_side_rows[] = {
    row("SAVE", 1, saving | flag::no_multi, no_keys, "Writes a snapshot.", "1.0.0"),
    row("BGSAVE", -1, saving, no_keys, "Writes a snapshot in the background.", "1.0.0"),
    row("BGREWRITEAOF", 1, saving, no_keys, "Rewrites the log.", "1.0.0"),
    row("REPLICAOF", 3, saving | flag::stale, no_keys, "Makes the server a replica.", "5.0.0"),
    row("SLAVEOF", 3, saving | flag::stale, no_keys, "Makes the server a replica.", "1.0.0"),
    row("FAILOVER", -1, flag::admin | flag::noscript | flag::stale, no_keys, "Hands over to a replica.", "6.2.0"),
    row("PSYNC", -3, saving | flag::no_multi, no_keys, "Used by replicas.", "2.8.0"),
    row("SYNC", 1, saving | flag::no_multi, no_keys, "Used by replicas.", "1.0.0"),
    row("REPLCONF", -1, flag::admin | flag::noscript | flag::allow_busy | told, no_keys, "Used by replicas.", "3.0.0"),
    row("MODULE", -2, 0, no_keys, "Loads modules.", "4.0.0", module_subcommands),
};

}  // namespace

std::span<const Command> unsupported_function_rows() { return function_rows; }
std::span<const Command> unsupported_stream_rows() { return stream_rows; }
std::span<const Command> unsupported_key_rows() { return key_rows; }
std::span<const Command> unsupported_server_rows() { return server_side_rows; }

}  // namespace redipy
