// SPDX-License-Identifier: Apache-2.0
//
// What the memory store does with keys whatever their type: removing, renaming, copying, iterating, what OBJECT and
// MEMORY tell. See memory_store.h.
#include <algorithm>
#include <utility>
#include <vector>

#include "core/base/heap.h"
#include "core/memory/memory_store.h"
#include "core/memory/values.h"

namespace redipy {

// --- entries leave the tables

/// Takes the entry out of the selected database's tables.
void MemoryStore::detach(const Found& found) {
  if (found.entry->has_deadline()) database_->expires.erase(found.hash, found.entry->key());
  database_->keys.erase_slot(found.hash, found.slot);
}

/// The same for an entry that may have left them; then returns false.
bool MemoryStore::detach_if_there(Entry& entry) {
  const uint64_t hash = hash_bytes(entry.key());
  EntryTable::Slot* slot = database_->keys.find(hash, entry.key());
  if (slot == nullptr || slot->item() != &entry) return false;
  detach({&entry, slot, hash});
  doomed_.push_back({&entry, options_.lazyfree.server_del});
  return true;
}

/// Puts `fresh`, of the same key, into the tables in place of the entry found, whose value was moved to it if `moved`.
/// The old one is freed: at once, or at the command's end if its list of changes or a handle may name it.
void MemoryStore::exchange(const Found& found, Entry& fresh, bool moved) {
  Entry& old = *found.entry;
  if (old.has_deadline() && fresh.has_deadline()) {
    *database_->expires.find(found.hash, old.key()) = &fresh;
  } else if (old.has_deadline()) {
    database_->expires.erase(found.hash, old.key());
  } else if (fresh.has_deadline()) {
    database_->expires.insert(found.hash, &fresh);
  }
  *found.slot = &fresh;
  const bool known = old.noted() || old.type() != Type::string;
  if (moved) old.forget_value();
  if (known) {
    doomed_.push_back({&old, options_.lazyfree.server_del});
  } else {
    dispose(&old, options_.lazyfree.server_del);
  }
}

void MemoryStore::replace(Entry& old, Entry& fresh) {
  const uint64_t hash = hash_bytes(old.key());
  EntryTable::Slot* slot = database_->keys.find(hash, old.key());
  // The last changes now name the new one, so that another change of the same name is not told twice.
  if (old.noted()) {
    const size_t least = changes_.size() - std::min(changes_.size(), changes_looked_at);
    for (size_t i = changes_.size(); i > least; --i) {
      if (changes_[i - 1].entry != &old) continue;
      changes_[i - 1].entry = &fresh;
      fresh.set_noted(true);
    }
  }
  exchange({&old, slot, hash}, fresh, false);
}

/// Frees an entry that is in no table; if `aside` in the background, where that takes long.
void MemoryStore::dispose(Entry* entry, bool aside) {
  if (entry->is_inline() || entry->encoding() == Encoding::integer) return Entry::free(entry);
  if (aside && values::release_effort(*entry) > Reclaimer::least_effort) return reclaimer_.free(entry);
  free_entry(entry);
}

bool MemoryStore::remove(View key, Removal removal) {
  const Found found = locate(key);
  if (found.entry == nullptr) return false;
  note(*found.entry, Event::del);
  detach(found);
  const Options::Lazyfree& lazyfree = options_.lazyfree;
  doomed_.push_back({found.entry, removal == Removal::implied     ? lazyfree.server_del
                                  : removal == Removal::asked_for ? lazyfree.user_del
                                                                  : true});
  return true;
}

bool MemoryStore::evict(int database, View key) {
  const int selected = selected_;
  select(database);
  const uint64_t hash = hash_bytes(key);
  EntryTable::Slot* slot = database_->keys.find(hash, key);
  const bool there = slot != nullptr;
  if (there) {
    Entry* entry = *slot;
    detach({entry, slot, hash});
    ++statistics_.evicted;
    listener_.changed(database, entry->key(), Event::evicted);
    if (entry->noted()) {
      doomed_.push_back({entry, options_.lazyfree.eviction});
    } else {
      dispose(entry, options_.lazyfree.eviction);
    }
  }
  select(selected);
  return there;
}

size_t MemoryStore::flush(int database, std::optional<bool> wait) {
  constexpr size_t quickly_freed = 64;
  end_changes();
  listener_.flushing(database, *this);
  end_changes();  // keys that were found expired
  size_t removed = 0;
  for (size_t i = 0; i < databases_.size(); ++i) {
    if (database >= 0 && i != static_cast<size_t>(database)) continue;
    Database old = std::exchange(databases_[i], Database{});
    const size_t keys = old.keys.size();
    removed += keys;
    if (wait.value_or(!options_.lazyfree.user_flush) || keys <= quickly_freed) {
      old.keys.clear([](Entry* entry) { free_entry(entry); });
    } else {
      old.expires.clear();
      reclaimer_.free(std::move(old.keys));  // NOLINT(clang-analyzer-unix.Malloc): it is not free(3)
    }
  }
  return removed;
}

bool MemoryStore::swap(int first, int second) {
  if (first == second) return true;
  end_changes();
  listener_.swapping(first, second, *this);
  end_changes();
  std::swap(databases_[static_cast<size_t>(first)], databases_[static_cast<size_t>(second)]);
  return true;
}

// --- entries under other names

/// Makes an entry of this name, which is absent from the selected database, with the value and the deadline of
/// `source`: a copy, or taken from it.
Entry& MemoryStore::put_like(View key, Entry& source, bool take) {
  const size_t inline_size = source.is_inline() ? source.inline_size() : 0;
  Entry& entry =
      insert(hash_bytes(key), {source.type(), source.encoding(), key.size(), inline_size, source.has_deadline()}, key);
  if (source.has_deadline()) entry.set_deadline(source.deadline());
  if (source.is_inline()) {
    std::copy_n(source.inline_bytes(), inline_size, entry.inline_bytes());
  } else if (take || source.encoding() == Encoding::integer) {
    entry.set_word(source.word());
  } else {
    values::copy(source, entry);
  }
  if (take) {
    entry.set_use(source.use());
    source.forget_value();
  }
  note(entry, Event::created);
  return entry;
}

/// Takes out what is at `key`, unannounced, to make place for something else.
void MemoryStore::clear_place(View key) {
  const Found found = locate(key);
  if (found.entry == nullptr) return;
  detach(found);
  doomed_.push_back({found.entry, options_.lazyfree.server_del});
}

bool MemoryStore::rename(View from, View to) {
  if (locate(from).entry == nullptr) return false;
  if (from == to) return true;
  clear_place(to);
  const Found found = locate(from);
  detach(found);
  doomed_.push_back({found.entry, options_.lazyfree.server_del});
  Entry& entry = put_like(to, *found.entry, true);
  note(*found.entry, Event::rename_from);
  note(entry, Event::rename_to);
  return true;
}

bool MemoryStore::move(View key, int database) {
  const int selected = selected_;
  select(database);
  const bool present = locate(key).entry != nullptr;
  select(selected);
  if (present) return false;
  const Found found = locate(key);
  if (found.entry == nullptr) return false;
  detach(found);
  doomed_.push_back({found.entry, options_.lazyfree.server_del});
  select(database);
  Entry& entry = put_like(key, *found.entry, true);
  select(selected);
  note(*found.entry, Event::move_from);
  select(database);
  note(entry, Event::move_to);
  select(selected);
  return true;
}

bool MemoryStore::copy(View from, View to, int database, bool replace) {
  Entry* source = locate(from).entry;
  if (source == nullptr) return false;
  const int selected = selected_;
  select(database);
  Entry* target = locate(to).entry;
  const bool place = target == nullptr || (replace && target != source);
  if (place) {
    clear_place(to);
    note(put_like(to, *source, false), Event::copy_to);
  }
  select(selected);
  return place || target == source;
}

// --- looking at keys

Type MemoryStore::type(View key) {
  const Entry* entry = read(key);
  return entry ? entry->type() : Type::none;
}

bool MemoryStore::touch(View key) {
  const bool touching = std::exchange(call_.touch, true);
  const bool there = read(key) != nullptr;
  call_.touch = touching;
  return there;
}

std::optional<View> MemoryStore::random_key() {
  constexpr int patience = 100;
  for (int i = 0; i < patience; ++i) {
    const Entry* entry = database_->keys.random(random_);
    if (entry == nullptr) return std::nullopt;
    if (!due(*entry)) return entry->key();
    locate(entry->key());  // removes it
  }
  // Nearly all keys have expired: look for one that has not.
  const Entry* alive = nullptr;
  database_->keys.for_each([&](const Entry* entry) {
    if (!due(*entry)) alive = entry;
  });
  if (alive == nullptr) return std::nullopt;
  return alive->key();
}

void MemoryStore::for_each_key(FunctionRef<bool(View key, Type type)> visit) {
  bool more = true;
  database_->keys.for_each([&](const Entry* entry) {
    if (more && !due(*entry)) more = visit(entry->key(), entry->type());
  });
}

uint64_t MemoryStore::scan(uint64_t cursor, size_t count, FunctionRef<void(View key, Type type)> visit) {
  std::vector<const Entry*> expired;
  size_t seen = 0;
  const size_t most_steps = count > SIZE_MAX / 10 ? SIZE_MAX : count * 10;
  for (size_t steps = 0; steps < most_steps; ++steps) {
    cursor = database_->keys.scan(cursor, [&](const Entry* entry) {
      ++seen;
      if (due(*entry)) {
        expired.push_back(entry);
      } else {
        visit(entry->key(), entry->type());
      }
    });
    if (cursor == 0 || seen >= count) break;
  }
  for (const Entry* entry : expired) locate(entry->key());  // removes it
  return cursor;
}

std::optional<ObjectInfo> MemoryStore::object(View key) {
  const Entry* entry = locate(key).entry;
  if (entry == nullptr) return std::nullopt;
  ObjectInfo info{};
  info.type = entry->type();
  info.encoding = encoding_name(entry->encoding());
  info.counts_frequency = options_.counts_frequency();
  if (info.counts_frequency) {
    info.frequency = lfu::counter(entry->use(), use_now_, options_.lfu_decay_time);
  } else {
    info.idle_seconds = lru::idle_seconds(entry->use(), use_now_);
  }
  return info;
}

void MemoryStore::set_idle_seconds(View key, int64_t seconds) {
  Entry* entry = locate(key).entry;
  if (entry && !options_.counts_frequency()) {
    entry->set_use(use_now_ - static_cast<uint32_t>(std::clamp<int64_t>(seconds, 0, lru::mask)));
  }
}

void MemoryStore::set_frequency(View key, uint8_t frequency) {
  Entry* entry = locate(key).entry;
  if (entry && options_.counts_frequency()) entry->set_use(lfu::pack(use_now_, frequency));
}

std::optional<size_t> MemoryStore::memory_usage(View key, size_t samples) {
  constexpr size_t table_share = 12;  // what a key costs the table, about
  const Entry* entry = locate(key).entry;
  if (entry == nullptr) return std::nullopt;
  size_t bytes = heap::good_size(entry->memory()) + table_share + (entry->has_deadline() ? table_share : 0);
  if (!entry->is_inline() && entry->encoding() != Encoding::integer) bytes += values::memory(*entry, samples);
  return bytes;
}

MemoryStore::Usage MemoryStore::usage(int database) const {
  const Database& it = databases_[static_cast<size_t>(database)];
  return {it.keys.size(), it.expires.size(), static_cast<int64_t>(it.average_ttl),
          it.keys.memory() + it.expires.memory()};
}

}  // namespace redipy
