// SPDX-License-Identifier: Apache-2.0
//
// How a command is refused, and the texts that clients match on, word for word as Redis has them. A refusal is thrown
// and caught in one place (the dispatcher), which takes back a half-written reply.
#pragma once

#include <stdexcept>
#include <string>

#include "core/base/view.h"

namespace redipy {

/// A request that is refused. what() is the error reply without its leading '-': a code word, then the text.
class CommandError : public std::runtime_error {
 public:
  explicit CommandError(View text) : std::runtime_error(std::string(text)) {}
};

namespace error {

inline constexpr View syntax = "ERR syntax error";
inline constexpr View wrong_type = "WRONGTYPE Operation against a key holding the wrong kind of value";
inline constexpr View not_an_integer = "ERR value is not an integer or out of range";
inline constexpr View not_a_float = "ERR value is not a valid float";
inline constexpr View out_of_range = "ERR index out of range";
inline constexpr View no_such_key = "ERR no such key";
inline constexpr View not_positive = "ERR value is out of range, must be positive";
inline constexpr View db_index_out_of_range = "ERR DB index is out of range";
inline constexpr View same_object = "ERR source and destination objects are the same";
inline constexpr View overflow = "ERR increment or decrement would overflow";
inline constexpr View nan_or_infinity = "ERR increment would produce NaN or Infinity";
inline constexpr View string_too_long = "ERR string exceeds maximum allowed size (proto-max-bulk-len)";
inline constexpr View offset_out_of_range = "ERR offset is out of range";
inline constexpr View timeout_not_a_float = "ERR timeout is not a float or out of range";
inline constexpr View timeout_not_an_integer = "ERR timeout is not an integer or out of range";
inline constexpr View timeout_negative = "ERR timeout is negative";
inline constexpr View out_of_memory = "OOM command not allowed when used memory > 'maxmemory'.";

inline constexpr View busy_with_script =
    "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.";

}  // namespace error

/// The key holds a value of another type than the command works on.
class WrongType : public CommandError {
 public:
  WrongType() : CommandError(error::wrong_type) {}
};

/// "ERR invalid expire time in 'set' command".
CommandError invalid_expire_time(View lower_case_command);
/// "ERR wrong number of arguments for 'get' command". Subcommands: "config|get".
CommandError wrong_arity(View lower_case_command);

}  // namespace redipy
