// SPDX-License-Identifier: Apache-2.0
//
// One INFO out of those of a cluster's primaries: what counts data is added up, all else is the first one's word.
#pragma once

#include <vector>

#include "core/base/view.h"

namespace redipy {

/// The texts, at least one, as nodes reply them to INFO; lines that a text lacks count as nothing.
Bytes merged_info(const std::vector<Bytes>& infos);

}  // namespace redipy
