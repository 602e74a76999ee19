// SPDX-License-Identifier: Apache-2.0
//
// What hashes and sets do alike when they change: fields and members are names in an index, which takes only so many
// bytes of one.
#pragma once

#include <span>

#include "sql/sql_store.h"

namespace redipy::sql {

/// Throws CommandError if the database cannot hold a name.
void check_name(SqlStore& store, View name);
void check_names(SqlStore& store, std::span<const View> names);

/// Removes the rows of these names; returns how many there were. `has` and `remove` are statements of (kid, name).
size_t remove_names(SqlStore& store, KeyRow& row, Statement has, Statement remove, std::span<const View> names);

}  // namespace redipy::sql
