// SPDX-License-Identifier: Apache-2.0
//
// BigList: a list in many PackedLists, its nodes, each a few KiB, so that a push, a pop or an insertion moves little.
// What Redis calls a quicklist; when nodes are made, split and merged is its rule, since OBJECT ENCODING shows it: a
// list that has shrunk to one small node becomes a PackedList again.
//
// The nodes lie in a ring beside their counts, so that an index is found by running over an array, not from block to
// block:
//
//   block:  size | first | nodes | capacity | [ list, count ] [ list, count ] …       a node i: (first + i) mod
//   capacity
//
// An element too large for a node with others has one of its own. The object is one pointer; the empty list is null.
//
// With list-compress-depth n, all but the outermost n nodes at each end are kept compressed where that gains something:
// such a node's PackedList holds a single entry, the LZF of its listpack. Whoever reads one gets a copy of it in the
// clear (open()); whoever changes one has it in the clear until settle() is called.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "core/memory/list_nodes.h"
#include "core/memory/packed_list.h"
#include "core/store/lists.h"

namespace redipy {

/// One caller at a time. Arguments never lie in the list itself.
class BigList {
 public:
  BigList() noexcept = default;
  /// The list that consists of this node.
  explicit BigList(PackedList&& node);
  BigList(BigList&& other) noexcept : ring_(std::exchange(other.ring_, nullptr)) {}
  BigList& operator=(BigList&& other) noexcept {
    std::swap(ring_, other.ring_);
    return *this;
  }
  ~BigList() { clear(); }

  BigList copy() const;

  size_t size() const { return ring_ ? ring_->size : 0; }
  bool empty() const { return size() == 0; }

  // The nodes from front to back, none of them empty; what list_nodes.h wants.
  size_t count() const { return ring_ ? ring_->nodes : 0; }
  OpenNode open(size_t node) const {
    const Node& it = at(node);
    if (it.compressed()) [[unlikely]]
      return OpenNode(in_the_clear(it));
    return OpenNode(it.list);
  }
  size_t size(size_t node) const { return at(node).count; }
  /// Bytes of the node as a listpack.
  size_t bytes(size_t node) const {
    const Node& it = at(node);
    return it.compressed() ? it.plain_bytes : it.list.bytes() + NodeLimit::header;
  }

  void push(End end, View element, NodeLimit limit);
  /// Calls visit(item) for the outermost `count` (at most size()), from the outside inwards, and removes them.
  template <class VisitItem>
  void pop(End end, size_t count, VisitItem visit) {
    while (count > 0) {
      const size_t node = end == End::front ? 0 : this->count() - 1;
      const size_t here = count < size(node) ? count : size(node);
      visit_outermost(*open(node), end, here, visit);
      drop_outermost(node, end, here);
      count -= here;
    }
  }
  void trim(RankRange kept);
  /// Replaces the element at an index within the list.
  void set(size_t index, View element, NodeLimit limit);
  /// Puts `element` before or after the one at an index within the list.
  void insert(size_t index, bool after, View element, NodeLimit limit);
  /// As List::remove.
  size_t remove(View value, End from, size_t limit);
  /// Of a list of one node: takes that out.
  PackedList take_only_node();
  void clear() noexcept;

  /// After changes: has the outermost `depth` nodes at each end in the clear and those further in compressed. Looks at
  /// no more than `reach` nodes at each end. Depth 0: leaves all as they are.
  void settle(size_t depth, size_t reach);
  /// What settle() has to reach after one push, and after anything that takes away at the ends.
  static constexpr size_t beyond_depth = 2;
  size_t compressed_nodes() const;

  /// Bytes of it all, those of the nodes as the first `samples` (0: all) have it.
  size_t memory(size_t samples) const;

 private:
  struct Node {
    static constexpr uint32_t incompressible = UINT32_MAX;

    PackedList list;
    uint32_t count = 0;
    uint32_t plain_bytes = 0;  // of a compressed one: of its listpack; else 0, or that compressing it was in vain

    bool compressed() const { return plain_bytes != 0 && plain_bytes != incompressible; }
  };
  struct Ring {
    size_t size;
    uint32_t first;
    uint32_t nodes;
    uint32_t capacity;  // a power of two; all nodes are valid objects
    uint32_t unused;

    Node* slots() { return reinterpret_cast<Node*>(this + 1); }
    Node& at(size_t i) { return slots()[(first + i) & (capacity - 1)]; }
  };

  static constexpr size_t ring_bytes(size_t capacity) { return sizeof(Ring) + capacity * sizeof(Node); }

  Node& at(size_t node) const { return ring_->at(node); }
  Node& to_change(size_t node);
  void compress(size_t node);
  static PackedList in_the_clear(const Node& node);
  void drop_outermost(size_t node, End end, size_t count);
  Node& add_node(size_t node);
  void drop_nodes(size_t node, size_t count);
  void resize_ring(size_t capacity);
  static bool is_large(size_t bytes, NodeLimit limit);
  bool takes(size_t node, View element, NodeLimit limit) const;
  void insert_into(size_t node, size_t index, View element);
  size_t merge(size_t node, NodeLimit limit);
  void merge_around(size_t node, NodeLimit limit);

  Ring* ring_ = nullptr;
};

}  // namespace redipy
