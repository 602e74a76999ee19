// SPDX-License-Identifier: Apache-2.0
//
// A client as CLIENT LIST and CLIENT INFO describe it.
#pragma once

#include "core/base/view.h"

namespace redipy {

class Session;

/// One line, `id=3 addr=127.0.0.1:50712 …`, with Redis's field names, without a line end.
Bytes client_text(Session& session);
/// The letters of the `flags` field.
Bytes client_flags(Session& session);

}  // namespace redipy
