// SPDX-License-Identifier: Apache-2.0
//
// See session_task.h.
#include "server/session_task.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstring>

#include "core/command/key_finder.h"
#include "server/server.h"
#include "server/session.h"

namespace redipy {

SessionTask::SessionTask(Session& session, const Scratch& scratch, size_t first, size_t last)
    : session_(session),
      database_(session.database),
      kept_alive_(session.link().keep()),
      reply_(out_, session.protocol()) {
  const size_t first_word = scratch.requests[first].first_word;
  const size_t last_word = scratch.requests[last - 1].first_word + scratch.requests[last - 1].words;
  const std::span<const View> words(scratch.words.data() + first_word, last_word - first_word);
  for (const View word : words) bytes_ += word.size();
  text_.reset(new char[bytes_]);
  words_.reserve(words.size());
  char* at = text_.get();
  for (const View word : words) {
    if (!word.empty()) std::memcpy(at, word.data(), word.size());
    words_.emplace_back(at, word.size());
    at += word.size();
  }
  const char* const begin = first == 0 ? scratch.begin : scratch.ends[first - 1];
  requests_.reserve(last - first);
  ends_.reserve(last - first);
  for (size_t i = first; i < last; ++i) {
    Request request = scratch.requests[i];
    request.first_word -= static_cast<uint32_t>(first_word);
    requests_.push_back(request);
    ends_.push_back(static_cast<size_t>(scratch.ends[i] - begin));
  }
  session_.submitted = true;
}

bool SessionTask::may_take_long() const {
  return std::any_of(requests_.begin(), requests_.end(), [](const Request& request) {
    return request.entry && (request.entry->group == Group::scripting || request.entry->command->name == "EXEC");
  });
}

void SessionTask::add_names(Names& names) const {
  Names::Of& of = names.databases[database_];
  for (const Request& request : requests_) {
    const CommandTable::Entry* const entry = request.entry;
    if (!entry || entry->full_name == "select") return;  // what follows is about another database
    const Args args(words_.data() + request.first_word, request.words);
    for_each_key(*entry->command, args, [&](FoundKey found) {
      if ((found.flags & key::not_key) == 0) of.keys.push_back(args[found.index]);
    });
    if (entry->elements.first == 0 || args.size() < 2) continue;
    for_each_element(entry->elements, args, [&](View element) { of.elements.push_back({args[1], element}); });
  }
}

void SessionTask::remember() {
  if (remembered_) return;
  remembered_ = true;
  before_.database = session_.database;
  before_.transaction = session_.transaction;
  before_.caching = session_.tracking.caching;
  before_.reply_mode = static_cast<uint8_t>(session_.reply_mode);
  before_.replies = out_.size();
  before_.ran = ran_;
}

void SessionTask::run(size_t most) {
  remember();
  session_.behind = nullptr;
  if (session_.has_mail()) session_.collect_mail(out_);  // what was said before stands before the replies
  if (!session_.killed) {
    const size_t wanted = std::min(most, requests_.size() - ran_);
    const size_t ran = session_.server().dispatcher().run_here(
        session_, words_, std::span<const Request>(requests_).subspan(ran_, wanted), reply_);
    ran_ += ran;
    over_ = ran < wanted || ran_ == requests_.size() || session_.waits();
  } else {
    over_ = true;
  }
  session_.behind = &reply_;
}

void SessionTask::keep() { remembered_ = false; }

void SessionTask::undo() {
  if (!remembered_) return;
  remembered_ = false;
  over_ = false;
  session_.behind = nullptr;
  Server& server = session_.server();
  server.waiting().leave(session_);
  session_.wait = {};
  if (!session_.transaction.watched.empty()) server.watches().unwatch(session_);
  const std::vector<WatchedKey> watched = std::move(before_.transaction.watched);
  before_.transaction.watched.clear();
  session_.transaction = std::move(before_.transaction);
  for (const WatchedKey& each : watched) server.watches().watch(session_, each.database, each.key);
  session_.database = before_.database;
  session_.tracking.caching = before_.caching;
  session_.reply_mode = static_cast<Session::ReplyMode>(before_.reply_mode);
  out_.truncate(before_.replies);
  ran_ = before_.ran;
}

void SessionTask::refuse(View error) {
  if (ran_ == requests_.size() || session_.killed) {
    over_ = true;
    return;
  }
  const Request& request = requests_[ran_];
  const Args args(words_.data() + request.first_word, request.words);
  session_.server().dispatcher().fail_here(session_, request, args, error, reply_);
  session_.behind = &reply_;
  ++ran_;
  over_ = ran_ == requests_.size();
}

void SessionTask::release() {
  session_.behind = nullptr;
  session_.done_bytes = ran_ == 0 ? 0 : ends_[ran_ - 1];
  session_.submitted = false;
  if (out_.reached_limit()) {
    ++session_.server().statistics().output_limit_disconnections;
    spdlog::warn("Closing client {} ({}): it reached the output buffer limit", session_.id(),
                 session_.link().peer_address());
    session_.close_now();
  } else {
    session_.send_later(out_);
  }
  session_.link().wake();
  kept_alive_.reset();  // others keep it: it does not close while it is submitted
}

}  // namespace redipy
