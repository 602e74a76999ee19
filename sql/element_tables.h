// SPDX-License-Identifier: Apache-2.0
//
// The statements that the tables of elements have in common, by type.
#pragma once

#include "core/store/types.h"
#include "sql/statements.h"

namespace redipy::sql {

struct ElementTable {
  Statement clear;  ///< kid
  Statement copy;   ///< new kid, kid
  Statement reap;   ///< kid, kid, limit
  Statement from;   ///< kid, first name, limit, offset; of a list by position
};

inline const ElementTable& tables_of(Type type) {
  static constexpr ElementTable hash = {Statement::hash_clear, Statement::hash_copy, Statement::hash_reap,
                                        Statement::hash_from};
  static constexpr ElementTable set = {Statement::set_clear, Statement::set_copy, Statement::set_reap,
                                       Statement::set_from};
  static constexpr ElementTable list = {Statement::list_clear, Statement::list_copy, Statement::list_reap,
                                        Statement::list_forward};
  static constexpr ElementTable zset = {Statement::zset_clear, Statement::zset_copy, Statement::zset_reap,
                                        Statement::zset_from};
  switch (type) {
    case Type::hash:
      return hash;
    case Type::set:
      return set;
    case Type::list:
      return list;
    default:
      return zset;
  }
}

}  // namespace redipy::sql
