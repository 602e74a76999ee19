// SPDX-License-Identifier: Apache-2.0
//
// See sql_backend.h.
#include "sql/sql_backend.h"

#include "core/command/key_finder.h"
#include "core/command/run_request.h"

namespace redipy::sql {

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
  for (const Request& request : batch.requests) run_request(front_, front_, batch, request);
}

size_t SqlBackend::run_held(const Batch& batch) {
  const HeldClock held(front_);
  front_.select(batch.database);
  size_t taken = 0;
  for (const Request& request : batch.requests) {
    if (!reads_what_is_held(*request.entry->command, batch.args(request))) break;
    run_request(front_, front_, batch, request);
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

}  // namespace redipy::sql
