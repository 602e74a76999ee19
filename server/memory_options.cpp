// SPDX-License-Identifier: Apache-2.0
//
// See memory_options.h.
#include "server/memory_options.h"

namespace redipy {

namespace {
Options::Eviction eviction(EvictionPolicy policy) {
  switch (policy) {
    case EvictionPolicy::noeviction: return Options::Eviction::noeviction;
    case EvictionPolicy::volatile_lru: return Options::Eviction::volatile_lru;
    case EvictionPolicy::volatile_lfu: return Options::Eviction::volatile_lfu;
    case EvictionPolicy::volatile_random: return Options::Eviction::volatile_random;
    case EvictionPolicy::volatile_ttl: return Options::Eviction::volatile_ttl;
    case EvictionPolicy::allkeys_lru: return Options::Eviction::allkeys_lru;
    case EvictionPolicy::allkeys_lfu: return Options::Eviction::allkeys_lfu;
    case EvictionPolicy::allkeys_random: return Options::Eviction::allkeys_random;
  }
  return Options::Eviction::noeviction;
}
}  // namespace

Options memory_options(const Settings& settings) {
  const auto count = [](int64_t value) { return static_cast<size_t>(value); };
  Options options;
  options.hash_max_listpack_entries = count(settings.hash_max_listpack_entries);
  options.hash_max_listpack_value = count(settings.hash_max_listpack_value);
  options.list_max_listpack_size = settings.list_max_listpack_size;
  options.set_max_intset_entries = count(settings.set_max_intset_entries);
  options.set_max_listpack_entries = count(settings.set_max_listpack_entries);
  options.set_max_listpack_value = count(settings.set_max_listpack_value);
  options.zset_max_listpack_entries = count(settings.zset_max_listpack_entries);
  options.zset_max_listpack_value = count(settings.zset_max_listpack_value);
  options.maxmemory = settings.maxmemory;
  options.eviction = eviction(settings.maxmemory_policy);
  options.maxmemory_samples = settings.maxmemory_samples;
  options.eviction_tenacity = settings.maxmemory_eviction_tenacity;
  options.lfu_log_factor = settings.lfu_log_factor;
  options.lfu_decay_time = settings.lfu_decay_time;
  options.active_expire_effort = settings.active_expire_effort;
  options.limits.max_string_bytes = settings.proto_max_bulk_len;
  options.limits.hll_sparse_max_bytes = settings.hll_sparse_max_bytes;
  return options;
}

}  // namespace redipy
