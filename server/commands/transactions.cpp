// SPDX-License-Identifier: Apache-2.0
//
// MULTI, EXEC and what belongs to them. Queueing itself is a gate's work (gates.cpp).
#include "core/store/frame.h"
#include "server/commands/families.h"
#include "server/server.h"
#include "server/session.h"

namespace redipy {

namespace {

// MULTI
void multi(Session& session, const Args&, Reply& reply) {
  if (session.transaction.open) throw CommandError("ERR MULTI calls can not be nested");
  session.transaction.open = true;
  reply.ok();
}

/// Ends the transaction, whatever came of it: its queue is returned, nothing is watched any more.
std::vector<QueuedCommand> take_queue(Session& session) {
  std::vector<QueuedCommand> queue = std::move(session.transaction.queue);
  session.transaction.discard();
  session.transaction.broken = false;
  session.transaction.place = nullptr;
  session.server().watches().unwatch(session);
  return queue;
}

// EXEC
void exec(Session& session, const Args&, Reply& reply) {
  Transaction& transaction = session.transaction;
  if (!transaction.open) throw CommandError("ERR EXEC without MULTI");
  // A watched key whose deadline has passed goes now, if nobody has come across it yet, and breaks the transaction.
  for (const WatchedKey& watched : transaction.watched) {
    if (transaction.broken) break;
    Store* const store = session.server().store_of(watched.key);
    if (!store) continue;
    store->select(watched.database);
    const Frame frame(*store);
    store->exists(watched.key);
  }
  const bool failed = transaction.failed;
  const bool broken = transaction.broken;
  Place* const place = transaction.place;
  const std::vector<QueuedCommand> queue = take_queue(session);
  if (failed) throw CommandError("EXECABORT Transaction discarded because of previous errors.");
  if (broken) return reply.null_array();

  Dispatcher& dispatcher = session.server().dispatcher();
  const Dispatcher::Block block(dispatcher);
  reply.array(queue.size());
  std::vector<View> words;
  for (const QueuedCommand& queued : queue) {
    words.assign(queued.words.begin(), queued.words.end());
    const Args args{std::span<const View>(words)};
    if (place && Backends::spans_keyspace(*queued.entry->command)) {
      dispatcher.execute_at(session, *place, *queued.entry, args, reply);
    } else {
      dispatcher.execute(session, *queued.entry, args, reply);
    }
  }
}

// DISCARD
void discard(Session& session, const Args&, Reply& reply) {
  if (!session.transaction.open) throw CommandError("ERR DISCARD without MULTI");
  take_queue(session);
  reply.ok();
}

// WATCH key [key ...]
void watch(Session& session, const Args& args, Reply& reply) {
  if (session.transaction.open) throw CommandError("ERR WATCH inside MULTI is not allowed");
  Server& server = session.server();
  // Once a watched key has changed, watching more keys could not save the transaction.
  if (!session.transaction.broken) {
    Backends& backends = server.backends();
    Place& place = backends.of(args[1]);
    if (session.transaction.place && session.transaction.place != &place) throw CommandError(error::crossed_backends);
    if (!backends.simple()) session.transaction.place = &place;
    Store& store = *place.store();
    store.select(session.database);
    {
      const Frame frame(store);
      for (const View key : args.from(1)) store.exists(key);  // an expired key goes now: that is no change later
    }
    for (const View key : args.from(1)) server.watches().watch(session, session.database, key);
  }
  reply.ok();
}

// UNWATCH
void unwatch(Session& session, const Args&, Reply& reply) {
  session.server().watches().unwatch(session);
  session.transaction.broken = false;
  session.transaction.place = nullptr;
  reply.ok();
}

constexpr Flags always = flag::noscript | flag::loading | flag::stale | flag::fast | flag::allow_busy;

constexpr Command rows[] = {
    {"MULTI", "", 1, always | flag::queued_never, no_keys, multi, Event::none,
     "Begins a transaction: commands are queued until EXEC.", "1.2.0", "O(1)"},
    {"EXEC", "", 1, (always & ~flag::fast) | flag::queued_never | flag::no_slowlog, no_keys, exec, Event::none,
     "Runs the queued commands as one step.", "1.2.0", "Depends on the commands in the transaction"},
    {"DISCARD", "", 1, always | flag::queued_never, no_keys, discard, Event::none,
     "Drops the queued commands and ends the transaction.", "2.0.0", "O(N) where N is the number of queued commands"},
    {"WATCH", "key [key ...]", -2, always | flag::queued_never, all_keys(key::ro), watch, Event::none,
     "Has the next EXEC do nothing if one of the keys changes before it.", "2.2.0", "O(1) for every key"},
    {"UNWATCH", "", 1, always, no_keys, unwatch, Event::none, "Forgets all watched keys.", "2.2.0", "O(1)"},
};

}  // namespace

std::span<const Command> transaction_rows() { return rows; }

}  // namespace redipy
