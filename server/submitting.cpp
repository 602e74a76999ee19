// SPDX-License-Identifier: Apache-2.0
//
// The Dispatcher's way to executors and on them (executor.h): which requests are an executor's, how a run of them is
// handed over, and how they run there.
#include <algorithm>

#include "core/base/ticks.h"
#include "core/command/key_finder.h"
#include "server/dispatch.h"
#include "server/executor.h"
#include "server/script_request.h"
#include "server/server.h"
#include "server/session.h"
#include "server/session_task.h"

namespace redipy {

namespace {

bool arity_fits(const Command& command, size_t words) {
  const auto given = static_cast<int>(words);
  return command.arity >= 0 ? given == command.arity : given >= -command.arity;
}

/// Commands that run on any thread, and may stand in the midst of a run of requests for an executor.
bool goes_along_anywhere(const CommandTable::Entry& entry) {
  constexpr View names[] = {"ping", "echo", "multi", "exec", "discard", "unwatch"};
  return std::find(std::begin(names), std::end(names), entry.full_name) != std::end(names);
}

/// Those that would be an upstream's, if there were any.
bool goes_along_without_upstreams(const CommandTable::Entry& entry) {
  constexpr View names[] = {"select", "publish", "spublish"};
  return std::find(std::begin(names), std::end(names), entry.full_name) != std::end(names);
}

/// Of Way::steps, those that are about keys.
bool is_about_keys(const CommandTable::Entry& entry) {
  return entry.full_name == "watch" ||
         (entry.group == Group::scripting && (entry.command->keys.count > 0 || entry.full_name.starts_with("eval") ||
                                              entry.full_name == "script" || entry.full_name == "script|run"));
}

}  // namespace

Dispatcher::Here::Here(Dispatcher& dispatcher, Place& place, HeldMail& held) : dispatcher_(dispatcher) {
  dispatcher.here_ = &place;
  dispatcher.held_ = &held;
}

Dispatcher::Here::~Here() {
  dispatcher_.here_ = nullptr;
  dispatcher_.held_ = nullptr;
}

/// The place whose executor has to run the request; null if none.
Place* Dispatcher::executing_place(Session& session, const Request& request, const Args& args) const {
  if (!request.entry || !arity_fits(*request.entry->command, request.words)) return nullptr;
  const CommandTable::Entry& entry = *request.entry;
  const Way way = this->way(entry);
  if (way == Way::ours || way == Way::alive || way == Way::subscribe || entry.group == Group::pubsub) return nullptr;
  if (entry.full_name == "exec") {
    Place* const place = session.transaction.open ? session.transaction.place : nullptr;
    return place && place->executor ? place : nullptr;
  }
  if (session.transaction.open) return nullptr;  // it is queued, or refused
  Backends& backends = server_.backends();
  if (entry.full_name == "script|call") {
    Place& place = place_of_call(session, entry, args);
    return place.executor ? &place : nullptr;
  }
  if (way == Way::steps && !is_about_keys(entry)) return nullptr;
  const Destination destination = backends.destination(&entry, args);
  return destination.kind == Destination::one && destination.place->executor ? destination.place : nullptr;
}

/// SCRIPT CALL names its keys in a document.
Place& Dispatcher::place_of_call(Session& session, const CommandTable::Entry& entry, const Args& args) const {
  Backends& backends = server_.backends();
  if (backends.all().size() == 1) return backends.main();
  try {
    const ScriptRequest request = read_script_request(session, entry, args);
    if (!request.keys.empty()) return backends.of(request.keys.front());
  } catch (const CommandError&) {
    // Whoever runs it will find that, too.
  }
  return backends.main();
}

/// Whether the request may run at this executor, behind others.
bool Dispatcher::goes_along(Session& session, const Request& request, const Args& args, const Place& place) const {
  if (!request.entry) return false;
  const CommandTable::Entry& entry = *request.entry;
  if (entry.full_name == "exec" && session.transaction.open) {
    return !session.transaction.place || session.transaction.place == &place;
  }
  if (goes_along_anywhere(entry)) return true;
  if (!server_.backends().any_upstream() && goes_along_without_upstreams(entry)) return true;
  if (session.transaction.open) return !entry.command->is(flag::queued_never);
  return executing_place(session, request, args) == &place;
}

/// Hands over requests from `first` on, as many as can go together. Returns how many are done with: none while they are
/// under way.
size_t Dispatcher::submit(Session& session, Scratch& scratch, size_t first, Place& place, ReplyWriter& reply) {
  const auto args_of = [&](size_t i) {
    return Args(scratch.words.data() + scratch.requests[i].first_word, scratch.requests[i].words);
  };
  const Request& request = scratch.requests[first];
  const bool admitted = session.plain() && !request.entry->command->is(flag::not_yet);
  // Others are refused, or wait, without going there.
  if (!admitted && admit(session, request, args_of(first)).kind != Verdict::run) {
    return run_single(session, request, args_of(first), reply) ? 1 : 0;
  }
  if (const Bytes& refusal = place.executor->refusal(); !refusal.empty()) {
    reject(session, request, refusal, reply);
    return 1;
  }
  size_t last = first + 1;
  const bool one_place = server_.backends().all().size() == 1;
  while (last < scratch.requests.size() && !scratch.requests[last - 1].entry->command->is(flag::blocking)) {
    const Request& next = scratch.requests[last];
    const bool quick = one_place && is_plain(next) && !session.transaction.open;
    if (!quick && !goes_along(session, next, args_of(last), place)) break;
    ++last;
  }
  if (admitted) {
    if (const size_t taken = run_held(session, scratch, first, last, place, reply); taken > 0) return taken;
  }
  place.executor->submit(std::make_unique<SessionTask>(session, scratch, first, last));
  return 0;
}

/// Runs the first of these requests at once, as far as they only read what the place's executor holds in memory and is
/// not about to change. Returns how many.
size_t Dispatcher::run_held(Session& session, Scratch& scratch, size_t first, size_t last, Place& place,
                            ReplyWriter& reply) {
  const auto is_read = [&](const Request& request) {
    return is_plain(request) && !request.entry->command->is(flag::write);
  };
  size_t end = first;
  while (end < last && is_read(scratch.requests[end])) ++end;
  if (end == first) return 0;
  const auto requests = std::span<const Request>(scratch.requests).subspan(first, end - first);
  limit_output(reply, *requests.front().entry->command);
  const Batch batch = plain_batch(session, scratch.words, requests, reply);
  const size_t taken = place.executor->lend([&](sql::SqlBackend& backend) { return backend.run_held(batch); });
  if (taken > 0) session.last_command = requests[taken - 1].entry;
  return taken;
}

size_t Dispatcher::run_here(Session& session, std::span<const View> words, std::span<const Request> requests,
                            ReplyWriter& reply) {
  const Turn turn(*this, session, reply);
  output_limit_ = session.output_limit().hard_bytes;
  ns_per_tick_ = ticks::ns_per_tick();
  started_ = ticks::now();
  reply.set_protocol(session.protocol());
  Backend& backend = *here_->owner();
  const bool one_place = server_.backends().all().size() == 1;
  size_t taken = 0;
  while (taken < requests.size() && !session.waits() && !session.closing && !session.killed &&
         !reply.output().reached_limit()) {
    if (session.plain()) {
      size_t last = taken;
      while (last < requests.size() && is_plain(requests[last]) &&
             (output_limit_ == 0 ||
              requests[last].entry->command->is(flag::write) == requests[taken].entry->command->is(flag::write)) &&
             (one_place || goes_along(session, requests[last],
                                      Args(words.data() + requests[last].first_word, requests[last].words), *here_))) {
        ++last;
      }
      if (last > taken) {
        limit_output(reply, *requests[taken].entry->command);
        run_plain(session, words, requests.subspan(taken, last - taken), backend, reply);
        taken = last;
        continue;
      }
    }
    const Request& request = requests[taken];
    const Args args(words.data() + request.first_word, request.words);
    if (!goes_along(session, request, args, *here_)) break;
    if (!run_single(session, request, args, reply)) break;
    ++taken;
  }
  reply.output().set_limit(Buffer::no_limit);
  server_.tracking().send_broadcasts();
  finish(session);
  return taken;
}

/// In the place of a request that the database could not do.
void Dispatcher::fail_here(Session& session, const Request& request, const Args& /*args*/, View error,
                           ReplyWriter& reply) {
  const size_t mark = reply.mark();
  reject(session, request, error, reply);
  if (session.silenced()) reply.rewind(mark);
  after_reply_mode(session);
}

}  // namespace redipy
