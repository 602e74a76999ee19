// SPDX-License-Identifier: Apache-2.0
//
// See memory_backend.h.
#include "core/memory/memory_backend.h"

#include <algorithm>

#include "core/base/ticks.h"
#include "core/command/run_request.h"
#include "core/memory/look_ahead.h"

namespace redipy {

namespace {

/// What look_ahead() found out holds for its batch only.
struct KnownNoMore {
  explicit KnownNoMore(MemoryStore& of) : store(of) {}
  ~KnownNoMore() { store.know({}); }
  KnownNoMore(const KnownNoMore&) = delete;
  KnownNoMore& operator=(const KnownNoMore&) = delete;
  MemoryStore& store;
};

}  // namespace

MemoryBackend::MemoryBackend(const Clock& clock, int databases, ChangeListener& listener, View prefix)
    : prefixed_(prefix.empty() ? nullptr
                               : std::make_unique<PrefixedStore>(prefix, PrefixedStore::Below::alone, listener)),
      store_(clock, databases, prefixed_ ? *prefixed_ : listener),
      front_(prefixed_ ? static_cast<Store&>(*prefixed_) : store_),
      clock_(clock) {
  if (prefixed_) prefixed_->put_over(store_);
}

void MemoryBackend::run(Batch& batch) {
  const HeldClock held(store_);
  const KnownNoMore forgets(store_);
  store_.select(batch.database);
  const std::span<const Request> requests = batch.requests;
  for (size_t first = 0; first < requests.size(); first += requests_ahead) {
    const auto window = requests.subspan(first, std::min(requests_ahead, requests.size() - first));
    KnownHash known[requests_ahead];
    // The words have no prefix yet: what is there would be asked for under other names.
    if (window.size() > 1 && !prefixed_) redipy::look_ahead(store_.table(batch.database, false), batch, window, known);
    for (size_t i = 0; i < window.size(); ++i) {
      store_.know(known[i]);
      run_one(batch, window[i]);
    }
  }
}

void MemoryBackend::look_ahead(const Batch& batch) {
  if (prefixed_) return;
  KnownHash unused[requests_ahead];
  const auto window = batch.requests.first(std::min(requests_ahead, batch.requests.size()));
  redipy::look_ahead(store_.table(batch.database, false), batch, window, unused);
}

void MemoryBackend::run_one(const Batch& batch, const Request& request) {
  if (request.entry->command->is(flag::denyoom) && !store_.make_room()) {
    batch.reply->error(error::out_of_memory);
    return batch.observer->rejected(request, batch.args(request), error::out_of_memory);
  }
  run_request(store_, front_, batch, request);
}

void MemoryBackend::cron() {
  const int64_t now = ticks::now();
  const int64_t since_us = last_cron_ == 0 ? 100'000 : std::min<int64_t>(ticks::to_us(now - last_cron_), 1'000'000);
  last_cron_ = now;
  // A quarter of the time, and a little more with each step of effort.
  const int64_t percent = 25 + 2 * (store_.options().active_expire_effort - 1);
  if (active_expire_) store_.expire_some(since_us * percent / 100);
  store_.make_room();
}

bool MemoryBackend::expire_fast() {
  if (!active_expire_ || !store_.expiry_behind()) return false;
  const int64_t now = clock_.now_ms();
  const int64_t since = now - last_fast_expiry_ms_;  // below 0 where the time was set back
  if (since >= 0 && since < fast_expiry_ms) return true;
  last_fast_expiry_ms_ = now;
  constexpr int64_t budget_us = fast_expiry_ms * 1000 / 2;
  store_.expire_some(budget_us);
  return store_.expiry_behind();
}

}  // namespace redipy
