// SPDX-License-Identifier: Apache-2.0
//
// Sending and receiving. How a connection is made, and what happens when it is lost, is in channel_state.cpp.
#include "proxy/channel.h"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <cerrno>

#include "core/base/ticks.h"
#include "proxy/hub.h"
#include "proxy/rejection.h"
#include "proxy/slot_map.h"
#include "proxy/words.h"

namespace redipy::proxy {

namespace {

constexpr size_t read_size = 64 * 1024;
constexpr size_t most_per_event = 1024 * 1024;
/// Of the output: room for requests of many clients, so that it is not made anew each time.
constexpr size_t kept_when_idle = 256 * 1024;
constexpr size_t largest_held_back = 256 * 1024;  // of a reply that may be handed on in parts

}  // namespace

Channel::Channel(Hub& hub, Address address, std::shared_ptr<const Access> access, int protocol, Kind kind,
                 bool to_replica)
    : hub_(hub),
      address_(std::move(address)),
      access_(std::move(access)),
      protocol_(protocol),
      kind_(kind),
      to_replica_(to_replica) {}

Channel::~Channel() { disconnect(); }

void Channel::start() {
  if (state_ != State::unused) return;
  state_ = State::resolving;
  since_ms_ = Hub::now_ms();
  // Not from here: what fails at once would be told to a caller that does not expect it.
  asio::post(hub_.context(), [self = shared_from_this()] {
    if (self->state_ != State::resolving) return;
    self->connect();
    self->report();
  });
}

void Channel::stop() {
  if (state_ == State::stopped) return;
  hub_.upstream().pending -= static_cast<int64_t>(pending_);
  pending_ = 0;
  expected_.clear();
  listener_ = nullptr;
  disconnect();
  state_ = State::stopped;
  refusal_ = "UPSTREAM " + access_->name + ": the connection is closed";
}

// --- sending

Buffer& Channel::begin(int database) {
  if (database != database_) {
    database_ = database;
    append_command(output_, {"SELECT", std::to_string(database + access_->database)});
    append_expected(nullptr, 1, {.repeatable = true, .vital = true}, nullptr);
  }
  return output_;
}

void Channel::end(Receiver& receiver, uint32_t replies, Traits traits, const CommandTable::Entry* entry) {
  append_expected(&receiver, replies, traits, entry);
}

void Channel::send(Receiver& receiver, View requests, uint32_t replies, int database, Traits traits,
                   const CommandTable::Entry* entry) {
  // What ends a script must get through while SELECT is refused.
  const size_t before = expected_.size();
  (traits.anywhere ? output_ : begin(database)).append(requests);
  // The reply to SELECT comes with that to the request behind it.
  if (traits.patient && expected_.size() > before) expected_.back().traits.patient = true;
  append_expected(&receiver, replies, traits, entry);
}

void Channel::send_unanswered(View request, uint32_t replies) {
  output_.append(request);
  append_expected(nullptr, replies, {.ignored = true}, nullptr);
}

void Channel::append_expected(Receiver* receiver, uint32_t replies, Traits traits, const CommandTable::Entry* entry) {
  Expected& added = expected_.emplace_back();
  added.receiver = receiver;
  added.entry = entry;
  added.replies = added.requests = replies;
  added.traits = traits;
  added.database = database_;
  added.end = output_begin_ + output_.size();
  added.sent_ticks = ticks::now();
  pending_ += replies;
  hub_.upstream().pending.fetch_add(replies, std::memory_order_relaxed);
  arm_write();
}

/// Has the output written at the end of the round, or soon where there is none.
void Channel::arm_write() {
  start();
  if (state_ != State::ready || put_off_ || watching_writing_) return;
  put_off_ = hub_.poller().put_off(transport_.descriptor(), Poller::Turn::last);
  if (put_off_) return;
  // Outside of a round (a timer, a coroutine): soon, together with what else comes until then.
  put_off_ = true;
  asio::post(hub_.context(), [self = shared_from_this()] { self->round_over(); });
}

void Channel::forget(const Receiver& receiver) {
  for (Expected& each : expected_) {
    if (each.receiver == &receiver) each.receiver = nullptr;
  }
}

void Channel::round_over() {
  if (!put_off_) return;
  put_off_ = false;
  if (state_ == State::ready) flush();
}

void Channel::watch_writing(bool on) {
  if (watching_writing_ == on) return;
  watching_writing_ = on;
  hub_.poller().watch_writing(transport_.descriptor(), on);
}

void Channel::flush() {
  hub_.watch_time();
  for (;;) {
    const auto from = static_cast<size_t>(sent_ - output_begin_);
    if (from == output_.size()) return watch_writing(false);
    const ssize_t count = transport_.write(output_.view().substr(from));
    if (count < 0) {
      if (errno == EAGAIN || errno == EWOULDBLOCK) return watch_writing(true);
      return lost(Bytes(transport_.error()));
    }
    sent_ += static_cast<uint64_t>(count);
  }
}

// --- receiving

bool Channel::ready(bool to_read, bool to_write) {
  const auto kept = shared_from_this();
  if (state_ == State::connecting) {
    establish();
    if (state_ != State::greeting || !to_read) {
      report();
      return false;
    }
  }
  if (to_write && state_ == State::ready) flush();
  const bool more = to_read && (state_ == State::ready || state_ == State::greeting) && read();
  // By TLS, what is read may be what writing waits for.
  if (to_read && watching_writing_ && transport_.is_buffered() && state_ == State::ready) flush();
  report();
  return more;
}

/// True: there may be more.
bool Channel::read() {
  size_t total = 0;
  bool more = false;
  for (;;) {
    const size_t size =
        std::max(read_size, scanner_.missing_bytes(input_.data() + looked_at_, input_.data() + input_.size()));
    char* const room = input_.reserve(std::min(size, size_t{16} << 20));
    const size_t room_size = input_.capacity() - input_.size();
    const ssize_t count = transport_.read(room, room_size);
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
    if (count <= 0) {
      lost(count == 0 ? "the upstream closed the connection" : Bytes(transport_.error()));
      return false;
    }
    input_.commit(static_cast<size_t>(count));
    total += static_cast<size_t>(count);
    if (!process()) {
      lost(fault_.empty() ? "what it sent is no reply" : Bytes(fault_));
      return false;
    }
    if (state_ != State::ready && state_ != State::greeting) return false;
    if (static_cast<size_t>(count) < room_size && !transport_.is_buffered()) break;
    more = total >= most_per_event;
    if (more && !transport_.is_buffered()) break;
  }
  last_read_ms_ = Hub::now_ms();
  release_idle();
  return more && !transport_.is_buffered();
}

/// Gives back what only unusual replies or requests needed.
void Channel::release_idle() {
  const auto answered = static_cast<size_t>(answered_up_to_ - output_begin_);
  if (answered == output_.size()) {
    output_begin_ = answered_up_to_;
    if (output_.capacity() > kept_when_idle || kind_ == Kind::owned) {
      output_.release();
    } else {
      output_.clear();
    }
  } else if (answered > kept_when_idle && answered > output_.size() / 2) {
    output_.drop_front(answered);
    output_begin_ = answered_up_to_;
  }
  if (input_.empty() && (input_.capacity() > 4 * read_size || (kind_ == Kind::owned && expected_.empty()))) {
    input_.release();
  }
}

/// Hands on what is whole. False if what came is no reply.
bool Channel::process() {
  const char* at = input_.data() + looked_at_;
  const char* const end = input_.data() + input_.size();
  const char* done = input_.data();   // up to here all is handed on
  const char* begin = input_.data();  // of the reply that is being read
  Receiver* receiver = nullptr;       // of the replies in [done, begin)
  uint32_t whole = 0;
  const auto hand_on = [&] {
    if (whole > 0 && receiver) receiver->replies(View(done, static_cast<size_t>(begin - done)), whole);
    whole = 0;
    done = begin;
  };
  bool intact = true;
  while (at < end) {
    const ReplyScanner::Result result = scanner_.scan(at, end);
    if (result != ReplyScanner::Result::complete) {
      intact = result == ReplyScanner::Result::incomplete;
      break;
    }
    const View reply(begin, static_cast<size_t>(at - begin));
    if (state_ == State::greeting) {
      begin = done = at;
      greeted(reply);
      if (state_ != State::ready && state_ != State::greeting) return true;
      continue;
    }
    if (kind_ == Kind::owned && is_message(reply)) {
      hand_on();
      begin = done = at;
      if (listener_) listener_->message(*this, reply);
      if (state_ != State::ready) return true;
      continue;
    }
    if (expected_.empty()) {
      hand_on();
      return false;
    }
    Expected& head = expected_.front();
    if (whole > 0 && head.receiver != receiver) hand_on();
    if (state_ != State::ready) return true;
    receiver = head.receiver;
    if (reply.front() == '-') {
      head.redirected = head.traits.guided && read_redirection(reply, {}).kind != Redirection::Kind::none;
      if (!head.redirected) {
        ++head.errors;
        if (is_rejection(error_text(reply))) {
          ++head.rejected;
          hub_.upstream().note_rejection(Hub::now_ms());
        }
        note_error(error_text(reply));
      }
      if (head.traits.vital && is_rejection(error_text(reply))) {
        // Nothing runs there now: what follows is refused as well, and the database is chosen anew for what comes.
        misplaced_ = true;
        database_ = -1;
      } else if (head.traits.vital) {
        fault_ = "a connection could not be prepared: " + Bytes(error_text(reply));
        hand_on();
        return false;
      }
    }
    if (head.traits.vital && reply.front() == '+') misplaced_ = false;
    if (misplaced_ && reply.front() != '-' && !head.traits.anywhere) {
      fault_ = "a command ran in another database than it was meant for";
      hand_on();
      return false;
    }
    ++whole;
    begin = at;
    head.begun = false;
    if (!receiver) {
      whole = 0;
      done = begin;
    }
    if (--head.replies == 0) {
      finish_head();
      if (!expected_.empty() && expected_.front().own_reply) {
        hand_on();
        answer_own();
      }
    }
  }
  hand_on();
  if (state_ != State::ready && state_ != State::greeting) return true;
  // Of a large reply what has come is handed on, where that is wanted.
  if (intact && at > begin && static_cast<size_t>(at - begin) > largest_held_back && !expected_.empty()) {
    Expected& head = expected_.front();
    if (!head.receiver || head.receiver->takes_parts()) {
      head.begun = true;
      if (head.receiver) head.receiver->replies(View(begin, static_cast<size_t>(at - begin)), 0);
      begin = at;
      if (state_ != State::ready) return intact;
    }
  }
  const auto used = static_cast<size_t>(begin - input_.data());
  looked_at_ = static_cast<size_t>(at - input_.data()) - used;
  if (used == input_.size()) {
    input_.clear();
  } else {
    input_.drop_front(used);
  }
  return intact;
}

/// Whether it is a message, and no reply to anything that was asked.
bool Channel::is_message(View reply) const {
  if (expects_lines_) return expected_.empty();
  const char kind = reply.front();
  if (kind != '>' && !(kind == '*' && expects_messages_)) return false;
  const View first = first_element(reply);
  if (kind == '*') return first.ends_with("message");
  const bool confirms = first.ends_with("subscribe") && !expected_.empty() && expected_.front().traits.confirmations;
  return !confirms;
}

void Channel::finish_head() {
  Expected& head = expected_.front();
  settle(head.requests);
  const int64_t took = ticks::now() - head.sent_ticks;
  if (head.redirected) {
    // It is asked again elsewhere.
  } else if (head.entry || head.receiver) {
    Answered& answered = answered_.emplace_back(Answered{
        head.entry, head.requests, head.errors, head.rejected, took, head.receiver ? head.receiver->client() : 0, {}});
    if (took >= hub_.observer().slow_ticks() && !head.traits.patient) {
      const auto begin = static_cast<size_t>(answered_up_to_ - output_begin_);
      answered.request = output_.view().substr(begin, static_cast<size_t>(head.end - answered_up_to_));
    }
  } else if (!head.traits.vital && !head.traits.ignored) {
    hub_.upstream().measured(ticks::to_us(took));
  }
  answered_up_to_ = head.end;
  expected_.pop_front();
}

/// So many requests are under way no more.
void Channel::settle(uint32_t requests) {
  pending_ -= requests;
  hub_.upstream().pending.fetch_sub(requests, std::memory_order_relaxed);
}

void Channel::note_error(View text) {
  constexpr size_t most_noted = 64;  // of one event: the statistics count by the first word
  if (errors_.size() < most_noted) errors_.emplace_back(text.substr(0, text.find(' ')));
}

/// Gives what we say in the upstream's place to those whose turn it is.
void Channel::answer_own() {
  while (!expected_.empty() && expected_.front().own_reply) {
    Expected head = std::move(expected_.front());
    expected_.pop_front();
    settle(head.requests);
    if (head.receiver && head.receiver->takes_over(View(*head.own_reply).substr(1), head.repeatable)) continue;
    hub_.upstream().count_unanswered(head.requests);
    if (!head.receiver) continue;
    for (uint32_t i = 0; i < head.replies; ++i) note_error(View(*head.own_reply).substr(1));
    answered_.push_back({head.entry,
                         head.requests,
                         head.requests,
                         head.requests,
                         ticks::now() - head.sent_ticks,
                         head.receiver->client(),
                         {}});
    Bytes bytes;
    for (uint32_t i = 0; i < head.replies; ++i) bytes += *head.own_reply + "\r\n";
    head.receiver->replies(bytes, head.replies);
  }
}

void Channel::report() {
  if (answered_.empty()) return;
  hub_.observer().answered(answered_, errors_);
  answered_.clear();
  errors_.clear();
}

}  // namespace redipy::proxy
