// SPDX-License-Identifier: Apache-2.0
//
// The pools of the store's handles, one per type.
#pragma once

#include "sql/hashes.h"
#include "sql/lists.h"
#include "sql/sets.h"
#include "sql/sorted_sets.h"
#include "sql/sql_store.h"
#include "sql/strings.h"

namespace redipy::sql {

struct SqlStore::Handles {
  Pool<SqlString> strings;
  Pool<SqlHash> hashes;
  Pool<SqlList> lists;
  Pool<SqlSet> sets;
  Pool<SqlSortedSet> sorted_sets;

  void clear() {
    strings.clear();
    hashes.clear();
    lists.clear();
    sets.clear();
    sorted_sets.clear();
  }
};

}  // namespace redipy::sql
