// SPDX-License-Identifier: Apache-2.0
//
// All statements of the store by name. A row in statements.cpp has the text that SQLite and PostgreSQL share and, where
// it must differ, MariaDB's; parameters are written '?'.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/base/view.h"

namespace redipy::sql {

enum class Dialect : uint8_t { sqlite, postgresql, mariadb };

enum class Statement : uint8_t {
  state_get,
  state_claim,
  state_put,
  db_all,
  db_put,

  key_get,
  key_value,
  key_range,
  key_insert,
  key_update,
  key_update_meta,
  key_delete,
  key_scan,
  key_top,
  key_at,
  key_below,
  key_nth,
  key_due,
  key_of_db,

  trash_put,
  trash_first,
  trash_delete,
  trash_count,

  hash_get,
  hash_peek,
  hash_has,
  hash_put,
  hash_delete,
  hash_all,
  hash_from,
  hash_copy,
  hash_clear,
  hash_reap,

  set_has,
  set_put,
  set_delete,
  set_all,
  set_from,
  set_copy,
  set_clear,
  set_reap,

  list_at,
  list_forward,
  list_backward,
  list_put,
  list_delete,
  list_delete_between,
  list_copy,
  list_renumber,
  list_clear,
  list_reap,

  zset_get,
  zset_put,
  zset_delete,
  zset_forward,
  zset_backward,
  zset_count,
  zset_from,
  zset_copy,
  zset_clear,
  zset_reap,

  count,  // how many there are
};

constexpr size_t statement_count = static_cast<size_t>(Statement::count);

View statement_text(Statement statement, Dialect dialect);

/// How many parameters a text has.
size_t parameter_count(View text);

}  // namespace redipy::sql
