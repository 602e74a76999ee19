// SPDX-License-Identifier: Apache-2.0
//
// The cursor that a client says to SCAN. By itself, so that who looks at nothing else of SCAN need not see all of
// scan.h.
#pragma once

#include "core/command/args.h"

namespace redipy {

/// The cursor in argument i, read as leniently as Redis does (strtoul: a sign is taken, no bytes at all are 0). Throws
/// "ERR invalid cursor".
uint64_t scan_cursor(const Args& args, size_t i);

}  // namespace redipy
