// SPDX-License-Identifier: Apache-2.0
//
// CLIENT TRACKING as one session asked for it. The table of who read what is in tracking.h.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/view.h"

namespace redipy {

struct TrackingState {
  bool on = false;
  bool broadcast = false;
  bool opt_in = false;
  bool opt_out = false;
  bool no_loop = false;
  bool broken_redirect = false;
  /// CLIENT CACHING yes|no: counts for the next command only.
  bool caching = false;
  uint64_t redirect = 0;  ///< id of the session that gets the messages; 0: this one
  std::vector<Bytes> prefixes;
};

}  // namespace redipy
