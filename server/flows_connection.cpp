// SPDX-License-Identifier: Apache-2.0
//
// What makes a connection of the session's own at an upstream: subscriptions, tracking, waiting for replicas; and the
// commands about the connection that such a one has to follow.
#include <algorithm>
#include <mutex>

#include "core/base/numbers.h"
#include "core/resp/reply_cursor.h"
#include "proxy/hub.h"
#include "proxy/words.h"
#include "server/commands/client_tracking.h"
#include "server/dispatch.h"
#include "server/flows.h"
#include "server/flows_cluster.h"
#include "server/relay.h"
#include "server/server.h"
#include "server/session.h"

namespace redipy::flows {

namespace {

/// Runs the command's own handler here, under the lock.
void run_here(Flow& flow) {
  const std::lock_guard guard(flow.server.lock());
  flow.entry->command->run.session(flow.session, flow.args(), flow.reply);
}

/// Where something has to be said on connections of the session's own that holds for all its requests.
Awaitable<std::vector<proxy::Address>> nodes_to_tell(Flow& flow, Place& place, unsigned reason) {
  std::vector<proxy::Address> nodes;
  if (!place.upstream->is_cluster()) {
    nodes.push_back(place.upstream->address());
    co_return nodes;
  }
  const std::vector<int> slots = co_await primaries_of(flow, place);
  for (const int slot : slots) {
    const proxy::Address node = co_await node_of(flow, place, slot);
    nodes.push_back(node);
  }
  // And where it was said before, though that node has no slots any more.
  for (const Relay::Pin& own : flow.session.relay().pins()) {
    const bool known = std::find(nodes.begin(), nodes.end(), own.channel->address()) != nodes.end();
    if (own.place == &place && (own.reasons & reason) != 0 && !known) nodes.push_back(own.channel->address());
  }
  co_return nodes;
}

Awaitable<Bytes> tell(Flow& flow, Place& place, unsigned reason, const proxy::Address& node,
                      const std::vector<View>& words) {
  Buffer request;
  proxy::append_command(request, words);
  const auto channel = flow.session.relay().pin(place, reason, node).shared_from_this();
  co_return co_await ask(flow, *channel, request.view(), 1);
}

void stop_telling(Relay& relay, Place& place, unsigned reason) {
  while (relay.pinned_for(place, reason)) relay.unpin(place, reason);
}

}  // namespace

uint32_t note_subscriptions(Session& session, View name, const Args& args) {
  Subscriptions& own = session.subscriptions;
  const bool ends = name.find("un") == 0 || name.find("un") == 1;
  Subscriptions::Names& names = name.starts_with('p')                               ? own.patterns
                                : name.starts_with('s') && !name.starts_with("sub") ? own.shard_channels
                                                                                    : own.channels;
  if (!ends) {
    for (const View channel : args.from(1)) names.emplace(channel);
    return static_cast<uint32_t>(args.size() - 1);
  }
  if (args.size() == 1) {
    const size_t count = std::max<size_t>(1, names.size());
    names.clear();
    return static_cast<uint32_t>(count);
  }
  for (const View channel : args.from(1)) {
    if (const auto found = names.find(channel); found != names.end()) names.erase(found);
  }
  return static_cast<uint32_t>(args.size() - 1);
}

/// SUBSCRIBE and its kin. Messages and confirmations come on the same connection, so their order is the upstream's.
void subscribe(Session& session, const CommandTable::Entry& entry, const Args& args, Place& place, Reply& reply) {
  if (place.upstream->is_cluster()) return subscribe_in_cluster(session, entry, args, place, reply);
  Relay& relay = session.relay();
  const uint32_t confirmations = note_subscriptions(session, entry.full_name, args);
  proxy::Channel& channel = relay.pin(place, pin::subscribed);
  channel.expect_messages(session.protocol() == 2);
  relay.forward_subscription(channel, encode(place, entry, args), confirmations, entry, place);
}

// SELECT index: the number must be one there, too.
Awaitable<void> select(Flow& flow) {
  const int before = flow.session.database;
  run_here(flow);
  const int chosen = flow.session.database;
  for (const auto& place : *flow.places) {
    if (!place->upstream || place->upstream->knows_database(chosen)) continue;
    if (place->upstream->is_cluster()) {
      const std::lock_guard guard(flow.server.lock());
      flow.session.database = before;
      throw CommandError(error::no_databases);
    }
    proxy::Hub& hub = flow.session.link().hub(*place);
    auto channel = hub.take(flow.session.protocol());
    flow.database = 0;
    const Bytes number = std::to_string(chosen + place->upstream->access()->database);
    const Bytes request = proxy::command("SELECT", number);
    const Bytes reply = co_await ask(flow, *channel, request, 1, {.repeatable = true});
    hub.give_back(std::move(channel), false);
    if (reply.starts_with('-')) {
      {
        const std::lock_guard guard(flow.server.lock());
        flow.session.database = 0;
      }
      throw CommandError(proxy::error_text(reply));
    }
    place->upstream->note_database(chosen);
  }
}

// HELLO, RESET
Awaitable<void> hello(Flow& flow) {
  const int before = flow.session.protocol();
  const bool resets = flow.entry->full_name == "reset";
  run_here(flow);
  Relay& relay = flow.session.relay();
  if (resets) {
    relay.drop_pins();
    co_return;
  }
  const int now = flow.session.protocol();
  if (now == before) co_return;
  const Bytes request = proxy::command("HELLO", std::to_string(now));
  for (Relay::Pin& pin : relay.pins()) {
    co_await ask(flow, *pin.channel, request, 1);
    pin.channel->set_protocol(now);
    pin.channel->expect_messages(now == 2 && (pin.reasons & (pin::subscribed | pin::subscribed_shards)) != 0);
  }
}

namespace {

/// CLIENT TRACKING as it is told to one upstream, on the session's own connection there; to a cluster, at each primary.
Awaitable<Bytes> track_at(Flow& flow, Place& place, const TrackingState& wanted) {
  Relay& relay = flow.session.relay();
  if (!wanted.on && !relay.pinned_for(place, pin::tracking)) co_return "+OK\r\n";
  std::vector<Bytes> words(flow.words.begin(), flow.words.end());
  size_t redirect = 0;  // where the other session's id stands
  for (size_t i = 3; i + 1 < words.size(); ++i) {
    if (equals_ignore_case(words[i], "PREFIX")) {
      ++i;
      words[i] = place.prefix() + words[i];
    } else if (equals_ignore_case(words[i], "REDIRECT")) {
      redirect = ++i;
    }
  }
  if (!place.prefix().empty() && wanted.broadcast && wanted.prefixes.empty()) {
    words.emplace_back("PREFIX");
    words.emplace_back(place.prefix());
  }
  Bytes reply;
  const std::vector<proxy::Address> nodes = co_await nodes_to_tell(flow, place, pin::tracking);
  for (const proxy::Address& node : nodes) {
    // The messages go to another session: to a connection of its own there.
    if (redirect > 0) {
      const int64_t remote = co_await remote_id(flow, wanted.redirect, place, node);
      words[redirect] = std::to_string(remote);
    }
    const std::vector<View> views(words.begin(), words.end());
    reply = co_await tell(flow, place, pin::tracking, node, views);
    if (reply.starts_with('-')) break;
  }
  if (!wanted.on || reply.starts_with('-')) {
    stop_telling(relay, place, pin::tracking);
  } else if (place.upstream->is_cluster()) {
    relay.expect_all_primaries(place);
  }
  co_return reply;
}

}  // namespace

// CLIENT TRACKING <ON | OFF> …: told to each upstream, on the session's own connections; for our own data, here.
Awaitable<void> tracking(Flow& flow) {
  Session& session = flow.session;
  TrackingState wanted;
  {
    const std::lock_guard guard(flow.server.lock());
    wanted = read_tracking(session, flow.args());
  }
  for (const auto& place : *flow.places) {
    if (!place->upstream) continue;
    const Bytes reply = co_await track_at(flow, *place, wanted);
    if (reply.starts_with('-')) throw CommandError(proxy::error_text(reply));
  }
  const std::lock_guard guard(flow.server.lock());
  if (flow.server.session(session.id()) == &session) {
    Tracking& ours = flow.server.tracking();
    ours.disable(session);
    session.tracking = std::move(wanted);
    if (session.tracking.on) ours.enable(session);
  }
  flow.reply.ok();
}

Awaitable<int64_t> remote_id(Flow& flow, uint64_t session_id, Place& place, const proxy::Address& node) {
  Session* other = nullptr;
  std::shared_ptr<void> kept;
  {
    const std::lock_guard guard(flow.server.lock());
    other = flow.server.session(session_id);
    if (other) kept = other->link().keep();
  }
  if (!other) throw CommandError("ERR The client ID you want redirect to does not exist");
  if (&other->link().context() != &flow.session.link().context()) {
    throw CommandError(
        "ERR a client of another network thread cannot be redirected to at an upstream: set io-threads 1");
  }
  if (place.upstream->is_cluster()) other->relay().expect_all_primaries(place);
  proxy::Channel& channel = other->relay().pin(place, pin::redirected, node);
  const Bytes request = proxy::command("PING");
  if (channel.remote_id() == 0) co_await ask(flow, channel, request, 1);
  co_return channel.remote_id();
}

// CLIENT CACHING: said on the connection that the next request takes.
Awaitable<void> caching(Flow& flow) {
  Place& place = flow.server.backends().main();
  Buffer ours;
  {
    const std::lock_guard guard(flow.server.lock());
    ReplyWriter unused(ours, flow.reply.protocol());
    flow.entry->command->run.session(flow.session, flow.args(), unused);
  }
  Relay& relay = flow.session.relay();
  if (flow.places->size() > 1) {
    // Nobody knows which connection the next command takes. Where it does not come now, YES makes a later one be
    // tracked, which does no harm; NO would make a later one not be tracked, so it is not told.
    flow.reply.raw(Bytes(ours.view()));
    if (!flow.args().is(2, "YES")) co_return;
    for (const Relay::Pin& pin : relay.pins()) {
      if ((pin.reasons & pin::tracking) == 0) continue;
      pin.channel->send_unanswered(proxy::command("CLIENT", "CACHING", "YES"));
    }
    co_return;
  }
  Buffer request;
  proxy::append_command(request, flow.views);
  if (place.upstream->is_cluster()) {
    relay.say_ahead(Bytes(request.view()));
    flow.reply.ok();
    co_return;
  }
  flow.reply.raw(co_await ask(flow, relay.channel(place), request.view(), 1));
}

// CLIENT NO-TOUCH <ON | OFF>
Awaitable<void> no_touch(Flow& flow) {
  Session& session = flow.session;
  Place& place = flow.server.backends().main();
  const bool before = session.no_touch;
  Buffer ours;
  {
    const std::lock_guard guard(flow.server.lock());
    ReplyWriter unused(ours, flow.reply.protocol());
    flow.entry->command->run.session(session, flow.args(), unused);
  }
  Bytes reply = "+OK\r\n";
  for (const proxy::Address& node : co_await nodes_to_tell(flow, place, pin::no_touch)) {
    reply = co_await tell(flow, place, pin::no_touch, node, flow.views);
    if (reply.starts_with('-')) break;
  }
  if (reply.starts_with('-')) {
    const std::lock_guard guard(flow.server.lock());
    session.no_touch = before;
  }
  if (!session.no_touch) stop_telling(session.relay(), place, pin::no_touch);
  flow.reply.raw(reply);
}

// WAIT numreplicas timeout: it waits for what the connection has written, or rather for all that was written when it
// last ran a command, so any command before it makes it cover what this session wrote on other connections.
Awaitable<void> wait(Flow& flow) {
  Place& place = *flow.place;
  if (place.upstream->is_cluster()) co_return co_await wait_in_cluster(flow);
  Relay& relay = flow.session.relay();
  Buffer request;
  proxy::append_command(request, {"PING"});
  proxy::append_command(request, flow.views);
  const Bytes replies = co_await ask(flow, relay.pin(place, pin::blocked), request.view(), 2, {.patient = true});
  relay.unpin(place, pin::blocked);
  ReplyCursor cursor(replies);
  cursor.skip();
  flow.reply.raw(cursor.raw());
}

// MONITOR: what clients send is seen here; what scripts call at an upstream, there.
Awaitable<void> monitor(Flow& flow) {
  const bool monitors_already = flow.session.monitor;
  run_here(flow);
  if (monitors_already) co_return;
  const Bytes request = proxy::command("MONITOR");
  for (const auto& place : *flow.places) {
    if (!place->upstream || place->upstream->is_cluster() || place->rewriting) continue;
    co_await ask(flow, flow.session.relay().monitor(*place), request, 1);
  }
}

}  // namespace redipy::flows
