// SPDX-License-Identifier: Apache-2.0
//
// Which Redis we are like, and which we are.
#pragma once

#include "core/base/view.h"

namespace redipy {

/// The Redis whose commands and replies are ours: HELLO and INFO say it, as clients decide by it what they may send.
inline constexpr View redis_version = "7.2.4";
inline constexpr View server_version = REDIPY_VERSION;

}  // namespace redipy
