// SPDX-License-Identifier: Apache-2.0
//
// The tables. They are plain and meant to be read by others: views beside them decode what is coded. Only this server
// may write to them. rp_state has the number of the format; what leads from one format to the next is a migration.
#pragma once

#include <span>

#include "sql/driver.h"

namespace redipy::sql {

/// The n-th makes format n + 1 of format n; 0 is an empty database.
std::span<const View> migrations(Dialect dialect);

/// Brings the database to the latest format, in a transaction of its own. Throws SqlError: format, if it is newer than
/// what we know.
void migrate(Driver& driver);

}  // namespace redipy::sql
