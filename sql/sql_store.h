// SPDX-License-Identifier: Apache-2.0
//
// The store in tables, on any database that has a driver. It does what the memory store does: same replies, same
// events, same encodings told.
//
// Batches. Many commands share one transaction: begin_batch(), then frames (Store::begin … end), then commit_batch().
// After an error of the database rollback_batch() makes all of it undone. The transaction is begun by the first
// write, so that a batch that only reads has none; where reads are no round trips, already by the first read, as it
// costs a lock each.
//
// Key rows are held in memory (key_row.h) and written back before COMMIT, or before a statement that looks at many of
// them; elements are written at once, as far as the driver does. The store is the only writer of its database, so what
// it holds stays true from batch to batch; an epoch in the database proves it: each COMMIT with changes checks that
// nobody else has claimed the database since.
//
// A value that is removed as a whole leaves its elements behind, under a number that no key has: reclaim() deletes them
// bit by bit. So removing, overwriting and expiring a huge value take constant time, as does FLUSHALL.
//
// Where things are: sql_store.cpp batches, frame, look-up; sql_keys.cpp what is done with keys whatever their type;
// key_walks.cpp SCAN and the like; upkeep.cpp expiry and reclaiming; the types in files of their names.
#pragma once

#include <memory>
#include <vector>

#include "core/base/clock.h"
#include "core/base/random.h"
#include "core/store/store.h"
#include "sql/arena.h"
#include "sql/driver.h"
#include "sql/elements_ahead.h"
#include "sql/handle.h"
#include "sql/key_row.h"
#include "sql/options.h"
#include "sql/rank_sketch.h"
#include "sql/scan_places.h"

namespace redipy::sql {

/// One caller at a time.
class SqlStore final : public Store {
 public:
  /// Makes or migrates the tables and claims the database. Clock and listener outlive the store. Throws SqlError.
  SqlStore(std::unique_ptr<Driver> driver, const Clock& clock, int databases, ChangeListener& listener);
  ~SqlStore() override;

  // --- batches; none within a command

  /// Commands from here on belong to one transaction. Reads what it must know of the database where a rollback or a
  /// lost connection made it forget.
  void begin_batch();
  /// Writes what is held back and commits. When it throws, nothing is committed, unless the error is SqlError::lost:
  /// then recover() knows.
  void commit_batch();
  /// Undoes everything since begin_batch(); also within a command that failed.
  void rollback_batch() noexcept;
  /// After SqlError::lost: connects again. Returns whether the batch that was being committed is in the database.
  /// Throws SqlError: owned, if another server has taken the database meanwhile.
  bool recover();
  /// Whether a COMMIT of changes was tried in this batch: then only recover() knows what came of it.
  bool commit_attempted() const { return attempted_ > batch_; }
  /// Asks the database whether it is still ours: what is in memory may be old, if not. Throws SqlError.
  void check_owner();
  /// The time stays the same for the commands of a batch.
  void hold_clock() override;
  void release_clock() override { --clock_held_; }

  // --- in the background, each within a batch

  /// Removes keys whose deadline has passed, `limit` at most. True if there may be more.
  bool expire_some(size_t limit);
  /// Deletes some `limit` rows of what was thrown away. True if there is more.
  bool reclaim(size_t limit);

  void set_options(const Options& options) { options_ = options; }
  const Options& options() const { return options_; }
  void set_durability(Durability durability) { driver_->set_durability(durability); }
  void sync() { driver_->sync(); }
  /// See MemoryStore::keep_expired.
  void keep_expired(bool on) { keeps_expired_ = on; }

  struct Statistics {
    uint64_t hits = 0;  ///< of keys, as INFO tells them
    uint64_t misses = 0;
    uint64_t expired = 0;
    uint64_t batches = 0;  ///< that were committed with changes
    uint64_t rollbacks = 0;
    uint64_t cache_hits = 0;
    uint64_t cache_misses = 0;
  };
  const Statistics& statistics() const { return statistics_; }
  void reset_statistics() { statistics_ = {}; }
  struct Usage {
    size_t keys;
    size_t expires;
  };
  Usage usage(int database) const;
  size_t cached_bytes() const;
  /// Values and databases whose rows are still to be deleted.
  size_t backlog() const { return backlog_; }
  Driver& driver() { return *driver_; }

  // --- Store
  void begin(const Call& call) override;
  void end() override;
  int64_t now() const override { return now_; }
  void set_event(Event event) override { call_.event = event; }
  void prefetch(std::span<const View> keys) override;
  /// Likewise for fields and members of collections whose keys have been prefetched.
  struct ElementName {
    View key;
    View name;
  };
  void prefetch_elements(std::span<const ElementName> elements);
  const Limits& limits() const override { return options_.limits; }

  int databases() const override { return static_cast<int>(spaces_.size()); }
  int database() const override { return selected_; }
  void select(int database) override {
    selected_ = database;
    space_ = spaces_[static_cast<size_t>(database)].get();
  }
  size_t size() const override { return space_->keys; }
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
  /// Keys in tables are not evicted, so no use is counted.
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

  /// Whether what only reads this key needs no statement: a string that is held with its value, or a key that is known
  /// to be absent. True for as long as the clock is held and nothing else is run.
  bool holds(View key) const;

  // --- for the handles

  void read(Statement statement, std::initializer_list<Value> parameters, VisitRow visit) {
    if (!remote_) open_transaction();
    driver_->read(statement, {parameters.begin(), parameters.size()}, visit);
  }
  /// One statement for each of `rows` rows of parameters.
  void read_many(Statement statement, std::span<const Value> parameters, size_t rows,
                 FunctionRef<void(size_t, Row)> visit) {
    if (!remote_) open_transaction();
    driver_->read_many(statement, parameters, rows, visit);
  }
  void write(Statement statement, std::span<const Value> parameters) {
    open_transaction();
    wrote_ = true;
    if (!ahead_.empty()) ahead_.follow(statement, parameters);
    driver_->write(statement, parameters);
  }
  void write(Statement statement, std::initializer_list<Value> parameters) {
    write(statement, std::span(parameters.begin(), parameters.size()));
  }
  /// The value was changed: by the name of the running command's event. The row will be written.
  void mark_changed(KeyRow& row);
  void mark_dirty(KeyRow& row, bool value = false);
  /// The number of the row's elements, drawn if it has none yet.
  int64_t elements_of(KeyRow& row) {
    if (row.kid == 0) row.kid = next_id_++;
    return row.kid;
  }
  /// Throws rows of elements away: few ones at once, many by reclaim().
  void discard(Type type, int64_t kid, int64_t n);
  /// Throws all elements away; the row goes on without any.
  void drop_elements(KeyRow& row);
  /// The value of a string's row, fetched if need be.
  View value_of(KeyRow& row);
  /// What is known of an element beforehand; null: it has to be asked for.
  const ElementsAhead::Known* known(int64_t kid, View name) const { return ahead_.find(kid, name); }
  View keep(View bytes) { return arena_.keep(bytes); }
  Random& random() { return random_; }
  ScanPlaces& places() { return places_; }
  /// Of a collection that has one; null else.
  RankSketch* sketch(int64_t kid) {
    if (sketches_.empty()) return nullptr;
    const auto found = sketches_.find(kid);
    return found == sketches_.end() ? nullptr : &found->second;
  }
  RankSketch& add_sketch(int64_t kid);

 private:
  struct Handles;  // the pools (handles.h)

  struct Change {
    KeyRow* row;
    uint32_t life;
    int database;
    Event event;
  };

  /// As in the memory store.
  static constexpr size_t changes_looked_at = 8;

  // sql_store.cpp
  void load();
  void forget() noexcept;
  void open_transaction();
  void read_clock();
  void flush_rows();
  static Statement statement_for(const KeyRow& row);
  void write_row(KeyRow& row, Statement statement);
  void change_row(Statement statement, std::initializer_list<Value> parameters);
  void write_state();
  void trim_cache(size_t most);
  void note(KeyRow& row, Event event);
  bool was_replaced(const Change& change) const;
  void forget_creation(const Change& replaced, size_t first);
  void end_changes();
  KeyRow& row_of(View key);
  void fill(KeyRow& row, Row columns);
  KeyRow* locate(View key);
  void use(KeyRow& row);
  KeyRow* read(View key);
  KeyRow* read(View key, Type type);
  KeyRow& make(View key, Type type);
  template <class Sql>
  Sql* handle(Pool<Sql>& pool, KeyRow* row);

  // sql_keys.cpp
  void appear(KeyRow& row, Type type);
  void vanish(KeyRow& row, bool with_value);
  void set_row_deadline(KeyRow& row, int64_t deadline);
  void take_value(KeyRow& to, KeyRow& from);
  void copy_value(KeyRow& to, KeyRow& from);
  bool remove_if_emptied(const Change& change);
  void expire(KeyRow& row);
  bool due(const KeyRow& row) const { return row.deadline != no_deadline && row.deadline <= now_; }

  // key_walks.cpp
  std::optional<View> alive(const Value& name, const Value& deadline);

  [[noreturn]] void find_out_about(const SqlError& error);

  std::unique_ptr<Driver> driver_;
  const bool remote_;
  const size_t identity_size_;  // how many parameters say which row of a key is changed: its id, or dbid and name, too
  const Clock& clock_;
  ChangeListener& listener_;
  Options options_;
  Random random_;

  // What the database says of itself.
  std::vector<std::unique_ptr<Keyspace>> spaces_;
  Keyspace* space_ = nullptr;
  int selected_ = 0;
  int64_t epoch_ = 0;
  int64_t batch_ = 0;       // the last one that was committed
  int64_t attempted_ = -1;  // the one whose COMMIT was tried last
  int64_t next_id_ = 1;     // ids, kids and dbids are drawn from one sequence
  size_t backlog_ = 0;

  // The batch.
  bool loaded_ = false;
  bool transaction_ = false;
  bool wrote_ = false;
  std::vector<KeyRow*> dirty_;
  ElementsAhead ahead_;
  std::unordered_map<int64_t, RankSketch> sketches_;
  std::vector<std::unique_ptr<Keyspace>> graveyard_;  // of databases that were flushed

  // The command.
  Call call_;
  int64_t now_ = 0;
  int clock_held_ = 0;
  bool keeps_expired_ = false;
  std::vector<Change> changes_;
  std::vector<KeyRow*> made_;  // collections that were made by this command and are still empty
  Arena arena_;
  std::unique_ptr<Handles> handles_;
  ScanPlaces places_;
  Statistics statistics_;
};

}  // namespace redipy::sql
