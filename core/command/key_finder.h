// SPDX-License-Identifier: Apache-2.0
//
// Reads a command's key positions (keys.h) for one request.
#pragma once

#include "core/base/function_ref.h"
#include "core/command/args.h"
#include "core/command/command.h"

namespace redipy {

struct FoundKey {
  size_t index;  ///< which argument
  KeyFlags flags;
};

/// Visits the keys of a request in the order of the command's specifications. Returns false if the request is
/// malformed (a count that is no number or too large): the keys visited until then count for nothing.
bool for_each_key(const Command& command, const Args& args, FunctionRef<void(FoundKey)> visit);

/// Visits the arguments of SORT that stand for keys which are made of what is sorted: BY and GET patterns with a star.
/// No other command has such.
void for_each_key_pattern(const Command& command, const Args& args, FunctionRef<void(size_t index)> visit);

/// The first key's argument, 0 if there is none. Quick for the common case: for prefetching.
inline size_t first_key_index(const Command& command, const Args& args) {
  const KeySpec& spec = command.keys.specs[0];
  if (command.keys.count == 0 || spec.begin != KeySpec::at_index) return 0;
  const int index = spec.find == KeySpec::by_count ? spec.index + spec.first_key : spec.index;
  return static_cast<size_t>(index) < args.size() ? static_cast<size_t>(index) : 0;
}

}  // namespace redipy
