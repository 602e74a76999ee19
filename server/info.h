// SPDX-License-Identifier: Apache-2.0
//
// INFO's text: sections of `field:value` lines under the names that Redis gives them, so that tools made for it can
// read ours. Fields about what this server has not (replicas, logs, Lua) are there with the values of a Redis that does
// not use it.
#pragma once

#include <span>

#include "core/base/view.h"

namespace redipy {

class Server;

/// `wanted`: names of sections, "default", "all", "everything"; none: default.
Bytes info_text(Server& server, std::span<const View> wanted, View upstream = {});

}  // namespace redipy
