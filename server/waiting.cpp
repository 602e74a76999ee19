// SPDX-License-Identifier: Apache-2.0
//
// See waiting.h.
#include "server/waiting.h"

#include <algorithm>

#include "core/store/frame.h"
#include "server/executor.h"
#include "server/held_mail.h"
#include "server/server.h"
#include "server/session.h"

namespace redipy {

namespace {

Type type_at(Store& store, int database, View key) {
  store.select(database);
  const Frame frame(store);
  return store.type(key);
}

}  // namespace

void WaitingRoom::enter(Session& session) {
  Wait& wait = session.wait;
  std::sort(wait.names.begin(), wait.names.end());
  wait.names.erase(std::unique(wait.names.begin(), wait.names.end()), wait.names.end());
  for (const Bytes& name : wait.names) by_key_[{wait.database, name}].push_back(&session);
  if (wait.deadline) by_deadline_.emplace(*wait.deadline, &session);
  ++waiting_;
}

void WaitingRoom::enter_first(Session& session) {
  Wait& wait = session.wait;
  for (const Bytes& name : wait.names) by_key_[{wait.database, name}].push_front(&session);
  if (wait.deadline) by_deadline_.emplace(*wait.deadline, &session);
  ++waiting_;
}

void WaitingRoom::leave(Session& session) {
  Wait& wait = session.wait;
  if (wait.kind != Wait::keys && wait.kind != Wait::replicas) return;  // others are not in here
  for (const Bytes& name : wait.names) {
    const auto found = by_key_.find(std::pair<int, View>(wait.database, name));
    if (found == by_key_.end()) continue;
    found->second.remove(&session);
    if (found->second.empty()) by_key_.erase(found);
  }
  if (wait.deadline) {
    const auto [first, last] = by_deadline_.equal_range(*wait.deadline);
    const auto mine = std::find_if(first, last, [&](const auto& entry) { return entry.second == &session; });
    if (mine != last) by_deadline_.erase(mine);
  }
  wait = {};
  --waiting_;
}

void WaitingRoom::mark_ready(int database, View key) {
  if (!by_key_.contains(std::pair<int, View>(database, key))) return;
  const auto [at, is_new] = ready_set_.emplace(database, Bytes(key));
  if (is_new) ready_.push_back(*at);
}

void WaitingRoom::databases_changed(int first, int second) {
  for (const auto& [key, sessions] : by_key_) {
    if (key.first == first || key.first == second) mark_ready(key.first, key.second);
  }
}

void WaitingRoom::serve(Dispatcher& dispatcher) {
  std::vector<DatabaseKey> elsewhere;
  while (!ready_.empty()) {
    const std::vector<DatabaseKey> keys = std::move(ready_);
    ready_.clear();
    ready_set_.clear();
    for (const DatabaseKey& key : keys) {
      const auto found = by_key_.find(key);
      if (found == by_key_.end()) continue;
      const std::vector<Session*> sessions(found->second.begin(), found->second.end());
      for (Session* session : sessions) {
        // Somebody served before may have ended this wait; a key of the wrong type is nothing to wake up for.
        if (session->wait.kind != Wait::keys || session->wait.database != key.first) continue;
        const Type wanted = session->wait.entry->group == Group::list ? Type::list : Type::sorted_set;
        Place& place = session->server().backends().of(key.second);
        Store* const store = place.store();
        if (place.executor && dispatcher.here() != &place) {
          elsewhere.push_back(key);
          break;
        }
        if (!store || type_at(*store, key.first, key.second) != wanted) break;
        if (!dispatcher.retry(*session)) continue;
        if (HeldMail* const held = dispatcher.held()) held->served(*session);
        leave(*session);
        session->wake();
      }
    }
  }
  // An executor's keys are served there.
  for (const DatabaseKey& key : elsewhere) {
    if (const auto found = by_key_.find(key); found != by_key_.end()) {
      found->second.front()->server().backends().of(key.second).executor->serve(key.first, key.second);
    }
  }
}

void WaitingRoom::reply_timeout(Session& session) {
  session.server().dispatcher().waited_in_vain(session, {});
  if (session.wait.kind == Wait::replicas) {
    session.inbox().integer(session.wait.replicas_reply);
  } else {
    Dispatcher::reply_nothing(*session.wait.entry, session.inbox(), true);
  }
}

void WaitingRoom::expire(int64_t now_ms) {
  while (!by_deadline_.empty() && by_deadline_.begin()->first <= now_ms) {
    Session& session = *by_deadline_.begin()->second;
    reply_timeout(session);
    leave(session);
    session.wake();
  }
}

bool WaitingRoom::unblock(Session& session, bool with_error) {
  if (session.wait.kind == Wait::upstream) return session.link().unblock(with_error), true;
  if (session.wait.kind != Wait::keys && session.wait.kind != Wait::replicas) return false;
  if (with_error) {
    constexpr View error = "UNBLOCKED client unblocked via CLIENT UNBLOCK";
    session.server().dispatcher().waited_in_vain(session, error);
    session.inbox().error(error);
  } else {
    reply_timeout(session);
  }
  leave(session);
  session.wake();
  return true;
}

}  // namespace redipy
