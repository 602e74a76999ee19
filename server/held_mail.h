// SPDX-License-Identifier: Apache-2.0
//
// What the commands of a batch say to other sessions, until the batch is committed: messages, invalidations, lines of
// MONITOR, the replies of commands that waited. One for each executor. After an error all of it is undone: what was
// said is forgotten, and who was served waits again, for the commands will run once more.
//
// Guarded by the server's lock.
#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "core/resp/reply_writer.h"
#include "server/waiting.h"

namespace redipy {

class Server;
class Session;

class HeldMail {
 public:
  explicit HeldMail(Server& server) : server_(server) {}

  /// The writer for what the session is sent out of band (Session::inbox).
  ReplyWriter& inbox_of(Session& session);
  bool has(const Session& session) const;
  /// Moves what is held for the session to the end of `out`.
  void collect(const Session& session, Buffer& out);
  /// The session's waiting command has its reply: it goes on when that is released. To be told before the session
  /// leaves the waiting room.
  void served(Session& session);

  /// The batch is committed: all of it goes to the sessions' inboxes.
  void release();
  /// The batch is undone.
  void undo();

 private:
  struct Mail {
    Buffer bytes;
    ReplyWriter writer{bytes, 2};
  };
  struct Served {
    uint64_t session;
    Wait wait;
  };

  Server& server_;
  std::unordered_map<uint64_t, std::unique_ptr<Mail>> mail_;  // by the session's id
  std::vector<Served> served_;
};

}  // namespace redipy
