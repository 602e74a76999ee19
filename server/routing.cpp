// SPDX-License-Identifier: Apache-2.0
//
// Requests for backends other than one memory: which way they go, and the quick one of these: runs of requests that are
// handed to an upstream's connection as the bytes they came in.
#include "server/routing.h"

#include <algorithm>

#include "core/base/ticks.h"
#include "core/command/key_finder.h"
#include "core/resp/request_parser.h"
#include "proxy/hub.h"
#include "proxy/words.h"
#include "server/cluster_ways.h"
#include "server/dispatch.h"
#include "server/flows.h"
#include "server/redacted.h"
#include "server/relay.h"
#include "server/server.h"
#include "server/session.h"

namespace redipy {

namespace {

struct Exception {
  View full_name;
  Way way;
};

/// Commands of the connection or the server that are about data all the same, by their full names.
constexpr Exception exceptions[] = {
    {"ping", Way::alive},
    {"publish", Way::forward},
    {"spublish", Way::forward},
    {"pubsub|channels", Way::forward},
    {"pubsub|numpat", Way::forward},
    {"pubsub|numsub", Way::forward},
    {"pubsub|shardchannels", Way::forward},
    {"pubsub|shardnumsub", Way::forward},
    {"memory|usage", Way::forward},
    {"debug|object", Way::forward},
    {"debug|digest", Way::forward},
    {"debug|digest-value", Way::forward},
    {"debug|reload", Way::forward},
    {"debug|populate", Way::forward},
    {"debug|set-active-expire", Way::forward},
    {"debug|sleep", Way::forward},
    {"lastsave", Way::forward},
    {"save", Way::forward},
    {"bgsave", Way::forward},
    {"bgrewriteaof", Way::forward},
    {"migrate", Way::forward},
    {"wait", Way::steps},
    {"waitaof", Way::steps},
    {"subscribe", Way::subscribe},
    {"psubscribe", Way::subscribe},
    {"ssubscribe", Way::subscribe},
    {"unsubscribe", Way::subscribe},
    {"punsubscribe", Way::subscribe},
    {"sunsubscribe", Way::subscribe},
    {"exec", Way::steps},
    {"watch", Way::steps},
    {"unwatch", Way::steps},
    {"discard", Way::steps},
    {"select", Way::steps},
    {"reset", Way::steps},
    {"hello", Way::steps},
    {"eval", Way::steps},
    {"evalsha", Way::steps},
    {"eval_ro", Way::steps},
    {"evalsha_ro", Way::steps},
    {"fcall", Way::blocking},  // may take long, and FUNCTION KILL must not wait behind it
    {"fcall_ro", Way::blocking},
    {"script|load", Way::steps},
    {"script|exists", Way::steps},
    {"script|flush", Way::steps},
    {"script|kill", Way::steps},
    {"script|run", Way::steps},
    {"script|call", Way::steps},
    {"script", Way::steps},
    {"client|tracking", Way::steps},
    {"client|caching", Way::steps},
    {"client|no-touch", Way::steps},
    {"client|pause", Way::steps},
    {"client|unpause", Way::steps},
    {"monitor", Way::steps},
    {"module|list", Way::forward},
    {"module|load", Way::forward},
    {"module|loadex", Way::forward},
    {"module|unload", Way::forward},
    {"module|help", Way::forward},
    {"latency|latest", Way::steps},
    {"latency|history", Way::steps},
    {"latency|graph", Way::steps},
    {"latency|reset", Way::steps},
    {"info", Way::steps},
    {"config|get", Way::steps},
    {"config|set", Way::steps},
    {"config|resetstat", Way::steps},
};

Way way_of(const CommandTable::Entry& entry) {
  const auto found = std::find_if(std::begin(exceptions), std::end(exceptions),
                                  [&](const Exception& one) { return one.full_name == entry.full_name; });
  if (found != std::end(exceptions)) return found->way;
  const Command& command = *entry.command;
  const bool unsupported_data =
      command.is(flag::not_yet) &&
      (entry.group == Group::stream || (entry.group == Group::scripting && entry.full_name != "script|debug"));
  if (!command.run.data && !unsupported_data) {
    // An unknown subcommand of what is the upstream's is for it to refuse.
    const bool container =
        !command.subcommands.empty() && (entry.group == Group::stream || entry.full_name == "function");
    return container ? Way::forward : Way::ours;
  }
  if (command.is(flag::blocking)) return Way::blocking;
  return Backends::spans_keyspace(command) ? Way::keyspace : Way::forward;
}

bool arity_fits(const Command& command, size_t words) {
  const auto given = static_cast<int>(words);
  return command.arity >= 0 ? given == command.arity : given >= -command.arity;
}

/// Whether the bytes are one request in RESP, so that they may be sent on as they are. Inline commands are not, nor
/// what has anything in front of it.
bool is_plain_resp(View bytes) { return bytes.size() > 2 && bytes[0] == '*' && bytes[1] >= '1' && bytes[1] <= '9'; }

proxy::Traits traits_of(const Command& command) {
  // Of what is forwarded, only FUNCTION KILL is answered while a script runs.
  return {.repeatable = command.is(flag::read) && !command.is(flag::write), .anywhere = command.is(flag::allow_busy)};
}

}  // namespace

std::vector<Way> ways(const CommandTable& commands) {
  std::vector<Way> all;
  for (const CommandTable::Entry& entry : commands.entries()) all.push_back(way_of(entry));
  return all;
}

Way Dispatcher::way(const CommandTable::Entry& entry) const {
  return &entry == &foreign_ ? Way::forward : ways_[entry.id];
}

bool Dispatcher::goes_upstream(const Request& request, const Args& args) const {
  if (server_.backends().simple() || !request.entry) return false;
  const Way way = this->way(*request.entry);
  if (way == Way::ours || way == Way::alive || way == Way::subscribe) return false;
  const Destination destination = server_.backends().destination(request.entry, args);
  return destination.kind == Destination::one && destination.place->upstream != nullptr;
}

/// Takes requests from `first` on, as many as one step can. Returns how many; 0: the session has to wait.
size_t Dispatcher::run_routed(Session& session, Scratch& scratch, size_t first, ReplyWriter& reply) {
  if (session.plain()) {
    if (const size_t taken = forward_run(session, scratch, first); taken > 0) return taken;
  }
  if (!session.relay_idle()) {
    session.draining = true;
    return 0;
  }
  Request request = scratch.requests[first];
  const Args args(scratch.words.data() + request.first_word, request.words);
  if (!server_.script_paused()) {
    if (Place* const place = executing_place(session, request, args))
      return submit(session, scratch, first, *place, reply);
  }
  const auto& upstream = server_.backends().main().upstream;
  if (!request.entry && upstream && upstream->may_know(args[0])) request.entry = &foreign_;
  return run_single(session, request, args, reply) ? 1 : 0;
}

/// Hands requests from `first` on to upstreams, as long as nothing but their rows and keys decides where they go.
size_t Dispatcher::forward_run(Session& session, Scratch& scratch, size_t first) {
  Backends& backends = server_.backends();
  const size_t count = scratch.requests.size();
  const auto args_of = [&](size_t i) {
    return Args(scratch.words.data() + scratch.requests[i].first_word, scratch.requests[i].words);
  };
  size_t at = first;
  while (at < count) {
    const CommandTable::Entry* const entry = scratch.requests[at].entry;
    if (!entry || !is_forwarded(*entry, backends) || !arity_fits(*entry->command, scratch.requests[at].words)) break;
    const Destination destination = backends.destination(entry, args_of(at));
    if (destination.kind != Destination::one || !destination.place->upstream) break;
    Place& place = *destination.place;
    if (place.upstream->is_cluster()) {
      if (ways_[entry->id] == Way::alive) break;
      if (!forward_in_cluster(session, place, *entry, args_of(at), scratch.bytes(at, at + 1))) break;
      note_forwarded(session, *entry, 1);
      if (!server_.monitors().empty()) feed_monitors(*entry, args_of(at));
      ++at;
      continue;
    }
    Relay& relay = session.relay();
    proxy::Channel& channel = relay.channel(place);
    if (relay.full() || !channel.refusal().empty() || channel.congested()) break;
    // As many of the same kind as follow, in one piece.
    size_t last = at + 1;
    if (place.rewriting) {
      Buffer request;
      if (!place.rewriting->prefix_request(*entry, args_of(at), request)) break;
      relay.forward_rewritten(channel, request.view(), traits_of(*entry->command), *entry, place, false);
    } else if (is_plain_resp(scratch.bytes(at, last))) {
      const bool one_place = backends.all().size() == 1;
      while (last < count && last - at < 256 && scratch.requests[last].entry == entry &&
             arity_fits(*entry->command, scratch.requests[last].words) &&
             is_plain_resp(scratch.bytes(last, last + 1)) &&
             (one_place || backends.destination(entry, args_of(last)).place == &place)) {
        ++last;
      }
      relay.forward(channel, scratch.bytes(at, last), static_cast<uint32_t>(last - at), traits_of(*entry->command),
                    entry, false);
    } else {
      Buffer request;
      proxy::append_command(request, std::span<const View>(args_of(at).begin(), args_of(at).end()));
      relay.forward(channel, request.view(), 1, traits_of(*entry->command), entry, false);
    }
    note_forwarded(session, *entry, last - at);
    if (!server_.monitors().empty()) {
      for (size_t i = at; i < last; ++i) feed_monitors(*entry, args_of(i));
    }
    at = last;
  }
  return at - first;
}

bool Dispatcher::is_forwarded(const CommandTable::Entry& entry, const Backends& backends) const {
  const Way way = ways_[entry.id];
  if (entry.parent && entry.parent->name == "DEBUG") return false;  // not everybody may
  return way == Way::forward || way == Way::alive ||
         (way == Way::keyspace && backends.all().size() == 1 && !backends.main().rewriting);
}

void Dispatcher::note_forwarded(Session& session, const CommandTable::Entry& entry, size_t requests) {
  Statistics& all = server_.statistics();
  all.commands_processed += requests;
  all.commands[entry.id].calls += requests;
  session.commands_run += requests;
  session.last_command = &entry;
}

/// Whether a PING is this server's own affair: no single Redis stands behind it, or the reply is of the listener's
/// kind.
bool Dispatcher::is_answered_here(const Session& session, const Place& place) {
  return !place.upstream || place.upstream->is_cluster() || session.transaction.open ||
         (session.protocol() == 2 && session.subscriptions.any());
}

/// A request that passed the gates and is not for our own data as they are. False: it is, after all.
bool Dispatcher::run_elsewhere(Session& session, const Request& request, const Args& args, Reply& reply) {
  const Way way = this->way(*request.entry);
  const Destination destination = server_.backends().destination(request.entry, args);
  if (way == Way::ours && destination.kind == Destination::one) return false;
  if (way == Way::alive && is_answered_here(session, *destination.place)) return false;
  if (destination.kind == Destination::crossed) {
    reply.error(error::crossed_backends);
    refused(request, args, error::crossed_backends);
    return true;
  }
  if (destination.kind == Destination::all)
    return start_flow(session, flows::keyspace, *request.entry, args, nullptr), true;
  Place& place = *destination.place;
  if (way == Way::steps) {
    const FlowFunction flow = flows::steps_of(session, *request.entry, args, place);
    if (!flow) return false;
    start_flow(session, flow, *request.entry, args, &place);
    return true;
  }
  if (!place.upstream) return false;
  if (place.rewriting && is_foreign(request.entry)) {
    reply.error(error::unknown_under_prefix);
    refused(request, args, error::unknown_under_prefix);
    return true;
  }
  switch (way) {
    case Way::subscribe:
      flows::subscribe(session, *request.entry, args, place, reply);
      session.limit = session.output_limit();  // messages come without a look under the lock
      return true;
    case Way::blocking:
      if (flows::may_wait(*request.entry, args)) {
        start_flow(session, flows::blocking, *request.entry, args, &place);
        session.wait.kind = Wait::upstream;
        for_each_key(*request.entry->command, args, [&](FoundKey found) {
          if ((found.flags & key::access) != 0) session.wait.names.emplace_back(args[found.index]);
        });
        if (server_.monitors().empty()) return true;
        if (request.entry->group == Group::scripting) {
          show_monitors(*request.entry, args, false);
        } else {
          feed_monitors(*request.entry, args);
        }
        return true;
      }
      break;
    case Way::keyspace:
      if (!place.prefix().empty() || place.upstream->is_cluster()) {
        start_flow(session, flows::keyspace, *request.entry, args, &place);
        return true;
      }
      break;
    default:
      break;
  }
  if (place.upstream->is_cluster() || place.rewriting) {
    start_flow(session, flows::single, *request.entry, args, &place);
    return true;
  }
  Relay& relay = session.relay();
  proxy::Channel& channel = relay.channel(place);
  if (!channel.refusal().empty()) {
    reply.error(channel.refusal());
    refused(request, args, channel.refusal());
    return true;
  }
  Buffer bytes;
  proxy::append_command(bytes, std::span<const View>(args.begin(), args.end()));
  relay.forward(channel, bytes.view(), 1, traits_of(*request.entry->command), request.entry, session.silenced());
  note_forwarded(session, *request.entry, 1);
  if (!server_.monitors().empty()) feed_monitors(*request.entry, args);
  return true;
}

void Dispatcher::answered(const proxy::Answered& what) {
  if (!what.entry) return;
  const auto ns = static_cast<uint64_t>(static_cast<double>(what.ticks) * ticks::ns_per_tick());
  CommandStatistics& own = server_.statistics().commands[what.entry->id];
  own.nanoseconds += ns * (what.requests - what.rejected);
  own.failed += what.errors - what.rejected;
  own.rejected += what.rejected;
  own.rejected_there += what.rejected;
  own.calls -= std::min<uint64_t>(own.calls, what.rejected);
  const Settings& settings = server_.settings();
  if (settings.latency_tracking) {
    if (!own.latency) own.latency = std::make_unique<LatencyHistogram>();
    own.latency->add(ns);
  }
  const auto us = static_cast<int64_t>(ns / 1000);
  if (what.request.empty() || what.entry == &foreign_) return;
  if (settings.slowlog_log_slower_than >= 0 && us >= settings.slowlog_log_slower_than &&
      !what.entry->command->is(flag::no_slowlog)) {
    RequestParser parser;
    std::vector<View> words;
    const char* at = what.request.data();
    if (parser.parse(at, at + what.request.size(), words, {}) != RequestParser::Result::complete) return;
    const Args args{std::span<const View>(words)};
    Session* const session = server_.session(what.client);
    const Redacted shown(*what.entry, args);
    server_.slow_log().add(shown.args(), server_.clock().now_ms() / 1000, us,
                           session ? session->link().peer_address() : Bytes(), session ? session->name : Bytes(),
                           static_cast<size_t>(settings.slowlog_max_len));
  }
  if (settings.latency_monitor_threshold > 0 && us / 1000 >= settings.latency_monitor_threshold) {
    server_.latency_monitor().add(what.entry->command->is(flag::fast) ? "fast-command" : "command",
                                  server_.clock().now_ms() / 1000, static_cast<uint32_t>(us / 1000));
  }
}

}  // namespace redipy
