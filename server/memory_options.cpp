// SPDX-License-Identifier: Apache-2.0
//
// See memory_options.h.
#include "server/memory_options.h"

#include "server/notifications.h"

namespace redipy {

Options memory_options(const Settings& settings) {
  Options options;
  options.hash_max_listpack_entries = static_cast<size_t>(settings.hash_max_listpack_entries);
  options.hash_max_listpack_value = static_cast<size_t>(settings.hash_max_listpack_value);
  options.list_max_listpack_size = settings.list_max_listpack_size;
  options.list_compress_depth = static_cast<size_t>(settings.list_compress_depth);
  options.set_max_intset_entries = static_cast<size_t>(settings.set_max_intset_entries);
  options.set_max_listpack_entries = static_cast<size_t>(settings.set_max_listpack_entries);
  options.set_max_listpack_value = static_cast<size_t>(settings.set_max_listpack_value);
  options.zset_max_listpack_entries = static_cast<size_t>(settings.zset_max_listpack_entries);
  options.zset_max_listpack_value = static_cast<size_t>(settings.zset_max_listpack_value);
  options.maxmemory = settings.maxmemory;
  options.eviction = settings.maxmemory_policy;
  options.maxmemory_samples = settings.maxmemory_samples;
  options.eviction_tenacity = settings.maxmemory_eviction_tenacity;
  options.lfu_log_factor = settings.lfu_log_factor;
  options.lfu_decay_time = settings.lfu_decay_time;
  options.active_expire_effort = settings.active_expire_effort;
  options.lazyfree = {.eviction = settings.lazyfree_lazy_eviction,
                      .expire = settings.lazyfree_lazy_expire,
                      .server_del = settings.lazyfree_lazy_server_del,
                      .user_del = settings.lazyfree_lazy_user_del,
                      .user_flush = settings.lazyfree_lazy_user_flush};
  options.report_misses = notify::wants(settings.notify_keyspace_events, EventClass::missed);
  options.limits.max_string_bytes = settings.proto_max_bulk_len;
  options.limits.hll_sparse_max_bytes = settings.hll_sparse_max_bytes;
  return options;
}

}  // namespace redipy
