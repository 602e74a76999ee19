// SPDX-License-Identifier: Apache-2.0
//
// See look_ahead.h.
#include "core/memory/look_ahead.h"

#include "core/command/key_finder.h"
#include "core/memory/element_table.h"
#include "core/memory/sorted_table.h"

namespace redipy {

namespace {

/// One command with a key.
struct Sought {
  uint64_t hash;            // of the key
  View element;             // what is looked up in the collection, if that is large; null data: nothing
  const Entry* collection;  // where that is; null if it is not
  uint64_t element_hash;
};

/// Calls f(table) if the collection is a large one with elements in a table.
template <class F>
void with_table(const Entry& entry, F f) {
  const auto give = [&](const auto& elements) {
    if (elements.size() > 0) f(elements.table());
  };
  if (entry.encoding() == Encoding::hashtable && entry.type() == Type::hash) {
    give(entry.as<FieldTable>());
  } else if (entry.encoding() == Encoding::hashtable) {
    give(entry.as<MemberTable>());
  } else if (entry.encoding() == Encoding::skiplist) {
    give(entry.as<SortedTable>());
  }
}

}  // namespace

void look_ahead(const EntryTable& keys, const Batch& batch, std::span<const Request> requests,
                std::span<KnownHash> known) {
  Sought sought[requests_ahead];
  size_t count = 0;
  View previous;
  for (size_t i = 0; i < requests.size(); ++i) {
    const Args args = batch.args(requests[i]);
    const size_t index = first_key_index(*requests[i].entry->command, args);
    known[i] = {};
    if (index == 0) continue;
    const View key = args[index];
    Sought& it = sought[count];
    if (count > 0 && key == previous) {
      it.hash = sought[count - 1].hash;
    } else {
      it.hash = hash_bytes(key);
      keys.prefetch(it.hash);
      previous = key;
    }
    const size_t element = requests[i].entry->elements.first;
    it.element = element != 0 && element < args.size() ? args[element] : View();
    known[i] = {key, it.hash};
    ++count;
  }

  for (size_t i = 0; i < count; ++i) {
    if (i == 0 || sought[i].hash != sought[i - 1].hash) keys.prefetch_item(sought[i].hash);
  }

  bool any = false;
  for (size_t i = 0; i < count; ++i) {
    Sought& it = sought[i];
    const bool again = i > 0 && it.hash == sought[i - 1].hash;
    it.collection = nullptr;
    const Entry* entry = keys.likely(it.hash);
    if (!entry || entry->type() == Type::string) continue;
    if (!again) prefetch(reinterpret_cast<const void*>(entry->word()));
    if (!it.element.data()) continue;
    with_table(*entry, [&](const auto& table) {
      it.collection = entry;
      it.element_hash = hash_bytes(it.element);
      table.prefetch(it.element_hash);
      any = true;
    });
  }
  if (!any) return;

  for (size_t i = 0; i < count; ++i) {
    const Sought& it = sought[i];
    if (it.collection) with_table(*it.collection, [&](const auto& table) { table.prefetch_item(it.element_hash); });
  }
}

}  // namespace redipy
