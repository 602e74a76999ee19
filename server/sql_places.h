// SPDX-License-Identifier: Apache-2.0
//
// From a URL and the settings to a store in tables.
#pragma once

#include <memory>

#include "core/base/backend_url.h"
#include "server/settings.h"
#include "sql/driver.h"
#include "sql/options.h"

namespace redipy {

/// Connects to the database that the URL names: sqlite, postgresql or mysql. Throws sql::SqlError.
std::unique_ptr<sql::Driver> connect_database(const BackendUrl& url);
sql::Options sql_options(const Settings& settings);
sql::Durability sql_durability(const Settings& settings);

}  // namespace redipy
