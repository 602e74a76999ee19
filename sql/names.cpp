// SPDX-License-Identifier: Apache-2.0
//
// See names.h.
#include "sql/names.h"

#include "core/base/view_set.h"
#include "core/command/error.h"
#include "sql/elements.h"
#include "sql/flags.h"

namespace redipy::sql {

void check_name(SqlStore& store, View name) {
  const size_t most = store.driver().longest_name();
  if (name.size() <= most) return;
  throw CommandError("ERR this backend holds no keys, fields or members of more than " + std::to_string(most) +
                     " bytes");
}

void check_names(SqlStore& store, std::span<const View> names) {
  for (const View name : names) check_name(store, name);
}

size_t remove_names(SqlStore& store, KeyRow& row, Statement has, Statement remove, std::span<const View> names) {
  Flags present(names.size());
  find_names(store, row, has, names, present.all());
  ViewSet gone;
  size_t removed = 0;
  for (size_t i = 0; i < names.size(); ++i) {
    if (!present[i] || (names.size() > 1 && !gone.add(names[i]))) continue;
    store.write(remove, {row.kid, names[i]});
    element_removed(store, row, names[i]);
    ++removed;
  }
  return removed;
}

}  // namespace redipy::sql
