// SPDX-License-Identifier: Apache-2.0
//
// What of the settings the memory engine wants to know, in its own words.
#pragma once

#include "core/memory/options.h"
#include "server/settings.h"

namespace redipy {

Options memory_options(const Settings& settings);

}  // namespace redipy
