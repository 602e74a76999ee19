// SPDX-License-Identifier: Apache-2.0
//
// See hashes.h.
#include "sql/hashes.h"

#include <algorithm>

#include "core/base/view_set.h"
#include "sql/elements.h"
#include "sql/flags.h"
#include "sql/names.h"

namespace redipy::sql {

// --- reading

size_t SqlHash::size() const { return row().size(); }

std::optional<View> SqlHash::get(View field) const {
  std::optional<View> value;
  find_values({&field, 1}, {&value, 1});
  return value;
}

void SqlHash::get(std::span<const View> fields, FunctionRef<void(size_t, std::optional<View>)> found) const {
  std::vector<std::optional<View>> values(fields.size());
  find_values(fields, values);
  for (size_t i = 0; i < fields.size(); ++i) found(i, values[i]);
}

void SqlHash::find_values(std::span<const View> fields, std::span<std::optional<View>> values) const {
  if (row().n == 0) return;
  look_up(
      store(), row(), Statement::hash_get, fields,
      [&](size_t i, const ElementsAhead::Known& it) {
        values[i] = it.value;
        return !it.present || it.value;
      },
      [&](size_t i, const Value& column) { values[i] = store().keep(column.view); });
}

bool SqlHash::has(View field) const {
  bool present = false;
  find_names(store(), row(), Statement::hash_has, {&field, 1}, {&present, 1});
  return present;
}

void SqlHash::for_each(Visit visit) const {
  if (row().coding == Coding::listpack) {
    for (const Element& it : all_elements(store(), row())) visit(it.name, it.value);
    return;
  }
  walk_elements(store(), row(), [&](const Element& it) {
    visit(it.name, it.value);
    return true;
  });
}

uint64_t SqlHash::scan(uint64_t cursor, size_t count, Visit visit) const {
  if (row().coding == Coding::listpack) {
    for_each(visit);
    return 0;
  }
  return scan_elements(store(), row(), cursor, count, [&](const Element& it) { visit(it.name, it.value); });
}

void SqlHash::sample(size_t count, bool distinct, Visit visit) const {
  sample_elements(store(), row(), count, distinct, [&](const Element& it) { visit(it.name, it.value); });
}

// --- changing

/// As in memory: whether the hash is no small one any more before these are put into it, each taken for new.
bool SqlHash::outgrown_by(std::span<const FieldValue> fields) const {
  const Options& options = store().options();
  return fields.size() > options.hash_max_listpack_entries ||
         std::any_of(fields.begin(), fields.end(), [&](const FieldValue& pair) {
           return std::max(pair.field.size(), pair.value.size()) > options.hash_max_listpack_value;
         });
}

size_t SqlHash::put(std::span<const FieldValue> fields) {
  KeyRow& it = row();
  std::vector<View> names(fields.size());
  for (size_t i = 0; i < fields.size(); ++i) names[i] = fields[i].field;
  check_names(store(), names);
  Flags present(fields.size());
  find_names(store(), it, Statement::hash_has, names, present.all());
  if (it.coding == Coding::listpack && outgrown_by(fields)) it.coding = Coding::hashtable;
  const int64_t kid = store().elements_of(it);
  ViewSet fresh;
  size_t added = 0;
  for (size_t i = 0; i < fields.size(); ++i) {
    store().write(Statement::hash_put, {kid, fields[i].field, fields[i].value, it.hi});
    if (present[i] || (fields.size() > 1 && !fresh.add(fields[i].field))) continue;
    ++it.hi;
    ++added;
    element_added(store(), it, fields[i].field);
    if (it.size() > store().options().hash_max_listpack_entries) it.coding = Coding::hashtable;
  }
  store().mark_changed(it);
  return added;
}

bool SqlHash::put(View field, View value) {
  const FieldValue pair{field, value};
  return put({&pair, 1}) == 1;
}

size_t SqlHash::remove(std::span<const View> fields) {
  const size_t removed = remove_names(store(), row(), Statement::hash_has, Statement::hash_delete, fields);
  if (removed > 0) store().mark_changed(row());
  return removed;
}

}  // namespace redipy::sql
