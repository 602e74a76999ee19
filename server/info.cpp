// SPDX-License-Identifier: Apache-2.0
//
// See info.h. A function per section; the list of them is at the end.
#include "server/info.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iterator>

#include "core/base/heap.h"
#include "core/base/text.h"
#include "core/memory/memory_backend.h"
#include "server/config.h"
#include "server/executor.h"
#include "server/memory_report.h"
#include "server/scripts.h"
#include "server/server.h"
#include "server/session.h"
#include "server/upstream_info.h"
#include "server/version.h"

namespace redipy {

namespace {

/// Writes `field:value` lines.
class Lines {
 public:
  explicit Lines(Bytes& text) : text_(text) {}
  template <class Value>
  void add(View name, const Value& value) {
    fmt::format_to(std::back_inserter(text_), "{}:{}\r\n", name, value);
  }
  void fraction(View name, double value) { fmt::format_to(std::back_inserter(text_), "{}:{:.2f}\r\n", name, value); }
  void percent(View name, double value) { fmt::format_to(std::back_inserter(text_), "{}:{:.2f}%\r\n", name, value); }
  void bytes(View name, size_t value) {
    add(name, value);
    add(Bytes(name) + "_human", human_bytes(value));
  }

 private:
  Bytes& text_;
};

void server_section(Server& server, Lines& lines) {
  static const utsname system = [] {
    utsname names{};
    ::uname(&names);
    return names;
  }();
  std::error_code error;
  const Settings& settings = server.settings();
  const int64_t now_us = server.clock().now_us();
  const int64_t uptime = now_us / 1'000'000 - server.started_ms() / 1000;
  lines.add("redis_version", redis_version);
  lines.add("redipy_version", server_version);
  lines.add("redis_git_sha1", "00000000");
  lines.add("redis_git_dirty", 0);
  lines.add("redis_build_id", 0);
  lines.add("redis_mode", "standalone");
  lines.add("os", fmt::format("{} {} {}", system.sysname, system.release, system.machine));
  lines.add("arch_bits", sizeof(void*) * 8);
  lines.add("monotonic_clock", "POSIX clock_gettime");
  lines.add("multiplexing_api", "epoll");
  lines.add("atomicvar_api", "c11-builtin");
  lines.add("gcc_version", fmt::format("{}.{}.{}", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__));
  lines.add("process_id", ::getpid());
  lines.add("process_supervised", std::getenv("NOTIFY_SOCKET") ? "systemd" : "no");
  lines.add("run_id", server.run_id());
  lines.add("tcp_port", server.listening_port);
  lines.add("server_time_usec", now_us);
  lines.add("uptime_in_seconds", uptime);
  lines.add("uptime_in_days", uptime / 86400);
  lines.add("hz", server.cron_frequency());
  lines.add("configured_hz", settings.hz);
  lines.add("lru_clock", (now_us / 1'000'000) & 0xffffff);
  lines.add("executable", std::filesystem::read_symlink("/proc/self/exe", error).string());
  lines.add("config_file", server.config().file());
  lines.add("io_threads_active", settings.io_threads > 1 ? 1 : 0);
  int listener = 0;
  if (server.listening_port != 0) {
    Bytes text = "name=tcp";
    for (const Bytes& address : settings.bind) text += ",bind=" + address;
    lines.add(fmt::format("listener{}", listener++), text + fmt::format(",port={}", server.listening_port));
  }
  if (!settings.unixsocket.empty()) {
    lines.add(fmt::format("listener{}", listener), "name=unix,bind=" + settings.unixsocket);
  }
}

void clients_section(Server& server, Lines& lines) {
  size_t input = 0, output = 0, with_deadline = 0, paused = 0, upstream = 0;
  server.for_each_session([&](Session& session) {
    input = std::max<size_t>(input, session.input_capacity);
    output = std::max<size_t>(output, session.output_bytes);
    paused += session.paused;
    upstream += session.wait.kind == Wait::upstream;
    with_deadline += session.wait.active() && session.wait.deadline;
  });
  lines.add("connected_clients", server.session_count());
  lines.add("cluster_connections", 0);
  lines.add("maxclients", server.settings().maxclients);
  lines.add("client_recent_max_input_buffer", input);
  lines.add("client_recent_max_output_buffer", output);
  lines.add("blocked_clients", server.waiting().size() + paused + upstream);
  lines.add("tracking_clients", server.tracking().clients());
  lines.add("clients_in_timeout_table", with_deadline);
  lines.add("total_blocking_keys", server.waiting().keys());
  lines.add("total_blocking_keys_on_nokey", 0);
}

void memory_section(Server& server, Lines& lines) {
  const MemoryReport report = memory_report(server);
  const auto& heap = report.heap;
  static const auto system_bytes =
      static_cast<size_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  lines.bytes("used_memory", report.used);
  lines.bytes("used_memory_rss", report.resident);
  lines.bytes("used_memory_peak", report.peak);
  lines.percent("used_memory_peak_perc", report.peak_percent());
  lines.add("used_memory_overhead", report.overhead());
  lines.add("used_memory_startup", report.startup);
  lines.add("used_memory_dataset", report.dataset());
  lines.percent("used_memory_dataset_perc", report.dataset_percent());
  lines.add("allocator_allocated", heap.allocated);
  lines.add("allocator_active", heap.active);
  lines.add("allocator_resident", heap.resident);
  lines.bytes("total_system_memory", system_bytes);
  lines.bytes("used_memory_lua", 0);
  lines.add("used_memory_vm_eval", 0);
  lines.add("used_memory_scripts_eval", server.scripts().library().bytes());
  lines.add("number_of_cached_scripts", server.scripts().library().size());
  lines.add("number_of_functions", 0);
  lines.add("number_of_libraries", 0);
  lines.add("used_memory_vm_functions", 0);
  lines.bytes("used_memory_vm_total", 0);
  lines.add("used_memory_functions", 0);
  lines.bytes("used_memory_scripts", server.scripts().library().bytes());
  lines.bytes("maxmemory", server.settings().maxmemory);
  lines.add("maxmemory_policy", server.config().get("maxmemory-policy").front().second);
  lines.fraction("allocator_frag_ratio", MemoryReport::ratio(heap.active, heap.allocated));
  lines.add("allocator_frag_bytes", MemoryReport::difference(heap.active, heap.allocated));
  lines.fraction("allocator_rss_ratio", MemoryReport::ratio(heap.resident, heap.active));
  lines.add("allocator_rss_bytes", MemoryReport::difference(heap.resident, heap.active));
  lines.fraction("rss_overhead_ratio", MemoryReport::ratio(report.resident, heap.resident));
  lines.add("rss_overhead_bytes", MemoryReport::difference(report.resident, heap.resident));
  lines.fraction("mem_fragmentation_ratio", MemoryReport::ratio(report.resident, report.used));
  lines.add("mem_fragmentation_bytes", MemoryReport::difference(report.resident, report.used));
  lines.add("mem_not_counted_for_evict", 0);
  lines.add("mem_replication_backlog", 0);
  lines.add("mem_total_replication_buffers", 0);
  lines.add("mem_clients_slaves", 0);
  lines.add("mem_clients_normal", report.clients);
  lines.add("mem_cluster_links", 0);
  lines.add("mem_aof_buffer", 0);
  lines.add("mem_allocator", heap::allocator_name());
  lines.add("active_defrag_running", 0);
  lines.add("lazyfree_pending_objects", server.memory().memory().reclaimer().pending());
  lines.add("lazyfreed_objects", server.memory().memory().reclaimer().freed());
}

void persistence_section(Server& server, Lines& lines) {
  for (const View name : {"loading", "async_loading", "current_cow_peak", "current_cow_size", "current_cow_size_age"}) {
    lines.add(name, 0);
  }
  lines.fraction("current_fork_perc", 0);
  lines.add("current_save_keys_processed", 0);
  lines.add("current_save_keys_total", 0);
  lines.add("rdb_changes_since_last_save", server.changes_since_save());
  lines.add("rdb_bgsave_in_progress", 0);
  lines.add("rdb_last_save_time", server.last_save_s);
  lines.add("rdb_last_bgsave_status", "ok");
  lines.add("rdb_last_bgsave_time_sec", -1);
  lines.add("rdb_current_bgsave_time_sec", -1);
  lines.add("rdb_saves", 0);
  lines.add("rdb_last_cow_size", 0);
  lines.add("rdb_last_load_keys_expired", 0);
  lines.add("rdb_last_load_keys_loaded", 0);
  lines.add("aof_enabled", 0);
  lines.add("aof_rewrite_in_progress", 0);
  lines.add("aof_rewrite_scheduled", 0);
  lines.add("aof_last_rewrite_time_sec", -1);
  lines.add("aof_current_rewrite_time_sec", -1);
  lines.add("aof_last_bgrewrite_status", "ok");
  lines.add("aof_rewrites", 0);
  lines.add("aof_rewrites_consecutive_failures", 0);
  lines.add("aof_last_write_status", "ok");
  lines.add("aof_last_cow_size", 0);
  lines.add("module_fork_in_progress", 0);
  lines.add("module_fork_last_cow_size", 0);
}

void stats_section(Server& server, Lines& lines) {
  const Statistics& all = server.statistics();
  const MemoryStore::Statistics& store = server.memory().memory().statistics();
  const auto zeros = [&](std::initializer_list<View> names) {
    for (const View name : names) lines.add(name, 0);
  };
  // What is told of keys: of the first backend, or of the engine in memory.
  const auto& executor = server.backends().main().executor;
  const uint64_t expired = executor ? executor->report().store.expired : store.expired;
  const uint64_t hits = executor ? executor->report().store.hits : store.hits;
  const uint64_t misses = executor ? executor->report().store.misses : store.misses;
  const double cycles = all.cycles_rate.per_second();
  lines.add("total_connections_received", all.connections_received);
  lines.add("total_commands_processed", all.commands_processed);
  lines.add("instantaneous_ops_per_sec", static_cast<int64_t>(all.commands_rate.per_second()));
  lines.add("total_net_input_bytes", all.input_bytes.load());
  lines.add("total_net_output_bytes", all.output_bytes.load());
  zeros({"total_net_repl_input_bytes", "total_net_repl_output_bytes"});
  lines.fraction("instantaneous_input_kbps", all.input_rate.per_second() / 1024);
  lines.fraction("instantaneous_output_kbps", all.output_rate.per_second() / 1024);
  lines.fraction("instantaneous_input_repl_kbps", 0);
  lines.fraction("instantaneous_output_repl_kbps", 0);
  lines.add("rejected_connections", all.connections_rejected);
  zeros({"sync_full", "sync_partial_ok", "sync_partial_err"});
  lines.add("expired_keys", expired);
  lines.fraction("expired_stale_perc", store.stale_percent);
  lines.add("expired_time_cap_reached_count", store.expiry_cut_short);
  lines.add("expire_cycle_cpu_milliseconds", store.expiry_us / 1000);
  lines.add("evicted_keys", store.evicted);
  lines.add("evicted_clients", all.evicted_clients);
  const int64_t over_limit_us = server.memory().memory().over_limit_us().value_or(0);
  lines.add("total_eviction_exceeded_time", (store.over_limit_us + over_limit_us) / 1000);
  lines.add("current_eviction_exceeded_time", over_limit_us / 1000);
  lines.add("keyspace_hits", hits);
  lines.add("keyspace_misses", misses);
  lines.add("pubsub_channels", server.pubsub().channels().size());
  lines.add("pubsub_patterns", server.pubsub().patterns().size());
  lines.add("pubsubshard_channels", server.pubsub().shard_channels().size());
  zeros({"latest_fork_usec", "total_forks", "migrate_cached_sockets", "slave_expires_tracked_keys",
         "active_defrag_hits", "active_defrag_misses", "active_defrag_key_hits", "active_defrag_key_misses",
         "total_active_defrag_time", "current_active_defrag_time"});
  lines.add("tracking_total_keys", server.tracking().keys());
  lines.add("tracking_total_items", server.tracking().items());
  lines.add("tracking_total_prefixes", server.tracking().prefixes());
  lines.add("unexpected_error_replies", 0);
  lines.add("total_error_replies", all.error_replies);
  lines.add("dump_payload_sanitizations", 0);
  lines.add("total_reads_processed", all.reads.load());
  lines.add("total_writes_processed", all.writes.load());
  const bool threaded = server.settings().io_threads > 1;
  lines.add("io_threaded_reads_processed", threaded ? all.reads.load() : 0);
  lines.add("io_threaded_writes_processed", threaded ? all.writes.load() : 0);
  lines.add("client_query_buffer_limit_disconnections", all.query_limit_disconnections);
  lines.add("client_output_buffer_limit_disconnections", all.output_limit_disconnections);
  zeros({"reply_buffer_shrinks", "reply_buffer_expands"});
  lines.add("eventloop_cycles", all.eventloop_cycles);
  lines.add("eventloop_duration_sum", all.cpu_us());
  lines.add("eventloop_duration_cmd_sum", all.command_nanoseconds() / 1000);
  lines.add("instantaneous_eventloop_cycles_per_sec", static_cast<int64_t>(cycles));
  lines.add("instantaneous_eventloop_duration_usec",
            static_cast<int64_t>(cycles > 0 ? all.cpu_rate.per_second() / cycles : 0));
  zeros({"acl_access_denied_auth", "acl_access_denied_cmd", "acl_access_denied_key", "acl_access_denied_channel"});
}

void replication_section(Server& server, Lines& lines) {
  lines.add("role", "master");
  lines.add("connected_slaves", 0);
  lines.add("master_failover_state", "no-failover");
  lines.add("master_replid", server.run_id());
  lines.add("master_replid2", Bytes(40, '0'));
  lines.add("master_repl_offset", 0);
  lines.add("second_repl_offset", -1);
  lines.add("repl_backlog_active", 0);
  lines.add("repl_backlog_size", 0);
  lines.add("repl_backlog_first_byte_offset", 0);
  lines.add("repl_backlog_histlen", 0);
}

void cpu_section(Server&, Lines& lines) {
  const auto time = [&](View name, const timeval& value) {
    lines.add(name, fmt::format("{}.{:06}", value.tv_sec, value.tv_usec));
  };
  rusage self{}, children{}, thread{};
  ::getrusage(RUSAGE_SELF, &self);
  ::getrusage(RUSAGE_CHILDREN, &children);
  ::getrusage(RUSAGE_THREAD, &thread);
  time("used_cpu_sys", self.ru_stime);
  time("used_cpu_user", self.ru_utime);
  time("used_cpu_sys_children", children.ru_stime);
  time("used_cpu_user_children", children.ru_utime);
  time("used_cpu_sys_main_thread", thread.ru_stime);
  time("used_cpu_user_main_thread", thread.ru_utime);
}

void modules_section(Server&, Lines&) {}

void commandstats_section(Server& server, Lines& lines) {
  for (const CommandTable::Entry& entry : server.commands().entries()) {
    const CommandStatistics& own = server.statistics().commands[entry.id];
    if (own.calls == 0 && own.rejected == 0 && own.failed == 0) continue;
    const uint64_t us = own.nanoseconds / 1000;
    const double each =
        own.calls == 0 ? 0 : static_cast<double>(own.nanoseconds) / 1000 / static_cast<double>(own.calls);
    lines.add("cmdstat_" + entry.full_name,
              fmt::format("calls={},usec={},usec_per_call={:.2f},rejected_calls={},failed_calls={}", own.calls, us,
                          each, own.rejected, own.failed));
  }
}

void errorstats_section(Server& server, Lines& lines) {
  for (const auto& [code, count] : server.statistics().errors) {
    lines.add("errorstat_" + code, fmt::format("count={}", count));
  }
}

void latencystats_section(Server& server, Lines& lines) {
  if (!server.settings().latency_tracking) return;
  for (const CommandTable::Entry& entry : server.commands().entries()) {
    const CommandStatistics& own = server.statistics().commands[entry.id];
    if (!own.latency) continue;
    Bytes text;
    for (const double percent : server.settings().latency_tracking_info_percentiles) {
      text += fmt::format("{}p{}={:.3f}", text.empty() ? "" : ",", percent,
                          static_cast<double>(own.latency->percentile(percent)) / 1000);
    }
    lines.add("latency_percentiles_usec_" + entry.full_name, text);
  }
}

void scripts_section(Server& server, Lines& lines) {
  const Scripts& scripts = server.scripts();
  const Scripts::Totals& totals = scripts.totals();
  lines.add("scripts_loaded", scripts.library().size());
  lines.add("scripts_bytes", scripts.library().bytes());
  lines.add("script_running", scripts.running() ? 1 : 0);
  lines.add("script_calls", totals.calls);
  lines.add("script_errors", totals.errors);
  lines.add("script_killed", totals.killed);
  lines.add("script_steps", totals.steps);
  lines.add("script_microseconds", totals.nanoseconds / 1000);
}

void cluster_section(Server&, Lines& lines) { lines.add("cluster_enabled", 0); }

void keyspace_section(Server& server, Lines& lines) {
  if (const auto& executor = server.backends().main().executor) {
    for (size_t number = 0; number < executor->report().databases.size(); ++number) {
      const auto& usage = executor->report().databases[number];
      if (usage.keys == 0) continue;
      lines.add(fmt::format("db{}", number), fmt::format("keys={},expires={},avg_ttl=0", usage.keys, usage.expires));
    }
    return;
  }
  for (int number = 0; number < server.memory().store()->databases(); ++number) {
    const MemoryStore::Usage usage = server.memory().memory().usage(number);
    if (usage.keys == 0) continue;
    lines.add(fmt::format("db{}", number),
              fmt::format("keys={},expires={},avg_ttl={}", usage.keys, usage.expires, usage.average_ttl));
  }
}

void backends_section(Server& server, Lines& lines) {
  lines.add("backends", server.backends().all().size());
  for (size_t i = 0; i < server.backends().all().size(); ++i) {
    const Place& place = *server.backends().all()[i];
    Bytes text = fmt::format("name={},kind={}", place.name, place.kind());
    if (place.upstream) {
      const proxy::Health health = place.upstream->health();
      constexpr View states[] = {"connecting", "ready", "down"};
      text += fmt::format(
          ",state={},version={},role={},mode={},latency_us={},connections={},pending={},connections_made={},"
          "connections_lost={},requests_retried={},requests_unanswered={}",
          states[health.state], health.version, health.role, health.mode, health.latency_us,
          place.upstream->connections.load(), place.upstream->pending.load(), health.connections_made,
          health.connections_lost, health.retried, health.unanswered);
    } else if (place.executor) {
      const Executor::Report& report = place.executor->report();
      text += fmt::format(
          ",state={},batches={},commits={},batches_replayed={},steps={},served_from_memory={},largest_batch={},"
          "commit_us={},longest_commit_us={},statements={},round_trips={},cache_hits={},cache_misses={},"
          "cached_bytes={},reclaim_backlog={},database_bytes={},reconnects={}",
          place.executor->refusal().empty() ? "ready" : "down", report.batches, report.store.batches, report.replayed,
          report.steps, report.from_memory, report.largest, report.commit_us, report.longest_commit_us,
          report.statements, report.round_trips, report.store.cache_hits, report.store.cache_misses,
          report.cached_bytes, report.backlog, report.database_bytes, report.reconnects);
    } else {
      text += ",state=ready";
    }
    lines.add(fmt::format("backend{}", i), text);
  }
}

struct Section {
  View name;
  View title;
  bool by_default;
  void (*write)(Server&, Lines&);
};
constexpr Section sections[] = {
    {"server", "Server", true, server_section},
    {"clients", "Clients", true, clients_section},
    {"memory", "Memory", true, memory_section},
    {"persistence", "Persistence", true, persistence_section},
    {"stats", "Stats", true, stats_section},
    {"replication", "Replication", true, replication_section},
    {"cpu", "CPU", true, cpu_section},
    {"modules", "Modules", true, modules_section},
    {"commandstats", "Commandstats", false, commandstats_section},
    {"errorstats", "Errorstats", true, errorstats_section},
    {"latencystats", "Latencystats", false, latencystats_section},
    {"scripts", "Scripts", true, scripts_section},
    {"backends", "Backends", true, backends_section},
    {"cluster", "Cluster", true, cluster_section},
    {"keyspace", "Keyspace", true, keyspace_section},
};

}  // namespace

Bytes info_text(Server& server, std::span<const View> wanted, View upstream) {
  const auto asks = [&](View name) {
    return std::any_of(wanted.begin(), wanted.end(), [&](View word) { return equals_ignore_case(word, name); });
  };
  const bool all = asks("all") || asks("everything");
  const bool by_default = wanted.empty() || asks("default");
  const bool by_upstream = !upstream.empty() && upstream_counts(server);
  Bytes text;
  Lines lines(text);
  for (const Section& section : sections) {
    if (!all && !(by_default && section.by_default) && !asks(section.name)) continue;
    text += (text.empty() ? "# " : "\r\n# ") + Bytes(section.title) + "\r\n";
    if (section.name == "keyspace" && server.backends().main().upstream) {
      text += section_of(upstream, "Keyspace");
      continue;
    }
    if (by_upstream && section.name == "commandstats") {
      text += upstream_commands(server, upstream);
      continue;
    }
    if (by_upstream && section.name == "errorstats") {
      text += upstream_errors(server, upstream);
      continue;
    }
    const size_t begin = text.size();
    section.write(server, lines);
    if (!upstream.empty()) take_over(text, begin, upstream);
    if (by_upstream && section.name == "stats") take_over_errors(server, text, begin, upstream);
  }
  return text;
}

}  // namespace redipy
