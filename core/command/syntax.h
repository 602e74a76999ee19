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
#include "core/command/args.h"

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

/// Which arguments are the fields or members that the command names in the collection of its first key.
struct ElementArguments {
  uint8_t first = 0;           ///< options left out; 0: none
  uint8_t step = 0;            ///< from one to the next; 0: there is only one
  uint8_t behind = 0;          ///< with a step: arguments from the last one to the end of the request
  bool after_options = false;  ///< any number of options may stand before them
};
ElementArguments element_arguments(View syntax);

/// Visits what a request names; where options stand before it, perhaps some of them as well.
template <class Visit>
void for_each_element(const ElementArguments& elements, const Args& args, Visit visit) {
  if (elements.first == 0 || elements.first >= args.size()) return;
  if (elements.step == 0) return visit(args[elements.first]);
  if (!elements.after_options) {
    for (size_t i = elements.first; i < args.size(); i += elements.step) visit(args[i]);
    return;
  }
  for (size_t i = args.size() - elements.behind; i >= elements.first; i -= elements.step) visit(args[i]);
}

/// The arguments of a command. Rows are trusted: what does not fit the notation is an assertion.
std::vector<Argument> parse_syntax(View syntax);

}  // namespace redipy
