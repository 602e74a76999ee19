// SPDX-License-Identifier: Apache-2.0
//
// ScoreTree: the order of a sorted set. Members by score, then by bytes (as memcmp has it, the shorter of two first if
// it begins the longer), each reached by rank, by score or by bytes in O(log n).
//
// It is a B+-tree that counts. Redis uses a skip list: one block per member, some 45 bytes, a cache miss at every step.
// Here 30 members share one leaf of 512 bytes, with their scores beside the pointers, so that only equal scores make a
// search look at members; a million members are four nodes deep at most. An inner node knows for each child how many
// members are below it (hence ranks) and the first of them (hence the way down).
//
//                     inner   [ child, count, first | child, count, first | ... ]       up to 31
//                                |                     |
//          leaf   [ score, member | score, member ... ] <-> [ ... ] <-> [ ... ]         up to 30, linked both ways
//
// A full leaf first gives to a neighbour with room, and is split only if there is none, so that leaves are four fifths
// full in the long run; one that is full at the very end is left full, as scores that grow (times) will never come back
// to it. A node emptied to a third takes from a neighbour, or is merged with it.
//
// Members are not owned. One caller at a time. An iterator holds until the next change.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>

#include "core/base/function_ref.h"
#include "core/base/view.h"
#include "core/memory/member.h"

namespace redipy {

class ScoreTree {
  struct Node {
    std::uint32_t size = 0;
  };

 public:
  struct Entry {
    double score;
    Member* member;
  };

 private:
  static constexpr unsigned leaf_capacity = 30;
  struct Leaf : Node {
    Leaf* previous = nullptr;
    Leaf* next = nullptr;
    Entry entries[leaf_capacity];
  };

 public:
  // Stands at a member, or nowhere: past either end.
  class Iterator {
   public:
    Iterator() = default;

    explicit operator bool() const { return leaf_ != nullptr; }
    const Entry& operator*() const { return leaf_->entries[index_]; }
    const Entry* operator->() const { return &leaf_->entries[index_]; }
    double score() const { return leaf_->entries[index_].score; }
    View member() const { return leaf_->entries[index_].member->bytes(); }

    Iterator& operator++() {
      if (++index_ == leaf_->size) {
        leaf_ = leaf_->next;
        index_ = 0;
      }
      return *this;
    }
    Iterator& operator--() {
      if (index_ == 0) {
        leaf_ = leaf_->previous;
        index_ = leaf_ == nullptr ? 0 : leaf_->size;
      }
      if (leaf_ != nullptr) --index_;
      return *this;
    }
    bool operator==(const Iterator&) const = default;

   private:
    friend class ScoreTree;
    Iterator(const Leaf* leaf, unsigned index) : leaf_(leaf), index_(index) {}

    const Leaf* leaf_ = nullptr;
    unsigned index_ = 0;
  };

  // A place in the order: a rank from 0 to size(), and the member there (none at size()).
  struct Place {
    std::size_t rank = 0;
    Iterator at;
  };

  using Visit = FunctionRef<void(Member*)>;

  ScoreTree() = default;
  ScoreTree(ScoreTree&& other) noexcept { swap(other); }
  ScoreTree& operator=(ScoreTree&& other) noexcept {
    ScoreTree taken(std::move(other));
    swap(taken);
    return *this;
  }
  ~ScoreTree();

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  // Adds a member with the score it has; no other may have its score and bytes. The score is not NaN.
  void insert(Member* member);
  // Fills an empty tree with members in order: faster, and the leaves are nearly full.
  void build(std::span<Member* const> members);
  // Takes the member out, and returns it for the caller to free; null if there is none.
  Member* erase(double score, View member);
  // Gives a member of this tree another score, in its place if it need not move.
  void update(Member* member, double score);
  // Takes out the members with ranks in [from, to), calling removed(member), which may free it, for each in order.
  void erase_range(std::size_t from, std::size_t to, Visit removed);
  // The same for all.
  void clear(Visit removed);

  // How many members come before this one; nullopt if it is not here.
  std::optional<std::size_t> rank(double score, View member) const;
  // The member with this rank; nowhere if there are not so many.
  Iterator at(std::size_t rank) const;
  Iterator begin() const { return at(0); }
  Iterator last() const { return size_ == 0 ? Iterator() : at(size_ - 1); }

  // The first member with a score not below this one; above it. Members between two bounds: the difference of ranks.
  Place lower_bound(double score) const;
  Place upper_bound(double score) const;
  // The same by bytes; makes sense only if all scores are equal.
  Place lower_bound(View member) const;
  Place upper_bound(View member) const;

  // Bytes of the nodes; neither this object nor the members.
  std::size_t memory() const;

  // Whether all that must hold does. For tests: visits everything.
  bool check() const;

  void swap(ScoreTree& other) noexcept {
    std::swap(root_, other.root_);
    std::swap(size_, other.size_);
    std::swap(leaves_, other.leaves_);
    std::swap(inners_, other.inners_);
    std::swap(height_, other.height_);
  }

 private:
  struct Inner;
  struct Branch;
  struct Path;

  template <class Before>
  Path descend(Before before) const;
  template <class Before>
  Place bound(Before before) const;
  Path path_to(double score, View member) const;
  Path path_at(std::size_t rank) const;

  Leaf* make_leaf();
  Inner* make_inner();
  void free_leaf(Leaf* leaf);
  void free_inner(Inner* inner);
  void free_below(Node* node, unsigned height);

  void make_room(const Path& path);
  bool share(const Path& path);
  Leaf* split_leaf(Leaf& leaf, unsigned keep);
  Inner* split_inner(Inner& inner);
  void cut(const Path& path, unsigned count);
  void repair(const Path& path);
  void balance(Inner& parent, unsigned left, bool leaves);
  bool check_below(const Node* node, unsigned height, const Leaf*& last) const;

  Node* root_ = nullptr;  // a leaf if height_ is 0
  std::size_t size_ = 0;
  std::size_t leaves_ = 0;
  std::size_t inners_ = 0;
  unsigned height_ = 0;  // levels of inner nodes
};

}  // namespace redipy
