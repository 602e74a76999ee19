// SPDX-License-Identifier: Apache-2.0
//
// What the memory engine can be told at run time: the thresholds between encodings and how it uses memory, under the
// names of redis.conf. A change counts from the next operation on; values that are there are not converted.
#pragma once

#include <cstdint>

#include "core/store/store.h"

namespace redipy {

struct Options {
  // --- encodings
  size_t hash_max_listpack_entries = 128;
  size_t hash_max_listpack_value = 64;
  int list_max_listpack_size = -2;  ///< entries of a node; below 0: -1 … -5 are 4 … 64 KiB
  size_t list_compress_depth = 0;   ///< nodes at each end of a long list that are not compressed; 0: none are
  size_t set_max_intset_entries = 512;
  size_t set_max_listpack_entries = 128;
  size_t set_max_listpack_value = 64;
  size_t zset_max_listpack_entries = 128;
  size_t zset_max_listpack_value = 64;

  // --- memory
  enum class Eviction : uint8_t {
    noeviction,
    volatile_lru,
    volatile_lfu,
    volatile_random,
    volatile_ttl,
    allkeys_lru,
    allkeys_lfu,
    allkeys_random,
  };
  uint64_t maxmemory = 0;  ///< bytes; 0: as many as there are
  Eviction eviction = Eviction::noeviction;
  int maxmemory_samples = 5;
  int eviction_tenacity = 10;  ///< how long one command may go on evicting: 0 … 100, 100 without a limit
  int lfu_log_factor = 10;
  int lfu_decay_time = 1;        ///< minutes
  int active_expire_effort = 1;  ///< 1 … 10

  /// What removes a value without waiting until all of a huge one is given back to the allocator.
  struct Lazyfree {
    bool eviction = true;
    bool expire = true;
    bool server_del = true;  ///< commands that replace a value, or remove a key by the way
    bool user_del = true;    ///< DEL
    bool user_flush = true;  ///< FLUSHALL and FLUSHDB that do not say
  };
  Lazyfree lazyfree;

  Limits limits;
  bool report_misses = false;  ///< the listener is told of reads that find nothing

  bool counts_frequency() const { return eviction == Eviction::volatile_lfu || eviction == Eviction::allkeys_lfu; }
};

}  // namespace redipy
