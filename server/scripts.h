// SPDX-License-Identifier: Apache-2.0
//
// Scripts in this server: the library of those that are loaded, and the one that runs. A script runs where its command
// runs, under the server's lock, for it is one step. When it runs long, it pauses every millisecond or so: the lock is
// given back for a moment, the thread's own event loop is let in, and whoever asks for something meanwhile is made to
// wait (gates.cpp) or, from busy-reply-threshold on, told BUSY. What ends a script (SCRIPT KILL, SHUTDOWN NOSAVE, the
// time being up) only leaves a note, which the script meets when it goes on.
//
// Threads: guarded by the server's lock.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "core/command/reply.h"
#include "scripting/interpreter.h"
#include "scripting/library.h"

namespace redipy {

class Server;
class Session;

inline constexpr View script_out_of_time = "ERR script exceeds script-max-time";

class Scripts {
 public:
  explicit Scripts(Server& server);
  ~Scripts();

  script::Library& library() { return library_; }
  const script::Library& library() const { return library_; }

  /// The limits on what may be loaded, as configured.
  script::GraphLimits graph_limits() const;

  /// Runs it for the session and writes its value: a bulk string of JSON, or null. Each argument is a JSON document.
  /// Throws CommandError, with the script's digits and the place of the fault at its end.
  void run(Session& session, script::Script& script, std::span<const View> keys, std::span<const View> arguments,
           bool read_only, Reply& reply);

  /// A script has begun and not ended; others ask this while it pauses.
  bool running() const { return running_ != nullptr; }
  /// It has run for busy-reply-threshold: others are told.
  bool told_busy() const;
  /// SCRIPT KILL; throws Redis's errors if nothing runs, or it has written.
  void kill();
  /// The server is about to end: the script ends too, whatever it has done.
  void abort();

  /// The limits on a run, as configured.
  script::Limits run_limits() const;
  /// A script has run at an upstream; `error` if it failed.
  void count_upstream_run(script::Script& script, uint64_t ns, View error);

  struct Totals {
    uint64_t calls = 0;
    uint64_t errors = 0;
    uint64_t steps = 0;
    uint64_t nanoseconds = 0;
    uint64_t killed = 0;
  };
  const Totals& totals() const { return totals_; }
  void reset_totals() { totals_ = {}; }

 private:
  class Running;

  Server& server_;
  script::Library library_;
  script::Interpreter interpreter_;
  Bytes result_;
  Running* running_ = nullptr;
  Totals totals_;
};

}  // namespace redipy
