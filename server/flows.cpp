// SPDX-License-Identifier: Apache-2.0
//
// How flows are started and end, how they ask, and the two plainest of them.
#include "server/flows.h"

#include <boost/asio/async_result.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <mutex>
#include <optional>
#include <utility>

#include "core/base/ticks.h"
#include "proxy/hub.h"
#include "proxy/words.h"
#include "server/dispatch.h"
#include "server/executor.h"
#include "server/flows_cluster.h"
#include "server/relay.h"
#include "server/server.h"
#include "server/session.h"

namespace redipy {

namespace {

/// Collects the replies to one question and then goes on with whoever asked.
template <class Handler>
class Question final : public proxy::Receiver {
 public:
  Question(asio::io_context& context, Session& session, uint32_t replies, Handler handler)
      : context_(context), session_(session), left_(replies), handler_(std::move(handler)) {}

  void replies(View bytes, uint32_t whole) override {
    gathered_ += bytes;
    left_ -= whole;
    if (left_ > 0) return;
    session_.relay().hold_messages();
    // Not from within the channel's event: the coroutine may do anything.
    asio::post(context_, [handler = std::move(handler_), gathered = std::move(gathered_)]() mutable {
      std::move(handler)(std::move(gathered));
    });
    delete this;
  }
  void cut() override {
    gathered_ = "-UPSTREAM the connection was lost\r\n";
    left_ = 1;
    replies({}, 1);
  }
  uint64_t client() const override { return session_.id(); }

 private:
  asio::io_context& context_;
  Session& session_;  // whose flow this is, so it lives
  uint32_t left_;
  Handler handler_;
  Bytes gathered_;
};

/// A question to our own data in tables, which their executor answers.
template <class Handler>
class Inquiry final : public Task {
 public:
  Inquiry(Flow& flow, Place& place, const CommandTable::Entry& entry, std::span<const View> words, Handler handler)
      : flow_(flow),
        place_(place),
        entry_(entry),
        words_(words),
        reply_(out_, flow.reply.protocol()),
        handler_(std::move(handler)) {}

  void run(size_t) override {
    over_ = true;
    const int chosen = std::exchange(flow_.session.database, flow_.database);
    flow_.server.dispatcher().execute_at(flow_.session, place_, entry_, Args(words_), reply_);
    flow_.session.database = chosen;
  }
  bool over() const override { return over_; }
  void keep() override {}
  void undo() override {
    over_ = false;
    out_.clear();
  }
  void refuse(View error) override {
    over_ = true;
    reply_.error(error);
  }
  void release() override {
    if (!over_) reply_.error(error::busy_with_script);
    asio::post(flow_.session.link().context(), [handler = std::move(handler_), reply = Bytes(out_.view())]() mutable {
      std::move(handler)(std::move(reply));
    });
  }

 private:
  Flow& flow_;
  Place& place_;
  const CommandTable::Entry& entry_;
  const std::span<const View> words_;
  Buffer out_;
  ReplyWriter reply_;
  Handler handler_;
  bool over_ = false;
};

using Context = asio::io_context::executor_type;

/// Runs it up to its reply, or its error, in `out`, into which it writes. Returns the error.
Awaitable<Bytes> perform(Flow& flow, FlowFunction function, Buffer& out) {
  Bytes refusal;
  try {
    co_await function(flow);
  } catch (const CommandError& error) {
    refusal = error.what();
  }
  if (!refusal.empty()) {
    out.clear();
    flow.reply.error(refusal);
  }
  co_return refusal;
}

/// A flow from its beginning to its reply. Owns what the flow refers to.
Awaitable<void> run_flow([[maybe_unused]] std::shared_ptr<void> kept, Session& session, FlowFunction function,
                         const CommandTable::Entry* entry, std::vector<Bytes> words, Place* place, bool silenced,
                         std::shared_ptr<const Backends::Places> places) {
  Server& server = session.server();
  Buffer out;
  ReplyWriter reply(out, session.protocol());
  Flow flow{session, server, entry, place, session.database, reply, std::move(words), std::move(places), {}};
  flow.views.assign(flow.words.begin(), flow.words.end());
  const Bytes refusal = co_await perform(flow, function, out);
  {
    const std::lock_guard guard(server.lock());
    if (!flow.only_queued) server.dispatcher().flow_ended(session, *entry, flow.args(), refusal, out.view());
    session.wait = {};
    if (session.has_mail()) session.collect_mail(out);
  }
  if (!silenced) session.link().deliver(out.view());
  session.relay().release_messages();
  session.link().wake();
}

}  // namespace

void start_flow(Session& session, FlowFunction function, const CommandTable::Entry& entry, const Args& args,
                Place* place) {
  session.wait.kind = Wait::flow;
  session.wait.entry = &entry;
  session.flow_started = ticks::now();
  // Posted, for the lock is held here, and co_spawn begins at once on the context's own thread.
  asio::io_context& context = session.link().context();
  asio::post(context, [&context, &session, function, entry = &entry, place, silenced = session.silenced(),
                       kept = session.link().keep(), words = std::vector<Bytes>(args.begin(), args.end()),
                       places = session.server().backends().snapshot()]() mutable {
    asio::co_spawn(
        context.get_executor(),
        run_flow(std::move(kept), session, function, entry, std::move(words), place, silenced, std::move(places)),
        asio::detached);
  });
}

/// Accounts for a command that took several steps; its reply is written.
void Dispatcher::flow_ended(Session& session, const CommandTable::Entry& entry, const Args& args, View refusal,
                            View reply) {
  Session* const caller = std::exchange(current_, &session);
  const int64_t caller_started = std::exchange(started_, session.flow_started);
  const bool failed = !reply.empty() && reply.front() == '-';
  if (!refusal.empty()) {
    count_error(refusal);
  }
  if (&entry != &foreign_) {
    account(entry, args, failed);
    if (!server_.monitors().empty() && session.wait.kind != Wait::upstream) feed_monitors(entry, args);
  }
  current_ = caller;
  started_ = caller_started;
}

void Dispatcher::show_flow(Session& session, const CommandTable::Entry& entry, const Args& args) {
  if (server_.monitors().empty()) return;
  Session* const caller = std::exchange(current_, &session);
  show_monitors(entry, args, false);
  current_ = caller;
}

namespace flows {

Awaitable<void> step_within(Flow& outer, FlowFunction function, const CommandTable::Entry& entry,
                            const std::vector<Bytes>& words) {
  Session& session = outer.session;
  Buffer out;
  ReplyWriter reply(out, outer.reply.protocol());
  Flow flow{session, outer.server, &entry, outer.place, outer.database, reply, words, outer.places, {}};
  flow.views.assign(flow.words.begin(), flow.words.end());
  const int64_t outer_started = std::exchange(session.flow_started, ticks::now());
  const Bytes refusal = co_await perform(flow, function, out);
  {
    const std::lock_guard guard(outer.server.lock());
    outer.server.dispatcher().flow_ended(session, entry, flow.args(), refusal, out.view());
  }
  session.flow_started = outer_started;
  outer.reply.raw(out.view());
}

Awaitable<Bytes> ask(Flow& flow, proxy::Channel& channel, View requests, uint32_t replies, proxy::Traits traits,
                     const CommandTable::Entry* entry) {
  asio::io_context& context = flow.session.link().context();
  const int database = flow.database;
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<Context>, void(Bytes)>(
      [&](auto handler) {
        auto* const question = new Question<decltype(handler)>(context, flow.session, replies, std::move(handler));
        channel.send(*question, requests, replies, database, traits, entry);
      },
      asio::use_awaitable_t<Context>());
}

Bytes encode(const Place& place, const CommandTable::Entry& entry, const Args& args) {
  Buffer out;
  if (!place.rewriting) {
    proxy::append_command(out, std::span<const View>(args.begin(), args.end()));
  } else if (!place.rewriting->prefix_request(entry, args, out)) {
    throw CommandError("ERR the command cannot be kept to the prefix of backend " + place.name);
  }
  return Bytes(out.view());
}

Bytes decode(const Place& place, const CommandTable::Entry& entry, Bytes reply) {
  if (!place.rewriting || !place.rewriting->carries_keys(entry)) return reply;
  Buffer out;
  if (!place.rewriting->strip_reply(entry, reply, out)) return "$-1\r\n";
  return Bytes(out.view());
}

proxy::Channel& channel_to(Flow& flow, Place& place) {
  proxy::Channel& channel = flow.session.relay().channel(place);
  if (!channel.refusal().empty()) throw CommandError(channel.refusal());
  return channel;
}

Awaitable<Bytes> ask_place(Flow& flow, Place& place, std::vector<View> words) {
  const Args args{std::span<const View>(words)};
  const CommandTable::Entry& entry = *flow.server.commands().find(args);
  if (place.executor) {
    {
      const std::lock_guard guard(flow.server.lock());
      if (!place.executor->refusal().empty()) co_return "-" + place.executor->refusal() + "\r\n";
    }
    co_return co_await asio::async_initiate<const asio::use_awaitable_t<Context>, void(Bytes)>(
        [&](auto handler) {
          const std::lock_guard guard(flow.server.lock());
          place.executor->submit(
              std::make_unique<Inquiry<decltype(handler)>>(flow, place, entry, words, std::move(handler)));
        },
        asio::use_awaitable_t<Context>());
  }
  if (place.upstream && place.upstream->is_cluster()) co_return co_await ask_cluster(flow, place, entry, args);
  if (!place.upstream) {
    Buffer out;
    ReplyWriter reply(out, flow.reply.protocol());
    const std::lock_guard guard(flow.server.lock());
    flow.server.dispatcher().execute_at(flow.session, place, entry, args, reply);
    co_return Bytes(out.view());
  }
  proxy::Channel& channel = channel_to(flow, place);
  const bool repeatable = entry.command->is(flag::read) && !entry.command->is(flag::write);
  const Bytes request = encode(place, entry, args);
  Bytes reply = co_await ask(flow, channel, request, 1, {.repeatable = repeatable});
  co_return decode(place, entry, std::move(reply));
}

Awaitable<Bytes> ask_nodes(Flow& flow, Place& place, std::vector<View> words) {
  if (place.upstream->is_cluster()) co_return co_await ask_primaries(flow, place, *flow.entry, words);
  proxy::Channel& channel = channel_to(flow, place);
  Buffer request;
  proxy::append_command(request, words);
  co_return co_await ask(flow, channel, request.view(), 1);
}

bool may_wait(const CommandTable::Entry& entry, const Args& args) {
  if (entry.group != Group::stream) return true;
  for (size_t i = 1; i + 1 < args.size(); ++i) {
    if (args.is(i, "STREAMS")) return false;
    if (args.is(i, "BLOCK")) return true;
  }
  return false;
}

Awaitable<void> single(Flow& flow) {
  Place& place = *flow.place;
  if (place.upstream->is_cluster()) {
    flow.reply.raw(co_await ask_cluster(flow, place, *flow.entry, flow.args()));
    co_return;
  }
  proxy::Channel& channel = channel_to(flow, place);
  const Command& command = *flow.entry->command;
  const Bytes request = encode(place, *flow.entry, flow.args());
  Bytes reply =
      co_await ask(flow, channel, request, 1, {.repeatable = command.is(flag::read) && !command.is(flag::write)});
  flow.reply.raw(decode(place, *flow.entry, std::move(reply)));
}

Awaitable<void> blocking(Flow& flow) {
  Place& place = *flow.place;
  if (place.upstream->is_cluster()) co_return co_await blocking_in_cluster(flow);
  Relay& relay = flow.session.relay();
  const Bytes request = encode(place, *flow.entry, flow.args());
  proxy::Channel& channel = relay.pin(place, pin::blocked);
  Bytes reply = co_await ask(flow, channel, request, 1, {.patient = true});
  relay.unpin(place, pin::blocked);
  flow.reply.raw(decode(place, *flow.entry, std::move(reply)));
}

FlowFunction steps_of(Session& session, const CommandTable::Entry& entry, const Args& args, Place& place) {
  const Bytes& name = entry.full_name;
  const Backends& backends = session.server().backends();
  const bool own = session.has_own_upstreams();
  if (name == "watch") return place.upstream ? watch : nullptr;
  if (name == "unwatch") return session.transaction.place && session.transaction.place->upstream ? unwatch : nullptr;
  if (name == "discard") {
    return session.transaction.open && session.transaction.place && session.transaction.place->upstream ? discard
                                                                                                        : nullptr;
  }
  if (name == "exec") {
    const Transaction& transaction = session.transaction;
    if (!transaction.open) return nullptr;
    if (transaction.place) return transaction.place->upstream ? exec : nullptr;
    const bool any =
        place.upstream && std::any_of(transaction.queue.begin(), transaction.queue.end(), [&](const auto& queued) {
          return steps_inside(session, *queued.entry, place) != nullptr;
        });
    return any ? exec : nullptr;
  }
  if (name == "reset" || name == "hello") return own ? hello : nullptr;
  if (name == "select") return backends.any_upstream() ? select : nullptr;
  if (name == "wait" || name == "waitaof") return backends.main().upstream ? wait : nullptr;
  if (name == "client|tracking") return backends.any_upstream() ? tracking : nullptr;
  if (name == "client|caching") return own ? caching : nullptr;
  if (name == "client|pause" || name == "client|unpause") return backends.any_config_relay() ? pause_clients : nullptr;
  if (name == "client|no-touch") return backends.main().upstream ? no_touch : nullptr;
  if (name == "monitor") return backends.any_upstream() ? monitor : nullptr;
  if (name == "info") return backends.main().upstream ? info : nullptr;
  if (name.starts_with("latency|")) return backends.any_config_relay() ? latency : nullptr;
  if (name == "config|get") return backends.any_config_relay() ? config_get : nullptr;
  if (name == "config|set") return backends.any_config_relay() ? config_set : nullptr;
  if (name == "config|resetstat") return backends.any_config_relay() ? config_resetstat : nullptr;
  if (!backends.any_upstream()) return nullptr;
  if (name == "script|load") return script_load;
  if (name == "script|exists") return script_exists;
  if (name == "script|flush") return script_flush;
  if (name == "script|kill") return script_kill;
  static_cast<void>(args);
  return place.upstream ? script : nullptr;
}

FlowFunction steps_inside(Session& session, const CommandTable::Entry& entry, Place& place) {
  constexpr View names[] = {"info",          "client|pause",     "client|unpause", "config|get",
                            "config|set",    "config|resetstat", "latency|latest", "latency|history",
                            "latency|graph", "latency|reset"};
  const bool is_of_both = std::find(std::begin(names), std::end(names), entry.full_name) != std::end(names);
  return is_of_both ? steps_of(session, entry, Args(), place) : nullptr;
}

}  // namespace flows
}  // namespace redipy
