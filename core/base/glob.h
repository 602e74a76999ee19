// SPDX-License-Identifier: Apache-2.0
// Patterns as KEYS, SCAN and PSUBSCRIBE know them: * ? [abc] [a-z] [^a] and \ before a byte that is meant as it stands.
#pragma once

#include "core/base/view.h"

namespace redipy {

// Whether all of text fits pattern, exactly as Redis judges it; the corners are listed in glob.cpp. Bytes are compared,
// and only ASCII letters have a case. The effort is at most size of pattern times size of text.
bool glob_match(View pattern, View text, bool ignore_case = false);

}  // namespace redipy
