// SPDX-License-Identifier: Apache-2.0
//
// See session.h.
#include "server/session.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <mutex>

#include "server/held_mail.h"
#include "server/relay.h"
#include "server/server.h"

namespace redipy {

namespace {
/// Requests that are parsed, and then run under one taking of the lock, with their keys fetched ahead.
constexpr size_t requests_per_batch = 64;
/// The same where they share a transaction.
constexpr size_t requests_per_transaction = 1000;
/// Replies that are gathered before they are sent, when requests keep coming.
constexpr size_t replies_per_write = 256 * 1024;
/// Room for words that is kept from one batch to the next: a request of a million words would hold megabytes for good.
constexpr size_t words_kept = 4096;
}  // namespace

Session::Session(Server& server, Link& link, uint64_t id)
    : server_(server), link_(link), id_(id), inbox_writer_(inbox_, 2) {
  created_ms = last_interaction_ms = server.clock().now_ms();
  authenticated = server.settings().requirepass.empty();
}

Session::~Session() = default;

const OutputLimit& Session::output_limit() const {
  const auto kind = subscriptions.any() ? ClientClass::pubsub : ClientClass::normal;
  return server_.settings().output_limits[static_cast<size_t>(kind)];
}

bool Session::plain() const {
  return authenticated && !transaction.open && reply_mode == ReplyMode::on &&
         !(protocol_ == 2 && subscriptions.any()) && server_.pause_state().until_ms == 0 &&
         !server_.backends().holds_writes() && !tracking.caching && !server_.script_paused();
}

bool Session::holds_idle_room(int64_t now_ms) const {
  constexpr int64_t idle_ms = 2000;
  constexpr size_t much = 1024;  // less is not worth another allocation
  const size_t used = input_bytes + argument_bytes;
  return !submitted && now_ms - last_interaction_ms > idle_ms && input_capacity > used + much;
}

bool Session::gather(Input& input, Scratch& scratch) {
  scratch.requests.clear();
  scratch.begin = input.begin();
  scratch.ends.clear();
  scratch.words.clear();
  scratch.words.swap(partial_);
  parser_.forget_inline();
  size_t first = 0;
  const char* done = input.begin();
  const char* at = input.parsed();
  const RequestParser::Limits limits{server_.largest_bulk(), authenticated};
  RequestParser::Result result = RequestParser::Result::complete;
  const CommandTable::Entry* previous = nullptr;
  View previous_name;
  while (scratch.requests.size() < requests_per_batch_) {
    result = parser_.parse(at, input.end(), scratch.words, limits);
    if (result != RequestParser::Result::complete) break;
    const Args args(scratch.words.data() + first, scratch.words.size() - first);
    // A pipeline often repeats one command: its row is looked up once.
    const CommandTable::Entry* entry = previous;
    if (!previous || args[0] != previous_name) {
      entry = server_.commands().find(args);
      previous_name = args[0];
      previous = entry && entry->command->subcommands.empty() && !entry->parent ? entry : nullptr;
    }
    scratch.requests.push_back({entry, static_cast<uint32_t>(first), static_cast<uint32_t>(args.size())});
    scratch.ends.push_back(at);
    done = at;
    first = scratch.words.size();
  }
  if (result == RequestParser::Result::incomplete) {
    partial_.assign(scratch.words.begin() + static_cast<ptrdiff_t>(first), scratch.words.end());
    if (!parser_.in_request()) done = at;
  }
  next_begin_ = done;
  next_parsed_ = at;
  return result != RequestParser::Result::failed;
}

/// Gives back what only an unusually long request needed.
void Session::shrink(Scratch& scratch) {
  if (scratch.words.capacity() > words_kept) std::vector<View>().swap(scratch.words);
  if (partial_.capacity() > words_kept && partial_.empty()) std::vector<View>().swap(partial_);
}

void Session::consume(Input& input, Scratch& scratch) {
  if (was_submitted_) {
    const std::lock_guard guard(server_.lock());
    if (submitted) return;
    was_submitted_ = false;
    input.advance(input.begin() + done_bytes, input.begin() + done_bytes);
    if (has_mail()) collect_mail(scratch.out);
  }
  ReplyWriter reply(scratch.out, protocol_);
  while (!suspended() && !closing && !killed && scratch.out.size() < replies_per_write &&
         !scratch.out.reached_limit()) {
    const char* const start = input.begin();
    const bool intact = gather(input, scratch);
    const size_t count = scratch.requests.size();
    const bool all = count < requests_per_batch_;  // that have come whole
    if (count == 0 && intact) return input.advance(next_begin_, next_parsed_);
    const std::lock_guard guard(server_.lock());
    last_interaction_ms = server_.clock().now_ms();
    input_bytes = input.size();
    argument_bytes = 0;
    input_capacity = input.capacity();
    limit = output_limit();
    if (has_mail()) collect_mail(scratch.out);  // what was said before these requests ran stands before their replies
    reply.set_protocol(protocol_);
    const size_t taken = server_.dispatcher().run(*this, scratch, reply);
    was_submitted_ = submitted;
    requests_per_batch_ = server_.backends().any_executor() ? requests_per_transaction : requests_per_batch;
    shrink(scratch);
    if (taken < count) {
      // What was parsed beyond is read again later, from its first byte.
      const char* const again = taken == 0 ? start : scratch.ends[taken - 1];
      parser_ = {};
      partial_.clear();
      return input.advance(again, again);
    }
    if (!intact && (suspended() || !relay_idle())) {
      // Replies are still to come that stand before the error: what is wrong is found again when they are there.
      if (!relay_idle()) draining = true;
      parser_ = {};
      partial_.clear();
      return input.advance(next_begin_, next_begin_);
    }
    if (!intact) {
      reply.error(parser_.error());
      server_.dispatcher().count_error(parser_.error());
      closing = true;
      return input.advance(input.end(), input.end());
    }
    input.advance(next_begin_, next_parsed_);
    if (all) return;
  }
}

Relay& Session::relay() {
  if (!relay_) relay_ = std::make_unique<Relay>(*this);
  return *relay_;
}

bool Session::relay_idle() const { return !relay_ || relay_->idle(); }

bool Session::has_own_upstreams() const { return relay_ && relay_->any_pins(); }

void Session::upstream_gone(Relay& relay, View why) {
  const auto lost = relay.take_lost();
  const std::lock_guard guard(server_.lock());
  // What is watched may have changed meanwhile; a transaction that is under way has its answer already.
  if ((lost & pin::watching) != 0 && transaction.place) transaction.broken = true;
  if ((lost & (pin::subscribed | pin::subscribed_shards | pin::subscribed_apart | pin::tracking | pin::redirected)) ==
      0)
    return;
  // Messages may have been missed. A client that is closed knows it, and subscribes anew.
  spdlog::info("Closing client {} ({}): {}", id_, link_.peer_address(), why);
  close_now();
}

void Session::abandon_upstreams() {
  if (relay_) relay_->abandon();
}

void Session::input_moved(const char* begin, const char* end, ptrdiff_t distance) {
  RequestParser::rebase(partial_, begin, end, distance);
}

ReplyWriter& Session::inbox() {
  if (behind) return *behind;
  if (HeldMail* const held = server_.dispatcher().held()) return held->inbox_of(*this);
  return inbox_writer_;
}

bool Session::has_held_mail() const {
  const HeldMail* const held = server_.dispatcher().held();
  return held && held->has(*this);
}

void Session::send_later(Buffer& replies) {
  if (inbox_.empty() && replies.size() > 1024) {
    std::swap(inbox_, replies);
  } else {
    inbox_.append(replies.view());
  }
}

void Session::collect_mail(Buffer& out) {
  out.append(inbox_.view());
  if (held_mails > 0) {
    if (HeldMail* const held = server_.dispatcher().held()) held->collect(*this, out);
  }
  if (inbox_.capacity() > 64 * 1024) {
    inbox_.release();
  } else {
    inbox_.clear();
  }
}

void Session::wake() {
  if (server_.dispatcher().current() == this) return;  // its mail is collected after its command
  if (server_.dispatcher().held()) return;             // what is held is released after COMMIT
  link_.wake();
}

void Session::close_now() {
  killed = true;
  link_.wake();
}

void Session::detach() {
  server_.waiting().leave(*this);
  server_.watches().unwatch(*this);
  server_.pubsub().leave(*this);
  server_.tracking().disable(*this);
  if (monitor) std::erase(server_.monitors(), this);
  monitor = false;
  server_.leave(*this);
}

void Session::reset() {
  server_.watches().unwatch(*this);
  transaction.discard();
  transaction.broken = false;
  transaction.place = nullptr;
  server_.pubsub().leave(*this);
  server_.tracking().disable(*this);
  if (monitor) std::erase(server_.monitors(), this);
  monitor = false;
  database = 0;
  name.clear();
  set_protocol(2);
  authenticated = server_.settings().requirepass.empty();
  reply_mode = ReplyMode::on;
  no_evict = no_touch = false;
}

}  // namespace redipy
