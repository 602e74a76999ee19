// SPDX-License-Identifier: Apache-2.0
//
// See tracking.h.
#include "server/tracking.h"

#include <algorithm>

#include "core/command/key_finder.h"
#include "server/server.h"
#include "server/session.h"

namespace redipy {

void Tracking::enable(Session& session) {
  ++clients_;
  if (!session.tracking.broadcast) return;
  if (session.tracking.prefixes.empty()) session.tracking.prefixes.emplace_back();
  for (const Bytes& prefix : session.tracking.prefixes) {
    auto& sessions = prefixes_[prefix].sessions;
    if (std::find(sessions.begin(), sessions.end(), &session) == sessions.end()) sessions.push_back(&session);
  }
}

void Tracking::disable(Session& session) {
  if (!session.tracking.on) return;
  --clients_;
  for (const Bytes& prefix : session.tracking.prefixes) {
    const auto found = prefixes_.find(prefix);
    if (found == prefixes_.end()) continue;
    std::erase(found->second.sessions, &session);
    if (found->second.sessions.empty()) prefixes_.erase(found);
  }
  session.tracking = {};
}

void Tracking::remember(Session& session, const Command& command, const Args& args) {
  const TrackingState& state = session.tracking;
  if (!state.on || state.broadcast) return;
  if ((state.opt_in && !state.caching) || (state.opt_out && state.caching)) return;
  for_each_key(command, args, [&](FoundKey found) {
    const View key = args[found.index];
    const auto known = readers_.find(key);
    auto& ids = known != readers_.end() ? known->second : readers_[Bytes(key)];
    if (std::find(ids.begin(), ids.end(), session.id()) != ids.end()) return;
    ids.push_back(session.id());
    ++items_;
  });
}

void Tracking::changed(View key, Session* by) {
  for (auto& [prefix, it] : prefixes_) {
    if (!key.starts_with(prefix)) continue;
    it.changed.insert_or_assign(Bytes(key), by ? by->id() : 0);
    broadcasts_due_ = true;
  }
  forget_key(key, by);
}

void Tracking::send_due_broadcasts() {
  broadcasts_due_ = false;
  std::vector<View> keys;
  for (auto& [prefix, it] : prefixes_) {
    if (it.changed.empty()) continue;
    for (Session* session : it.sessions) {
      keys.clear();
      for (const auto& [key, by] : it.changed) {
        if (!(by == session->id() && session->tracking.no_loop)) keys.emplace_back(key);
      }
      if (!keys.empty()) send(*session, keys);
    }
    it.changed.clear();
  }
}

void Tracking::forget_key(View key, Session* by) {
  const auto found = readers_.find(key);
  if (found == readers_.end()) return;
  const std::vector<uint64_t> ids = std::move(found->second);
  readers_.erase(found);
  items_ -= ids.size();
  for (const uint64_t id : ids) {
    Session* session = server_.session(id);
    if (!session || !session->tracking.on || session->tracking.broadcast) continue;
    if (session == by && session->tracking.no_loop) continue;
    send(*session, std::span<const View>(&key, 1));
  }
}

void Tracking::flushed() {
  readers_.clear();
  items_ = 0;
  server_.for_each_session([&](Session& session) {
    if (session.tracking.on) send(session, {});
  });
}

void Tracking::trim() {
  const auto most = server_.settings().tracking_table_max_keys;
  if (most <= 0) return;
  for (int effort = 100; effort > 0 && readers_.size() > static_cast<size_t>(most); --effort) {
    const Bytes key = readers_.begin()->first;
    forget_key(key, nullptr);
  }
}

/// To the session itself or to where it wants its messages.
void Tracking::send(Session& session, std::span<const View> keys) {
  Session* target = &session;
  if (session.tracking.redirect != 0) {
    target = server_.session(session.tracking.redirect);
    if (!target || target->closing || target->killed) {
      if (!session.tracking.broken_redirect) {
        session.tracking.broken_redirect = true;
      }
      if (session.protocol() == 3) {
        ReplyWriter& inbox = session.inbox();
        inbox.push(2);
        inbox.bulk("tracking-redir-broken");
        inbox.integer(static_cast<int64_t>(session.tracking.redirect));
        session.wake();
      }
      return;
    }
  }
  ReplyWriter& inbox = target->inbox();
  if (target->protocol() == 3) {
    inbox.push(2);
    inbox.bulk("invalidate");
  } else if (target != &session && target->subscriptions.channels.contains("__redis__:invalidate")) {
    inbox.array(3);
    inbox.bulk("message");
    inbox.bulk("__redis__:invalidate");
  } else {
    return;  // RESP2 has no messages but to subscribers
  }
  ++server_.statistics().tracking_invalidations;
  if (keys.empty()) {
    inbox.null();
  } else {
    inbox.array(keys.size());
    for (const View key : keys) inbox.bulk(key);
  }
  target->wake();
}

}  // namespace redipy
