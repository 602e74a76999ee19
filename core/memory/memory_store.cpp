// SPDX-License-Identifier: Apache-2.0
//
// The memory store's frame, look-up and typed handles. See memory_store.h.
#include "core/memory/memory_store.h"

#include <algorithm>

#include "core/base/heap.h"
#include "core/base/numbers.h"
#include "core/base/ticks.h"
#include "core/command/error.h"
#include "core/memory/handles.h"
#include "core/memory/values.h"

namespace redipy {

MemoryStore::MemoryStore(const Clock& clock, int databases, ChangeListener& listener)
    : clock_(clock),
      listener_(listener),
      databases_(static_cast<size_t>(databases)),
      database_(databases_.data()),
      handles_(std::make_unique<Handles>()) {
  read_clock();
}

MemoryStore::~MemoryStore() {
  for (const Doomed& doomed : doomed_) free_entry(doomed.entry);
  for (Database& database : databases_) database.keys.clear([](Entry* entry) { free_entry(entry); });
}

// --- the frame

void MemoryStore::read_clock() {
  now_ = clock_.now_ms();
  use_now_ = options_.counts_frequency() ? lfu::minutes(now_) : lru::clock(now_);
}

void MemoryStore::hold_clock() {
  if (clock_held_++ == 0) read_clock();
}

void MemoryStore::end() {
  handles_->clear();
  if (!changes_.empty() || !made_.empty() || !doomed_.empty()) end_changes();
}

/// Puts a change into the list, once per entry and event.
void MemoryStore::note(Entry& entry, Event event) {
  if (entry.noted()) {
    const size_t least = changes_.size() - std::min(changes_.size(), changes_looked_at);
    for (size_t i = changes_.size(); i > least; --i) {
      const Change& change = changes_[i - 1];
      if (change.entry == &entry && change.event == event) return;
    }
  }
  entry.set_noted(true);
  changes_.push_back({&entry, selected_, event});
}

void MemoryStore::mark_changed(Entry& entry) {
  if (!made_.empty()) {
    const auto made = std::find(made_.begin(), made_.end(), &entry);
    if (made != made_.end()) {
      made_.erase(made);
      note(entry, Event::created);
    }
  }
  note(entry, call_.event);
}

/// Whether what is told as removed is there again: a command like SORT … STORE has replaced it.
bool MemoryStore::was_replaced(const Change& change) {
  if (change.event != Event::del || call_.event == Event::del) return false;
  const View key = change.entry->key();
  return databases_[static_cast<size_t>(change.database)].keys.find(hash_bytes(key), key) != nullptr;
}

/// Takes the creation of a key that was there before out of the changes from `first` on.
void MemoryStore::forget_creation(const Change& replaced, size_t first) {
  const auto created =
      std::find_if(changes_.begin() + static_cast<ptrdiff_t>(first), changes_.end(), [&](const Change& change) {
        return change.event == Event::created && change.database == replaced.database &&
               change.entry->key() == replaced.entry->key();
      });
  if (created != changes_.end()) changes_.erase(created);
}

/// Tells the listener, removes what was left empty, frees what left the tables.
void MemoryStore::end_changes() {
  const int selected = selected_;
  for (size_t i = 0; i < changes_.size(); ++i) {
    const Change change = changes_[i];
    change.entry->set_noted(false);
    if (was_replaced(change)) {  // only what came in its place is told, and not as a new key
      if (call_.event != Event::restore) forget_creation(change, i + 1);
      continue;
    }
    listener_.changed(change.database, change.entry->key(), change.event);
    if (change.entry->type() == Type::string || change.event == Event::created) continue;
    if (values::element_count(*change.entry) > 0) continue;
    select(change.database);
    if (detach_if_there(*change.entry)) listener_.changed(change.database, change.entry->key(), Event::emptied);
    select(selected);
  }
  for (Entry* entry : made_) detach_if_there(*entry);  // nothing came of them, and nobody hears of it
  for (const Doomed& doomed : doomed_) dispose(doomed.entry, doomed.aside);
  changes_.clear();
  made_.clear();
  doomed_.clear();
  constexpr size_t most_kept = 4096;
  if (changes_.capacity() > most_kept) changes_.shrink_to_fit();
  if (doomed_.capacity() > most_kept) doomed_.shrink_to_fit();
}

// --- look-up

void MemoryStore::prefetch(std::span<const View> keys) {
  constexpr size_t most = 64;
  uint64_t hashes[most];
  const size_t count = std::min(keys.size(), most);
  for (size_t i = 0; i < count; ++i) {
    hashes[i] = hash_bytes(keys[i]);
    database_->keys.prefetch(hashes[i]);
  }
  for (size_t i = 0; i < count; ++i) database_->keys.prefetch_item(hashes[i]);
}

MemoryStore::Found MemoryStore::locate(View key) {
  const uint64_t hash = known_.of(key);
  EntryTable::Slot* slot = database_->keys.find(hash, key);
  if (slot == nullptr) return {nullptr, nullptr, hash};
  const Found found{*slot, slot, hash};
  if (!due(*found.entry)) [[likely]]
    return found;
  if (!keeps_expired_ || call_.write) expire(found);
  return {nullptr, nullptr, hash};
}

void MemoryStore::use(Entry& entry) {
  if (!call_.touch) return;
  if (options_.counts_frequency()) {
    const uint8_t counter = lfu::counter(entry.use(), use_now_, options_.lfu_decay_time);
    entry.set_use(lfu::pack(use_now_, lfu::increment(counter, options_.lfu_log_factor, random_)));
  } else if (entry.use() != use_now_) {
    entry.set_use(use_now_);
  }
}

uint32_t MemoryStore::fresh_use() const {
  return options_.counts_frequency() ? lfu::pack(use_now_, lfu::initial) : use_now_;
}

void MemoryStore::count_miss(View key) {
  if (call_.write) return;
  ++statistics_.misses;
  if (options_.report_misses) listener_.missed(selected_, key);
}

/// The entry as a command asks for it: a use of the key, a hit or a miss.
Entry* MemoryStore::read(View key) {
  Entry* entry = locate(key).entry;
  if (entry == nullptr) {
    count_miss(key);
    return nullptr;
  }
  statistics_.hits += !call_.write;
  use(*entry);
  return entry;
}

Entry* MemoryStore::read(View key, Type type) {
  Entry* entry = read(key);
  if (entry && entry->type() != type) throw WrongType();
  return entry;
}

/// Adds an entry for a key that was not found.
Entry& MemoryStore::insert(uint64_t hash, const Entry::Shape& shape, View key) {
  if (key.size() > Entry::max_key_size) throw CommandError(error::string_too_long);
  Entry* entry = Entry::make(shape, key);
  entry->set_use(fresh_use());
  database_->keys.insert(hash, entry);
  if (shape.deadline) database_->expires.insert(hash, entry);
  return *entry;
}

Entry& MemoryStore::make(View key, Type type) {
  const Found found = locate(key);
  if (found.entry) {
    if (found.entry->type() != type) throw WrongType();
    use(*found.entry);
    return *found.entry;
  }
  Entry& entry = insert(found.hash, {type, values::first_encoding(type), key.size()}, key);
  made_.push_back(&entry);
  return entry;
}

// --- typed handles

template <class Memory>
Memory* MemoryStore::handle(Pool<Memory>& pool, Entry* entry) {
  if (entry == nullptr) return nullptr;
  Memory& handle = pool.next();
  handle.bind(*this, *entry);
  return &handle;
}

String* MemoryStore::string(View key) { return handle(handles_->strings, read(key, Type::string)); }
Hash* MemoryStore::hash(View key) { return handle(handles_->hashes, read(key, Type::hash)); }
List* MemoryStore::list(View key) { return handle(handles_->lists, read(key, Type::list)); }
Set* MemoryStore::set(View key) { return handle(handles_->sets, read(key, Type::set)); }
SortedSet* MemoryStore::sorted_set(View key) { return handle(handles_->sorted_sets, read(key, Type::sorted_set)); }

Hash& MemoryStore::make_hash(View key) { return *handle(handles_->hashes, &make(key, Type::hash)); }
List& MemoryStore::make_list(View key) { return *handle(handles_->lists, &make(key, Type::list)); }
Set& MemoryStore::make_set(View key) { return *handle(handles_->sets, &make(key, Type::set)); }
SortedSet& MemoryStore::make_sorted_set(View key) {
  return *handle(handles_->sorted_sets, &make(key, Type::sorted_set));
}

void MemoryStore::put_string(View key, View value, Expiry expiry) {
  const std::optional<int64_t> number = parse_integer(value);
  const Encoding encoding = number ? Encoding::integer : MemoryString::encoding_of(value.size());
  const Found found = locate(key);
  const bool deadline =
      expiry.kind == Expiry::at || (expiry.kind == Expiry::keep && found.entry && found.entry->has_deadline());
  Entry* entry = found.entry;
  const bool in_place =
      entry && entry->type() == Type::string && entry->has_deadline() == deadline &&
      (number ? entry->encoding() == Encoding::integer : MemoryString::assign_in_place(*entry, encoding, value));
  if (in_place) {
    use(*entry);
  } else {
    const Entry::Shape shape{Type::string, encoding, key.size(), Entry::is_inline(encoding) ? value.size() : 0,
                             deadline};
    if (entry == nullptr) {
      entry = &insert(found.hash, shape, key);
      note(*entry, Event::created);
    } else {
      entry = Entry::make(shape, key);
      entry->set_use(options_.counts_frequency() ? found.entry->use() : use_now_);
      if (deadline && found.entry->has_deadline()) entry->set_deadline(found.entry->deadline());
      exchange(found, *entry, false);
    }
    if (!number) MemoryString::assign_in_place(*entry, encoding, value);
  }
  if (number) entry->set_word(*number);
  if (expiry.kind == Expiry::at) entry->set_deadline(expiry.deadline);
  note(*entry, call_.event);
  if (expiry.kind == Expiry::at && call_.event != Event::restore) note(*entry, Event::expire);
}

// --- memory

void MemoryStore::set_options(const Options& options) {
  if (options.eviction != options_.eviction) eviction_.forget();
  options_ = options;
  if (options_.maxmemory == 0) set_over_limit(false);
}

void MemoryStore::set_over_limit(bool over) {
  if (over == (over_limit_since_ != 0)) return;
  if (!over) statistics_.over_limit_us += *over_limit_us();
  over_limit_since_ = over ? ticks::now() : 0;
}

std::optional<int64_t> MemoryStore::over_limit_us() const {
  if (over_limit_since_ == 0) return std::nullopt;
  return ticks::to_us(ticks::now() - over_limit_since_);
}

bool MemoryStore::fits() const {
  const size_t used = heap::used();
  return used <= options_.maxmemory || used - uncounted_bytes_ <= options_.maxmemory;
}

const EntryTable& MemoryStore::table(int database, bool only_with_deadline) const {
  const Database& it = databases_[static_cast<size_t>(database)];
  return only_with_deadline ? it.expires : it.keys;
}

}  // namespace redipy
