// SPDX-License-Identifier: Apache-2.0
//
// See eviction.h.
#include "core/memory/eviction.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <thread>

#include "core/base/ticks.h"
#include "core/memory/memory_store.h"

namespace redipy {

uint8_t lfu::counter(uint32_t use, uint32_t minutes, int decay_time) {
  const uint32_t counter = use & 0xff;
  if (decay_time <= 0) return static_cast<uint8_t>(counter);
  const uint32_t elapsed = (minutes - (use >> 8)) & 0xffff;
  const uint32_t periods = elapsed / static_cast<uint32_t>(decay_time);
  return static_cast<uint8_t>(periods > counter ? 0 : counter - periods);
}

uint8_t lfu::increment(uint8_t counter, int log_factor, Random& random) {
  if (counter == 255) return counter;
  const double above = counter > initial ? counter - initial : 0;
  const double chance = 1.0 / (above * log_factor + 1);
  return static_cast<uint8_t>(counter + (random.unit() < chance));
}

namespace {

bool only_volatile(Options::Eviction policy) {
  using enum Options::Eviction;
  return policy == volatile_lru || policy == volatile_lfu || policy == volatile_random || policy == volatile_ttl;
}

bool picks_at_random(Options::Eviction policy) {
  return policy == Options::Eviction::volatile_random || policy == Options::Eviction::allkeys_random;
}

/// How long one command may go on evicting; the rest is left to the next one and to the cron.
int64_t limit_us(int tenacity) {
  if (tenacity >= 100) return std::numeric_limits<int64_t>::max();
  if (tenacity <= 10) return int64_t{50} * tenacity;
  return static_cast<int64_t>(500.0 * std::pow(1.15, tenacity - 10.0));
}

}  // namespace

bool Eviction::make_room(MemoryStore& store) {
  const Options& options = store.options();
  if (options.eviction == Options::Eviction::noeviction) return false;
  const int64_t limit = limit_us(options.eviction_tenacity);
  const int64_t start = ticks::now();
  const auto elapsed_us = [start] { return ticks::to_us(ticks::now() - start); };
  for (unsigned count = 1; !store.fits(); ++count) {
    if (!evict_one(store)) {
      // What was evicted before may still be on its way back to the allocator.
      while (store.reclaimer().pending() > 0 && elapsed_us() < limit) {
        std::this_thread::sleep_for(std::chrono::microseconds(50));
        if (store.fits()) return true;
      }
      return store.fits();
    }
    if (count % 16 == 0 && elapsed_us() > limit) return true;
  }
  return true;
}

bool Eviction::evict_one(MemoryStore& store) {
  if (picks_at_random(store.options().eviction)) return evict_random(store);
  for (int database = 0; database < store.databases(); ++database) sample(store, database);
  while (size_ > 0) {
    const Candidate& best = pool_[--size_];
    if (store.evict(best.database, best.key)) return true;  // else it is gone already
  }
  return false;
}

bool Eviction::evict_random(MemoryStore& store) {
  for (int tried = 0; tried < store.databases(); ++tried) {
    const int database = next_database_++ % store.databases();
    next_database_ %= store.databases();
    const EntryTable& table = store.table(database, only_volatile(store.options().eviction));
    const Entry* entry = table.random(store.random());
    if (entry) return store.evict(database, entry->key());
  }
  return false;
}

void Eviction::sample(MemoryStore& store, int database) {
  const EntryTable& table = store.table(database, only_volatile(store.options().eviction));
  if (table.empty()) return;
  const auto wanted = static_cast<size_t>(store.options().maxmemory_samples);
  size_t seen = 0;
  // From a random place on: neighbours in the table have nothing else in common.
  uint64_t cursor = store.random().next() >> hash_tag_bits;
  for (size_t steps = 0; seen < wanted && steps < 10 * wanted; ++steps) {
    cursor = table.scan(cursor, [&](const Entry* entry) {
      if (seen++ < wanted) consider(score(store, *entry), database, entry->key());
    });
  }
}

uint64_t Eviction::score(const MemoryStore& store, const Entry& entry) const {
  const Options& options = store.options();
  if (options.eviction == Options::Eviction::volatile_ttl) {
    return std::numeric_limits<uint64_t>::max() - static_cast<uint64_t>(entry.deadline());
  }
  if (options.counts_frequency()) {
    return 255U - lfu::counter(entry.use(), lfu::minutes(store.now()), options.lfu_decay_time);
  }
  return lru::idle_seconds(entry.use(), lru::clock(store.now()));
}

void Eviction::consider(uint64_t score, int database, View key) {
  for (size_t i = 0; i < size_; ++i) {
    if (pool_[i].database == database && pool_[i].key == key) return;
  }
  if (size_ == pool_size) {
    if (score <= pool_[0].score) return;
    std::rotate(pool_.begin(), pool_.begin() + 1, pool_.end());  // the worst one's place becomes the last
    --size_;
  }
  Candidate& fresh = pool_[size_];
  fresh.score = score;
  fresh.database = database;
  fresh.key.assign(key);
  ++size_;
  for (size_t i = size_ - 1; i > 0 && pool_[i - 1].score > pool_[i].score; --i) std::swap(pool_[i - 1], pool_[i]);
}

}  // namespace redipy
