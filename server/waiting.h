// SPDX-License-Identifier: Apache-2.0
//
// Clients that wait: for an element (BLPOP …), for replicas (WAIT). A waiting client's command stands here whole; when
// one of its keys may have something, the command is simply run again, and this time it finds something or goes on
// waiting. Clients that wait for one key are served in the order in which they came, each by one change after another.
//
//   key (db, name) ──> first session ──> second ──> …       and per session: its keys, and its deadline
//
// A change to a key that somebody waits for makes it *ready*; ready keys are served when the command (or EXEC, or
// script) that changed them has ended, in the order in which they became ready.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

#include "core/base/relaxed.h"
#include "core/command/table.h"
#include "server/database_key.h"

namespace redipy {

class Session;
class Dispatcher;

/// A command that waits, as its session holds it.
struct Wait {
  /// upstream: at a blocking command there; flow: in several steps that do not take long.
  enum Kind : uint8_t { nothing, keys, replicas, upstream, flow };
  Relaxed<Kind> kind = nothing;
  const CommandTable::Entry* entry = nullptr;
  std::vector<Bytes> words;
  int database = 0;
  std::vector<Bytes> names;         ///< the keys waited for
  std::optional<int64_t> deadline;  ///< ms; none: for ever
  int64_t replicas_reply = 0;

  bool active() const { return kind != nothing; }
};

/// All that wait. Guarded by the server's lock.
class WaitingRoom {
 public:
  /// `session` waits for what session.wait says.
  void enter(Session& session);
  /// The same, but before all others: it was served, and is not after all.
  void enter_first(Session& session);
  /// It does not any more (served, timed out, unblocked, gone).
  void leave(Session& session);

  /// A key was changed: whoever waits for it is to be tried.
  void changed(int database, View key) {
    if (!by_key_.empty()) mark_ready(database, key);
  }
  /// All keys of both databases are ready where somebody waits: after SWAPDB.
  void databases_changed(int first, int second);
  bool any_ready() const { return !ready_.empty(); }
  /// Runs the commands of those who wait for keys that became ready; also for what that makes ready in turn.
  void serve(Dispatcher& dispatcher);

  /// Replies to all whose deadline is not after now_ms that nothing came.
  void expire(int64_t now_ms);
  /// The earliest deadline.
  std::optional<int64_t> next_deadline() const {
    if (by_deadline_.empty()) return std::nullopt;
    return by_deadline_.begin()->first;
  }
  /// CLIENT UNBLOCK: ends the wait as its timeout would, or with an error. False if the session does not wait.
  bool unblock(Session& session, bool with_error);
  size_t size() const { return waiting_; }
  /// How many keys somebody waits for.
  size_t keys() const { return by_key_.size(); }

 private:
  void mark_ready(int database, View key);
  void reply_timeout(Session& session);

  std::map<DatabaseKey, std::list<Session*>, DatabaseKeyLess> by_key_;
  std::multimap<int64_t, Session*> by_deadline_;
  std::vector<DatabaseKey> ready_;
  std::set<DatabaseKey, DatabaseKeyLess> ready_set_;
  size_t waiting_ = 0;
};

}  // namespace redipy
