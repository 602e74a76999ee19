// SPDX-License-Identifier: Apache-2.0
//
// The migrations of PostgreSQL and MariaDB; schema.cpp explains the tables.
#pragma once

#include <span>

#include "core/base/view.h"

namespace redipy::sql {

std::span<const View> postgresql_migrations();
std::span<const View> mariadb_migrations();

}  // namespace redipy::sql
