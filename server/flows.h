// SPDX-License-Identifier: Apache-2.0
//
// Commands that take several steps at an upstream, as coroutines. While one runs, its session takes no further
// requests; what it replies is sent when it ends. It begins when nothing of the session is under way.
//
// Threads: a flow runs on its connection's thread, without the server's lock: it takes the lock where it touches what
// the lock guards, never across a co_await. Session and link live as long as the flow.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include <memory>
#include <vector>

#include "core/command/table.h"
#include "core/resp/reply_writer.h"
#include "proxy/channel.h"
#include "server/backends.h"

namespace redipy {

class Server;
class Session;

template <class T>
using Awaitable = boost::asio::awaitable<T, boost::asio::io_context::executor_type>;

/// What a running flow has at hand.
struct Flow {
  Session& session;
  Server& server;
  const CommandTable::Entry* entry;
  Place* place;  ///< where the command's keys are; null if it is about several
  int database;
  ReplyWriter& reply;
  const std::vector<Bytes> words;
  /// All backends there were when it began; they live as long as it does.
  const std::shared_ptr<const Backends::Places> places;

  Args args() const { return Args(std::span<const View>(views)); }
  std::vector<View> views;
  bool only_queued = false;  ///< its command was not run, and does not count as one
};
using FlowFunction = Awaitable<void> (*)(Flow&);

/// Begins it, for a command of the session's. Under the lock; `place` as Flow has it.
void start_flow(Session& session, FlowFunction function, const CommandTable::Entry& entry, const Args& args,
                Place* place);

namespace flows {

/// The flow that a command of Way::steps takes here and now; null if it runs on this server's own side.
FlowFunction steps_of(Session& session, const CommandTable::Entry& entry, const Args& args, Place& place);
/// The flow that this command takes where it is part of a transaction: one about this server and its upstream at once.
FlowFunction steps_inside(Session& session, const CommandTable::Entry& entry, Place& place);
/// Whether a blocking command may really wait (XREAD without BLOCK does not).
bool may_wait(const CommandTable::Entry& entry, const Args& args);

// --- by file: flows.cpp
Awaitable<void> single(Flow& flow);    ///< a command as it is, its keys rewritten
Awaitable<void> blocking(Flow& flow);  ///< one that may wait
// flows_transactions.cpp
Awaitable<void> watch(Flow& flow);
Awaitable<void> unwatch(Flow& flow);
Awaitable<void> discard(Flow& flow);
Awaitable<void> exec(Flow& flow);
Awaitable<void> queue(Flow& flow);
/// Whether a command of the session's transaction is to be tried at its upstream, by queue(), before it is queued here.
bool tries_queueing(Session& session, const CommandTable::Entry& entry);
// flows_connection.cpp
void subscribe(Session& session, const CommandTable::Entry& entry, const Args& args, Place& place, Reply& reply);
Awaitable<void> select(Flow& flow);
Awaitable<void> hello(Flow& flow);
Awaitable<void> tracking(Flow& flow);
Awaitable<void> caching(Flow& flow);
Awaitable<void> no_touch(Flow& flow);
Awaitable<void> wait(Flow& flow);
Awaitable<void> monitor(Flow& flow);
// flows_keyspace.cpp
Awaitable<void> keyspace(Flow& flow);
// flows_scripts.cpp
Awaitable<void> script(Flow& flow);
Awaitable<void> script_load(Flow& flow);
Awaitable<void> script_exists(Flow& flow);
Awaitable<void> script_flush(Flow& flow);
Awaitable<void> script_kill(Flow& flow);
// flows_backends.cpp
Awaitable<void> backend_list(Flow& flow);
Awaitable<void> backend_add(Flow& flow);
Awaitable<void> backend_remove(Flow& flow);
Awaitable<void> backend_route(Flow& flow);
Awaitable<void> backend_unroute(Flow& flow);
// flows_server.cpp
Awaitable<void> info(Flow& flow);
Awaitable<void> pause_clients(Flow& flow);
Awaitable<void> latency(Flow& flow);
Awaitable<void> config_get(Flow& flow);
Awaitable<void> config_set(Flow& flow);
Awaitable<void> config_resetstat(Flow& flow);

// --- for flows

/// Another command within a flow, of the same session: its reply is written behind what `outer` has written.
Awaitable<void> step_within(Flow& outer, FlowFunction function, const CommandTable::Entry& entry,
                            const std::vector<Bytes>& words);
/// Sends requests, in RESP, and gives the replies, whole, one behind another.
Awaitable<Bytes> ask(Flow& flow, proxy::Channel& channel, View requests, uint32_t replies, proxy::Traits traits = {},
                     const CommandTable::Entry* entry = nullptr);
/// A request for this place: RESP, with the prefix before its keys.
/// Throws CommandError for what would reach beyond the prefix.
Bytes encode(const Place& place, const CommandTable::Entry& entry, const Args& args);
/// The reply to it as clients see it: keys without the prefix.
Bytes decode(const Place& place, const CommandTable::Entry& entry, Bytes reply);
/// The connection for requests to this place; throws its refusal while it is down.
proxy::Channel& channel_to(Flow& flow, Place& place);
/// Asks an upstream a command that each of its nodes has to hear; gives the first error, else the first reply.
Awaitable<Bytes> ask_nodes(Flow& flow, Place& place, std::vector<View> words);
/// CLIENT ID, at the upstream (its node), of a connection that another session has there for itself.
Awaitable<int64_t> remote_id(Flow& flow, uint64_t session_id, Place& place, const proxy::Address& node);
template <class... Words>
std::vector<View> words_of(const Words&... words) {
  return {View(words)...};
}
/// Asks any place a command: an upstream, or our own data.
Awaitable<Bytes> ask_place(Flow& flow, Place& place, std::vector<View> words);
/// Some keys at a time; false: no more are wanted.
using KeyVisit = FunctionRef<bool(const std::vector<Bytes>& keys)>;
/// All keys of the place's database that fit the pattern, as clients see them, in many small steps. One may come twice.
Awaitable<void> visit_keys(Flow& flow, Place& place, View pattern, KeyVisit visit);

}  // namespace flows
}  // namespace redipy
