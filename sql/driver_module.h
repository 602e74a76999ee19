// SPDX-License-Identifier: Apache-2.0
//
// The drivers of database servers are modules, loaded when a URL asks for one, so that the server itself needs neither
// of their libraries. A module has one function of C linkage, redipy_make_driver.
#pragma once

#include <memory>
#include <string>

#include "sql/connection_settings.h"
#include "sql/driver.h"

namespace redipy::sql {

using MakeDriver = Driver* (*)(const ConnectionSettings&);
inline constexpr const char* make_driver_name = "redipy_make_driver";

/// Connects by the module `name` ("postgresql", "mariadb"), which lies in the executable's folder, above it or in
/// ../lib/redipy. Throws SqlError; what() says where it was looked for.
std::unique_ptr<Driver> connect(const std::string& name, const ConnectionSettings& settings);

}  // namespace redipy::sql
