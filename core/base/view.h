// SPDX-License-Identifier: Apache-2.0
// The two words for bytes that all of our code uses. A key, a field or a value is bytes, never text: it may hold NUL
// and need not be UTF-8. What a View looks at is owned elsewhere, and who hands it out says for how long.
#pragma once

#include <string>
#include <string_view>

namespace redipy {

using View = std::string_view;  // bytes owned by someone else
using Bytes = std::string;      // bytes owned

}  // namespace redipy
