// SPDX-License-Identifier: Apache-2.0
//
// The values of the configuration: what the server is told, in the units it works with. How they are written in a
// file, on the command line and by CONFIG SET stands in config.cpp, one row per parameter, with the same names.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/base/view.h"
#include "core/memory/options.h"

namespace redipy {

/// The classes of client-output-buffer-limit.
enum class ClientClass : uint8_t { normal, replica, pubsub };

struct OutputLimit {
  size_t hard_bytes = 0;  ///< 0: none
  size_t soft_bytes = 0;
  int64_t soft_seconds = 0;
};

struct Settings {
  // --- network
  std::vector<Bytes> bind = {"127.0.0.1", "-::1"};  ///< a leading '-': may be missing on this machine
  int port = 6379;  ///< 0: the system picks one, printed at start (--port 0); -1: no TCP (port 0 in a file)
  Bytes unixsocket;
  int unixsocketperm = 0;
  int tcp_backlog = 511;
  int timeout = 0;  ///< s of idleness after which a client is closed; 0: never
  int tcp_keepalive = 300;
  bool protected_mode = true;
  Bytes requirepass;
  int maxclients = 10000;
  int io_threads = 1;

  // --- general
  int databases = 16;
  bool daemonize = false;
  Bytes pidfile;
  Bytes loglevel = "notice";
  Bytes logfile;
  Bytes dir = ".";
  Bytes locale_collate;  ///< how SORT ALPHA compares; empty: as the environment says
  bool syslog_enabled = false;
  Bytes syslog_ident = "redipy";
  Bytes syslog_facility = "local0";
  std::vector<std::pair<Bytes, Bytes>> backends;  ///< name, url; the first is the default
  std::vector<std::pair<Bytes, Bytes>> routes;    ///< pattern, backend
  Bytes state_file = "redipy.state";              ///< what BACKEND has changed; empty: not kept
  Bytes sql_durability = "always";                ///< always, everysec, relaxed: what a COMMIT in a database waits for
  uint64_t sql_cache_size = 64u << 20;            ///< of keys in tables, per backend
  Bytes enable_debug_command = "no";              ///< yes, no, local
  Bytes enable_protected_configs = "no";
  bool test_clock = false;  ///< the clock stands, DEBUG CLOCK moves it

  // --- memory
  uint64_t maxmemory = 0;
  Options::Eviction maxmemory_policy = Options::Eviction::noeviction;
  int maxmemory_samples = 5;
  int maxmemory_eviction_tenacity = 10;
  int64_t maxmemory_clients = 0;  ///< bytes; below 0: that many percent of maxmemory
  int lfu_log_factor = 10;
  int lfu_decay_time = 1;
  int active_expire_effort = 1;
  int hz = 10;
  bool dynamic_hz = true;
  bool lazyfree_lazy_eviction = true;
  bool lazyfree_lazy_expire = true;
  bool lazyfree_lazy_server_del = true;
  bool lazyfree_lazy_user_del = true;
  bool lazyfree_lazy_user_flush = true;

  // --- encodings
  int64_t hash_max_listpack_entries = 512;
  int64_t hash_max_listpack_value = 64;
  int list_max_listpack_size = -2;
  int list_compress_depth = 0;
  int64_t set_max_intset_entries = 512;
  int64_t set_max_listpack_entries = 128;
  int64_t set_max_listpack_value = 64;
  int64_t zset_max_listpack_entries = 128;
  int64_t zset_max_listpack_value = 64;
  uint64_t hll_sparse_max_bytes = 3000;

  // --- limits
  std::array<OutputLimit, 3> output_limits = {{{0, 0, 0}, {256u << 20, 64u << 20, 60}, {32u << 20, 8u << 20, 60}}};
  uint64_t client_query_buffer_limit = 1u << 30;
  uint64_t proto_max_bulk_len = 512u << 20;

  // --- scripts; 0 steps or 0 ms: as many as it likes
  uint64_t script_max_steps = 1'000'000'000;
  uint64_t script_max_memory = 256u << 20;
  uint64_t script_max_result = 64u << 20;
  uint64_t script_max_source = 16u << 20;
  int script_max_nesting = 1000;
  int script_max_variables = 10000;
  int64_t script_max_time = 0;  ///< ms
  int64_t busy_reply_threshold = 5000;

  // --- observing
  uint32_t notify_keyspace_events = 0;      ///< flags, see notifications.h
  int64_t slowlog_log_slower_than = 10000;  ///< us
  int64_t slowlog_max_len = 128;
  int64_t latency_monitor_threshold = 0;  ///< ms
  bool latency_tracking = true;
  std::vector<double> latency_tracking_info_percentiles = {50, 99, 99.9};
  int64_t tracking_table_max_keys = 1000000;
};

}  // namespace redipy
