// SPDX-License-Identifier: Apache-2.0
//
// A store seen through a prefix: what is called `x` here is `app1:x` there. The prefix is put before every key on the
// way in and taken off again on the way out, from what the listener is told too, so that nothing above it (handlers,
// scripts, WATCH, waiting clients, notifications) knows of it.
//
// Where the store below holds nothing else (Below::alone: memory, which is made for one backend), counting and emptying
// cost what they cost there. Where others keep keys in it, too, these are not seen: all keys are walked then.
#pragma once

#include <vector>

#include "core/base/random.h"
#include "core/store/store.h"

namespace redipy {

/// One caller at a time, the store's own. It is the store's listener, and passes on what it hears.
class PrefixedStore final : public Store, public ChangeListener {
 public:
  enum class Below : uint8_t { alone, shared };

  /// The listener outlives it. To be told its store by put_over() before anything else.
  PrefixedStore(View prefix, Below below, ChangeListener& listener)
      : prefix_(prefix), below_(below), listener_(listener) {}
  void put_over(Store& store) { store_ = &store; }

  // --- Store
  void begin(const Call& call) override { store_->begin(call); }
  void end() override;
  int64_t now() const override { return store_->now(); }
  void hold_clock() override { store_->hold_clock(); }
  void release_clock() override { store_->release_clock(); }
  void set_event(Event event) override { store_->set_event(event); }
  void prefetch(std::span<const View> keys) override;
  const Limits& limits() const override { return store_->limits(); }

  int databases() const override { return store_->databases(); }
  int database() const override { return store_->database(); }
  void select(int database) override { store_->select(database); }
  size_t size() const override;
  size_t flush(int database, std::optional<bool> wait) override;
  bool swap(int first, int second) override;

  Type type(View key) override { return store_->type(full(key)); }
  using Store::remove;
  bool remove(View key, Removal removal) override { return store_->remove(full(key), removal); }
  bool rename(View from, View to) override { return store_->rename(full(from), full_second(to)); }
  bool move(View key, int database) override { return store_->move(full(key), database); }
  bool copy(View from, View to, int database, bool replace) override {
    return store_->copy(full(from), full_second(to), database, replace);
  }
  std::optional<int64_t> deadline(View key) override { return store_->deadline(full(key)); }
  bool set_deadline(View key, int64_t deadline) override { return store_->set_deadline(full(key), deadline); }
  bool clear_deadline(View key) override { return store_->clear_deadline(full(key)); }
  bool touch(View key) override { return store_->touch(full(key)); }
  std::optional<View> random_key() override;
  void for_each_key(FunctionRef<bool(View key, Type type)> visit) override;
  uint64_t scan(uint64_t cursor, size_t count, FunctionRef<void(View key, Type type)> visit) override;
  std::optional<ObjectInfo> object(View key) override { return store_->object(full(key)); }
  void set_idle_seconds(View key, int64_t seconds) override { store_->set_idle_seconds(full(key), seconds); }
  void set_frequency(View key, uint8_t frequency) override { store_->set_frequency(full(key), frequency); }
  std::optional<size_t> memory_usage(View key, size_t samples) override {
    return store_->memory_usage(full(key), samples);
  }

  String* string(View key) override { return store_->string(full(key)); }
  Hash* hash(View key) override { return store_->hash(full(key)); }
  List* list(View key) override { return store_->list(full(key)); }
  Set* set(View key) override { return store_->set(full(key)); }
  SortedSet* sorted_set(View key) override { return store_->sorted_set(full(key)); }
  Hash& make_hash(View key) override { return store_->make_hash(full(key)); }
  List& make_list(View key) override { return store_->make_list(full(key)); }
  Set& make_set(View key) override { return store_->make_set(full(key)); }
  SortedSet& make_sorted_set(View key) override { return store_->make_sorted_set(full(key)); }
  void put_string(View key, View value, Expiry expiry) override { store_->put_string(full(key), value, expiry); }

  // --- ChangeListener
  void changed(int database, View key, Event event) override;
  void missed(int database, View key) override;
  void flushing(int database, Store& store) override;
  void swapping(int first, int second, Store& store) override;

 private:
  bool alone() const { return below_ == Below::alone; }
  bool is_ours(View key) const { return alone() || key.starts_with(prefix_); }
  View stripped(View key) const { return key.substr(prefix_.size()); }
  View full(View key) { return put_together(full_, key); }
  View full_second(View key) { return put_together(full_second_, key); }  // beside the first
  View put_together(Bytes& space, View key) const {
    space.assign(prefix_);
    space.append(key);
    return space;
  }
  size_t empty_database(Removal removal);

  const Bytes prefix_;
  const Below below_;
  ChangeListener& listener_;
  Store* store_ = nullptr;
  Bytes full_;
  Bytes full_second_;
  Bytes random_;
  std::vector<Bytes> ahead_;
  bool emptying_ = false;  // until end(): that its keys go one by one is nobody's to know
  Random dice_;
};

}  // namespace redipy
