// SPDX-License-Identifier: Apache-2.0
//
// See hashes.h.
#include "core/memory/hashes.h"

#include <algorithm>

#include "core/memory/element_table.h"
#include "core/memory/memory_store.h"
#include "core/memory/packed_draws.h"
#include "core/memory/packed_list.h"
#include "core/memory/table_walks.h"

namespace redipy {

namespace {

/// Calls visit(field, value), both as items, for each pair of a packed hash.
template <class VisitItems>
void for_each_pair(const PackedList& list, VisitItems visit) {
  for (auto at = list.begin(); at != list.end(); ++at) {
    const auto field = *at;
    visit(field, *++at);
  }
}

/// The value behind a field, if that was found.
std::optional<PackedList::Item> value_at(const PackedList& list, PackedList::Position field) {
  if (field == PackedList::none) return std::nullopt;
  return list.get(list.next(field));
}

}  // namespace

bool MemoryHash::packed() const { return entry().encoding() == Encoding::listpack; }

// --- reading

size_t MemoryHash::size() const {
  return packed() ? entry().as<PackedList>().size() / 2 : entry().as<FieldTable>().size();
}

std::optional<View> MemoryHash::get(View field) const {
  if (packed()) {
    const auto& list = entry().as<PackedList>();
    const auto value = value_at(list, list.find(field, 0, 2));
    if (!value) return std::nullopt;
    return texts().add(*value);
  }
  const Field* found = entry().as<FieldTable>().find(field);
  if (!found) return std::nullopt;
  return found->value();
}

void MemoryHash::get(std::span<const View> fields, FunctionRef<void(size_t, std::optional<View>)> found) const {
  if (packed()) {
    const auto& list = entry().as<PackedList>();
    listpack::Scratch scratch;
    for (size_t i = 0; i < fields.size(); ++i) {
      const auto value = value_at(list, list.find(fields[i], 0, 2));
      found(i, value ? std::optional(value->view(scratch)) : std::nullopt);
    }
    return;
  }
  const auto& table = entry().as<FieldTable>();
  if (table.size() == 0) {
    for (size_t i = 0; i < fields.size(); ++i) found(i, std::nullopt);
    return;
  }
  for_each_hash(
      table.table(), fields.size(), [&](size_t i) { return fields[i]; },
      [&](size_t i, uint64_t hash) {
        const Field* field = table.find(hash, fields[i]);
        found(i, field ? std::optional(field->value()) : std::nullopt);
      });
}

bool MemoryHash::has(View field) const {
  if (packed()) return entry().as<PackedList>().find(field, 0, 2) != PackedList::none;
  return entry().as<FieldTable>().find(field) != nullptr;
}

void MemoryHash::for_each(Visit visit) const {
  if (packed()) {
    for_each_pair(entry().as<PackedList>(),
                  [&](auto field, auto value) { visit(texts().add(field), texts().add(value)); });
  } else if (size() > 0) {
    entry().as<FieldTable>().table().for_each([&](const Field* field) { visit(field->key(), field->value()); });
  }
}

uint64_t MemoryHash::scan(uint64_t cursor, size_t count, Visit visit) const {
  if (packed() || size() == 0) {
    for_each(visit);
    return 0;
  }
  return scan_some(entry().as<FieldTable>().table(), cursor, count,
                   [&](const Field* field) { visit(field->key(), field->value()); });
}

void MemoryHash::sample(size_t count, bool distinct, Visit visit) const {
  if (packed()) {
    listpack::Scratch field_text;
    listpack::Scratch value_text;
    return sample_entries(entry().as<PackedList>(), 2, count, distinct, store().random(), [&](PackedList::Iterator at) {
      const auto field = *at;
      visit(field.view(field_text), (*++at).view(value_text));
    });
  }
  if (size() == 0) return;
  sample_items(entry().as<FieldTable>().table(), count, distinct, store().random(),
               [&](const Field* field) { visit(field->key(), field->value()); });
}

// --- changing

/// Whether, by Redis's rule, the hash becomes a table before these are put into it: each is taken for new.
bool MemoryHash::outgrown_by(std::span<const FieldValue> fields) const {
  const Options& options = store().options();
  if (fields.size() > options.hash_max_listpack_entries) return true;
  constexpr size_t most_overhead = 20;  // of two entries
  size_t bytes = entry().as<PackedList>().bytes();
  for (const FieldValue& pair : fields) {
    if (std::max(pair.field.size(), pair.value.size()) > options.hash_max_listpack_value) return true;
    bytes += pair.field.size() + pair.value.size() + most_overhead;
  }
  return bytes > listpack::size_limit;
}

void MemoryHash::make_table() {
  FieldTable fields;
  auto& table = fields.made_table();
  listpack::Scratch field_text;
  listpack::Scratch value_text;
  for_each_pair(entry().as<PackedList>(), [&](auto field, auto value) {
    const View key = field.view(field_text);
    table.insert(hash_bytes(key), Field::make(key, value.view(value_text)));
  });
  entry().destroy<PackedList>();
  entry().emplace(std::move(fields));
  entry().set_encoding(Encoding::hashtable);
}

bool MemoryHash::put_packed(const FieldValue& pair) {
  auto& list = entry().as<PackedList>();
  const auto found = list.find(pair.field, 0, 2);
  if (found != PackedList::none) {
    list.replace(list.next(found), pair.value);
    return false;
  }
  list.insert(list.past_last(), PackedList::Entry(pair.field), PackedList::Entry(pair.value));
  return true;
}

size_t MemoryHash::put_in_table(std::span<const FieldValue> fields) {
  auto& table = entry().as<FieldTable>().made_table();
  size_t added = 0;
  for_each_hash(
      table, fields.size(), [&](size_t i) { return fields[i].field; },
      [&](size_t i, uint64_t hash) {
        const FieldValue& pair = fields[i];
        auto* slot = table.find(hash, pair.field);
        if (!slot) {
          table.insert(hash, Field::make(pair.field, pair.value));
          ++added;
        } else if (!slot->item()->assign(pair.value)) {
          Field::free(table.replace(slot, Field::make(pair.field, pair.value)));
        }
      });
  return added;
}

size_t MemoryHash::put(std::span<const FieldValue> fields) {
  if (packed() && outgrown_by(fields)) make_table();
  size_t added = 0;
  size_t done = 0;
  while (packed() && done < fields.size()) {
    added += put_packed(fields[done++]);
    if (size() > store().options().hash_max_listpack_entries) make_table();
  }
  if (done < fields.size()) added += put_in_table(fields.subspan(done));
  store().mark_changed(entry());
  return added;
}

size_t MemoryHash::remove(std::span<const View> fields) {
  size_t removed = 0;
  if (packed()) {
    auto& list = entry().as<PackedList>();
    for (const View field : fields) {
      const auto found = list.find(field, 0, 2);
      if (found == PackedList::none) continue;
      list.erase(found, 2);
      ++removed;
    }
  } else {
    auto& elements = entry().as<FieldTable>();
    for_each_hash(
        elements.made_table(), fields.size(), [&](size_t i) { return fields[i]; },
        [&](size_t i, uint64_t hash) { removed += elements.erase(hash, fields[i]); });
  }
  if (removed > 0) store().mark_changed(entry());
  return removed;
}

}  // namespace redipy
