// SPDX-License-Identifier: Apache-2.0
//
// Who asked an upstream, and gets its replies; and who is told what was asked. See channel.h.
#pragma once

#include <cstdint>
#include <span>

#include "core/command/table.h"

namespace redipy::proxy {

class Channel;

/// All methods are called on the channel's thread, from within its event; a receiver may send to channels from there.
class Receiver {
 public:
  virtual ~Receiver() = default;

  /// Reply bytes as they came, in which so many replies end. They hold during the call. A request that fails on the way
  /// is answered like this, too, with an error that begins with UPSTREAM.
  virtual void replies(View bytes, uint32_t whole) = 0;
  /// Whether replies() also takes a large reply in parts, the last of which ends it.
  virtual bool takes_parts() const { return false; }
  /// The connection was lost after a part: the rest will not come, nor any other reply to this receiver's request.
  virtual void cut() {}
  /// Its request, the only one it waits for, will not be answered, for this reason (an error's text). `repeatable`: it
  /// was certainly not executed, or only reads. True if the receiver sees to it itself; else replies() answers it.
  virtual bool takes_over(View /*error*/, bool /*repeatable*/) { return false; }
  /// The session it is for, by its id; 0: none.
  virtual uint64_t client() const { return 0; }
};

/// Hears of a connection of a session's own (a subscriber's, say) what is no reply.
class Listener {
 public:
  virtual ~Listener() = default;
  /// A message, whole, that came by this connection: a push in RESP3, an array in RESP2.
  virtual void message(const Channel& by, View bytes) = 0;
  /// The connection is lost, and nothing of it will come back by itself.
  virtual void gone(View why) = 0;
};

/// So many requests of one kind were answered, this long after they were sent.
struct Answered {
  const CommandTable::Entry* entry;  ///< null: a command that the table does not know
  uint32_t requests;
  uint32_t errors;
  uint32_t rejected;  ///< of the errors: the upstream did not let them run at all
  int64_t ticks;
  uint64_t client;  ///< the session's id
  Bytes request;    ///< the first of them, where it took longer than Observer::slow_ticks()
};

/// Told once for all that an event of a channel brought.
class Observer {
 public:
  virtual ~Observer() = default;
  /// What takes as long is told with its request.
  virtual int64_t slow_ticks() const = 0;
  /// `errors`: the texts of the error replies among them.
  virtual void answered(std::span<const Answered> what, std::span<const Bytes> errors) = 0;
};

}  // namespace redipy::proxy
