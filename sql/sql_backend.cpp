// SPDX-License-Identifier: Apache-2.0
//
// See sql_backend.h.
#include "sql/sql_backend.h"

#include <new>

#include "core/command/error.h"
#include "core/command/key_finder.h"

namespace redipy::sql {

namespace {

/// Commands of a batch see one time.
struct HeldClock {
  explicit HeldClock(Store& of) : store(of) { store.hold_clock(); }
  ~HeldClock() { store.release_clock(); }
  HeldClock(const HeldClock&) = delete;
  HeldClock& operator=(const HeldClock&) = delete;
  Store& store;
};

}  // namespace

SqlBackend::SqlBackend(std::unique_ptr<Driver> driver, const Clock& clock, int databases, ChangeListener& listener,
                       View prefix)
    : prefix_(prefix),
      prefixed_(prefix.empty() ? nullptr
                               : std::make_unique<PrefixedStore>(prefix, PrefixedStore::Below::shared, listener)),
      store_(std::move(driver), clock, databases, prefixed_ ? static_cast<ChangeListener&>(*prefixed_) : listener),
      front_(prefixed_ ? static_cast<Store&>(*prefixed_) : store_) {
  if (prefixed_) prefixed_->put_over(store_);
}

void SqlBackend::run(Batch& batch) {
  const HeldClock held(front_);
  for (const Request& request : batch.requests) run_one(batch, request);
}

size_t SqlBackend::run_held(const Batch& batch) {
  const HeldClock held(front_);
  front_.select(batch.database);
  size_t taken = 0;
  for (const Request& request : batch.requests) {
    if (!reads_what_is_held(*request.entry->command, batch.args(request))) break;
    run_one(batch, request);
    ++taken;
  }
  return taken;
}

bool SqlBackend::reads_what_is_held(const Command& command, const Args& args) const {
  // PFCOUNT may change what it reads.
  if (command.is(flag::write | flag::may_replicate | flag::blocking) || command.keys.count == 0) return false;
  bool any = false;
  bool all = true;
  const bool well_formed = for_each_key(command, args, [&](FoundKey found) {
    any = true;
    all = all && (prefixed_ ? store_.holds(Bytes(prefix_).append(args[found.index])) : store_.holds(args[found.index]));
  });
  return well_formed && any && all;
}

void SqlBackend::fetch_ahead(int database, std::span<const View> keys,
                             std::span<const SqlStore::ElementName> elements) {
  front_.select(database);
  front_.prefetch(keys);
  if (!prefixed_) return store_.prefetch_elements(elements);
  std::vector<Bytes> names;
  std::vector<SqlStore::ElementName> prefixed;
  names.reserve(elements.size());
  for (const SqlStore::ElementName& it : elements) {
    names.push_back(Bytes(prefix_).append(it.key));
    prefixed.push_back({names.back(), it.name});
  }
  store_.prefetch_elements(prefixed);
}

void SqlBackend::check_reach(const Command& command) const {
  if (prefixed_ && command.name == "SWAPDB") {
    throw CommandError("ERR SWAPDB would swap what is not under the backend's prefix, too");
  }
}

void SqlBackend::run_one(const Batch& batch, const Request& request) {
  const Command& command = *request.entry->command;
  const Args args = batch.args(request);
  Reply& reply = *batch.reply;
  const size_t mark = reply.mark();
  front_.select(batch.database);
  front_.begin({command.is(flag::write), command.event, batch.touch && !command.is(flag::no_touch)});
  try {
    check_reach(command);
    command.run.data(front_, args, reply);
  } catch (const CommandError& refusal) {
    return refuse(batch, request, mark, refusal.what());
  } catch (const std::bad_alloc&) {
    return refuse(batch, request, mark, error::out_of_memory);
  }
  front_.end();
  // A blocking command that found nothing has not run yet: the session waits with it.
  if (command.is(flag::blocking) && reply.mark() == mark) return;
  batch.observer->ran(request, args);
}

/// Takes back what a command wrote before it was refused.
void SqlBackend::refuse(const Batch& batch, const Request& request, size_t mark, View error) {
  batch.reply->rewind(mark);
  batch.reply->error(error);
  front_.end();
  batch.observer->refused(request, batch.args(request), error);
}

}  // namespace redipy::sql
