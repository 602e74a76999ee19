// SPDX-License-Identifier: Apache-2.0
//
// Between JSON text and a script's values: arguments, cjson.decode and literal lists in; the result, cjson.encode and
// tostring of a list out.
#pragma once

#include "scripting/json.h"
#include "scripting/value.h"

namespace redipy::script {

/// Throws JsonError, and CommandError when the heap is full. In an object, the last of two members of one name counts.
Value value_from_json(Heap& heap, View text, size_t max_depth);
/// The literal, made anew.
Value value_from_json(Heap& heap, const Json& literal);

/// Compact, keys in byte order, non-ASCII as it is. Throws CommandError for what has no JSON (text that is no UTF-8,
/// numbers that are not finite), for what nests deeper than max_depth, and with `too_long` beyond max_size bytes.
void append_json(Bytes& out, const Value& value, size_t max_depth, size_t max_size, View too_long);

}  // namespace redipy::script
