// SPDX-License-Identifier: Apache-2.0
//
// Reading a list, be it one PackedList or many: where an element is by index, walks in both directions. Written once
// over `Nodes`, which has count(), the number of nodes, open(i) and size(i): BigList, or OneNode of a small list.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "core/memory/packed_list.h"
#include "core/store/lists.h"

namespace redipy {

/// How large a node may be, by list-max-listpack-size. Sizes are those of a listpack of Redis.
struct NodeLimit {
  static constexpr size_t header = 7;  // bytes that a listpack has besides its entries

  size_t bytes;
  size_t count;

  /// -1 … -5: 4 … 64 KiB; else so many entries, and in no more than 8 KiB.
  static constexpr NodeLimit of(int list_max_listpack_size) {
    if (list_max_listpack_size >= 0) {
      return {SIZE_MAX, list_max_listpack_size == 0 ? 1 : static_cast<size_t>(list_max_listpack_size)};
    }
    const int level = list_max_listpack_size < -5 ? 5 : -list_max_listpack_size;
    return {size_t{2048} << level, SIZE_MAX};
  }

  constexpr bool by_count() const { return bytes == SIZE_MAX; }
  /// Whether a node may have so many bytes with the header, and entries.
  constexpr bool allows(size_t node_bytes, size_t node_count) const {
    constexpr size_t most_bytes_by_count = 8192;
    return by_count() ? node_bytes <= most_bytes_by_count && node_count <= count : node_bytes <= bytes;
  }
  /// The limits within which a list that shrank becomes small again: half, so that it does not go to and fro.
  constexpr bool allows_small(size_t node_bytes, size_t node_count) const {
    return by_count() ? node_count <= count / 2 : node_bytes <= bytes / 2;
  }
};

/// A node to be read: the list's own, or a copy of it that goes with this object.
class OpenNode {
 public:
  explicit OpenNode(const PackedList& list) : list_(&list) {}
  explicit OpenNode(PackedList&& copy) : copy_(std::move(copy)) {}
  OpenNode(const OpenNode&) = delete;
  OpenNode& operator=(const OpenNode&) = delete;

  const PackedList& operator*() const { return list_ ? *list_ : copy_; }
  const PackedList* operator->() const { return &**this; }
  bool is_copy() const { return list_ == nullptr; }

 private:
  const PackedList* list_ = nullptr;
  PackedList copy_;
};

/// A small list as the one node that it is.
class OneNode {
 public:
  explicit OneNode(const PackedList& list) : list_(list) {}

  size_t count() const { return list_.empty() ? 0 : 1; }
  OpenNode open(size_t) const { return OpenNode(list_); }
  size_t size(size_t) const { return list_.size(); }

 private:
  const PackedList& list_;
};

/// An element's node, and its index there.
struct ListPlace {
  size_t node = 0;
  size_t index = 0;
};

/// Of an index below `total`, which is how many elements there are. Counts from the nearer end.
template <class Nodes>
ListPlace place_of(const Nodes& nodes, size_t index, size_t total) {
  if (index < total / 2) {
    size_t node = 0;
    for (; index >= nodes.size(node); ++node) index -= nodes.size(node);
    return {node, index};
  }
  size_t node = nodes.count() - 1;
  size_t behind = total - index;  // elements from this one on
  for (; behind > nodes.size(node); --node) behind -= nodes.size(node);
  return {node, nodes.size(node) - behind};
}

/// Calls visit(item) for the elements of a range within the list.
template <class Nodes, class VisitItem>
void visit_range(const Nodes& nodes, RankRange range, size_t total, VisitItem visit) {
  if (range.count == 0) return;
  const ListPlace first = place_of(nodes, range.first, total);
  size_t left = range.count;
  for (size_t node = first.node; left > 0; ++node) {
    const OpenNode open = nodes.open(node);
    const PackedList& list = *open;
    const size_t from = node == first.node ? first.index : 0;
    auto at = list.iterator(list.at(static_cast<uint32_t>(from)));
    const auto end = list.end();
    for (; left > 0 && at != end; ++at, --left) visit(*at);
  }
}

/// Calls visit(iterator) for all elements from one end towards the other until it returns false.
template <class Nodes, class VisitWhile>
void walk_from(const Nodes& nodes, End from, VisitWhile visit) {
  for (size_t i = 0; i < nodes.count(); ++i) {
    const OpenNode open = nodes.open(from == End::front ? i : nodes.count() - 1 - i);
    const PackedList& list = *open;
    if (from == End::front) {
      for (auto at = list.begin(); at != list.end(); ++at) {
        if (!visit(at)) return;
      }
    } else {
      for (auto at = list.end(); at != list.begin();) {
        --at;
        if (!visit(at)) return;
      }
    }
  }
}

/// Calls visit(item) for the outermost `count` (of at least as many) of a node, from the outside inwards.
template <class VisitItem>
void visit_outermost(const PackedList& list, End end, size_t count, VisitItem visit) {
  if (end == End::front) {
    for (auto at = list.begin(); count > 0; --count, ++at) visit(*at);
  } else {
    for (auto at = list.end(); count > 0; --count) visit(*--at);
  }
}

/// Removes these.
inline void erase_outermost(PackedList& list, End end, size_t count) {
  const auto some = static_cast<uint32_t>(count);
  if (count >= list.size()) {
    list.clear();
  } else if (end == End::front) {
    list.erase(PackedList::first(), some);
  } else if (count == 1) {
    list.pop_back();
  } else {
    list.erase_range(list.size() - some, some);
  }
}

/// Removes the first `limit` entries equal to `value` as seen from `from`; returns how many.
inline size_t erase_equal(PackedList& list, const PackedList::Entry& value, End from, size_t limit) {
  size_t removed = 0;
  if (from == End::front) {
    PackedList::Position at = PackedList::first();
    while (removed < limit && at < list.past_last()) {
      auto it = list.iterator(at);
      const auto end = list.end();
      while (it != end && !it.is(value)) ++it;
      at = list.position(it);
      if (it == end) break;
      list.erase(at);
      ++removed;
    }
  } else {
    PackedList::Position behind = list.past_last();
    while (removed < limit && behind > PackedList::first()) {
      auto it = list.iterator(behind);
      do --it;
      while (!it.is(value) && it != list.begin());
      if (!it.is(value)) break;
      behind = list.position(it);
      list.erase(behind);
      ++removed;
    }
  }
  return removed;
}

}  // namespace redipy
