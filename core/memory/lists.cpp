// SPDX-License-Identifier: Apache-2.0
//
// See lists.h.
#include "core/memory/lists.h"

#include "core/command/error.h"
#include "core/memory/big_list.h"
#include "core/memory/list_nodes.h"
#include "core/memory/memory_store.h"

namespace redipy {

namespace {

constexpr size_t all_nodes = SIZE_MAX;

NodeLimit limit_of(const MemoryStore& store) { return NodeLimit::of(store.options().list_max_listpack_size); }

}  // namespace

bool MemoryList::packed() const { return entry().encoding() == Encoding::listpack; }

/// Calls f(nodes), whichever they are.
template <class F>
void MemoryList::read(F f) const {
  if (packed()) {
    f(OneNode(entry().as<PackedList>()));
  } else {
    f(entry().as<BigList>());
  }
}

// --- reading

size_t MemoryList::size() const { return packed() ? entry().as<PackedList>().size() : entry().as<BigList>().size(); }

std::optional<View> MemoryList::at(size_t index) const {
  std::optional<View> found;
  const size_t total = size();
  if (index >= total) return found;
  read([&](const auto& nodes) {
    const ListPlace place = place_of(nodes, index, total);
    const OpenNode node = nodes.open(place.node);
    const PackedList::Item item = node->get(node->at(static_cast<uint32_t>(place.index)));
    found = node.is_copy() && !item.is_integer() ? texts().keep(item.text()) : texts().add(item);
  });
  return found;
}

void MemoryList::range(RankRange range, Visit visit) const {
  listpack::Scratch text;
  read([&](const auto& nodes) {
    visit_range(nodes, range, size(), [&](PackedList::Item item) { visit(item.view(text)); });
  });
}

void MemoryList::find(View value, End from, size_t skip, size_t max_compared,
                      FunctionRef<bool(size_t index)> found) const {
  const PackedList::Entry wanted(value);
  const size_t total = size();
  size_t compared = 0;
  read([&](const auto& nodes) {
    walk_from(nodes, from, [&](PackedList::Iterator at) {
      const size_t index = from == End::front ? compared : total - 1 - compared;
      ++compared;
      if (at.is(wanted)) {
        if (skip == 0) {
          if (!found(index)) return false;
        } else {
          --skip;
        }
      }
      return compared != max_compared;
    });
  });
}

// --- from small to big and back

/// Before elements are added: by Redis's rule they count with their bytes only.
void MemoryList::grow_for(std::span<const View> elements) {
  constexpr size_t most_overhead = 10;
  size_t bytes = 0;
  for (const View element : elements) {
    if (element.size() > listpack::size_limit - most_overhead) throw CommandError(error::string_too_long);
    bytes += element.size();
  }
  if (!packed()) return;
  auto& list = entry().as<PackedList>();
  if (limit_of(store()).allows(list.bytes() + NodeLimit::header + bytes, list.size() + elements.size())) return;
  BigList big(std::move(list));
  entry().emplace(std::move(big));
  entry().set_encoding(Encoding::quicklist);
}

/// Of a big list, after elements were removed or replaced: what has become small is kept so, and the nodes that
/// settle() reaches as list-compress-depth says.
void MemoryList::shrunk(size_t reach) {
  auto& big = entry().as<BigList>();
  if (big.count() != 1 || !limit_of(store()).allows_small(big.bytes(0), big.size())) {
    return big.settle(store().options().list_compress_depth, reach);
  }
  PackedList list = big.take_only_node();
  entry().destroy<BigList>();
  entry().emplace(std::move(list));
  entry().set_encoding(Encoding::listpack);
}

// --- changing

void MemoryList::push(End end, std::span<const View> elements) {
  if (elements.empty()) return;
  grow_for(elements);
  if (packed()) {
    auto& list = entry().as<PackedList>();
    for (const View element : elements) {
      if (end == End::front) {
        list.push_front(element);
      } else {
        list.push_back(element);
      }
    }
  } else {
    auto& big = entry().as<BigList>();
    const NodeLimit limit = limit_of(store());
    const size_t depth = store().options().list_compress_depth;
    for (const View element : elements) {
      big.push(end, element, limit);
      if (depth > 0) [[unlikely]]
        big.settle(depth, depth + BigList::beyond_depth);
    }
  }
  store().mark_changed(entry());
}

void MemoryList::pop(End end, size_t count, Visit visit) {
  if (count == 0) return;
  listpack::Scratch text;
  const auto give = [&](PackedList::Item item) { visit(item.view(text)); };
  if (packed()) {
    auto& list = entry().as<PackedList>();
    visit_outermost(list, end, count, give);
    erase_outermost(list, end, count);
  } else {
    entry().as<BigList>().pop(end, count, give);
    shrunk(store().options().list_compress_depth);
  }
  store().mark_changed(entry());
}

void MemoryList::trim(RankRange kept) {
  if (!packed()) {
    entry().as<BigList>().trim(kept);
    shrunk(store().options().list_compress_depth);
  } else if (kept.count == 0) {
    entry().as<PackedList>().clear();
  } else {
    auto& list = entry().as<PackedList>();
    const size_t behind = list.size() - kept.first - kept.count;
    if (behind > 0) erase_outermost(list, End::back, behind);
    if (kept.first > 0) erase_outermost(list, End::front, kept.first);
  }
  store().mark_changed(entry());
}

void MemoryList::set(size_t index, View element) {
  grow_for({&element, 1});
  if (packed()) {
    auto& list = entry().as<PackedList>();
    list.replace(list.at(static_cast<uint32_t>(index)), element);
  } else {
    entry().as<BigList>().set(index, element, limit_of(store()));
    shrunk(all_nodes);
  }
  store().mark_changed(entry());
}

bool MemoryList::insert(View pivot, bool after, View element) {
  grow_for({&element, 1});
  std::optional<size_t> index;
  find(pivot, End::front, 0, 0, [&](size_t found) {
    index = found;
    return false;
  });
  if (!index) return false;
  if (packed()) {
    auto& list = entry().as<PackedList>();
    const size_t before = *index + after;
    list.insert(before == list.size() ? list.past_last() : list.at(static_cast<uint32_t>(before)), element);
  } else {
    auto& big = entry().as<BigList>();
    big.insert(*index, after, element, limit_of(store()));
    big.settle(store().options().list_compress_depth, all_nodes);
  }
  store().mark_changed(entry());
  return true;
}

size_t MemoryList::remove(View value, End from, size_t limit) {
  if (limit == 0) limit = SIZE_MAX;
  size_t removed = 0;
  if (packed()) {
    auto& list = entry().as<PackedList>();
    if (!list.empty()) removed = erase_equal(list, PackedList::Entry(value), from, limit);
  } else {
    removed = entry().as<BigList>().remove(value, from, limit);
    shrunk(all_nodes);
  }
  if (removed > 0) store().mark_changed(entry());
  return removed;
}

}  // namespace redipy
