// SPDX-License-Identifier: Apache-2.0
//
// What the store in tables can be told at run time. The thresholds between encodings are kept for OBJECT ENCODING and
// for the order in which small collections are given, which are to be as in memory; tables need neither.
#pragma once

#include "core/store/store.h"

namespace redipy::sql {

struct Options {
  size_t hash_max_listpack_entries = 128;
  size_t hash_max_listpack_value = 64;
  int list_max_listpack_size = -2;  ///< entries; below 0: -1 … -5 are 4 … 64 KiB
  size_t set_max_intset_entries = 512;
  size_t set_max_listpack_entries = 128;
  size_t set_max_listpack_value = 64;
  size_t zset_max_listpack_entries = 128;
  size_t zset_max_listpack_value = 64;

  Limits limits;
  bool report_misses = false;             ///< the listener is told of reads that find nothing
  size_t cache_bytes = size_t{64} << 20;  ///< of keys that are kept from batch to batch; 0: none are
};

}  // namespace redipy::sql
