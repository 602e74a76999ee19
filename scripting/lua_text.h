// SPDX-License-Identifier: Apache-2.0
//
// Words of Lua: texts as literals, names that are safe to stand in Lua, and the form in which a script's arguments
// travel in ARGV (described in lua_printer.h).
#pragma once

#include "core/base/view.h"
#include "scripting/json.h"

namespace redipy::script {

/// In quotes, with every byte that Lua or a terminal could take for something else as an escape. Valid UTF-8 stays
/// readable.
Bytes lua_string(View text);

/// The digits of a literal number, which Lua reads as that very double.
Bytes lua_number(const Json& number);

/// The readable part of a name as an identifier of Lua ("small list" → "small_list"); empty if nothing is left.
Bytes lua_identifier(View name);

/// How a value travels: without the '=' that begins an argument.
void append_lua_value(Bytes& out, const Json& value);

}  // namespace redipy::script
