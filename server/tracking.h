// SPDX-License-Identifier: Apache-2.0
//
// CLIENT TRACKING, the server's side of client-side caching: who may hold a copy of what. In the default mode a table
// remembers, per key, the sessions that read it since its last change; in broadcast mode sessions name prefixes
// instead. A change sends an invalidation to all of them, and forgets them.
// https://redis.io/docs/latest/develop/reference/client-side-caching/. Guarded by the server's lock.
#pragma once

#include <map>
#include <span>
#include <unordered_map>
#include <vector>

#include "core/command/args.h"
#include "core/command/command.h"

namespace redipy {

class Server;
class Session;

class Tracking {
 public:
  explicit Tracking(Server& server) : server_(server) {}

  /// CLIENT TRACKING on: registers what session.tracking says.
  void enable(Session& session);
  void disable(Session& session);
  size_t clients() const { return clients_; }
  bool idle() const { return clients_ == 0; }

  /// `session` has read these keys by this command, for its own cache.
  void remember(Session& session, const Command& command, const Args& args);
  /// `key` has changed; `by` changed it (null: expiry, eviction).
  void changed(View key, Session* by);
  /// Sends those who track prefixes what has changed since the last time, in one message for each prefix. To be called
  /// whenever a session's requests, or work of the server's own, are done.
  void send_broadcasts() {
    if (broadcasts_due_) send_due_broadcasts();
  }
  /// Everything is gone: tells all trackers.
  void flushed();
  /// Keeps the table within tracking-table-max-keys by inventing changes; bounded effort per call.
  void trim();

  size_t keys() const { return readers_.size(); }
  size_t items() const { return items_; }
  size_t prefixes() const { return prefixes_.size(); }

 private:
  void forget_key(View key, Session* by);
  void send_due_broadcasts();
  /// Sends that the keys (none: everything) are no longer valid.
  void send(Session& session, std::span<const View> keys);

  struct Hash {
    using is_transparent = void;  // NOLINT(readability-identifier-naming)
    size_t operator()(View text) const { return std::hash<View>()(text); }
  };

  struct Prefix {
    std::vector<Session*> sessions;
    std::map<Bytes, uint64_t, std::less<>> changed;  // key -> who changed it, 0: nobody
  };

  Server& server_;
  std::unordered_map<Bytes, std::vector<uint64_t>, Hash, std::equal_to<>> readers_;  // key -> session ids
  std::map<Bytes, Prefix, std::less<>> prefixes_;
  bool broadcasts_due_ = false;
  size_t items_ = 0;
  size_t clients_ = 0;
};

}  // namespace redipy
