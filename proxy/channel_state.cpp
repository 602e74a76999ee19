// SPDX-License-Identifier: Apache-2.0
//
// How a channel's connection is made, greeted, lost and made again, and what then becomes of requests under way.
//
//     unused ─> (resolving ─>) connecting ─> greeting ─> ready ──lost──> connecting …
//                    │              │            │
//                    └───── failed ─┴────────────┴─> waiting ── after a while ──> connecting
//
// In `waiting` nothing is taken: the circuit is open, clients are told at once, and one attempt after the other is made
// with growing pauses that differ from connection to connection.
#include <spdlog/spdlog.h>

#include <boost/asio/ip/tcp.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <set>
#include <utility>

#include "core/base/numbers.h"
#include "core/base/random.h"
#include "core/base/text.h"
#include "core/base/ticks.h"
#include "core/resp/reply_cursor.h"
#include "core/resp/request_parser.h"
#include "proxy/channel.h"
#include "proxy/hub.h"
#include "proxy/words.h"

namespace redipy::proxy {

namespace {

constexpr int64_t first_pause_ms = 20;
constexpr int64_t longest_pause_ms = 400;
constexpr int64_t health_every_ms = 1000;
constexpr int oldest_version = 7;

bool is_numeric(const Bytes& host) {
  boost::system::error_code error;
  asio::ip::make_address(host, error);
  return !error;
}

}  // namespace

// --- connecting

void Channel::connect() {
  since_ms_ = Hub::now_ms();
  if (address_.path.empty() && !is_numeric(address_.host)) {
    state_ = State::resolving;
    auto resolver = std::make_shared<asio::ip::tcp::resolver>(hub_.context());
    resolver->async_resolve(address_.host, std::to_string(address_.port),
                            [self = shared_from_this(), resolver](const boost::system::error_code& error,
                                                                  const asio::ip::tcp::resolver::results_type& found) {
                              if (self->state_ != State::resolving) return;
                              if (error || found.empty()) {
                                self->failed(error.message());
                              } else {
                                const auto endpoint = found.begin()->endpoint();
                                self->connect_to({endpoint.address().to_string(), endpoint.port(), {}});
                              }
                              self->report();
                            });
  } else {
    connect_to(address_);
  }
  hub_.watch_time();
}

void Channel::connect_to(const Address& numeric) {
  state_ = State::connecting;
  if (const Bytes fault = transport_.open(numeric, access_->tls.get()); !fault.empty()) return failed(fault);
  if (!hub_.poller().add(transport_.descriptor(), shared_from_this())) return failed(std::strerror(errno));
  registered_ = true;
  watching_writing_ = false;
  watch_writing(true);
}

void Channel::establish() {
  switch (transport_.establish()) {
    case Transport::Progress::failed:
      return failed(transport_.error());
    case Transport::Progress::wants_read:
      return watch_writing(false);
    case Transport::Progress::wants_write:
      return watch_writing(true);
    case Transport::Progress::done:
      break;
  }
  watch_writing(false);
  greet();
}

/// Who we are, which protocol and which database.
void Channel::greet() {
  state_ = State::greeting;
  Buffer greeting;
  std::vector<View> hello = {"HELLO", protocol_ == 3 ? View("3") : View("2")};
  if (!access_->password.empty()) {
    hello.insert(hello.end(),
                 {"AUTH", access_->user.empty() ? View("default") : View(access_->user), access_->password});
  }
  hello.insert(hello.end(), {"SETNAME", "redipy-server"});
  append_command(greeting, hello);
  greetings_left_ = 1;
  if (access_->database != 0) {
    append_command(greeting, {"SELECT", std::to_string(access_->database)});
    ++greetings_left_;
  }
  if (to_replica_) {
    append_command(greeting, {"READONLY"});
    ++greetings_left_;
  }
  asked_commands_ = !hub_.upstream().has_told_commands();
  if (asked_commands_) {
    append_command(greeting, {"COMMAND", "LIST"});
    ++greetings_left_;
  }
  // A new connection takes some hundred bytes at once.
  const ssize_t count = transport_.write(greeting.view());
  if (count != static_cast<ssize_t>(greeting.size()))
    failed(count < 0 ? Bytes(transport_.error()) : "the greeting was cut");
}

void Channel::greeted(View reply) {
  if (asked_commands_ && greetings_left_ == 1) {
    // Where that is not allowed, any command may be known.
    std::set<Bytes, std::less<>> commands;
    ReplyCursor cursor(reply);
    const size_t count = cursor.count();
    cursor.enter();
    for (size_t i = 0; i < count; ++i, cursor.skip()) commands.insert(lower(cursor.text()));
    hub_.upstream().note_commands(std::move(commands));
  } else if (reply.front() == '-') {
    const Bytes text(error_text(reply));
    if (text.starts_with("ERR unknown command") || text.starts_with("NOPROTO")) {
      return failed("it is older than Redis 7.0");
    } else {
      return failed("it refused the greeting: " + text);
    }
  } else if (reply.front() == '%' || reply.front() == '*') {
    Bytes version, role, mode;
    ReplyCursor cursor(reply);
    const size_t fields = reply.front() == '%' ? cursor.count() : cursor.count() / 2;
    cursor.enter();
    for (size_t i = 0; i < fields; ++i) {
      const Bytes name(cursor.text());
      cursor.skip();
      if (name == "version") version = cursor.text();
      if (name == "role") role = cursor.text();
      if (name == "mode") mode = cursor.text();
      if (name == "id") remote_id_ = cursor.integer().value_or(0);
      cursor.skip();
    }
    if (const auto major = parse_integer(View(version).substr(0, version.find('.')));
        major && *major < oldest_version) {
      return failed("Redis " + version + " is older than 7.0");
    }
    hub_.upstream().came_up(version, role, mode);
  }
  if (--greetings_left_ > 0) return;
  state_ = State::ready;
  since_ms_ = last_read_ms_ = Hub::now_ms();
  failures_ = 0;
  down_since_ms_ = 0;
  refusal_.clear();
  hub_.upstream().connections.fetch_add(1, std::memory_order_relaxed);
  flush();
}

// --- losing

void Channel::disconnect() {
  if (state_ == State::ready) hub_.upstream().connections.fetch_sub(1, std::memory_order_relaxed);
  if (registered_) hub_.poller().remove(transport_.descriptor());
  registered_ = false;
  watching_writing_ = put_off_ = false;
  transport_.close();
  input_.release();
  looked_at_ = 0;
  scanner_ = {};
  misplaced_ = false;
  fault_.clear();
}

/// No connection could be made.
void Channel::failed(const Bytes& why) {
  disconnect();
  state_ = State::waiting;
  if (failures_ == 0) spdlog::warn("Backend {}: {} cannot be reached: {}", access_->name, address_.text(), why);
  if (failures_ == 0) down_since_ms_ = Hub::now_ms();
  ++failures_;
  if (kind_ == Kind::shared) hub_.give_up_owned(address_, why);
  refusal_ = "UPSTREAM " + access_->name + ": " + address_.text() + " cannot be reached: " + why;
  hub_.upstream().went_down(why);
  const int64_t pause = std::min(longest_pause_ms, first_pause_ms << std::min(failures_ - 1, 6));
  static thread_local Random random;
  retry_at_ms_ = Hub::now_ms() + pause / 2 + static_cast<int64_t>(random.next() % static_cast<uint64_t>(pause));
  sort_out(why, false);
  hub_.watch_time();
  if (kind_ == Kind::owned) {
    state_ = State::stopped;
    if (Listener* const listener = std::exchange(listener_, nullptr)) listener->gone(refusal_);
  }
}

/// A connection that was there is gone.
void Channel::lost(const Bytes& why) {
  if (state_ == State::greeting || state_ == State::connecting || state_ == State::resolving) return failed(why);
  if (state_ != State::ready) return;
  spdlog::warn("Backend {}: the connection to {} is lost: {}", access_->name, address_.text(), why);
  hub_.upstream().lost_connection();
  disconnect();
  if (kind_ == Kind::owned) return give_up(why);
  state_ = State::waiting;
  // In a cluster another node may have its slots soon: whoever asked sees to it (errand.h).
  sort_out(why, !hub_.upstream().is_cluster());
  if (state_ == State::waiting) connect();
}

void Channel::give_up(const Bytes& why) {
  if (kind_ == Kind::owned && state_ != State::stopped) close(why);
}

void Channel::renounce(const Bytes& why) {
  if (kind_ == Kind::owned) return give_up(why);
  const auto kept = shared_from_this();
  lost(why);
  report();
}

int64_t Channel::silent_ms(int64_t now_ms) const {
  if (state_ != State::ready || expected_.empty() || expected_.front().traits.patient) return 0;
  return std::min(ticks::to_us(ticks::now() - expected_.front().sent_ticks) / 1000, now_ms - last_read_ms_);
}

void Channel::abort(const Bytes& why) {
  if (state_ == State::stopped) return;
  const auto kept = shared_from_this();
  disconnect();
  state_ = State::stopped;
  refusal_ = "UPSTREAM " + access_->name + ": " + why;
  sort_out(why, false);
  report();
}

void Channel::close(const Bytes& why) {
  Listener* const listener = std::exchange(listener_, nullptr);
  abort(why);
  if (listener) listener->gone(refusal_);
}

/// Puts `request` behind what is kept, in one entry with the request before it if both came in one.
void Channel::keep(std::deque<Expected>& kept, const Expected& from, View request) {
  if (database_ != from.database) {
    database_ = from.database;
    append_command(output_, {"SELECT", std::to_string(database_ + access_->database)});
    Expected& select = kept.emplace_back();
    select.replies = select.requests = 1;
    select.traits = {.repeatable = true, .vital = true};
    select.database = database_;
    select.end = output_begin_ + output_.size();
    select.sent_ticks = from.sent_ticks;
    ++pending_;
    hub_.upstream().pending.fetch_add(1, std::memory_order_relaxed);
  }
  output_.append(request);
  const uint64_t end = output_begin_ + output_.size();
  if (!kept.empty() && !from.traits.whole) {
    Expected& last = kept.back();
    const bool same = !last.own_reply && !last.traits.vital && last.receiver == from.receiver &&
                      last.entry == from.entry && last.sent_ticks == from.sent_ticks;
    if (same) {
      ++last.replies;
      ++last.requests;
      last.end = end;
      return;
    }
  }
  Expected& added = kept.emplace_back();
  added.receiver = from.receiver;
  added.entry = from.entry;
  added.traits = from.traits;
  added.replies = added.requests = from.traits.whole ? from.replies : 1;
  added.database = from.database;
  added.sent_ticks = from.sent_ticks;
  added.end = end;
}

/// After a loss: what was certainly not executed, or only reads, is kept to be sent again if `again`; all else is
/// answered with an error, each in its turn.
void Channel::sort_out(const Bytes& why, bool again) {
  const Buffer old = std::exchange(output_, Buffer());
  const uint64_t old_begin = output_begin_;
  const uint64_t old_sent = sent_;
  uint64_t start = answered_up_to_;
  output_begin_ = sent_ = answered_up_to_ = 0;
  database_ = 0;
  std::deque<Expected> had = std::exchange(expected_, {});
  std::deque<Expected> kept;
  std::vector<Receiver*> cut;
  uint64_t retried = 0;
  const Bytes certain = "-UPSTREAM " + access_->name + ": " + why;
  const Bytes uncertain = certain + "; the command may have been executed";
  const int64_t now = ticks::now();

  // A read is not sent again behind a later write of the same client that may have been executed: it would see it.
  std::vector<bool> sees_later(had.size());
  std::set<uint64_t> wrote;
  for (size_t i = had.size(); i-- > 0;) {
    const Expected& each = had[i];
    const uint64_t client = each.receiver ? each.receiver->client() : 0;
    if (client == 0) continue;
    sees_later[i] = wrote.contains(client);
    const uint64_t begin = i == 0 || had[i - 1].own_reply ? 0 : had[i - 1].end;
    if (!each.own_reply && !each.traits.repeatable && begin < old_sent) wrote.insert(client);
  }

  const auto answer = [&](const Expected& from, uint32_t count, bool untouched, bool repeatable) {
    if (!from.receiver) return settle(count);
    Expected& added = kept.emplace_back();
    added.receiver = from.receiver;
    added.entry = from.entry;
    added.replies = added.requests = count;
    added.sent_ticks = from.sent_ticks;
    added.own_reply = std::make_unique<Bytes>(untouched ? certain : uncertain);
    added.repeatable = repeatable;
  };
  for (size_t index = 0; index < had.size(); ++index) {
    Expected& each = had[index];
    if (each.own_reply) {
      kept.push_back(std::move(each));
      continue;
    }
    const uint64_t begin = std::exchange(start, each.end);
    if (each.begun || each.traits.vital || (!each.receiver && !each.entry)) {
      if (each.begun && each.receiver) cut.push_back(each.receiver);
      settle(each.requests);
      continue;
    }
    const bool in_time = again && ticks::to_us(now - each.sent_ticks) / 1000 < access_->timeout_ms;
    const View requests =
        old.view().substr(static_cast<size_t>(begin - old_begin), static_cast<size_t>(each.end - begin));
    const uint32_t done = each.requests - each.replies;
    settle(done);
    if (each.traits.whole) {
      const bool untouched = each.end > old_sent && done == 0;
      if (in_time && untouched && each.receiver) {
        keep(kept, each, requests);
        retried += each.replies;
      } else {
        answer(each, each.replies, untouched, untouched);
      }
      continue;
    }
    const char* at = requests.data();
    const char* const end = at + requests.size();
    RequestParser parser;
    std::vector<View> words;
    for (uint32_t i = 0; i < each.requests; ++i) {
      const char* const from = at;
      words.clear();
      // What stands in the output was parsed, or formed by us: it is whole.
      if (parser.parse(at, end, words, {size_t{1} << 62, true}) != RequestParser::Result::complete) {
        answer(each, each.requests - std::max(i, done), false, false);
        break;
      }
      if (i < done) continue;
      const bool untouched = old_begin + static_cast<uint64_t>(at - old.data()) > old_sent;
      const bool repeatable = untouched || (each.traits.repeatable && !sees_later[index]);
      if (in_time && each.receiver && repeatable) {
        keep(kept, each, View(from, static_cast<size_t>(at - from)));
        ++retried;
      } else {
        answer(each, 1, untouched, repeatable);
      }
    }
  }
  expected_ = std::move(kept);
  if (retried > 0) hub_.upstream().count_retried(retried);
  for (Receiver* const receiver : cut) receiver->cut();
  answer_own();
}

// --- time

void Channel::tick(int64_t now_ms) {
  const auto kept = shared_from_this();
  switch (state_) {
    case State::resolving:
    case State::connecting:
    case State::greeting:
      if (now_ms - since_ms_ > access_->connect_timeout_ms) {
        failed("no answer within " + std::to_string(access_->connect_timeout_ms) + " ms");
      }
      break;
    case State::waiting:
      if (now_ms >= retry_at_ms_) connect();
      break;
    case State::ready:
      if (expected_.empty()) {
        if (kind_ == Kind::shared && now_ms - last_read_ms_ >= health_every_ms) {
          append_command(output_, {"PING"});
          append_expected(nullptr, 1, {.repeatable = true}, nullptr);
        }
      } else if (!expected_.front().traits.patient) {
        if (silent_ms(now_ms) > access_->timeout_ms) {
          lost("no reply within " + std::to_string(access_->timeout_ms) + " ms");
        }
      }
      break;
    case State::unused:
    case State::stopped:
      break;
  }
  report();
}

}  // namespace redipy::proxy
