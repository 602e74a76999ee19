// SPDX-License-Identifier: Apache-2.0
//
// See sets.h.
#include "core/memory/sets.h"

#include <algorithm>

#include "core/memory/element_table.h"
#include "core/memory/int_set.h"
#include "core/memory/memory_store.h"
#include "core/memory/packed_draws.h"
#include "core/memory/packed_list.h"
#include "core/memory/table_walks.h"

namespace redipy {

namespace {

/// What SPOP of several members does to an IntSet or a PackedList: draws them one by one where they are few, else goes
/// through all of them once and keeps the others.
constexpr bool is_small_share(size_t count, size_t size) { return count == 1 || count < size / 16; }

bool fits_packed(View member, size_t size, size_t bytes, const Options& options) {
  constexpr size_t most_overhead = 10;
  return size < options.set_max_listpack_entries && member.size() <= options.set_max_listpack_value &&
         bytes + member.size() + most_overhead <= listpack::size_limit;
}

size_t max_intset_entries(const Options& options) {
  constexpr size_t most = size_t{1} << 27;  // an IntSet holds no more
  return std::min(options.set_max_intset_entries, most);
}

}  // namespace

// --- reading

size_t MemorySet::size() const {
  switch (entry().encoding()) {
    case Encoding::intset:
      return entry().as<IntSet>().size();
    case Encoding::listpack:
      return entry().as<PackedList>().size();
    default:
      return entry().as<MemberTable>().size();
  }
}

bool MemorySet::has(View member) const {
  switch (entry().encoding()) {
    case Encoding::intset: {
      const auto number = parse_integer(member);
      return number && entry().as<IntSet>().contains(*number);
    }
    case Encoding::listpack:
      return entry().as<PackedList>().find(member) != PackedList::none;
    default:
      return entry().as<MemberTable>().find(member) != nullptr;
  }
}

void MemorySet::has(std::span<const View> members, std::span<bool> present) const {
  if (entry().encoding() != Encoding::hashtable || size() == 0) {
    for (size_t i = 0; i < members.size(); ++i) present[i] = has(members[i]);
    return;
  }
  const auto& elements = entry().as<MemberTable>();
  for_each_hash(
      elements.table(), members.size(), [&](size_t i) { return members[i]; },
      [&](size_t i, uint64_t hash) { present[i] = elements.find(hash, members[i]) != nullptr; });
}

void MemorySet::for_each(FunctionRef<bool(View member)> visit) const {
  if (size() == 0) return;
  switch (entry().encoding()) {
    case Encoding::intset: {
      const auto& integers = entry().as<IntSet>();
      for (uint32_t i = 0; i < integers.size(); ++i) {
        if (!visit(texts().add(integers.at(i)))) return;
      }
      return;
    }
    case Encoding::listpack:
      for (const auto item : entry().as<PackedList>()) {
        if (!visit(texts().add(item))) return;
      }
      return;
    default:
      entry().as<MemberTable>().table().for_each_while([&](const SetMember* it) { return visit(it->key()); });
  }
}

uint64_t MemorySet::scan(uint64_t cursor, size_t count, Visit visit) const {
  if (entry().encoding() != Encoding::hashtable || size() == 0) {
    for_each([&](View member) {
      visit(member);
      return true;
    });
    return 0;
  }
  return scan_some(entry().as<MemberTable>().table(), cursor, count, [&](const SetMember* it) { visit(it->key()); });
}

void MemorySet::sample(size_t count, bool distinct, Visit visit) const {
  Random& random = store().random();
  listpack::Scratch text;
  switch (entry().encoding()) {
    case Encoding::intset: {
      const auto& integers = entry().as<IntSet>();
      if (integers.empty()) return;
      const auto give = [&](int64_t number) { visit(PackedList::Item(number).view(text)); };
      if (!distinct || count == 1) {
        for (size_t i = 0; i < count; ++i) give(integers.random(random));
        return;
      }
      Selection selection(std::min<size_t>(count, integers.size()), integers.size(), random);
      for (uint32_t i = 0; !selection.done(); ++i) {
        if (selection.next()) give(integers.at(i));
      }
      return;
    }
    case Encoding::listpack:
      return sample_entries(entry().as<PackedList>(), 1, count, distinct, random,
                            [&](PackedList::Iterator at) { visit((*at).view(text)); });
    default:
      if (size() == 0) return;
      return sample_items(entry().as<MemberTable>().table(), count, distinct, random,
                          [&](const SetMember* it) { visit(it->key()); });
  }
}

// --- from one encoding to another

void MemorySet::make_packed() {
  const auto& integers = entry().as<IntSet>();
  PackedList list;
  for (uint32_t i = 0; i < integers.size(); ++i) list.push_back(integers.at(i));
  entry().destroy<IntSet>();
  entry().emplace(std::move(list));
  entry().set_encoding(Encoding::listpack);
}

void MemorySet::make_table() {
  MemberTable members;
  auto& table = members.made_table();
  const auto add = [&](View member) { table.insert(hash_bytes(member), SetMember::make(member)); };
  listpack::Scratch text;
  if (entry().encoding() == Encoding::intset) {
    const auto& integers = entry().as<IntSet>();
    for (uint32_t i = 0; i < integers.size(); ++i) add(PackedList::Item(integers.at(i)).view(text));
    entry().destroy<IntSet>();
  } else {
    for (const auto item : entry().as<PackedList>()) add(item.view(text));
    entry().destroy<PackedList>();
  }
  entry().emplace(std::move(members));
  entry().set_encoding(Encoding::hashtable);
}

/// A PackedList again, if what is left fits one.
void MemorySet::pack_table_if_small() {
  const auto& members = entry().as<MemberTable>();
  const Options& options = store().options();
  if (members.size() == 0 || members.size() > options.set_max_listpack_entries) return;
  PackedList list;
  const bool all_fit = members.table().for_each_while([&](const SetMember* it) {
    if (!fits_packed(it->key(), list.size(), list.bytes(), options)) return false;
    list.push_back(it->key());
    return true;
  });
  if (!all_fit) return;
  entry().destroy<MemberTable>();
  entry().emplace(std::move(list));
  entry().set_encoding(Encoding::listpack);
}

// --- adding

/// Before members are added: by Redis's rule their number counts as if each were new.
void MemorySet::choose_encoding(std::span<const View> members) {
  const Options& options = store().options();
  if (entry().encoding() == Encoding::intset && size() == 0) {
    if (parse_integer(members[0]) && members.size() <= options.set_max_intset_entries) return;
    if (members.size() <= options.set_max_listpack_entries) {
      make_packed();
    } else {
      make_table();
    }
  } else if ((entry().encoding() == Encoding::intset && members.size() > options.set_max_intset_entries) ||
             (entry().encoding() == Encoding::listpack && members.size() > options.set_max_listpack_entries)) {
    make_table();
  }
}

/// To an IntSet, which then may be another thing.
bool MemorySet::add_integer(View member) {
  auto& integers = entry().as<IntSet>();
  const Options& options = store().options();
  if (const auto number = parse_integer(member)) {
    if (!integers.add(*number)) return false;
    if (integers.size() > max_intset_entries(options)) make_table();
    return true;
  }
  const auto longest = [](int64_t number) {
    return digits(number < 0 ? 0 - static_cast<uint64_t>(number) : static_cast<uint64_t>(number)) + (number < 0);
  };
  const size_t widest =
      integers.empty() ? 0 : std::max(longest(integers.at(0)), longest(integers.at(integers.size() - 1)));
  constexpr size_t widest_entry = 10;
  if (widest <= options.set_max_listpack_value &&
      fits_packed(member, integers.size(), integers.size() * widest_entry, options)) {
    make_packed();
    entry().as<PackedList>().push_back(member);
    return true;
  }
  make_table();
  return add_to_table({&member, 1}) == 1;
}

/// To a PackedList, which then may be a table.
bool MemorySet::add_packed(View member) {
  auto& list = entry().as<PackedList>();
  if (list.find(member) != PackedList::none) return false;
  if (fits_packed(member, list.size(), list.bytes(), store().options())) {
    list.push_back(member);
    return true;
  }
  make_table();
  return add_to_table({&member, 1}) == 1;
}

size_t MemorySet::add_to_table(std::span<const View> members) {
  auto& table = entry().as<MemberTable>().made_table();
  size_t added = 0;
  for_each_hash(
      table, members.size(), [&](size_t i) { return members[i]; },
      [&](size_t i, uint64_t hash) {
        if (table.find(hash, members[i])) return;
        table.insert(hash, SetMember::make(members[i]));
        ++added;
      });
  return added;
}

size_t MemorySet::add(std::span<const View> members) {
  if (members.empty()) return 0;
  choose_encoding(members);
  size_t added = 0;
  size_t done = 0;
  for (; done < members.size() && entry().encoding() != Encoding::hashtable; ++done) {
    added += entry().encoding() == Encoding::intset ? add_integer(members[done]) : add_packed(members[done]);
  }
  if (done < members.size()) added += add_to_table(members.subspan(done));
  if (added > 0) store().mark_changed(entry());
  return added;
}

// --- removing

size_t MemorySet::remove(std::span<const View> members) {
  size_t removed = 0;
  switch (entry().encoding()) {
    case Encoding::intset:
      for (const View member : members) {
        const auto number = parse_integer(member);
        removed += number && entry().as<IntSet>().remove(*number);
      }
      break;
    case Encoding::listpack: {
      auto& list = entry().as<PackedList>();
      for (const View member : members) {
        const auto found = list.find(member);
        if (found == PackedList::none) continue;
        list.erase(found);
        ++removed;
      }
      break;
    }
    default: {
      auto& elements = entry().as<MemberTable>();
      for_each_hash(
          elements.made_table(), members.size(), [&](size_t i) { return members[i]; },
          [&](size_t i, uint64_t hash) { removed += elements.erase(hash, members[i]); });
    }
  }
  if (removed > 0) store().mark_changed(entry());
  return removed;
}

void MemorySet::pop_integers(size_t count, Visit visit) {
  auto& integers = entry().as<IntSet>();
  Random& random = store().random();
  listpack::Scratch text;
  const auto give = [&](int64_t number) { visit(PackedList::Item(number).view(text)); };
  if (is_small_share(count, integers.size())) {
    for (size_t i = 0; i < count; ++i) {
      const int64_t number = integers.random(random);
      give(number);
      integers.remove(number);
    }
    return;
  }
  Selection selection(count, integers.size(), random);
  IntSet kept;
  for (uint32_t i = 0; i < integers.size(); ++i) {
    const int64_t number = integers.at(i);
    if (selection.next()) {
      give(number);
    } else {
      kept.add(number);
    }
  }
  integers = std::move(kept);
}

void MemorySet::pop_packed(size_t count, Visit visit) {
  auto& list = entry().as<PackedList>();
  Random& random = store().random();
  listpack::Scratch text;
  if (is_small_share(count, list.size())) {
    for (size_t i = 0; i < count; ++i) {
      const auto at = list.at(static_cast<uint32_t>(random.below(list.size())));
      visit(list.get(at).view(text));
      list.erase(at);
    }
    return;
  }
  Selection selection(count, list.size(), random);
  PackedList kept;
  for (const auto item : list) {
    if (selection.next()) {
      visit(item.view(text));
    } else {
      kept.push_back(item.is_integer() ? PackedList::Entry(item.integer()) : PackedList::Entry(item.text()));
    }
  }
  list = std::move(kept);
}

void MemorySet::pop_from_table(size_t count, Visit visit) {
  auto& elements = entry().as<MemberTable>();
  for (size_t i = 0; i < count; ++i) {
    const SetMember* it = elements.table().random(store().random());
    const View member = it->key();
    visit(member);
    elements.erase(hash_bytes(member), member);
  }
  constexpr size_t small_rest = 5;  // of one sixth or less, Redis makes a new set
  if (elements.size() * small_rest <= count) pack_table_if_small();
}

void MemorySet::pop(size_t count, Visit visit) {
  const size_t all = size();
  if (count == 0 || all == 0) return;
  if (count >= all) {
    for_each([&](View member) {
      visit(member);
      return true;
    });
    switch (entry().encoding()) {
      case Encoding::intset:
        entry().as<IntSet>().clear();
        break;
      case Encoding::listpack:
        entry().as<PackedList>().clear();
        break;
      default:
        entry().as<MemberTable>().clear();
    }
  } else {
    switch (entry().encoding()) {
      case Encoding::intset:
        pop_integers(count, visit);
        break;
      case Encoding::listpack:
        pop_packed(count, visit);
        break;
      default:
        pop_from_table(count, visit);
    }
  }
  store().mark_changed(entry());
}

}  // namespace redipy
