// SPDX-License-Identifier: Apache-2.0
//
// How a backend that holds a Store runs one request of a batch: the same in memory and on tables.
#pragma once

#include <new>

#include "core/command/backend.h"
#include "core/command/error.h"
#include "core/store/store.h"

namespace redipy {

/// As long as it lives, commands see one time: those of a batch do.
template <class AnyStore>
class HeldClock {
 public:
  explicit HeldClock(AnyStore& store) : store_(store) { store_.hold_clock(); }
  ~HeldClock() { store_.release_clock(); }
  HeldClock(const HeldClock&) = delete;
  HeldClock& operator=(const HeldClock&) = delete;

 private:
  AnyStore& store_;
};

/// Runs the request, writes its reply and tells the batch's observer. Of a command that is refused nothing but its
/// error stays in the reply; what a store throws besides CommandError and std::bad_alloc escapes. `store`: whose
/// database is chosen, in its own type, so that no call of the hot loop is virtual; `front`: what the handler is given.
template <class AnyStore>
void run_request(AnyStore& store, Store& front, const Batch& batch, const Request& request) {
  const Command& command = *request.entry->command;
  const Args args = batch.args(request);
  Reply& reply = *batch.reply;
  const size_t mark = reply.mark();
  const auto refuse = [&](View error) {
    reply.rewind(mark);
    reply.error(error);
    store.end();
    batch.observer->refused(request, args, error);
  };
  store.select(batch.database);
  store.begin({command.is(flag::write), command.event, batch.touch && !command.is(flag::no_touch)});
  try {
    command.run.data(front, args, reply);
  } catch (const CommandError& refusal) {
    return refuse(refusal.what());
  } catch (const std::bad_alloc&) {
    return refuse(error::out_of_memory);
  }
  store.end();
  // A blocking command that found nothing has not run yet: the session waits with it.
  if (command.is(flag::blocking) && reply.mark() == mark) return;
  batch.observer->ran(request, args);
}

}  // namespace redipy
