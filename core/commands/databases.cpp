// SPDX-License-Identifier: Apache-2.0
//
// Commands on whole databases: counting, emptying and exchanging them. SELECT belongs to the session.
#include <limits>
#include <optional>

#include "core/commands/families.h"
#include "core/store/store.h"

namespace redipy {
namespace {

// DBSIZE
void dbsize(Store& store, const Args&, Reply& reply) { reply.integer(static_cast<int64_t>(store.size())); }

/// Whether the command is to wait until the memory is given back: [ASYNC | SYNC].
std::optional<bool> waits(const Args& args) {
  if (args.size() == 1) return std::nullopt;
  if (args.size() == 2 && args.is(1, "SYNC")) return true;
  if (args.size() == 2 && args.is(1, "ASYNC")) return false;
  throw CommandError(error::syntax);
}

// FLUSHDB [ASYNC | SYNC]
void flushdb(Store& store, const Args& args, Reply& reply) {
  store.flush(store.database(), waits(args));
  reply.ok();
}

// FLUSHALL [ASYNC | SYNC]
void flushall(Store& store, const Args& args, Reply& reply) {
  store.flush(-1, waits(args));
  reply.ok();
}

// SWAPDB index1 index2
void swapdb(Store& store, const Args& args, Reply& reply) {
  constexpr int64_t least = std::numeric_limits<int>::min();
  constexpr int64_t most = std::numeric_limits<int>::max();
  const int64_t first = args.integer(1, least, most, "ERR invalid first DB index");
  const int64_t second = args.integer(2, least, most, "ERR invalid second DB index");
  const auto exists = [&](int64_t database) { return database >= 0 && database < store.databases(); };
  if (!exists(first) || !exists(second)) throw CommandError(error::db_index_out_of_range);
  if (first != second && !store.swap(static_cast<int>(first), static_cast<int>(second))) {
    throw CommandError("ERR SWAPDB would swap what is not under the backend's prefix, too");
  }
  reply.ok();
}

constexpr Flags flush = flag::write | flag::keyspace | flag::dangerous;

constexpr Command rows[] = {
    {"DBSIZE", "", 1, flag::read | flag::fast | flag::keyspace | tip::all_shards | tip::sum, no_keys, dbsize,
     Event::none, "Counts the keys of the selected database.", "1.0.0", "O(1)"},
    {"FLUSHDB", "[ASYNC | SYNC]", -1, flush | tip::all_shards | tip::all_succeeded, no_keys, flushdb, Event::none,
     "Removes all keys of the selected database.", "1.0.0", "O(1), and O(N) in the background"},
    {"FLUSHALL", "[ASYNC | SYNC]", -1, flush | tip::all_shards | tip::all_succeeded, no_keys, flushall, Event::none,
     "Removes all keys of all databases.", "1.0.0", "O(1), and O(N) in the background"},
    {"SWAPDB", "index1 index2", 3, flush | flag::fast, no_keys, swapdb, Event::none,
     "Lets two databases change places.", "4.0.0", "O(N) for N clients that watch or wait for keys of them"},
};

}  // namespace

std::span<const Command> database_rows() { return rows; }

}  // namespace redipy
