// SPDX-License-Identifier: Apache-2.0
//
// See prefixed_store.h.
#include "core/store/prefixed_store.h"

#include <algorithm>

namespace redipy {

void PrefixedStore::end() {
  store_->end();
  emptying_ = false;
}

void PrefixedStore::prefetch(std::span<const View> keys) {
  ahead_.resize(std::max(ahead_.size(), keys.size()));
  std::vector<View> views;
  for (size_t i = 0; i < keys.size(); ++i) views.push_back(put_together(ahead_[i], keys[i]));
  store_->prefetch(views);
}

size_t PrefixedStore::size() const {
  if (alone()) return store_->size();
  size_t count = 0;
  store_->for_each_key([&](View key, Type) {
    if (is_ours(key)) ++count;
    return true;
  });
  return count;
}

size_t PrefixedStore::flush(int database, std::optional<bool> wait) {
  if (alone()) return store_->flush(database, wait);
  listener_.flushing(database, *this);
  emptying_ = true;
  const Removal removal = wait.value_or(true) ? Removal::asked_for : Removal::not_waited_for;
  const int selected = store_->database();
  size_t removed = 0;
  try {
    for (int i = 0; i < databases(); ++i) {
      if (database != -1 && database != i) continue;
      store_->select(i);
      removed += empty_database(removal);
    }
  } catch (...) {  // a database that fails: there will be no end() of the command
    emptying_ = false;
    throw;
  }
  store_->select(selected);
  return removed;
}

size_t PrefixedStore::empty_database(Removal removal) {
  std::vector<Bytes> keys;
  store_->for_each_key([&](View key, Type) {
    if (is_ours(key)) keys.emplace_back(key);
    return true;
  });
  for (const Bytes& key : keys) store_->remove(key, removal);
  return keys.size();
}

bool PrefixedStore::swap(int first, int second) { return alone() && store_->swap(first, second); }

std::optional<View> PrefixedStore::random_key() {
  if (alone()) {
    const auto key = store_->random_key();
    return key ? std::optional(stripped(*key)) : std::nullopt;
  }
  uint64_t seen = 0;
  store_->for_each_key([&](View key, Type) {
    if (is_ours(key) && dice_.next() % ++seen == 0) random_ = stripped(key);
    return true;
  });
  return seen == 0 ? std::nullopt : std::optional<View>(random_);
}

void PrefixedStore::for_each_key(FunctionRef<bool(View key, Type type)> visit) {
  store_->for_each_key([&](View key, Type type) { return !is_ours(key) || visit(stripped(key), type); });
}

uint64_t PrefixedStore::scan(uint64_t cursor, size_t count, FunctionRef<void(View key, Type type)> visit) {
  return store_->scan(cursor, count, [&](View key, Type type) {
    if (is_ours(key)) visit(stripped(key), type);
  });
}

void PrefixedStore::changed(int database, View key, Event event) {
  if (is_ours(key) && !emptying_) listener_.changed(database, stripped(key), event);
}

void PrefixedStore::missed(int database, View key) {
  if (is_ours(key)) listener_.missed(database, stripped(key));
}

void PrefixedStore::flushing(int database, Store&) { listener_.flushing(database, *this); }

void PrefixedStore::swapping(int first, int second, Store&) { listener_.swapping(first, second, *this); }

}  // namespace redipy
