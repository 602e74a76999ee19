// SPDX-License-Identifier: Apache-2.0
//
// The outer seam: somewhere data lives and commands run. The session (server/) parses, gates and queues; a backend is
// handed whole batches of admitted requests and writes their replies in order.
#pragma once

#include <span>

#include "core/command/table.h"

namespace redipy {

/// One parsed request: its command and which words of the batch are its arguments.
struct Request {
  const CommandTable::Entry* entry = nullptr;
  uint32_t first_word = 0;
  uint32_t words = 0;
};

/// Told of each command of a batch by the backend that runs it: statistics, the slow log, MONITOR, waking of clients
/// that wait for a key hang here.
class BatchObserver {
 public:
  virtual ~BatchObserver() = default;
  /// The command has run and its reply is written (not if it is a blocking one that found nothing).
  virtual void ran(const Request& request, const Args& args) = 0;
  /// The command was refused with this error, which was written as its reply.
  virtual void refused(const Request& request, const Args& args, View error) = 0;
  /// The command was not let run at all, for want of memory; the error was written as its reply.
  virtual void rejected(const Request& request, const Args& args, View error) = 0;
};

/// What one session asks of one backend at a time.
struct Batch {
  int database = 0;
  bool touch = true;  ///< look-ups count as uses of the key
  std::span<const View> words;
  std::span<const Request> requests;
  Reply* reply = nullptr;
  BatchObserver* observer = nullptr;

  Args args(const Request& request) const { return Args(words.subspan(request.first_word, request.words)); }
};

/// Used by one caller at a time. What cannot run at once (SQL: replies after COMMIT; an upstream: when its replies are
/// in) gets a second, awaitable way in with the first such backend; the session's side of it is ready: it stops reading
/// a connection's requests while the session is suspended (server/session.h).
class Backend {
 public:
  virtual ~Backend() = default;

  /// Runs the requests in order, one after the other, and writes their replies; nothing of others comes between.
  virtual void run(Batch& batch) = 0;

  /// Commands with these first keys are about to come, one by one: a hint, for scripts in a row are no batch.
  virtual void look_ahead(const Batch& /*batch*/) {}

  /// Whether a command that needs memory would be admitted now.
  virtual bool has_room() { return true; }
  /// The keyspace of a backend that owns its data; null for one that forwards.
  virtual Store* store() { return nullptr; }
};

}  // namespace redipy
