// SPDX-License-Identifier: Apache-2.0
//
// Deadlines. A key whose deadline has passed is absent from that millisecond on: whoever looks it up removes it. What
// nobody looks up is found by expire_some(), which walks the tables of keys with a deadline bit by bit, and goes on as
// long as it finds many (the idea of Redis's active expire cycle; the walk is in the order of the table, so that no key
// waits for luck). The cron calls it, and while that leaves too much behind, also in between
// (MemoryBackend::expire_fast).
#include "core/base/ticks.h"
#include "core/memory/memory_store.h"

namespace redipy {

void MemoryStore::expire(const Found& found) {
  note(*found.entry, Event::expired);
  detach(found);
  doomed_.push_back({found.entry, options_.lazyfree.expire});
  ++statistics_.expired;
}

/// Replaces the entry by one with or without room for a deadline, and returns that.
Entry& MemoryStore::reshape(const Found& found, bool deadline) {
  Entry& old = *found.entry;
  const size_t inline_size = old.is_inline() ? old.inline_size() : 0;
  Entry& fresh = *Entry::make({old.type(), old.encoding(), old.key_size(), inline_size, deadline}, old.key());
  fresh.set_use(old.use());
  if (old.is_inline()) {
    old.inline_value().copy(fresh.inline_bytes(), inline_size);
  } else {
    fresh.set_word(old.word());
  }
  exchange(found, fresh, true);
  return fresh;
}

std::optional<int64_t> MemoryStore::deadline(View key) {
  const Entry* entry = read(key);
  if (entry == nullptr) return std::nullopt;
  return entry->deadline();
}

bool MemoryStore::set_deadline(View key, int64_t deadline) {
  const Found found = locate(key);
  if (found.entry == nullptr) return false;
  Entry& entry = found.entry->has_deadline() ? *found.entry : reshape(found, true);
  entry.set_deadline(deadline);
  use(entry);
  if (call_.event != Event::restore) note(entry, Event::expire);
  return true;
}

bool MemoryStore::clear_deadline(View key) {
  const Found found = locate(key);
  if (found.entry == nullptr || !found.entry->has_deadline()) return false;
  Entry& entry = reshape(found, false);
  use(entry);
  note(entry, Event::persist);
  return true;
}

/// Looks at about `wanted` keys of the selected database that have a deadline, from where the last call ended, and
/// removes those that are due.
MemoryStore::Sample MemoryStore::expire_sample(size_t wanted) {
  Database& database = *database_;
  Sample sample;
  std::vector<const Entry*> found;
  // A thinned out table has many empty chunks.
  const size_t most_steps = wanted * 20;
  for (size_t steps = 0; steps < most_steps && sample.seen < wanted && !sample.last; ++steps) {
    database.expiry_cursor = database.expires.scan(database.expiry_cursor, [&](const Entry* entry) {
      ++sample.seen;
      if (due(*entry)) {
        found.push_back(entry);
      } else {
        sample.ttl += entry->deadline() - now_;
      }
    });
    sample.last = database.expiry_cursor == 0;
  }
  for (const Entry* entry : found) locate(entry->key());  // removes it
  sample.expired = found.size();
  end_changes();
  return sample;
}

void MemoryStore::expire_some(int64_t budget_us) {
  expiry_behind_ = false;
  if (keeps_expired_) return;
  const int64_t start = ticks::now();
  const auto elapsed_us = [start] { return ticks::to_us(ticks::now() - start); };
  const auto effort = static_cast<size_t>(options_.active_expire_effort - 1);
  const size_t wanted = 20 + 5 * effort;
  const size_t acceptable_percent = 10 - effort;

  const int selected = selected_;
  read_clock();
  Sample all;
  bool in_time = true;
  for (int i = 0; i < databases() && in_time; ++i) {
    select(next_expiry_);
    for (bool many = !database_->expires.empty(); many && in_time;) {
      const Sample sample = expire_sample(wanted);
      all.seen += sample.seen;
      all.expired += sample.expired;
      if (const size_t alive = sample.seen - sample.expired; alive > 0) {
        const double ttl = static_cast<double>(sample.ttl) / static_cast<double>(alive);
        double& average = database_->average_ttl;
        average = average == 0 ? ttl : average * 0.98 + ttl * 0.02;
      }
      many = sample.seen == 0 ? !sample.last : sample.expired * 100 > sample.seen * acceptable_percent;
      in_time = elapsed_us() < budget_us;
      statistics_.expiry_cut_short += many && !in_time;
    }
    if (database_->expires.empty()) database_->average_ttl = 0;
    if (in_time) next_expiry_ = (next_expiry_ + 1) % databases();
  }
  select(selected);
  const double stale = all.seen == 0 ? 0 : 100.0 * static_cast<double>(all.expired) / static_cast<double>(all.seen);
  statistics_.stale_percent = stale * 0.05 + statistics_.stale_percent * 0.95;
  expiry_behind_ = !in_time || statistics_.stale_percent >= static_cast<double>(acceptable_percent);
  statistics_.expiry_us += elapsed_us();
}

}  // namespace redipy
