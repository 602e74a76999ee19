// SPDX-License-Identifier: Apache-2.0
//
// From the statement for one row of parameters (statements.h) to the one for any number of rows, which takes an array
// per column: how PostgreSQL and MariaDB are asked for all keys of a batch, and PostgreSQL is told of all changes, in
// one statement. Derived from the text, so that the two cannot come to differ.
#pragma once

#include <string>
#include <vector>

#include "core/base/view.h"

namespace redipy::sql {

/// PostgreSQL's statement whose parameters are arrays.
struct ArrayStatement {
  std::string text;            ///< empty: there is none for this kind of statement
  std::vector<bool> is_bytes;  ///< the columns of bytes; the others are integers
  size_t identity_first = 0;   ///< the columns that say which row is meant; a statement must not name a row twice
  size_t identity_count = 0;   ///< 0: it may
};

/// Of an INSERT … VALUES, an UPDATE, a DELETE, or a SELECT … WHERE a=? AND b=?, as they stand in statements.cpp. A
/// SELECT's first column is which row of parameters was it, from 1.
ArrayStatement array_statement(View text);

/// A SELECT … WHERE a=? AND b=? with a list of `count` values for b, which is the first column of what it gives; empty
/// for any other statement, and where b are no bytes.
std::string list_statement(View text, size_t count);
/// Likewise for PostgreSQL, which takes an array for b: quicker than a join where a is the same for all.
std::string any_statement(View text);

}  // namespace redipy::sql
