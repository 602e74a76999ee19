// SPDX-License-Identifier: Apache-2.0
//
// What the typed handles of the memory store (MemoryHash, MemoryList, …) have in common: the store and the entry they
// stand for, and room for the texts of numbers that they give views of. They keep nothing else between calls: two
// handles to one key may be in use in one command. They come from small pools that grow in blocks and are used anew in
// the next command, so that a handle costs no allocation.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "core/memory/texts.h"

namespace redipy {

class Entry;
class MemoryStore;

/// Base of each handle class, besides its contract: class MemoryHash final : public Hash, public Handle.
class Handle {
 public:
  void bind(MemoryStore& store, Entry& entry) {
    store_ = &store;
    entry_ = &entry;
    texts_.clear();
  }

 protected:
  MemoryStore& store() const { return *store_; }
  Entry& entry() const { return *entry_; }
  void rebind(Entry& entry) { entry_ = &entry; }
  /// Views that hold as long as the handle.
  Texts& texts() const { return texts_; }

 private:
  MemoryStore* store_ = nullptr;
  Entry* entry_ = nullptr;
  mutable Texts texts_;
};

/// Hands out objects that stay where they are; clear() takes all of them back.
template <class Object>
class Pool {
 public:
  Object& next() {
    if (used_ < block_size) return first_[used_++];
    const size_t index = used_++ - block_size;
    if (index / block_size == more_.size()) more_.push_back(std::make_unique<Object[]>(block_size));
    return more_[index / block_size][index % block_size];
  }
  void clear() {
    if (used_ > block_size && more_.size() > kept_blocks) more_.resize(kept_blocks);
    used_ = 0;
  }

 private:
  static constexpr size_t block_size = 4, kept_blocks = 64;
  Object first_[block_size];
  std::vector<std::unique_ptr<Object[]>> more_;
  size_t used_ = 0;
};

}  // namespace redipy
