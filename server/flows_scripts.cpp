// SPDX-License-Identifier: Apache-2.0
//
// Scripts where the keys are an upstream's: graphs as printed Lua, Lua as it is. A graph is sent by the digits of its
// Lua first; where they are not known yet (a new node, SCRIPT FLUSH), once more with the text.
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <mutex>
#include <optional>

#include "core/base/ticks.h"
#include "core/resp/reply_cursor.h"
#include "proxy/hub.h"
#include "proxy/key_split.h"
#include "proxy/words.h"
#include "scripting/messages.h"
#include "server/dispatch.h"
#include "server/flows_cluster.h"
#include "server/relay.h"
#include "server/scripts.h"
#include "server/server.h"
#include "server/session.h"
#include "server/upstream_scripts.h"

namespace redipy::flows {

namespace {

Bytes in_resp(const script::Words& words) {
  Buffer out;
  const std::vector<View> views(words.begin(), words.end());
  proxy::append_command(out, views);
  return Bytes(out.view());
}

Bytes with_place(const script::Script& script, const script::ScriptError& fault) {
  const Bytes path = script.graph.path(fault.place());
  return Bytes(fault.what()) + " script: " + script.sha + ", on " + (path.empty() ? "script" : path) + ".";
}

/// The backends that a script without keys, or Lua, may have to be known to.
std::vector<Place*> upstreams(const Flow& flow) {
  std::vector<Place*> places;
  for (const auto& place : *flow.places) {
    if (place->upstream) places.push_back(place.get());
  }
  return places;
}

void refuse_under_prefix(const Place& place) {
  if (place.prefix().empty() || place.url.upstream.lua_trusted) return;
  throw CommandError(
      "ERR Lua cannot be held to the backend's prefix and is refused under one, unless its URL says lua=trusted");
}

}  // namespace

bool runs_graph(Flow& flow, const CommandTable::Entry& entry, const Args& args) {
  if (entry.group != Group::scripting) return false;
  const std::lock_guard guard(flow.server.lock());
  return redipy::runs_graph(flow.session, entry, args);
}

script::LuaCall lua_call(Flow& flow, Place& place, const CommandTable::Entry& entry, const Args& args, bool by_digits) {
  const std::lock_guard guard(flow.server.lock());
  script::LuaCall call;
  const ScriptRequest request = read_script_request(flow.session, entry, args);
  if (request.read_only && request.script->effect == script::Effect::writes) {
    throw CommandError(script::message::read_only);
  }
  for (const View key : request.keys) {
    if (&flow.server.backends().of(key) != &place) throw CommandError(error::crossed_backends);
  }
  if (place.upstream->is_cluster()) {
    call.slot = slot_of_prefix(place.prefix());
    for (const View key : request.keys) {
      const int slot = key_slot(place.prefix(), key);
      if (call.slot >= 0 && call.slot != slot) throw CommandError(error::crossed_slots);
      call.slot = slot;
    }
  }
  call.script = request.script->shared_from_this();
  call.lua = place.lua->of(*request.script);
  call.limits = flow.server.scripts().run_limits();
  call.read_only = request.read_only;
  const script::Input input{request.keys, request.arguments, request.script->graph.key_names,
                            request.script->graph.argument_names};
  try {
    call.words = script::lua_words(call.lua, input, call.limits, request.read_only);
  } catch (const script::ScriptError& fault) {
    throw CommandError(with_place(*request.script, fault));
  }
  if (!by_digits) script::say_text(call.words, call.lua);
  call.request = in_resp(call.words);
  return call;
}

void write_script_reply(Flow& flow, const script::LuaCall& call, View reply) {
  const auto ns = static_cast<uint64_t>(ticks::to_ns(ticks::now() - flow.session.flow_started));
  const ReplyCursor cursor(reply);
  try {
    if (cursor.is_error()) script::throw_lua_error(cursor.text(), *call.script, call.lua);
    if (!cursor.is_null()) script::check_lua_result(cursor.text(), call.limits);
    const std::lock_guard guard(flow.server.lock());
    flow.server.scripts().count_upstream_run(*call.script, ns, {});
    flow.reply.raw(reply);
  } catch (const script::ScriptError& fault) {
    const Bytes text = with_place(*call.script, fault);
    {
      const std::lock_guard guard(flow.server.lock());
      flow.server.scripts().count_upstream_run(*call.script, ns, text);
    }
    flow.reply.error(text);
  } catch (const CommandError& refusal) {
    flow.reply.error(refusal.what());
  }
}

/// Has what runs at an upstream killed when its time is up.
class TimeLimit {
 public:
  TimeLimit(Flow& flow, Place& place, proxy::Address node) : flow_(flow), place_(place) {
    int64_t most_ms = 0;
    {
      const std::lock_guard guard(flow.server.lock());
      most_ms = flow.server.settings().script_max_time;
    }
    if (most_ms <= 0) return;
    state_ = std::make_shared<State>(flow.session.link().context());
    state_->timer.expires_after(std::chrono::milliseconds(most_ms));
    proxy::Hub& hub = flow.session.link().hub(place);
    state_->timer.async_wait([state = state_, &hub, node = std::move(node),
                              protocol = flow.reply.protocol()](const boost::system::error_code& error) {
      if (error || state->ended) return;
      state->killer = hub.take(node, protocol);
      state->killer->send_unanswered(proxy::command("SCRIPT", "KILL"));
    });
  }
  /// The script is through. Returns whether its time was up.
  bool end() {
    if (!state_) return false;
    state_->ended = true;
    state_->timer.cancel();
    if (!state_->killer) return false;
    flow_.session.link().hub(place_).give_back(std::move(state_->killer), false);
    return true;
  }

 private:
  struct State {
    explicit State(asio::io_context& context) : timer(context) {}
    asio::steady_timer timer;
    std::shared_ptr<proxy::Channel> killer;
    bool ended = false;
  };
  Flow& flow_;
  Place& place_;
  std::shared_ptr<State> state_;  // the timer's, too
};

/// A script runs at an upstream.
struct UnderWay {
  explicit UnderWay(Place& place) : upstream(*place.upstream) { ++upstream.scripts; }
  ~UnderWay() { --upstream.scripts; }
  UnderWay(const UnderWay&) = delete;
  UnderWay& operator=(const UnderWay&) = delete;

  proxy::Upstream& upstream;
};

/// Sends what runs a script on a connection that nobody else waits behind: it may take long.
Awaitable<Bytes> ask_alone(Flow& flow, Place& place, int slot, View request) {
  Relay& relay = flow.session.relay();
  const UnderWay under_way(place);
  if (place.upstream->is_cluster()) {
    std::optional<TimeLimit> limit;
    // Handed on by its address: g++ 12 destroys what is made for a parameter within a co_await twice.
    const std::function<void(const proxy::Address& node)> begin = [&](const proxy::Address& node) {
      if (limit) limit->end();
      limit.emplace(flow, place, node);
    };
    Bytes reply = co_await ask_own(flow, place, slot, request, 1, {.patient = true}, &begin);
    if (limit && limit->end() && reply.find("Script killed by user") != Bytes::npos)
      throw CommandError(script_out_of_time);
    co_return reply;
  }
  proxy::Channel& channel = relay.pin(place, pin::blocked);
  TimeLimit limit(flow, place, place.upstream->address());
  Bytes reply = co_await ask(flow, channel, request, 1, {.patient = true});
  const bool expired = limit.end();
  relay.unpin(place, pin::blocked);
  if (expired && reply.find("Script killed by user") != Bytes::npos) throw CommandError(script_out_of_time);
  co_return reply;
}

/// EVAL and its kin, SCRIPT RUN, SCRIPT CALL.
Awaitable<void> script(Flow& flow) {
  Place* place = flow.place;
  if (!runs_graph(flow, *flow.entry, flow.args())) {
    if (!place->prefix().empty() && flow.entry->full_name.starts_with("evalsha") && !place->url.upstream.lua_trusted) {
      throw CommandError("NOSCRIPT No matching script. Please use EVAL.");
    }
    refuse_under_prefix(*place);
    {
      const std::lock_guard guard(flow.server.lock());
      flow.server.dispatcher().show_flow(flow.session, *flow.entry, flow.args());
    }
    Buffer request;
    proxy::append_command(request, flow.views);
    flow.reply.raw(co_await ask_alone(flow, *place, slot_of(*place, *flow.entry, flow.args()), request.view()));
    co_return;
  }
  if (flow.entry->full_name == "script|call") {
    // Its keys are in the document.
    const std::lock_guard guard(flow.server.lock());
    const ScriptRequest request = read_script_request(flow.session, *flow.entry, flow.args());
    if (!request.keys.empty()) place = &flow.server.backends().of(request.keys.front());
  }
  script::LuaCall call = lua_call(flow, *place, *flow.entry, flow.args(), true);
  {
    const std::lock_guard guard(flow.server.lock());
    flow.server.dispatcher().show_flow(flow.session, *flow.entry, flow.args());
  }
  Bytes reply = co_await ask_alone(flow, *place, call.slot, call.request);
  if (script::is_no_script(proxy::error_text(reply))) {
    script::say_text(call.words, call.lua);
    const Bytes with_text = in_resp(call.words);
    reply = co_await ask_alone(flow, *place, call.slot, with_text);
  }
  write_script_reply(flow, call, reply);
}

// SCRIPT LOAD script
Awaitable<void> script_load(Flow& flow) {
  if (script::looks_like_graph(flow.words[2])) {
    const std::lock_guard guard(flow.server.lock());
    flow.reply.bulk(View(load_script(flow.session, flow.words[2]).sha));
    co_return;
  }
  Bytes reply;
  for (Place* const place : upstreams(flow)) {
    refuse_under_prefix(*place);
    reply = co_await ask_nodes(flow, *place, flow.views);
    if (reply.starts_with('-')) break;
  }
  flow.reply.raw(reply);
}

// SCRIPT EXISTS sha1 [sha1 ...]: known here, or at the upstreams.
Awaitable<void> script_exists(Flow& flow) {
  std::vector<bool> found;
  {
    const std::lock_guard guard(flow.server.lock());
    for (const View sha : flow.args().from(2)) found.push_back(flow.server.scripts().library().find(sha) != nullptr);
  }
  for (Place* const place : upstreams(flow)) {
    const Bytes reply = co_await ask_nodes(flow, *place, flow.views);
    ReplyCursor cursor(reply);
    if (cursor.is_error()) throw CommandError(cursor.text());
    cursor.enter();
    for (size_t i = 0; i < found.size(); ++i, cursor.skip()) found[i] = found[i] || cursor.integer() == 1;
  }
  flow.reply.array(found.size());
  for (const bool each : found) flow.reply.integer(each ? 1 : 0);
}

// SCRIPT FLUSH [ASYNC | SYNC]
Awaitable<void> script_flush(Flow& flow) {
  {
    const std::lock_guard guard(flow.server.lock());
    flow.entry->command->run.session(flow.session, flow.args(), flow.reply);
    for (Place* const place : upstreams(flow)) place->lua->forget();
  }
  for (Place* const place : upstreams(flow)) {
    if (!place->prefix().empty() && !place->url.upstream.lua_trusted) continue;  // it is not for us to empty
    const Bytes reply = co_await ask_nodes(flow, *place, flow.views);
    if (reply.starts_with('-')) throw CommandError(proxy::error_text(reply));
  }
}

// SCRIPT KILL: the script that runs here, else the one that runs there.
Awaitable<void> script_kill(Flow& flow) {
  {
    const std::lock_guard guard(flow.server.lock());
    if (flow.server.scripts().running()) {
      flow.entry->command->run.session(flow.session, flow.args(), flow.reply);
      co_return;
    }
  }
  Bytes reply;
  for (Place* const place : upstreams(flow)) {
    if (place->upstream->is_cluster()) {
      reply = co_await kill_script_in_cluster(flow, *place);
      if (!reply.starts_with('-')) break;
      continue;
    }
    // On a connection of its own: what others sent waits behind the script.
    proxy::Channel& channel = flow.session.relay().pin(*place, pin::blocked);
    Buffer request;
    proxy::append_command(request, flow.views);
    reply = co_await ask(flow, channel, request.view(), 1, {.anywhere = true});
    flow.session.relay().unpin(*place, pin::blocked);
    if (!reply.starts_with('-')) break;
  }
  flow.reply.raw(reply);
}

}  // namespace redipy::flows
