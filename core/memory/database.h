// SPDX-License-Identifier: Apache-2.0
//
// One numbered database: all its entries by key, and once more those that have a deadline, so that expiry and the
// volatile-* policies need not look at the others. Both tables hold the same entries under the same hash.
#pragma once

#include <cstdint>

#include "core/memory/entry.h"

namespace redipy {

struct Database {
  EntryTable keys;
  EntryTable expires;

  uint64_t expiry_cursor = 0;  ///< where active expiry goes on in `expires`
  double average_ttl = 0;      ///< ms, of the keys that it saw; 0: not known
};

}  // namespace redipy
