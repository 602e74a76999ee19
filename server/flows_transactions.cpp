// SPDX-License-Identifier: Apache-2.0
//
// WATCH and EXEC where the keys are an upstream's. A transaction is queued here, as always, and sent as one block,
// MULTI … EXEC, so it takes a shared connection like any command. What is watched is watched there, on a connection of
// the session's own, which it keeps until EXEC, DISCARD or UNWATCH.
#include <algorithm>
#include <mutex>

#include "core/resp/reply_cursor.h"
#include "proxy/guide.h"
#include "proxy/hub.h"
#include "proxy/rejection.h"
#include "proxy/words.h"
#include "server/dispatch.h"
#include "server/flows.h"
#include "server/flows_cluster.h"
#include "server/relay.h"
#include "server/scripts.h"
#include "server/server.h"
#include "server/session.h"
#include "server/upstream_scripts.h"

namespace redipy::flows {

namespace {

/// One command of a transaction.
struct Step {
  QueuedCommand command;
  std::vector<View> words{};
  bool remote = false;
  bool meets = false;        ///< PUBLISH in a cluster: asked behind the block, where all who subscribe are
  script::LuaCall script{};  ///< of one that runs a graph
  bool is_script = false;

  Args args() const { return Args(std::span<const View>(words)); }
};

struct Taken {
  std::vector<Step> steps;
  bool failed = false;
  bool broken = false;
};

/// Ends the transaction on our side; what was queued is given back.
Taken take(Session& session) {
  Taken taken;
  Transaction& transaction = session.transaction;
  taken.failed = transaction.failed;
  taken.broken = transaction.broken;
  for (QueuedCommand& queued : transaction.queue) taken.steps.push_back({std::move(queued)});
  for (Step& step : taken.steps) step.words.assign(step.command.words.begin(), step.command.words.end());
  transaction.discard();
  transaction.broken = false;
  transaction.place = nullptr;
  session.server().watches().unwatch(session);
  return taken;
}

/// The slot of a whole transaction, with one command more.
void join(int& slot, int of_step) {
  if (of_step < 0) return;
  if (slot >= 0 && slot != of_step) throw CommandError(error::crossed_slots);
  slot = of_step;
}

/// Forgets what is watched there.
Awaitable<void> forget(Flow& flow, Place& place) {
  Relay& relay = flow.session.relay();
  Relay::Pin* const pinned = relay.pinned_for(place, pin::watching);
  if (!pinned) co_return;
  const Bytes request = proxy::command("UNWATCH");
  Bytes reply;
  if (pinned->channel->refusal().empty()) reply = co_await ask(flow, *pinned->channel, request, 1);
  // Where that was refused (NOPERM), the connection still watches: it is nobody else's.
  if (!reply.starts_with('+')) relay.use_up(place, pin::watching);
  relay.unpin(place, pin::watching);
}

/// What the upstream refuses all commands with now (BUSY), EXEC as well; empty if there is no sign of that.
Awaitable<Bytes> refusal_of_all(Flow& flow, Place& place) {
  if (place.upstream->is_cluster() || !place.upstream->may_reject(proxy::Hub::now_ms())) co_return Bytes();
  proxy::Channel& channel = flow.session.link().hub(place).shared(flow.session.protocol(), flow.session.id());
  if (!channel.refusal().empty()) co_return Bytes();
  const Bytes request = proxy::command("PING");
  const Bytes reply = co_await ask(flow, channel, request, 1, {.repeatable = true, .anywhere = true});
  if (!reply.starts_with('-')) co_return Bytes();
  co_return Bytes(proxy::error_text(reply));
}

/// What of a transaction is not about keys but about who listens, as one block at the node where they meet. The replies
/// in order, or one error.
Awaitable<Bytes> ask_meeting(Flow& flow, Place& place, const std::vector<Step>& steps) {
  Buffer block;
  uint32_t count = 0;
  proxy::append_command(block, {"MULTI"});
  for (const Step& step : steps) {
    if (!step.meets) continue;
    block.append(encode(place, *step.command.entry, step.args()));
    ++count;
  }
  if (count == 0) co_return Bytes();
  proxy::append_command(block, {"EXEC"});
  const std::vector<Part> parts = {{meeting_slot(place), Bytes(block.view()), true}};
  const proxy::Traits traits{.whole = true};
  const std::vector<Bytes> replies = co_await ask_parts(flow, place, parts, traits, count + 2);
  ReplyCursor last(replies[0]);
  for (uint32_t i = 0; i < count + 1 && !last.is_error(); ++i) last.skip();
  co_return Bytes(last.raw());
}

/// What was run at the upstream counts, and MONITOR sees it.
void count(Flow& flow, const std::vector<Step>& steps) {
  Dispatcher& dispatcher = flow.server.dispatcher();
  const std::lock_guard guard(flow.server.lock());
  for (const Step& step : steps) {
    if (!step.remote && !step.meets) continue;
    dispatcher.count_remote(flow.session, *step.command.entry);
    dispatcher.show_flow(flow.session, *step.command.entry, step.args());
  }
}

/// A single command that only reads is one step without a block around it, and so is not refused for want of memory, as
/// all commands are while they are queued.
bool goes_alone(const Step& step) {
  const Command& command = *step.command.entry->command;
  return command.is(flag::read) && command.run.data && !command.is(flag::write | flag::blocking) && !step.is_script;
}

/// Writes the block's replies: those that came, and in their places those of commands that are our own affair.
Awaitable<void> write_replies(Flow& flow, Place& place, std::vector<Step>& steps, ReplyCursor& results, View met) {
  flow.reply.array(steps.size());
  results.enter();
  ReplyCursor meeting(met);
  const bool has_met = !met.empty() && meeting.is_aggregate();
  if (has_met) meeting.enter();
  for (Step& step : steps) {
    if (step.meets) {
      flow.reply.raw(decode(place, *step.command.entry, Bytes(meeting.raw())));
      if (has_met) meeting.skip();
      continue;
    }
    if (step.remote) {
      const View raw = results.raw();
      if (step.is_script) {
        write_script_reply(flow, step.script, raw);
      } else {
        flow.reply.raw(decode(place, *step.command.entry, Bytes(raw)));
      }
      results.skip();
      continue;
    }
    FlowFunction function = nullptr;
    {
      const std::lock_guard guard(flow.server.lock());
      function = steps_inside(flow.session, *step.command.entry, place);
      if (!function) flow.server.dispatcher().execute(flow.session, *step.command.entry, step.args(), flow.reply);
    }
    if (function) co_await step_within(flow, function, *step.command.entry, step.command.words);
  }
}

}  // namespace

// WATCH key [key ...]
Awaitable<void> watch(Flow& flow) {
  Session& session = flow.session;
  Place& place = *flow.place;
  const bool in_cluster = place.upstream->is_cluster();
  if (in_cluster) slot_of(place, *flow.entry, flow.args());  // throws where there are several
  bool was_watching = false;
  {
    const std::lock_guard guard(flow.server.lock());
    if (session.transaction.open) throw CommandError("ERR WATCH inside MULTI is not allowed");
    was_watching = session.transaction.place != nullptr;
    if (session.transaction.place && session.transaction.place != &place) throw CommandError(error::crossed_backends);
    if (!session.transaction.place) session.transaction.slot = -1;
    session.transaction.place = &place;
  }
  if (in_cluster) co_return co_await watch_in_cluster(flow);
  proxy::Channel& channel = session.relay().pin(place, pin::watching);
  const Bytes request = encode(place, *flow.entry, flow.args());
  const Bytes reply = co_await ask(flow, channel, request, 1);
  if (reply.starts_with('-') && !was_watching) {
    // Nothing is watched: what comes next is a transaction like any other.
    {
      const std::lock_guard guard(flow.server.lock());
      session.transaction.place = nullptr;
      session.transaction.broken = false;
    }
    session.relay().unpin(place, pin::watching);
  } else if (!reply.starts_with('-')) {
    // For CLIENT LIST, and for a route that changes; the upstream knows who changes them.
    const std::lock_guard guard(flow.server.lock());
    const bool there = flow.server.session(session.id()) == &session;
    if (there) {
      for (const View key : flow.args().from(1)) flow.server.watches().watch(session, flow.database, key);
    }
  }
  flow.reply.raw(reply);
}

// UNWATCH
Awaitable<void> unwatch(Flow& flow) {
  Place* place = nullptr;
  {
    const std::lock_guard guard(flow.server.lock());
    place = flow.session.transaction.place;
    flow.session.transaction.place = nullptr;
    flow.session.transaction.broken = false;
    flow.server.watches().unwatch(flow.session);
  }
  if (place) co_await forget(flow, *place);
  flow.reply.ok();
}

// DISCARD
Awaitable<void> discard(Flow& flow) {
  Place* place = nullptr;
  {
    const std::lock_guard guard(flow.server.lock());
    place = flow.session.transaction.place;
    take(flow.session);
  }
  if (place) co_await forget(flow, *place);
  flow.reply.ok();
}

bool tries_queueing(Session& session, const CommandTable::Entry& entry) {
  const Place& place = *session.transaction.place;
  if (!place.upstream || place.upstream->is_cluster() || entry.group == Group::scripting) return false;
  if (!session.server().dispatcher().is_remote_in_transaction(entry)) return false;
  // With config=relay that is the upstream's limit, too; without room nothing at all is queued.
  const bool limited = place.url.upstream.relay_config && session.server().settings().maxmemory > 0;
  return limited || place.upstream->may_reject(proxy::Hub::now_ms());
}

// Whether an upstream would queue a command (OOM, BUSY) is asked where there is a reason to: it is queued in a block
// that is dropped again. Else EXEC tells.
Awaitable<void> queue(Flow& flow) {
  flow.only_queued = true;
  Place& place = *flow.place;
  Buffer block;
  proxy::append_command(block, {"MULTI"});
  try {
    block.append(encode(place, *flow.entry, flow.args()));
  } catch (const CommandError&) {
    const std::lock_guard guard(flow.server.lock());
    flow.session.transaction.failed = true;
    throw;
  }
  proxy::append_command(block, {"DISCARD"});
  // Not on a connection of its own, where DISCARD would end what is watched. Nothing is run, in whichever database.
  proxy::Channel& channel = flow.session.link().hub(place).shared(flow.session.protocol(), flow.session.id());
  Bytes replies = "+OK\r\n+QUEUED\r\n";
  if (channel.refusal().empty()) {
    replies = co_await ask(flow, channel, block.view(), 3, {.repeatable = true, .whole = true, .anywhere = true});
  }
  ReplyCursor cursor(replies);
  if (!cursor.is_error()) cursor.skip();
  const std::lock_guard guard(flow.server.lock());
  if (cursor.is_error()) {
    ++flow.server.statistics().commands[flow.entry->id].rejected;
    flow.session.transaction.failed = true;
    flow.reply.raw(cursor.raw());
  } else {
    Dispatcher::queue(flow.session, *flow.entry, flow.args());
    flow.reply.status("QUEUED");
  }
}

// EXEC
Awaitable<void> exec(Flow& flow) {
  Session& session = flow.session;
  Dispatcher& dispatcher = flow.server.dispatcher();
  Taken taken;
  Place* place = nullptr;
  {
    const std::lock_guard guard(flow.server.lock());
    place = session.transaction.place ? session.transaction.place : flow.place;
    taken = take(session);
  }
  Relay& relay = session.relay();
  Relay::Pin* const pinned = relay.pinned_for(*place, pin::watching);
  const bool watching = pinned != nullptr;
  const bool in_cluster = place->upstream->is_cluster();
  int slot = proxy::Errand::any_slot;
  if (taken.failed || taken.broken) {
    co_await forget(flow, *place);
    if (taken.failed) {
      const Bytes refusal = co_await refusal_of_all(flow, *place);
      throw CommandError("EXECABORT Transaction discarded because of" +
                         (refusal.empty() ? " previous errors." : ": " + refusal));
    }
    flow.reply.null_array();
    co_return;
  }

  Buffer block;
  proxy::append_command(block, {"MULTI"});
  uint32_t remote = 0;
  bool selects = false;
  bool runs_script = false;
  int selected = session.database;
  for (Step& step : taken.steps) {
    const CommandTable::Entry& entry = *step.command.entry;
    if (entry.full_name == "select") {
      // The database changes there for what follows in the block; here when the block is through.
      const auto index = step.args().integer(1);
      selected = static_cast<int>(index);
      const Bytes there = std::to_string(index + place->upstream->access()->database);
      proxy::append_command(block, {"SELECT", there});
      step.remote = true;
      selects = !in_cluster;  // which refuses all but 0
    } else if (runs_graph(flow, entry, step.args())) {
      step.script = lua_call(flow, *place, entry, step.args(), /*by_digits=*/false);
      join(slot, step.script.slot);
      block.append(step.script.request);
      step.remote = step.is_script = true;
    } else if (in_cluster && cluster_way(*place, entry, step.args()).kind == ClusterWay::meeting) {
      step.meets = true;
    } else if (dispatcher.is_remote_in_transaction(entry)) {
      if (in_cluster) join(slot, slot_of(*place, entry, step.args()));
      block.append(encode(*place, entry, step.args()));
      step.remote = true;
    }
    if (step.remote) ++remote;
    runs_script = runs_script || (step.remote && entry.group == Group::scripting);
  }
  const auto first = std::find_if(taken.steps.begin(), taken.steps.end(), [](const Step& step) { return step.remote; });
  if (remote == 1 && !watching && !in_cluster && goes_alone(*first)) {
    proxy::Channel& shared = channel_to(flow, *place);
    const Bytes request = encode(*place, *first->command.entry, first->args());
    const Bytes reply = co_await ask(flow, shared, request, 1, {.repeatable = true});
    const View fault = proxy::error_text(reply);
    if (fault.starts_with("UPSTREAM ")) throw CommandError(fault);
    if (proxy::is_rejection(fault)) throw CommandError("EXECABORT Transaction discarded because of: " + Bytes(fault));
    const Bytes result = "*1\r\n" + reply;
    ReplyCursor results(result);
    count(flow, taken.steps);
    co_await write_replies(flow, *place, taken.steps, results, View());
    co_return;
  }
  proxy::append_command(block, {"EXEC"});

  std::shared_ptr<proxy::Channel> own;
  proxy::Channel* channel = nullptr;
  if (watching) {
    own = pinned->channel;
    channel = own.get();
    if (pinned->asking) channel->send_unanswered(proxy::command("ASKING"));
  } else if (remote == 0) {
    // Nothing to ask.
  } else if (in_cluster) {
    // To wherever the slot is.
  } else if (selects || runs_script) {
    // Should the block be refused, a shared connection would be in another database than we think; and a script may
    // take long.
    own = session.link().hub(*place).take(session.protocol());
    channel = own.get();
  } else {
    channel = &channel_to(flow, *place);
  }
  Bytes replies;
  if (channel) {
    replies = co_await ask(flow, *channel, block.view(), remote + 2, {.patient = runs_script, .whole = true});
  } else if (remote == 0) {
    replies = "+OK\r\n*0\r\n";
  } else {
    const proxy::Traits traits{.patient = runs_script, .whole = true};
    // No conditional expression: g++ 12 destroys what is awaited in one twice.
    if (runs_script) {
      replies = co_await ask_own(flow, *place, slot, block.view(), remote + 2, traits);
    } else {
      replies = co_await ask_at(flow, *place, slot, block.view(), remote + 2, traits);
    }
  }
  if (own && !watching) session.link().hub(*place).give_back(std::move(own), !selects);
  if (in_cluster && watching) {
    if (const View found = proxy::redirection_in(replies); !found.empty()) {
      // What was watched has moved elsewhere, and may have changed there.
      session.link().hub(*place).guide().note_redirection(found, channel->address());
      relay.unpin(*place, pin::watching);
      flow.reply.null_array();
      co_return;
    }
  }
  if (watching) {
    if (selects && relay.pinned(*place)) channel->set_database(-1);
    // Without MULTI, EXEC does not end what is watched.
    if (!replies.starts_with('+')) relay.use_up(*place, pin::watching);
    relay.unpin(*place, pin::watching);
  }

  ReplyCursor results(replies);
  View refused;
  for (uint32_t i = 0; i < remote + 1; ++i) {
    // MULTI's own reply is an error only where nothing could be asked at all.
    if (i == 0 && results.is_error()) {
      flow.reply.raw(results.raw());
      co_return;
    }
    if (results.is_error() && refused.empty()) refused = results.raw();
    results.skip();
  }
  // Where the connection was lost on the way, our own error stands from there on, and the block may have been executed.
  const bool lost = refused.starts_with("-UPSTREAM ") && !results.raw().starts_with("-EXECABORT ");
  if (results.is_error() && !refused.empty() && !lost) {
    // Clients were told QUEUED when they sent it, so here they learn which error it was.
    throw CommandError("EXECABORT Transaction discarded because of: " + Bytes(proxy::error_text(refused)));
  }
  if (!results.is_aggregate()) {
    flow.reply.raw(results.raw());  // null: a watched key has changed; or an error
    co_return;
  }
  Bytes met;
  if (in_cluster) met = co_await ask_meeting(flow, *place, taken.steps);
  if (selects) {
    const std::lock_guard guard(flow.server.lock());
    session.database = selected;
  }
  count(flow, taken.steps);
  co_await write_replies(flow, *place, taken.steps, results, met);
}

}  // namespace redipy::flows
