// SPDX-License-Identifier: Apache-2.0
//
// What the typed handles (SqlHash, SqlList, …) have in common: the store and the key's row. They keep nothing else, so
// that two handles to one key may be in use in one command.
#pragma once

#include <cstddef>
#include <deque>

namespace redipy::sql {

class SqlStore;
struct KeyRow;

class Handle {
 public:
  void bind(SqlStore& store, KeyRow& row) {
    store_ = &store;
    row_ = &row;
  }

 protected:
  SqlStore& store() const { return *store_; }
  KeyRow& row() const { return *row_; }

 private:
  SqlStore* store_ = nullptr;
  KeyRow* row_ = nullptr;
};

/// Hands out objects that stay where they are; clear() takes all of them back.
template <class Object>
class Pool {
 public:
  Object& next() {
    if (used_ == objects_.size()) objects_.emplace_back();
    return objects_[used_++];
  }
  void clear() {
    constexpr size_t most_kept = 256;
    if (objects_.size() > most_kept) objects_.resize(most_kept);
    used_ = 0;
  }

 private:
  std::deque<Object> objects_;
  size_t used_ = 0;
};

}  // namespace redipy::sql
