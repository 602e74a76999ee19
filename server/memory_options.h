// SPDX-License-Identifier: Apache-2.0
//
// From the configuration to what the memory engine is told.
#pragma once

#include "core/memory/options.h"
#include "server/settings.h"

namespace redipy {

Options memory_options(const Settings& settings);

}  // namespace redipy
