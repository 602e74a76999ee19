// SPDX-License-Identifier: Apache-2.0
//
// SortedTable: the large form of a sorted set. Each Member (member.h) is in a hash table, which finds it by its bytes,
// and in a ScoreTree, which has the order. The object is one pointer; empty is null.
#pragma once

#include <cstddef>
#include <span>
#include <utility>

#include "core/base/hash.h"
#include "core/base/hash_table.h"
#include "core/memory/member.h"
#include "core/memory/score_tree.h"
#include "core/store/sorted_sets.h"

namespace redipy {

/// One caller at a time. Ranks are from the lowest.
class SortedTable {
  struct Traits {
    static View key(const Member& member) { return member.bytes(); }
    static uint64_t hash(View key) { return hash_bytes(key); }
  };

 public:
  using Table = HashTable<Member, Traits>;

  SortedTable() noexcept = default;
  SortedTable(SortedTable&& other) noexcept : parts_(std::exchange(other.parts_, nullptr)) {}
  SortedTable& operator=(SortedTable&& other) noexcept {
    std::swap(parts_, other.parts_);
    return *this;
  }
  ~SortedTable() { clear(); }

  SortedTable copy() const;

  size_t size() const { return parts_ ? parts_->tree.size() : 0; }
  /// Of one that is not empty: for walks and draws.
  const Table& table() const { return parts_->table; }

  Member* find(uint64_t hash, View member) const {
    if (!parts_) return nullptr;
    const Table::Slot* slot = parts_->table.find(hash, member);
    return slot ? slot->item() : nullptr;
  }
  Member* find(View member) const { return parts_ ? find(hash_bytes(member), member) : nullptr; }
  size_t rank(const Member& member) const { return *parts_->tree.rank(member.score, member.bytes()); }

  /// Fills an empty one with members in order, which it owns from now on.
  void build(std::span<Member* const> members);
  /// Adds a member that is absent.
  void insert(uint64_t hash, View member, double score);
  void update(Member& member, double score) { parts_->tree.update(&member, score); }
  void erase(uint64_t hash, Member& member);
  void erase(RankRange range);
  void clear() noexcept;

  /// The members within the bounds, as ranks.
  RankRange ranks(const ScoreRange& range) const;
  RankRange ranks(const LexRange& range) const;

  /// Calls visit(member, score) for a range of ranks, from its end if `backward`, until that returns false.
  template <class VisitWhile>
  void visit(RankRange range, bool backward, VisitWhile visit) const {
    if (range.count == 0) return;
    auto at = parts_->tree.at(backward ? range.first + range.count - 1 : range.first);
    for (size_t left = range.count; left > 0; --left) {
      if (!visit(at.member(), at.score())) return;
      if (backward) {
        --at;
      } else {
        ++at;
      }
    }
  }

  /// Bytes of it all, those of the members as the first `samples` (0: all) have it.
  size_t memory(size_t samples) const;

 private:
  struct Parts {
    Table table;
    ScoreTree tree;
  };

  Parts* parts_ = nullptr;
};

}  // namespace redipy
