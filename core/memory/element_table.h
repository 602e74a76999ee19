// SPDX-License-Identifier: Apache-2.0
//
// ElementTable: a HashTable that owns its elements (blocks.h): the large form of a hash and of a set. The object is one
// pointer, as what lies in an entry's word has to be; empty is null.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "core/base/hash.h"
#include "core/base/hash_table.h"
#include "core/memory/blocks.h"

namespace redipy {

/// One caller at a time.
template <class Element>
class ElementTable {
  struct Traits {
    static View key(const Element& element) { return element.key(); }
    static uint64_t hash(View key) { return hash_bytes(key); }
  };

 public:
  using Table = HashTable<Element, Traits>;
  using Slot = typename Table::Slot;

  ElementTable() noexcept = default;
  ElementTable(ElementTable&& other) noexcept : table_(std::exchange(other.table_, nullptr)) {}
  ElementTable& operator=(ElementTable&& other) noexcept {
    std::swap(table_, other.table_);
    return *this;
  }
  ~ElementTable() { clear(); }

  size_t size() const { return table_ ? table_->size() : 0; }
  /// Of one that is not empty: for walks and draws.
  const Table& table() const { return *table_; }
  /// The table, empty or not.
  Table& made_table() {
    if (!table_) table_ = new Table;
    return *table_;
  }

  Element* find(View key) const { return table_ ? find(hash_bytes(key), key) : nullptr; }
  Element* find(uint64_t hash, View key) const {
    const Slot* slot = table_->find(hash, key);
    return slot ? slot->item() : nullptr;
  }

  /// Whether there was one.
  bool erase(uint64_t hash, View key) {
    Element* element = table_->erase(hash, key);
    if (element) Element::free(element);
    return element != nullptr;
  }

  void clear() noexcept {
    if (!table_) return;
    table_->clear([](Element* element) { Element::free(element); });
    delete table_;
    table_ = nullptr;
  }

  ElementTable copy() const {
    ElementTable result;
    if (size() == 0) return result;
    Table& to = result.made_table();
    table_->for_each([&](const Element* element) { to.insert(hash_bytes(element->key()), element->copy()); });
    return result;
  }

  /// Bytes of it all, those of the elements as the first `samples` (0: all) have it.
  size_t memory(size_t samples) const {
    if (!table_) return 0;
    const size_t looked_at = samples == 0 ? size() : std::min(samples, size());
    size_t bytes = 0;
    size_t seen = 0;
    table_->for_each_while([&](const Element* element) {
      if (seen == looked_at) return false;
      ++seen;
      bytes += heap::good_size(element->memory());
      return true;
    });
    if (seen > 0)
      bytes = static_cast<size_t>(static_cast<double>(bytes) / static_cast<double>(seen) * static_cast<double>(size()));
    return bytes + table_->memory() + heap::good_size(sizeof(Table));
  }

 private:
  Table* table_ = nullptr;
};

using FieldTable = ElementTable<Field>;
using MemberTable = ElementTable<SetMember>;

}  // namespace redipy
