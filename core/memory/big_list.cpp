// SPDX-License-Identifier: Apache-2.0
//
// See big_list.h.
#include "core/memory/big_list.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <new>

#include "core/base/heap.h"
#include "core/base/lzf.h"

namespace redipy {

BigList::BigList(PackedList&& node) {
  if (node.empty()) return;
  Node& only = add_node(0);
  only.count = node.size();
  only.list = std::move(node);
  ring_->size = only.count;
}

BigList BigList::copy() const {
  BigList result;
  for (size_t i = 0; i < count(); ++i) {
    Node& node = result.add_node(i);
    node.list = at(i).list.copy();
    node.count = at(i).count;
    node.plain_bytes = at(i).plain_bytes;
  }
  if (result.ring_) result.ring_->size = size();
  return result;
}

void BigList::clear() noexcept {
  if (!ring_) return;
  for (size_t i = 0; i < ring_->nodes; ++i) at(i).~Node();  // the others hold nothing
  heap::release(ring_, ring_bytes(ring_->capacity));
  ring_ = nullptr;
}

size_t BigList::memory(size_t samples) const {
  if (count() == 0) return 0;
  const size_t looked_at = samples == 0 ? count() : std::min(samples, count());
  size_t bytes = 0;
  for (size_t i = 0; i < looked_at; ++i) bytes += at(i).list.memory();
  return bytes * count() / looked_at + heap::good_size(ring_bytes(ring_->capacity));
}

// --- the ring

void BigList::resize_ring(size_t capacity) {
  Ring* ring = new (heap::allocate(ring_bytes(capacity)))
      Ring{.size = 0, .first = 0, .nodes = 0, .capacity = static_cast<uint32_t>(capacity), .unused = 0};
  for (size_t i = 0; i < capacity; ++i) new (ring->slots() + i) Node;
  if (ring_) {
    ring->size = ring_->size;
    ring->nodes = ring_->nodes;
    for (size_t i = 0; i < ring->nodes; ++i) ring->slots()[i] = std::move(at(i));
    heap::release(ring_, ring_bytes(ring_->capacity));
  }
  ring_ = ring;
}

/// Makes an empty node the node-th, which the caller fills; moves the fewer of those before and behind.
BigList::Node& BigList::add_node(size_t node) {
  constexpr size_t least = 2;
  if (!ring_ || ring_->nodes == ring_->capacity) resize_ring(ring_ ? size_t{ring_->capacity} * 2 : least);
  const size_t nodes = ring_->nodes++;
  if (node < nodes / 2) {
    --ring_->first;
    for (size_t i = 0; i < node; ++i) at(i) = std::move(at(i + 1));
  } else {
    for (size_t i = nodes; i > node; --i) at(i) = std::move(at(i - 1));
  }
  at(node).count = 0;
  at(node).plain_bytes = 0;
  return at(node);
}

/// Removes nodes, with what is in them.
void BigList::drop_nodes(size_t node, size_t count) {
  if (count == 0) return;
  for (size_t i = node; i < node + count; ++i) {
    ring_->size -= at(i).count;
    at(i).list.clear();
    at(i).count = 0;
  }
  const size_t nodes = ring_->nodes;
  const size_t behind = nodes - node - count;
  if (node < behind) {
    for (size_t i = node; i > 0; --i) at(i + count - 1) = std::move(at(i - 1));
    ring_->first += static_cast<uint32_t>(count);
  } else {
    for (size_t i = node; i < node + behind; ++i) at(i) = std::move(at(i + count));
  }
  ring_->nodes -= static_cast<uint32_t>(count);
  if (ring_->nodes == 0) {
    clear();
  } else if (ring_->capacity > 8 && ring_->nodes < ring_->capacity / 4) {
    resize_ring(std::bit_ceil(size_t{ring_->nodes} * 2));
  }
}

// --- compressed nodes

/// The node, to be changed.
BigList::Node& BigList::to_change(size_t node) {
  Node& it = at(node);
  if (it.plain_bytes != 0) [[unlikely]] {
    if (it.compressed()) it.list = in_the_clear(it);
    it.plain_bytes = 0;
  }
  return it;
}

PackedList BigList::in_the_clear(const Node& node) {
  const std::optional<Bytes> listpack = lzf::decompress(node.list.front().text(), node.plain_bytes);
  assert(listpack);
  return PackedList::from_listpack(*listpack, {.count = node.count, .canonical = true});
}

void BigList::compress(size_t node) {
  constexpr size_t least_bytes = 48;  // as Redis: less is not worth it
  constexpr size_t least_gain = 8;
  Node& it = at(node);
  if (it.plain_bytes != 0) return;
  it.plain_bytes = Node::incompressible;
  if (it.list.bytes() < least_bytes || it.list.bytes() > listpack::size_limit) return;
  Bytes plain;
  it.list.append_listpack_to(plain);
  const std::optional<Bytes> packed = lzf::compress(plain, least_gain);
  if (!packed) return;
  PackedList only;
  only.push_back(View(*packed));  // which is no integer: LZF begins with a control byte
  it.list = std::move(only);
  it.plain_bytes = static_cast<uint32_t>(plain.size());
}

void BigList::settle(size_t depth, size_t reach) {
  if (depth == 0) return;
  const size_t nodes = count();
  const auto settle_one = [&](size_t node) {
    if (std::min(node, nodes - 1 - node) < depth) {
      to_change(node);
    } else {
      compress(node);
    }
  };
  for (size_t i = 0; i < std::min(reach, nodes); ++i) {
    settle_one(i);
    settle_one(nodes - 1 - i);
  }
}

size_t BigList::compressed_nodes() const {
  size_t compressed = 0;
  for (size_t i = 0; i < count(); ++i) compressed += at(i).compressed();
  return compressed;
}

// --- both ends

/// Whether it has to have a node of its own.
bool BigList::is_large(size_t bytes, NodeLimit limit) {
  constexpr size_t most_by_count = 8192;
  return bytes > (limit.by_count() ? most_by_count : limit.bytes);
}

bool BigList::takes(size_t node, View element, NodeLimit limit) const {
  constexpr size_t most_overhead = 8;  // of an entry, as Redis estimates it
  if (node >= count()) return false;
  return limit.allows(bytes(node) + element.size() + most_overhead, size(node) + 1);
}

void BigList::push(End end, View element, NodeLimit limit) {
  size_t node = end == End::front || empty() ? 0 : count() - 1;
  if (!takes(node, element, limit)) {
    node = end == End::front ? 0 : count();
    add_node(node);
  }
  Node& it = to_change(node);
  if (end == End::front) {
    it.list.push_front(element);
  } else {
    it.list.push_back(element);
  }
  ++it.count;
  ++ring_->size;
}

void BigList::drop_outermost(size_t node, End end, size_t count) {
  if (count >= size(node)) return drop_nodes(node, 1);
  Node& it = to_change(node);
  erase_outermost(it.list, end, count);
  it.count -= static_cast<uint32_t>(count);
  ring_->size -= count;
}

void BigList::trim(RankRange kept) {
  if (kept.count == 0) return clear();
  const size_t behind = size() - kept.first - kept.count;
  const auto cut = [this](End end, size_t left) {
    size_t nodes = 0;  // whole ones go in one step
    const auto nth = [&](size_t i) { return end == End::front ? i : count() - 1 - i; };
    while (left >= size(nth(nodes))) left -= size(nth(nodes++));
    drop_nodes(end == End::front ? 0 : count() - nodes, nodes);
    if (left > 0) drop_outermost(nth(0), end, left);
  };
  cut(End::front, kept.first);
  cut(End::back, behind);
}

// --- in the middle

void BigList::insert_into(size_t node, size_t index, View element) {
  Node& it = to_change(node);
  const auto position = index == it.count ? it.list.past_last() : it.list.at(static_cast<uint32_t>(index));
  it.list.insert(position, element);
  ++it.count;
  ++ring_->size;
}

void BigList::set(size_t index, View element, NodeLimit limit) {
  const ListPlace place = place_of(*this, index, size());
  Node& it = to_change(place.node);
  const auto position = it.list.at(static_cast<uint32_t>(place.index));
  const size_t old_bytes = it.count == 1 ? it.list.bytes() : 0;
  if (it.count == 1 || !is_large(element.size(), limit)) {
    // As in Redis, a node may outgrow its limit by this.
    it.list.replace(position, element);
    if (is_large(old_bytes, limit)) merge_around(place.node, limit);
    return;
  }
  it.list.erase(position);
  --it.count;
  --ring_->size;
  if (place.index == it.count) {
    insert(index - 1, true, element, limit);
  } else {
    insert(index, false, element, limit);
  }
}

void BigList::insert(size_t index, bool after, View element, NodeLimit limit) {
  const ListPlace place = place_of(*this, index, size());
  const size_t node = place.node;
  const size_t before = place.index + after;  // how many of the node come before the new one
  if (takes(node, element, limit)) return insert_into(node, before, element);

  const size_t here = size(node);
  if (after && before == here) {
    if (!takes(node + 1, element, limit)) add_node(node + 1);
    return insert_into(node + 1, 0, element);
  }
  if (!after && before == 0) {
    if (node > 0 && takes(node - 1, element, limit)) return insert_into(node - 1, size(node - 1), element);
    add_node(node);
    return insert_into(node, 0, element);
  }

  // The node is full: it is split, and the new element goes to the part that does not have the pivot.
  PackedList tail = to_change(node).list.split(static_cast<uint32_t>(before));
  const auto moved = tail.size();
  at(node).count -= moved;
  Node& behind = add_node(node + 1);
  behind.count = moved;
  behind.list = std::move(tail);
  if (is_large(element.size(), limit)) {
    add_node(node + 1);
    return insert_into(node + 1, 0, element);
  }
  if (after) {
    insert_into(node + 1, 0, element);
  } else {
    insert_into(node, before, element);
  }
  merge_around(after ? node : node + 1, limit);
}

/// Merges a node with the one behind it, if there is one and the limit allows; returns how many nodes went: 0 or 1.
size_t BigList::merge(size_t node, NodeLimit limit) {
  if (node + 1 >= count()) return 0;
  if (!limit.allows(bytes(node) + bytes(node + 1) - NodeLimit::header, size(node) + size(node + 1))) return 0;
  Node& it = to_change(node);
  Node& next = to_change(node + 1);
  it.list.append(next.list);
  it.count += next.count;
  ring_->size += next.count;  // drop_nodes() takes them away again
  drop_nodes(node + 1, 1);
  return 1;
}

/// After a split: the pairs of nodes before and behind this one, then this one with its neighbours.
void BigList::merge_around(size_t node, NodeLimit limit) {
  if (node >= 2) node -= merge(node - 2, limit);
  merge(node + 1, limit);
  if (node >= 1) node -= merge(node - 1, limit);
  merge(node, limit);
}

size_t BigList::remove(View value, End from, size_t limit) {
  const PackedList::Entry wanted(value);
  size_t removed = 0;
  size_t node = from == End::front ? 0 : count() - 1;
  for (size_t left = count(); left > 0 && removed < limit; --left) {
    const bool untouched = at(node).compressed() && open(node)->find(value) == PackedList::none;
    Node& it = untouched ? at(node) : to_change(node);
    const size_t here = untouched ? 0 : erase_equal(it.list, wanted, from, limit - removed);
    removed += here;
    it.count -= static_cast<uint32_t>(here);
    ring_->size -= here;
    const bool gone = it.count == 0;
    if (gone) drop_nodes(node, 1);
    if (from == End::back) {
      --node;
    } else if (!gone) {
      ++node;
    }
  }
  return removed;
}

PackedList BigList::take_only_node() {
  assert(count() == 1);
  PackedList list = std::move(to_change(0).list);
  clear();
  return list;
}

}  // namespace redipy
