// SPDX-License-Identifier: Apache-2.0
//
// Sets of types: what can be told of a value before the script runs. SCRIPT CHECK calls something a misuse only if no
// type in the set would do; hence a set that is too large hides a fault, and one that is too small raises a false
// alarm. When in doubt it is type::any.
#pragma once

#include <cstdint>

#include "core/base/view.h"
#include "scripting/functions.h"
#include "scripting/json.h"

namespace redipy::script {

using Types = uint8_t;

/// In the order of type_names (messages.h).
namespace type {
inline constexpr Types none = 1, boolean = 2, number = 4, string = 8, list = 16, dict = 32;
inline constexpr Types any = 63;
inline constexpr Types text = string | number;  ///< what can stand in a concat, or be a command's argument
}  // namespace type

/// "a number", "none or a string", "anything".
Bytes described(Types types);

Types type_of(const Json& literal);

/// What a command's reply can be in a script. `name` in upper case; `words` counts the name, too.
Types result_types(View name, size_t words);

/// What a function gives (all but redis.call, and tonumber of a number).
Types result_types(Function function);

/// The truth of a literal, as scripts have it: zero and what is empty is false.
bool truth_of(const Json& literal);

}  // namespace redipy::script
