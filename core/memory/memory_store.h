// SPDX-License-Identifier: Apache-2.0
//
// The store that keeps everything in this process's memory. A key is an Entry (entry.h), a database two hash tables of
// entries (database.h), a typed value a container in the entry's word, seen through a handle (strings.h, hashes.h …).
//
// A command's frame. begin() and end() enclose a command. In between, whoever changes an entry says so by
// mark_changed() or one of its kin; the store keeps the list of what changed. An entry that leaves the tables is only
// freed at end(), so the list may name it. end() walks the list in order: it tells the listener, and removes the
// collections that were left empty.
//
// Where things are: memory_store.cpp look-up, frame, typed handles; memory_keys.cpp what is done with keys whatever
// their type; memory_expiry.cpp deadlines; eviction.h what happens at maxmemory; reclaimer.h freeing in the background.
#pragma once

#include <memory>
#include <vector>

#include "core/base/clock.h"
#include "core/base/random.h"
#include "core/memory/database.h"
#include "core/memory/eviction.h"
#include "core/memory/handle.h"
#include "core/memory/look_ahead.h"
#include "core/memory/options.h"
#include "core/memory/reclaimer.h"
#include "core/store/store.h"

namespace redipy {

/// One caller at a time.
class MemoryStore final : public Store {
 public:
  /// The clock and the listener outlive the store.
  MemoryStore(const Clock& clock, int databases, ChangeListener& listener);
  ~MemoryStore() override;

  // --- Store
  void begin(const Call& call) override {
    if (clock_held_ == 0) read_clock();
    call_ = call;
  }
  void end() override;
  int64_t now() const override { return now_; }
  void set_event(Event event) override { call_.event = event; }
  void prefetch(std::span<const View> keys) override;
  const Limits& limits() const override { return options_.limits; }

  int databases() const override { return static_cast<int>(databases_.size()); }
  int database() const override { return selected_; }
  void select(int database) override {
    selected_ = database;
    database_ = &databases_[static_cast<size_t>(database)];
  }
  size_t size() const override { return database_->keys.size(); }
  size_t flush(int database, std::optional<bool> wait) override;
  bool swap(int first, int second) override;

  Type type(View key) override;
  using Store::remove;
  bool remove(View key, Removal removal) override;
  bool rename(View from, View to) override;
  bool move(View key, int database) override;
  bool copy(View from, View to, int database, bool replace) override;
  std::optional<int64_t> deadline(View key) override;
  bool set_deadline(View key, int64_t deadline) override;
  bool clear_deadline(View key) override;
  bool touch(View key) override;
  std::optional<View> random_key() override;
  void for_each_key(FunctionRef<bool(View key, Type type)> visit) override;
  uint64_t scan(uint64_t cursor, size_t count, FunctionRef<void(View key, Type type)> visit) override;
  std::optional<ObjectInfo> object(View key) override;
  void set_idle_seconds(View key, int64_t seconds) override;
  void set_frequency(View key, uint8_t frequency) override;
  std::optional<size_t> memory_usage(View key, size_t samples) override;

  String* string(View key) override;
  Hash* hash(View key) override;
  List* list(View key) override;
  Set* set(View key) override;
  SortedSet* sorted_set(View key) override;
  Hash& make_hash(View key) override;
  List& make_list(View key) override;
  Set& make_set(View key) override;
  SortedSet& make_sorted_set(View key) override;
  void put_string(View key, View value, Expiry expiry) override;

  // --- for the handles

  /// The value of this entry, which is in the tables, was changed: by the name of the running command's event.
  void mark_changed(Entry& entry);
  /// Puts `fresh`, of the same key and deadline, into the tables in place of `old`, which is freed.
  void replace(Entry& old, Entry& fresh);
  const Options& options() const { return options_; }
  Random& random() { return random_; }

  // --- for the backend

  /// Holds the clock still for a batch of commands; each begin() reads it otherwise.
  void hold_clock() override;
  void release_clock() override { --clock_held_; }
  /// The hash of a key that the next command will look up; holds until it is told another (KnownHash{}: none).
  void know(const KnownHash& known) { known_ = known; }
  /// Whether a command that needs memory may run, after evicting what the policy allows. Not within a command.
  bool make_room() {
    if (options_.maxmemory == 0) return true;
    if (fits()) [[likely]] {
      if (over_limit_since_ != 0) set_over_limit(false);
      return true;
    }
    const bool room = eviction_.make_room(*this);
    set_over_limit(!fits());
    return room;
  }

  // --- for the server

  void set_options(const Options& options);
  /// Bytes of the heap that do not count towards maxmemory: what clients have not read yet.
  void set_uncounted_bytes(size_t bytes) { uncounted_bytes_ = bytes; }
  /// Whether keys whose deadline has passed stay until something is written to them: during CLIENT PAUSE nothing
  /// changes. They are absent to commands all the same.
  void keep_expired(bool on) { keeps_expired_ = on; }
  /// Removes keys whose deadline has passed, for `budget_us` at most. To be called some times a second.
  void expire_some(int64_t budget_us);
  /// Whether there is more to expire than the last call of expire_some() got done.
  bool expiry_behind() const { return expiry_behind_; }

  struct Statistics {
    uint64_t hits = 0;
    uint64_t misses = 0;
    uint64_t expired = 0;
    uint64_t evicted = 0;
    uint64_t expiry_cut_short = 0;  ///< how often expire_some() ended by its budget
    double stale_percent = 0;       ///< about how many of the keys with a deadline are past it
    int64_t expiry_us = 0;          ///< time spent in expire_some()
    int64_t over_limit_us = 0;      ///< how long memory has been above maxmemory, before the present time that it is
  };
  const Statistics& statistics() const { return statistics_; }
  void reset_statistics() {
    statistics_ = {};
    over_limit_since_ = 0;
  }
  /// For how long memory has been above maxmemory now, as far as make_room() knows; none if it is not.
  std::optional<int64_t> over_limit_us() const;

  struct Usage {
    size_t keys;
    size_t expires;
    int64_t average_ttl;  ///< ms
    size_t table_bytes;
  };
  Usage usage(int database) const;
  Reclaimer& reclaimer() { return reclaimer_; }

  // --- for eviction

  bool fits() const;
  const EntryTable& table(int database, bool only_with_deadline) const;
  /// Removes the key: event `evicted`. False if it is absent.
  bool evict(int database, View key);

 private:
  struct Handles;  // the pools (handles.h)

  struct Change {
    Entry* entry;
    int database;
    Event event;
  };

  struct Doomed {
    Entry* entry;
    bool aside;  // by the reclaimer, if it is huge
  };

  /// A key that was looked up: its entry and slot, null if absent.
  struct Found {
    Entry* entry;
    EntryTable::Slot* slot;
    uint64_t hash;
  };

  /// How far back it is looked whether a change was noted already. Commands change few keys, or each key once; to note
  /// a change twice does no harm.
  static constexpr size_t changes_looked_at = 8;

  // memory_store.cpp
  void read_clock();
  void set_over_limit(bool over);
  void note(Entry& entry, Event event);
  bool was_replaced(const Change& change);
  void forget_creation(const Change& replaced, size_t first);
  void end_changes();
  Found locate(View key);
  void use(Entry& entry);
  uint32_t fresh_use() const;
  void count_miss(View key);
  Entry* read(View key);
  Entry* read(View key, Type type);
  Entry& insert(uint64_t hash, const Entry::Shape& shape, View key);
  Entry& make(View key, Type type);
  template <class Memory>
  Memory* handle(Pool<Memory>& pool, Entry* entry);

  // memory_keys.cpp
  void detach(const Found& found);
  bool detach_if_there(Entry& entry);
  void exchange(const Found& found, Entry& fresh, bool moved);
  void dispose(Entry* entry, bool aside);
  void clear_place(View key);
  Entry& put_like(View key, Entry& source, bool take);

  // memory_expiry.cpp
  bool due(const Entry& entry) const { return entry.has_deadline() && entry.deadline() <= now_; }
  void expire(const Found& found);
  Entry& reshape(const Found& found, bool deadline);
  struct Sample {
    size_t seen = 0;
    size_t expired = 0;
    int64_t ttl = 0;  // the sum of those that are not due
    bool last = false;
  };
  Sample expire_sample(size_t wanted);

  const Clock& clock_;
  ChangeListener& listener_;
  std::vector<Database> databases_;
  Database* database_;
  int selected_ = 0;

  Call call_;
  int64_t now_ = 0;
  uint32_t use_now_ = 0;  // seconds, or minutes under an LFU policy (eviction.h)
  int clock_held_ = 0;
  KnownHash known_;
  std::vector<Change> changes_;
  std::vector<Entry*> made_;    // collections that were made by this command and are still empty
  std::vector<Doomed> doomed_;  // out of the tables, to be freed at end()
  std::unique_ptr<Handles> handles_;

  Options options_;
  Statistics statistics_;
  Random random_;
  size_t uncounted_bytes_ = 0;
  int64_t over_limit_since_ = 0;  // ticks; 0: memory is not above maxmemory
  bool keeps_expired_ = false;
  bool expiry_behind_ = false;
  int next_expiry_ = 0;  // the database that active expiry goes on with
  Eviction eviction_;
  Reclaimer reclaimer_;
};

}  // namespace redipy
