// SPDX-License-Identifier: Apache-2.0
//
// A request as others may see it, in MONITOR and the slow log: without passwords.
#pragma once

#include <vector>

#include "core/command/table.h"

namespace redipy {

/// The request's words, secrets replaced by "(redacted)".
std::vector<View> without_secrets(const CommandTable::Entry& entry, const Args& args);

}  // namespace redipy
