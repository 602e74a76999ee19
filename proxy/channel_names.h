// SPDX-License-Identifier: Apache-2.0
//
// Channels on which Redis itself publishes, and where a prefix goes in their names and in patterns for them. The same
// answer is given for a name with the prefix and for one without, so that what was put in is found again.
#pragma once

#include <algorithm>

#include "core/base/view.h"

namespace redipy {

inline constexpr View keyspace_channel = "__keyspace@";  // __keyspace@<db>__:<key>, message: the event
inline constexpr View keyevent_channel = "__keyevent@";  // __keyevent@<db>__:<event>, message: the key
inline constexpr View invalidation_channel = "__redis__:invalidate";

/// Where the prefix goes in the name of a channel; npos: nowhere.
inline size_t prefix_place(View channel) {
  if (!channel.starts_with("__")) return 0;
  if (channel.starts_with(keyevent_channel) || channel == invalidation_channel) return View::npos;
  if (!channel.starts_with(keyspace_channel)) return 0;
  const size_t colon = channel.find("__:", keyspace_channel.size());
  return colon == View::npos ? 0 : colon + 3;
}

/// The same for a pattern, as PSUBSCRIBE has it. A pattern that may fit both kinds of events gets no prefix.
inline size_t prefix_place_in_pattern(View pattern) {
  if (!pattern.starts_with("__")) return 0;
  if (pattern.starts_with(keyspace_channel)) {
    const size_t colon = pattern.find("__:", keyspace_channel.size());
    return colon == View::npos ? View::npos : colon + 3;
  }
  if (pattern.starts_with(keyevent_channel) || pattern == invalidation_channel) return View::npos;
  const View plain = pattern.substr(0, std::min(pattern.find_first_of("*?[\\"), pattern.size()));
  const bool may_fit_events = plain.size() < pattern.size() && plain.starts_with("__key") &&
                              (keyspace_channel.starts_with(plain) || keyevent_channel.starts_with(plain));
  return may_fit_events ? View::npos : 0;
}

}  // namespace redipy
