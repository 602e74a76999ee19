// SPDX-License-Identifier: Apache-2.0
//
// The count of SRANDMEMBER, HRANDFIELD and ZRANDMEMBER: positive for distinct elements, negative for as many draws,
// which may be far more than there are elements and are therefore bounded by what a reply may hold.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

#include "core/command/args.h"
#include "core/command/reply.h"
#include "core/store/store.h"

namespace redipy {

struct SampleCount {
  size_t count = 0;
  bool distinct = true;
};

/// Argument i as such a count.
inline SampleCount sample_count(const Args& args, size_t i) {
  const int64_t value = args.integer(i);
  if (value == std::numeric_limits<int64_t>::min()) {
    throw CommandError("ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807");
  }
  return {static_cast<size_t>(value < 0 ? -value : value), value >= 0};
}

/// Calls draw(n) until `count` draws were made, n being at most some hundreds. Refuses once the reply has outgrown
/// proto-max-bulk-len: a count of 2^62 must not take the server down.
template <typename Draw>
void draw_in_blocks(const Store& store, Reply& reply, size_t count, Draw draw) {
  constexpr size_t block = 512;
  const size_t start = reply.mark();
  for (size_t left = count; left > 0;) {
    const size_t now = std::min(left, block);
    draw(now);
    left -= now;
    if (reply.mark() - start > store.limits().max_string_bytes) throw CommandError("ERR reply is too large");
  }
}

}  // namespace redipy
