// SPDX-License-Identifier: Apache-2.0
//
// A row's `syntax` as a tree of arguments, for COMMAND DOCS. The notation is that of Redis's documentation:
//
//   key                   an argument; its type follows from its name
//   NX                    a literal word; before an argument it is that argument's: COUNT count
//   [x]  <a | b>  [a | b]  may be left out; one of them; one of them or none
//   field value [field value ...]   what stands before may be repeated
#pragma once

#include <vector>

#include "core/base/view.h"

namespace redipy {

struct Argument {
  enum Type : uint8_t { key, string, integer, number, pattern, unix_time, pure_token, one_of, block };

  Bytes name;
  Type type = string;
  Bytes token = {};  ///< the literal word before it; all of a pure token
  bool optional = false;
  bool multiple = false;
  bool multiple_token = false;           ///< each repetition has the token again
  std::vector<Argument> arguments = {};  ///< of one_of and block
};

View argument_type_name(Argument::Type type);

/// Which argument is the first field or member that the command names in a collection, options left out; 0 if none.
uint8_t element_argument(View syntax);

/// The arguments of a command. Rows are trusted: what does not fit the notation is an assertion.
std::vector<Argument> parse_syntax(View syntax);

}  // namespace redipy
