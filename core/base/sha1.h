// SPDX-License-Identifier: Apache-2.0
// SHA-1 in hexadecimal: the name of a script (SCRIPT LOAD, EVALSHA). It names, it does not protect.
#pragma once

#include "core/base/view.h"

namespace redipy {

// 40 lower-case digits.
Bytes sha1_hex(View bytes);

}  // namespace redipy
