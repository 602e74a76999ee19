// SPDX-License-Identifier: Apache-2.0
//
// See values.h. The one place that lists for every encoding which container is the value.
#include "core/memory/values.h"

#include "core/memory/big_list.h"
#include "core/memory/element_table.h"
#include "core/memory/int_set.h"
#include "core/memory/long_string.h"
#include "core/memory/packed_list.h"
#include "core/memory/sorted_table.h"

namespace redipy::values {

namespace {

/// A type as a value, to pass one to a generic lambda.
template <class T>
struct Kind {
  using Container = T;
};

/// Calls f(Kind<Container>) for the container of an entry whose value is one.
template <class F>
auto with_container(const Entry& entry, F f) {
  switch (entry.encoding()) {
    case Encoding::long_raw:
      return f(Kind<LongString>());
    case Encoding::listpack:
      return f(Kind<PackedList>());
    case Encoding::quicklist:
      return f(Kind<BigList>());
    case Encoding::intset:
      return f(Kind<IntSet>());
    case Encoding::skiplist:
      return f(Kind<SortedTable>());
    default:
      return entry.type() == Type::hash ? f(Kind<FieldTable>()) : f(Kind<MemberTable>());
  }
}

constexpr bool has_container(Encoding encoding) { return !Entry::is_inline(encoding) && encoding != Encoding::integer; }

}  // namespace

void release(Entry& entry) noexcept {
  if (!has_container(entry.encoding())) return;
  with_container(entry, [&](auto kind) { entry.destroy<typename decltype(kind)::Container>(); });
}

void copy(const Entry& from, Entry& to) {
  if (!has_container(from.encoding())) return to.set_word(from.word());
  with_container(from, [&](auto kind) { to.emplace(from.as<typename decltype(kind)::Container>().copy()); });
}

size_t element_count(const Entry& entry) {
  if (entry.type() == Type::string) return 1;
  const bool pairs =
      entry.encoding() == Encoding::listpack && (entry.type() == Type::hash || entry.type() == Type::sorted_set);
  return with_container(entry, [&](auto kind) -> size_t {
    return entry.as<typename decltype(kind)::Container>().size() / (pairs ? 2 : 1);
  });
}

size_t memory(const Entry& entry, size_t samples) {
  if (!has_container(entry.encoding())) return 0;
  return with_container(entry, [&](auto kind) -> size_t {
    const auto& container = entry.as<typename decltype(kind)::Container>();
    if constexpr (requires { container.memory(samples); }) {
      return container.memory(samples);
    } else {
      return container.memory();
    }
  });
}

size_t release_effort(const Entry& entry) {
  switch (entry.encoding()) {
    case Encoding::quicklist:
      return entry.as<BigList>().count();
    case Encoding::hashtable:
    case Encoding::skiplist:
      return element_count(entry);
    default:
      return 1;
  }
}

}  // namespace redipy::values
