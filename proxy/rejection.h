// SPDX-License-Identifier: Apache-2.0
//
// Which errors say that the upstream did not let a request run at all.
#pragma once

#include "core/base/view.h"

namespace redipy::proxy {

/// Whether the error says that the command was not run, for a reason that has nothing to do with it.
bool is_rejection(View error);

}  // namespace redipy::proxy
