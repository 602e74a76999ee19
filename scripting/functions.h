// SPDX-License-Identifier: Apache-2.0
//
// The functions that a graph may call, a row each, and the Redis functions whose value in a script is not simply what
// RESP3 gives. The compiler, the Lua printer and SCRIPT CHECK all read these rows.
#pragma once

#include <cstdint>
#include "core/base/view.h"

namespace redipy::script {

enum class Function : uint8_t { tonumber, asintstr, tostring, type, find, decode, encode, log, call };

struct FunctionRow {
  View name;
  Function function;
  uint8_t least;  ///< arguments
  uint8_t most;   ///< arguments; 255: any number
};
/// Null if there is none of that name (names are in lower case).
const FunctionRow* find_function(View name);

/// How a command's reply becomes a value in a script. All but the first are for commands that redipy gives a value of
/// their own.
enum class Result : uint8_t {
  reply,  ///< as RESP3: map → dict, set → list in byte order, double → number, pairs → list of pairs, null → none
  type_name,    ///< TYPE: the name, none for "none"
  done,         ///< SET: true or false (null); with GET the old value or none
  increment,    ///< INCRBY, HINCRBY: the new value as a number; INCRBYFLOAT, HINCRBYFLOAT where one is no integer
  score_pairs,  ///< ZPOPMIN, ZPOPMAX: list of [member, score], also without a count
  fields,       ///< HMGET: dict of the fields that were asked for
  truth,        ///< SISMEMBER: 1 → true, 0 → false
};

/// Result::reply for a command without a row. The name in upper case.
Result result_of(View command);

/// The value of a constant ("redis.LOG_DEBUG" …), -1 if there is none of that name.
int constant_value(View name);

}  // namespace redipy::script
