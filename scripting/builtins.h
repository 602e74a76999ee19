// SPDX-License-Identifier: Apache-2.0
//
// What the operators and functions of scripts do with values (docs/scripts.md). Each throws CommandError with one of
// the texts of messages.h where a value is of the wrong type or out of range.
#pragma once

#include "scripting/value.h"

namespace redipy::script {

/// The text of a string or number, as it is joined and handed to commands; it may lie in `digits`, which has room for
/// number_text_size. Else throws `refusal` with the type's name filled in.
View text_of(const Value& value, char* digits, View refusal);
/// "nil", "true", "false" or a number's text: what tostring() makes of what is no string, list or dict.
Bytes plain_text(const Value& value);
/// "nil", "boolean", "number", "string", "table": what type() says.
View type_word(Type type);

/// Two numbers, which were not two integers whose sum (difference) fits.
Value add_numbers(const Value& a, const Value& b);
Value subtract(const Value& a, const Value& b);

Value item(Heap& heap, const Value& of, const Value& index);
Value entry(const Value& of, const Value& key);
int64_t length(const Value& of);
void set_item(const Value& of, const Value& index, const Value& value);
void set_entry(const Value& of, const Value& key, const Value& value);

Value to_number(const Value& value);
Value to_integer(const Value& value);
/// `start` may be null.
Value find(const Value& text, const Value& part, const Value* start);

}  // namespace redipy::script
