// SPDX-License-Identifier: Apache-2.0
//
// What scripts fail with, said once: the interpreter throws these texts and the generated Lua raises them, so that a
// script fails alike on every backend. Each %s is filled in order; types are called as type_names has them.
#pragma once

#include <array>
#include <initializer_list>

#include "core/base/view.h"

namespace redipy::script {

inline constexpr std::array<View, 6> type_names = {"none", "a boolean", "a number", "a string", "a list", "a dict"};

namespace message {

inline constexpr View add = "ERR cannot add %s and %s";
inline constexpr View subtract = "ERR cannot subtract %s and %s";
inline constexpr View compare = "ERR cannot compare %s and %s";
inline constexpr View overflow = "ERR integer overflow";
inline constexpr View no_index = "ERR %s has no index";
inline constexpr View index_type = "ERR an index must be a whole number";
inline constexpr View index_range = "ERR index out of range";
inline constexpr View no_item = "ERR cannot assign an element of %s";
inline constexpr View no_entry = "ERR cannot assign an entry of %s";
inline constexpr View no_entries = "ERR %s has no entries";
inline constexpr View entry_key = "ERR the key of an entry must be a string or a number, not %s";
inline constexpr View no_length = "ERR %s has no length";
inline constexpr View no_loop = "ERR cannot loop over %s";
inline constexpr View no_text = "ERR cannot join %s to a text";
inline constexpr View command_argument = "ERR command arguments must be strings or numbers, not %s";
inline constexpr View key_value = "ERR a key must be a string or a number, not %s";
inline constexpr View no_integer = "ERR asintstr cannot convert %s";
inline constexpr View no_search = "ERR string.find cannot search in %s";
inline constexpr View no_part = "ERR string.find cannot search for %s";
inline constexpr View no_json = "ERR cjson.decode needs a string, not %s";
inline constexpr View malformed_json = "ERR malformed JSON";
inline constexpr View log_level = "ERR unknown log level";
inline constexpr View log_text = "ERR cannot log %s";
inline constexpr View unknown_function = "ERR unknown function '%s'";
inline constexpr View argument_count = "ERR wrong number of arguments for '%s'";
inline constexpr View unknown_constant = "ERR unknown constant '%s'";
inline constexpr View missing_key = "ERR missing key '%s'";            ///< its name in keyv, or its position from 0
inline constexpr View missing_argument = "ERR missing argument '%s'";  ///< its name in argv, or its position from 0
inline constexpr View not_utf8 = "ERR a string that is not UTF-8 cannot be written as JSON";
inline constexpr View not_finite = "ERR a number that is not finite cannot be written as JSON";
inline constexpr View too_deep = "ERR a value is nested too deeply";
inline constexpr View unknown_command = "ERR Unknown Redis command called from script";
inline constexpr View command_arity = "ERR Wrong number of args calling Redis command from script";
inline constexpr View command_name = "ERR the name of a command must be a string, not %s";
inline constexpr View command_refused = "ERR This Redis command is not allowed from script";
inline constexpr View memory_full = "ERR script exceeds script-max-memory";
inline constexpr View result_too_long = "ERR script exceeds script-max-result";
inline constexpr View cross_backend = "CROSSBACKEND Keys in request belong to different backends";
inline constexpr View no_prefix = "ERR %s reaches beyond the prefix of this backend's keys: not allowed from script";
inline constexpr View sort_prefix =
    "ERR SORT cannot read other keys on a backend whose prefix has a '*': not allowed from script";
inline constexpr View read_only = "ERR Write commands are not allowed from read-only scripts.";

}  // namespace message

/// The text with each %s replaced by the next of `parts`.
Bytes filled(View text, std::initializer_list<View> parts);

}  // namespace redipy::script
