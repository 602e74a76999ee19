// SPDX-License-Identifier: Apache-2.0
//
// Where the process's memory is, for INFO, MEMORY STATS and MEMORY DOCTOR.
#pragma once

#include <vector>

#include "core/base/heap.h"

namespace redipy {

class Server;

struct MemoryReport {
  size_t used = 0;
  size_t peak = 0;
  size_t startup = 0;   ///< used when the server had just started
  size_t clients = 0;   ///< their buffers
  size_t resident = 0;  ///< physical memory of the process
  heap::Statistics heap;

  struct Database {
    int number = 0;
    size_t keys = 0;
    size_t table_bytes = 0;
  };
  std::vector<Database> databases;  ///< those that have keys

  size_t keys() const;
  /// All that is not keys and values.
  size_t overhead() const;
  size_t dataset() const { return used > overhead() ? used - overhead() : 0; }
  double dataset_percent() const;
  double peak_percent() const { return peak == 0 ? 0 : 100.0 * static_cast<double>(used) / static_cast<double>(peak); }

  static double ratio(size_t a, size_t b) { return b == 0 ? 0 : static_cast<double>(a) / static_cast<double>(b); }
  static int64_t difference(size_t a, size_t b) { return static_cast<int64_t>(a) - static_cast<int64_t>(b); }
};

/// Slow: asks the system and the allocator.
MemoryReport memory_report(Server& server);

/// "1.50M"
Bytes human_bytes(size_t bytes);

}  // namespace redipy
