// SPDX-License-Identifier: Apache-2.0
//
// See dispatch.h. Plain data commands go to the backend in runs, as long as nothing but their rows decides about them;
// everything else passes the gates one by one.
#include "server/dispatch.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "core/base/text.h"
#include "core/base/ticks.h"
#include "core/command/key_finder.h"
#include "server/cluster_ways.h"
#include "server/flows.h"
#include "server/redacted.h"
#include "server/server.h"
#include "server/session.h"

namespace redipy {

namespace {

bool arity_fits(const Command& command, size_t words) {
  const auto given = static_cast<int>(words);
  return command.arity >= 0 ? given == command.arity : given >= -command.arity;
}

/// What a transaction may ask about the keyspace of its one backend, where there are several.
bool reads_whole_keyspace(const Command& command) {
  return command.name == "KEYS" || command.name == "DBSIZE" || command.name == "RANDOMKEY";
}

/// Has another value until it goes.
template <class T>
struct Restored {
  Restored(T& value, T meanwhile) : value_(value), before_(std::exchange(value, meanwhile)) {}
  ~Restored() { value_ = before_; }
  Restored(const Restored&) = delete;
  Restored& operator=(const Restored&) = delete;

 private:
  T& value_;
  const T before_;
};

}  // namespace

Dispatcher::Dispatcher(Server& server)
    : server_(server),
      foreign_command_{"", "", -1, flag::write, no_keys},
      foreign_{
          &foreign_command_, nullptr, Group::generic, {}, static_cast<uint32_t>(server.commands().entries().size()),
          "unknown"},
      ways_(ways(server.commands())) {}

bool Dispatcher::is_plain(const Request& request) const {
  if (!request.entry) return false;
  const Command& command = *request.entry->command;
  return command.run.data && !command.is(flag::blocking | flag::not_yet) && arity_fits(command, request.words);
}

size_t Dispatcher::run(Session& session, Scratch& scratch, ReplyWriter& reply) {
  // What is evicted for the limit's sake goes before the requests, and so do the messages about it.
  if (server_.settings().maxmemory > 0) {
    server_.make_room();
    if (session.has_mail()) session.collect_mail(reply.output());
  }
  current_ = &session;
  current_reply_ = &reply;
  ++server_.statistics().eventloop_cycles;
  output_limit_ = session.output_limit().hard_bytes;
  ns_per_tick_ = ticks::ns_per_tick();
  started_ = ticks::now();
  const size_t count = scratch.requests.size();
  size_t taken = 0;
  size_t looked_ahead = 0;
  const bool simple = server_.backends().simple();
  while (taken < count && !session.suspended() && !session.closing && !session.killed &&
         !reply.output().reached_limit()) {
    if (!simple) {
      const size_t more = run_routed(session, scratch, taken, reply);
      if (more == 0) break;
      taken += more;
      continue;
    }
    if (session.plain()) {
      size_t last = taken;
      while (last < count && is_plain(scratch.requests[last])) {
        const bool alike = output_limit_ == 0 || scratch.requests[last].entry->command->is(flag::write) ==
                                                     scratch.requests[taken].entry->command->is(flag::write);
        if (!alike) break;
        ++last;
      }
      if (last > taken) {
        limit_output(reply, *scratch.requests[taken].entry->command);
        run_plain(session, scratch.words, std::span<const Request>(scratch.requests).subspan(taken, last - taken),
                  server_.memory(), reply);
        taken = last;
        continue;
      }
    }
    const Request& request = scratch.requests[taken];
    const Args args(scratch.words.data() + request.first_word, request.words);
    if (taken >= looked_ahead) looked_ahead = look_ahead(session, scratch, taken);
    if (run_single(session, request, args, reply)) ++taken;
  }
  reply.output().set_limit(Buffer::no_limit);
  server_.tracking().send_broadcasts();
  finish(session);
  current_ = nullptr;
  current_reply_ = nullptr;
  if (session.has_mail()) session.wake();  // a script runs: nobody else's work is finished now
  return taken;
}

/// Scripts in a row are no batch of a backend, but their keys are asked for ahead as those of one are. Returns up to
/// where.
size_t Dispatcher::look_ahead(const Session& session, const Scratch& scratch, size_t first) {
  constexpr size_t most = 32;
  const auto is_script = [&](const Request& request) {
    return request.entry && request.entry->group == Group::scripting && request.entry->command->keys.count > 0;
  };
  size_t last = first;
  while (last < scratch.requests.size() && last - first < most && is_script(scratch.requests[last])) ++last;
  if (last - first < 2) return first + 1;
  Batch batch;
  batch.database = session.database;
  batch.words = scratch.words;
  batch.requests = std::span<const Request>(scratch.requests).subspan(first, last - first);
  server_.memory().look_ahead(batch);
  return last;
}

/// What only reads stops where its reply gets larger than its client may let wait: the connection is closed then. What
/// writes is never cut off half way.
void Dispatcher::limit_output(ReplyWriter& reply, const Command& command) {
  const bool limited = output_limit_ > 0 && !command.is(flag::write);
  reply.output().set_limit(limited ? output_limit_ : Buffer::no_limit);
}

Batch Dispatcher::plain_batch(const Session& session, std::span<const View> words, std::span<const Request> requests,
                              ReplyWriter& reply) {
  Batch batch;
  batch.database = session.database;
  batch.touch = !session.no_touch;
  batch.words = words;
  batch.requests = requests;
  batch.reply = &reply;
  batch.observer = this;
  return batch;
}

void Dispatcher::run_plain(Session& session, std::span<const View> words, std::span<const Request> requests,
                           Backend& backend, ReplyWriter& reply) {
  Batch batch = plain_batch(session, words, requests, reply);
  session.last_command = requests.back().entry;
  backend.run(batch);
}

/// False if the request is to be taken up again later (CLIENT PAUSE).
bool Dispatcher::run_single(Session& session, const Request& request, const Args& args, ReplyWriter& reply) {
  const size_t mark = reply.mark();
  Verdict verdict = admit(session, request, args);
  if (verdict.kind == Verdict::postpone) {
    session.paused = true;
    return false;
  }
  session.last_command = request.entry;
  if (session.silenced()) current_reply_ = nullptr;  // its mail waits until the reply is taken back
  const bool caching = session.tracking.caching;
  switch (verdict.kind) {
    case Verdict::refuse:
      reject(session, request, verdict.error, reply);
      break;
    case Verdict::queue:
      if (const View refusal = server_.backends().simple() ? View() : crossing(session, request, args);
          !refusal.empty()) {
        reject(session, request, refusal, reply);
        break;
      }
      if (session.transaction.place && flows::tries_queueing(session, *request.entry)) {
        start_flow(session, flows::queue, *request.entry, args, session.transaction.place);
        break;
      }
      queue(session, *request.entry, args);
      reply.status("QUEUED");
      break;
    default:
      run_admitted(session, request, std::span<const View>(args.begin(), args.end()), reply);
      break;
  }
  if (caching && !session.transaction.open) session.tracking.caching = false;
  current_reply_ = &reply;
  if (session.silenced()) reply.rewind(mark);
  after_reply_mode(session);
  finish(session);
  return true;
}

/// CLIENT REPLY SKIP is about one request.
void Dispatcher::after_reply_mode(Session& session) {
  if (session.reply_mode == Session::ReplyMode::skip) session.reply_mode = Session::ReplyMode::on;
  if (session.reply_mode == Session::ReplyMode::skip_next) session.reply_mode = Session::ReplyMode::skip;
}

void Dispatcher::reject(Session& session, const Request& request, View error, Reply& reply) {
  if (request.entry) ++server_.statistics().commands[request.entry->id].rejected;
  if (request.entry && request.entry->command->name == "EXEC") {
    // An EXEC that is refused ends its transaction.
    session.transaction.discard();
    session.transaction.broken = false;
    session.transaction.place = nullptr;
    server_.watches().unwatch(session);
    const View reason = error.starts_with("ERR ") ? error.substr(4) : error;
    const Bytes text = "EXECABORT Transaction discarded because of: " + Bytes(reason);
    reply.error(text);
    return count_error(text);
  }
  reply.error(error);
  count_error(error);
  if (session.transaction.open) session.transaction.failed = true;
}

/// Why a command cannot be part of the session's transaction; notes whose keys that is about.
View Dispatcher::crossing(Session& session, const Request& request, const Args& args) {
  const Way way = this->way(*request.entry);
  Transaction& transaction = session.transaction;
  const Destination destination = server_.backends().destination(request.entry, args);
  if (destination.kind == Destination::crossed) return error::crossed_backends;
  Place& place = destination.kind == Destination::all && transaction.place ? *transaction.place : *destination.place;
  if (destination.kind == Destination::all && !reads_whole_keyspace(*request.entry->command)) {
    return error::crossed_backends;
  }
  if (place.upstream) {
    if (place.rewriting && is_foreign(request.entry)) return error::unknown_under_prefix;
    if (way == Way::subscribe || request.entry->full_name == "client|tracking" ||
        request.entry->full_name == "client|no-touch") {
      return "ERR Command not allowed inside a transaction at an upstream";
    }
    const View name = request.entry->command->name;
    const bool in_part = !place.prefix().empty() || place.upstream->is_cluster();
    const bool by_pattern =
        (name == "KEYS" || name == "SCAN") && (!place.upstream->is_cluster() || slot_of_prefix(place.prefix()) >= 0);
    if (way == Way::keyspace && in_part && !by_pattern) {
      return "ERR what takes several steps at an upstream cannot be part of a transaction";
    }
  }
  const bool on_data = way == Way::forward || way == Way::blocking || way == Way::keyspace ||
                       request.entry->command->keys.count > 0 || request.entry->command->run.data;
  if (!on_data) return {};
  if (transaction.place && transaction.place != &place) return error::crossed_backends;
  if (!transaction.place) transaction.slot = -1;
  transaction.place = &place;
  if (place.upstream && place.upstream->is_cluster())
    return joining_slot(transaction.slot, place, *request.entry, args);
  return {};
}

void Dispatcher::queue(Session& session, const CommandTable::Entry& entry, const Args& args) {
  Transaction& transaction = session.transaction;
  QueuedCommand& queued = transaction.queue.emplace_back();
  queued.entry = &entry;
  queued.words.assign(args.begin(), args.end());
  for (const View word : args) transaction.bytes += word.size() + sizeof(Bytes);
}

void Dispatcher::run_admitted(Session& session, const Request& request, std::span<const View> words,
                              ReplyWriter& reply) {
  const Args args(words);
  const Command& command = *request.entry->command;
  started_ = ticks::now();
  if (!server_.backends().simple() && !here_ && run_elsewhere(session, request, args, reply)) return;
  if (command.run.session) return run_session_command(session, request, args, reply);
  if (!command.is(flag::blocking)) return run_data(session, request, words, reply);
  const size_t mark = reply.mark();
  try {
    const bool timeout_first = command.name == "BLMPOP" || command.name == "BZMPOP";
    session.wait.deadline = args.timeout(timeout_first ? 1 : args.size() - 1, server_.clock().now_ms());
  } catch (const CommandError& refusal) {
    reply.error(refusal.what());
    refused(request, args, refusal.what());
    return;
  }
  run_data(session, request, words, reply);
  if (reply.mark() == mark) wait_for_keys(session, request, args);
}

void Dispatcher::run_data(Session& session, const Request& request, std::span<const View> words, Reply& reply,
                          const Place* place) {
  Request only = request;
  only.first_word = 0;
  Batch batch;
  batch.database = session.database;
  batch.touch = !session.no_touch;
  batch.words = words;
  batch.requests = std::span<const Request>(&only, 1);
  batch.reply = &reply;
  batch.observer = this;
  if (current_reply_) limit_output(*current_reply_, *request.entry->command);
  (place ? *place->owner() : server_.backend_of(*request.entry, Args(words))).run(batch);
  if (current_reply_) current_reply_->output().set_limit(Buffer::no_limit);
}

void Dispatcher::run_session_command(Session& session, const Request& request, const Args& args, Reply& reply) {
  const size_t mark = reply.mark();
  const int64_t started = started_;  // EXEC runs others in between
  try {
    request.entry->command->run.session(session, args, reply);
  } catch (const CommandError& refusal) {
    reply.rewind(mark);
    reply.error(refusal.what());
    started_ = started;
    refused(request, args, refusal.what());
    return;
  }
  started_ = started;
  if (!session.wait.active()) return ran(request, args);
  if (!server_.monitors().empty()) feed_monitors(*request.entry, args);
}

void Dispatcher::execute(Session& session, const CommandTable::Entry& entry, const Args& args, Reply& reply) {
  const Request request{&entry, 0, static_cast<uint32_t>(args.size())};
  session.last_command = &entry;
  started_ = ticks::now();
  if (entry.command->run.session) return run_session_command(session, request, args, reply);
  const size_t mark = reply.mark();
  if (entry.command->is(flag::blocking)) {
    try {
      const bool timeout_first = entry.command->name == "BLMPOP" || entry.command->name == "BZMPOP";
      args.timeout(timeout_first ? 1 : args.size() - 1, server_.clock().now_ms());
    } catch (const CommandError& refusal) {
      reply.error(refusal.what());
      refused(request, args, refusal.what());
      return;
    }
  }
  run_data(session, request, std::span<const View>(args.begin(), args.end()), reply);
  if (reply.mark() == mark) {
    reply_nothing(entry, reply, false);
    account(entry, args, false);
  }
}

void Dispatcher::reply_nothing(const CommandTable::Entry& entry, Reply& reply, bool timed_out) {
  const View name = entry.command->name;
  const bool one_element = name == "BLMOVE" || name == "BRPOPLPUSH";
  if (one_element && !timed_out) {
    reply.null();
  } else {
    reply.null_array();
  }
}

void Dispatcher::wait_for_keys(Session& session, const Request& request, const Args& args) {
  Wait& wait = session.wait;
  wait.kind = Wait::keys;
  wait.entry = request.entry;
  wait.words.assign(args.begin(), args.end());
  wait.database = session.database;
  for_each_key(*request.entry->command, args, [&](FoundKey found) {
    if ((found.flags & key::access) != 0) wait.names.emplace_back(args[found.index]);
  });
  server_.waiting().enter(session);
  server_.due_changed();
  if (!server_.monitors().empty()) feed_monitors(*request.entry, args);
}

void Dispatcher::execute_at(Session& session, Place& place, const CommandTable::Entry& entry, const Args& args,
                            Reply& reply) {
  const Request request{&entry, 0, static_cast<uint32_t>(args.size())};
  const Restored<Session*> caller(current_, &session);
  const Restored<ReplyWriter*> caller_reply(current_reply_, nullptr);
  run_data(session, request, std::span<const View>(args.begin(), args.end()), reply, &place);
}

bool Dispatcher::is_remote_in_transaction(const CommandTable::Entry& entry) const {
  const Way way = this->way(entry);
  if (way == Way::steps) return entry.group == Group::scripting || entry.full_name.starts_with("wait");
  return way == Way::forward || way == Way::blocking || way == Way::keyspace;
}

void Dispatcher::count_remote(Session& session, const CommandTable::Entry& entry) {
  ++server_.statistics().commands_processed;
  if (&entry != &foreign_) ++server_.statistics().commands[entry.id].calls;
  ++session.commands_run;
}

bool Dispatcher::retry(Session& session) {
  const Restored<Session*> caller(current_, &session);
  const Restored<ReplyWriter*> caller_reply(current_reply_, nullptr);
  const Restored<int64_t> caller_started(started_, ticks::now());
  const Restored<bool> retrying(retrying_, true);
  std::vector<View> words(session.wait.words.begin(), session.wait.words.end());
  const Request request{session.wait.entry, 0, static_cast<uint32_t>(words.size())};
  ReplyWriter& reply = session.inbox();
  const size_t mark = reply.mark();
  run_data(session, request, words, reply);
  return reply.mark() != mark;
}

void Dispatcher::waited_in_vain(Session& session, View error) {
  const Wait& wait = session.wait;
  Session* const caller = std::exchange(current_, &session);
  const int64_t caller_started = std::exchange(started_, ticks::now());
  if (!error.empty()) count_error(error);
  const std::vector<View> words(wait.words.begin(), wait.words.end());
  account(*wait.entry, Args(std::span<const View>(words)), !error.empty());
  current_ = caller;
  started_ = caller_started;
}

void Dispatcher::serve_waiting() {
  if (serving_) return;
  const Restored<bool> serving(serving_, true);
  server_.waiting().serve(*this);
}

/// What follows from a command once its reply is written.
void Dispatcher::finish(Session& session) {
  if (depth_ > 0) return;
  if (server_.waiting().any_ready()) serve_waiting();
  if (current_reply_ && session.has_mail()) session.collect_mail(current_reply_->output());
}

void Dispatcher::ran(const Request& request, const Args& args) {
  account(*request.entry, args, false);
  if (!server_.monitors().empty() && !retrying_) feed_monitors(*request.entry, args);
  if (current_ && current_->tracking.on && request.entry->command->is(flag::read)) {
    server_.tracking().remember(*current_, *request.entry->command, args);
  }
  if (current_) finish(*current_);
}

void Dispatcher::refused(const Request& request, const Args& args, View error) {
  count_error(error);
  account(*request.entry, args, true);
  if (!server_.monitors().empty() && !retrying_) feed_monitors(*request.entry, args);
  if (current_) finish(*current_);
}

void Dispatcher::rejected(const Request& request, const Args& /*args*/, View error) {
  count_error(error);
  ++server_.statistics().commands[request.entry->id].rejected;
}

void Dispatcher::count_error(View error) {
  Statistics& statistics = server_.statistics();
  ++statistics.error_replies;
  const View code = error.substr(0, error.find(' '));
  const auto found = statistics.errors.find(code);
  if (found != statistics.errors.end()) {
    ++found->second;
  } else if (statistics.errors.size() < 128) {
    statistics.errors.emplace(code, 1);
  }
}

void Dispatcher::account(const CommandTable::Entry& entry, const Args& args, bool failed) {
  const int64_t now = ticks::now();
  const auto ns = static_cast<int64_t>(static_cast<double>(now - started_) * ns_per_tick_);
  started_ = now;
  Statistics& all = server_.statistics();
  CommandStatistics& own = all.commands[entry.id];
  ++all.commands_processed;
  ++own.calls;
  own.nanoseconds += static_cast<uint64_t>(ns);
  if (failed) ++own.failed;
  const Settings& settings = server_.settings();
  if (settings.latency_tracking) {
    if (!own.latency) own.latency = std::make_unique<LatencyHistogram>();
    own.latency->add(static_cast<uint64_t>(ns));
  }
  if (current_) ++current_->commands_run;
  if (ns < slow_ns_) return;
  const int64_t us = ns / 1000;
  if (settings.slowlog_log_slower_than >= 0 && us >= settings.slowlog_log_slower_than && current_ &&
      !entry.command->is(flag::no_slowlog)) {
    const Redacted shown(entry, args);
    server_.slow_log().add(shown.args(), server_.clock().now_ms() / 1000, us, current_->link().peer_address(),
                           current_->name, static_cast<size_t>(settings.slowlog_max_len));
  }
  if (settings.latency_monitor_threshold > 0 && us / 1000 >= settings.latency_monitor_threshold) {
    server_.latency_monitor().add(entry.command->is(flag::fast) ? "fast-command" : "command",
                                  server_.clock().now_ms() / 1000, static_cast<uint32_t>(us / 1000));
  }
}

void Dispatcher::settings_changed(const Settings& settings) {
  constexpr int64_t never = std::numeric_limits<int64_t>::max();
  const auto ns = [](int64_t amount, int64_t unit) { return amount > never / unit ? never : amount * unit; };
  slow_ns_ = never;
  if (settings.slowlog_log_slower_than >= 0) slow_ns_ = ns(settings.slowlog_log_slower_than, 1000);
  if (settings.latency_monitor_threshold > 0) {
    slow_ns_ = std::min(slow_ns_, ns(settings.latency_monitor_threshold, 1'000'000));
  }
}

int64_t Dispatcher::slow_ticks() const {
  constexpr auto never = std::numeric_limits<int64_t>::max();
  return slow_ns_ == never ? never : static_cast<int64_t>(static_cast<double>(slow_ns_) / ticks::ns_per_tick());
}

void Dispatcher::ran_in_script(const CommandTable::Entry& entry, const Args& args, bool failed) {
  Statistics& all = server_.statistics();
  CommandStatistics& own = all.commands[entry.id];
  ++all.commands_processed;
  ++own.calls;
  if (failed) ++own.failed;
  if (script_calls_ % script_calls_per_timed == 0) {
    const auto elapsed = static_cast<double>(ticks::now() - started_);
    const auto ns = static_cast<uint64_t>(elapsed * ns_per_tick_);
    own.nanoseconds += ns * script_calls_per_timed;
    if (server_.settings().latency_tracking) {
      if (!own.latency) own.latency = std::make_unique<LatencyHistogram>();
      own.latency->add(ns);
    }
  }
  if (!server_.monitors().empty()) show_monitors(entry, args, true);
  if (current_ && current_->tracking.on && entry.command->is(flag::read)) {
    server_.tracking().remember(*current_, *entry.command, args);
  }
}

Dispatcher::Suspended::Suspended(Dispatcher& dispatcher)
    : dispatcher_(dispatcher),
      current_(std::exchange(dispatcher.current_, nullptr)),
      current_reply_(std::exchange(dispatcher.current_reply_, nullptr)),
      output_limit_(dispatcher.output_limit_),
      started_(dispatcher.started_),
      here_(std::exchange(dispatcher.here_, nullptr)),
      held_(std::exchange(dispatcher.held_, nullptr)) {}

Dispatcher::Suspended::~Suspended() {
  dispatcher_.current_ = current_;
  dispatcher_.current_reply_ = current_reply_;
  dispatcher_.output_limit_ = output_limit_;
  dispatcher_.started_ = started_;
  dispatcher_.here_ = here_;
  dispatcher_.held_ = held_;
}

void Dispatcher::feed_monitors(const CommandTable::Entry& entry, const Args& args) {
  if (!entry.command->is(flag::no_monitor | flag::admin)) show_monitors(entry, args, false);
}

void Dispatcher::show_monitors(const CommandTable::Entry& entry, const Args& args, bool in_script) {
  if (!current_) return;
  const int64_t now = server_.clock().now_us();
  Bytes fraction = std::to_string(now % 1000000);
  fraction.insert(0, 6 - fraction.size(), '0');
  Bytes peer = current_->link().peer_address();
  if (peer.starts_with('/')) peer = "unix:" + peer.substr(0, peer.rfind(':'));
  if (in_script) peer = "lua";  // as Redis calls it
  Bytes line =
      std::to_string(now / 1000000) + "." + fraction + " [" + std::to_string(current_->database) + " " + peer + "]";
  const Redacted shown(entry, args);
  for (const View word : shown.args()) line += " " + quote(word);
  for (Session* monitor : server_.monitors()) {
    monitor->inbox().status(line);
    monitor->wake();
  }
}

}  // namespace redipy
