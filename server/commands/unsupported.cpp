// SPDX-License-Identifier: Apache-2.0
//
// Commands of Redis 7.2 that this server knows but does not have yet: the gates answer them with an error that says so,
// and docs/commands.md lists them. What one of the coming parts brings (scripts, streams, replication, snapshots) is
// taken out here.
#include "server/commands/families.h"

namespace redipy {

namespace {

constexpr Flags not_yet = flag::not_yet;
constexpr KeyFlags reads = key::ro | key::access;
constexpr KeyFlags changes = key::rw | key::update;

constexpr Command row(View name, int arity, Flags flags, Keys keys, View summary, View since) {
  return {name, "", arity, flags | not_yet, keys, nullptr, Event::none, summary, since, ""};
}

constexpr Command rows[] = {
    // scripts
    row("EVAL", -3, flag::noscript | flag::movable_keys, counted_keys(2, changes), "Runs a script.", "2.6.0"),
    row("EVALSHA", -3, flag::noscript | flag::movable_keys, counted_keys(2, changes), "Runs a loaded script.", "2.6.0"),
    row("EVAL_RO", -3, flag::noscript | flag::read | flag::movable_keys, counted_keys(2, reads), "Runs a script that only reads.", "7.0.0"),
    row("EVALSHA_RO", -3, flag::noscript | flag::read | flag::movable_keys, counted_keys(2, reads), "Runs a loaded script that only reads.", "7.0.0"),
    row("SCRIPT", -2, flag::noscript, no_keys, "Loads and inspects scripts.", "2.6.0"),
    row("FCALL", -3, flag::noscript | flag::movable_keys, counted_keys(2, changes), "Calls a function.", "7.0.0"),
    row("FCALL_RO", -3, flag::noscript | flag::read | flag::movable_keys, counted_keys(2, reads), "Calls a function that only reads.", "7.0.0"),
    row("FUNCTION", -2, flag::noscript, no_keys, "Loads and inspects libraries of functions.", "7.0.0"),
    // streams
    row("XADD", -5, flag::write | flag::denyoom | flag::fast, first_key(changes), "Appends an entry to a stream.", "5.0.0"),
    row("XLEN", 2, flag::read | flag::fast, first_key(key::ro), "Counts the entries of a stream.", "5.0.0"),
    row("XRANGE", -4, flag::read, first_key(reads), "Reads entries by id.", "5.0.0"),
    row("XREVRANGE", -4, flag::read, first_key(reads), "Reads entries by id, the newest first.", "5.0.0"),
    row("XREAD", -4, flag::read | flag::blocking | flag::movable_keys, no_keys, "Reads from several streams.", "5.0.0"),
    row("XREADGROUP", -7, flag::write | flag::blocking | flag::movable_keys, no_keys, "Reads as a consumer of a group.", "5.0.0"),
    row("XACK", -4, flag::write | flag::fast, first_key(changes), "Acknowledges entries.", "5.0.0"),
    row("XCLAIM", -6, flag::write | flag::fast, first_key(changes), "Takes over pending entries.", "5.0.0"),
    row("XAUTOCLAIM", -6, flag::write | flag::fast, first_key(changes), "Takes over entries pending for long.", "6.2.0"),
    row("XDEL", -3, flag::write | flag::fast, first_key(changes), "Removes entries.", "5.0.0"),
    row("XTRIM", -4, flag::write, first_key(changes), "Cuts a stream to a length.", "5.0.0"),
    row("XGROUP", -2, flag::write, no_keys, "Makes and changes groups of consumers.", "5.0.0"),
    row("XINFO", -2, flag::read, no_keys, "Tells about streams.", "5.0.0"),
    row("XPENDING", -3, flag::read, first_key(reads), "Tells what is pending in a group.", "5.0.0"),
    row("XSETID", -3, flag::write | flag::denyoom | flag::fast, first_key(changes), "Sets a stream's last id.", "5.0.0"),
    // snapshots, logs, replication, cluster
    row("SAVE", 1, flag::admin | flag::noscript, no_keys, "Writes a snapshot.", "1.0.0"),
    row("BGSAVE", -1, flag::admin | flag::noscript, no_keys, "Writes a snapshot in the background.", "1.0.0"),
    row("BGREWRITEAOF", 1, flag::admin | flag::noscript, no_keys, "Rewrites the log.", "1.0.0"),
    row("REPLICAOF", 3, flag::admin | flag::noscript, no_keys, "Makes the server a replica.", "5.0.0"),
    row("SLAVEOF", 3, flag::admin | flag::noscript, no_keys, "Makes the server a replica.", "1.0.0"),
    row("FAILOVER", -1, flag::admin | flag::noscript, no_keys, "Hands over to a replica.", "6.2.0"),
    row("PSYNC", -3, flag::admin | flag::noscript, no_keys, "Used by replicas.", "2.8.0"),
    row("SYNC", 1, flag::admin | flag::noscript, no_keys, "Used by replicas.", "1.0.0"),
    row("REPLCONF", -1, flag::admin | flag::noscript, no_keys, "Used by replicas.", "3.0.0"),
    row("WAITAOF", 4, flag::blocking, no_keys, "Waits until writes are in the log.", "7.2.0"),
    row("CLUSTER", -2, flag::admin, no_keys, "Tells about the cluster.", "3.0.0"),
    row("READONLY", 1, flag::fast, no_keys, "Allows reads from a cluster's replicas.", "3.0.0"),
    row("READWRITE", 1, flag::fast, no_keys, "Takes READONLY back.", "3.0.0"),
    row("ASKING", 1, flag::fast, no_keys, "Follows an ASK of a cluster.", "3.0.0"),
    row("MIGRATE", -6, flag::write | flag::movable_keys, with_rule(no_keys, KeyRule::migrate), "Moves keys to another server.", "2.6.0"),
    row("MODULE", -2, flag::admin | flag::noscript, no_keys, "Loads modules.", "4.0.0"),
};

}  // namespace

std::span<const Command> unsupported_rows() { return rows; }

}  // namespace redipy
