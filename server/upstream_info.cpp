// SPDX-License-Identifier: Apache-2.0
//
// See upstream_info.h.
#include "server/upstream_info.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "core/base/numbers.h"
#include "server/server.h"

namespace redipy {

namespace {

/// "name:value" lines by name, less what all names begin with.
std::map<View, View> lines_of(View section, View prefix) {
  std::map<View, View> lines;
  while (!section.empty()) {
    const size_t end = section.find("\r\n");
    const View line = section.substr(0, end);
    section.remove_prefix(end == View::npos ? section.size() : end + 2);
    const size_t colon = line.find(':');
    if (colon == View::npos || !line.starts_with(prefix)) continue;
    lines.emplace(line.substr(prefix.size(), colon - prefix.size()), line.substr(colon + 1));
  }
  return lines;
}

/// The number behind "field=" in a line; 0 if there is none.
uint64_t number_of(View line, View field) {
  const Bytes name = Bytes(field) + "=";
  for (size_t at = line.find(name); at != View::npos; at = line.find(name, at + 1)) {
    if (at > 0 && line[at - 1] != ',') continue;
    const View rest = line.substr(at + name.size());
    return static_cast<uint64_t>(parse_integer(rest.substr(0, rest.find(','))).value_or(0));
  }
  return 0;
}

/// A field's value in INFO.
std::optional<View> value_of(View info, View field) {
  const Bytes name = "\n" + Bytes(field) + ":";
  const size_t at = info.find(name);
  if (at == View::npos) return {};
  const View rest = info.substr(at + name.size());
  return rest.substr(0, rest.find("\r\n"));
}

/// Gives a field that stands behind `begin`, and a section's title, another value.
void replace_value(Bytes& text, size_t begin, View field, View value) {
  const Bytes name = "\n" + Bytes(field) + ":";
  const size_t at = text.find(name, begin > 0 ? begin - 1 : 0);
  if (at == Bytes::npos) return;
  const size_t from = at + name.size();
  text.replace(from, text.find("\r\n", from) - from, value);
}

Bytes command_line(View name, uint64_t calls, uint64_t us, double us_per_call, uint64_t rejected, uint64_t failed) {
  return fmt::format("cmdstat_{}:calls={},usec={},usec_per_call={:.2f},rejected_calls={},failed_calls={}\r\n", name,
                     calls, us, us_per_call, rejected, failed);
}

double each(double us, uint64_t calls) { return calls == 0 ? 0 : us / static_cast<double>(calls); }

}  // namespace

View section_of(View upstream, View title) {
  const Bytes head = "# " + Bytes(title) + "\r\n";
  const size_t at = upstream.find(head);
  if (at == View::npos) return {};
  const View rest = upstream.substr(at + head.size());
  const size_t end = rest.find("\r\n\r\n");
  return end == View::npos ? rest : rest.substr(0, end + 2);
}

void take_over(Bytes& text, size_t begin, View upstream) {
  constexpr View fields[] = {"expired_keys",
                             "evicted_keys",
                             "keyspace_hits",
                             "keyspace_misses",
                             "pubsub_channels",
                             "pubsub_patterns",
                             "pubsubshard_channels",
                             "lazyfreed_objects",
                             "lazyfree_pending_objects",
                             "tracking_total_keys",
                             "tracking_total_items",
                             "tracking_total_prefixes",
                             "tracking_clients",
                             "expired_stale_perc",
                             "expired_time_cap_reached_count",
                             "rdb_changes_since_last_save",
                             "rdb_bgsave_in_progress",
                             "rdb_last_save_time",
                             "aof_enabled",
                             "maxmemory",
                             "maxmemory_human",
                             "maxmemory_policy",
                             "used_memory",
                             "used_memory_human",
                             "used_memory_dataset",
                             "mem_clients_normal",
                             "mem_not_counted_for_evict",
                             "total_eviction_exceeded_time",
                             "current_eviction_exceeded_time",
                             "evicted_clients",
                             "number_of_cached_scripts",
                             "number_of_functions",
                             "number_of_libraries"};
  for (const View field : fields) {
    if (const auto theirs = value_of(upstream, field)) replace_value(text, begin, field, *theirs);
  }
}

void take_over_errors(Server& server, Bytes& text, size_t begin, View upstream) {
  uint64_t here = server.statistics().error_replies;
  for (const auto& [code, count] : server.statistics().errors_there) here -= std::min(here, count);
  const auto there = parse_integer(value_of(upstream, "total_error_replies").value_or("0"));
  replace_value(text, begin, "total_error_replies", std::to_string(here + static_cast<uint64_t>(there.value_or(0))));
}

bool upstream_counts(Server& server) {
  const Backends& backends = server.backends();
  const Place& main = backends.main();
  return backends.all().size() == 1 && main.upstream && !main.upstream->is_cluster() && main.url.upstream.relay_config;
}

Bytes upstream_commands(Server& server, View upstream) {
  const std::map<View, View> theirs = lines_of(section_of(upstream, "Commandstats"), "cmdstat_");
  Bytes text;
  for (const CommandTable::Entry& entry : server.commands().entries()) {
    const CommandStatistics& own = server.statistics().commands[entry.id];
    const auto found = theirs.find(entry.full_name);
    // SELECT of clients is seen here, of scripts there.
    const bool selects = entry.full_name == "select";
    if (found != theirs.end() && (selects || server.dispatcher().is_remote_in_transaction(entry))) {
      const uint64_t calls = number_of(found->second, "calls") + (selects ? own.calls : 0);
      const uint64_t us = number_of(found->second, "usec");
      const uint64_t refused_here = own.rejected - std::min(own.rejected, own.rejected_there);
      text += command_line(entry.full_name, calls, us, each(static_cast<double>(us), calls),
                           number_of(found->second, "rejected_calls") + refused_here,
                           number_of(found->second, "failed_calls"));
    } else if (own.calls > 0 || own.rejected > 0 || own.failed > 0) {
      text += command_line(entry.full_name, own.calls, own.nanoseconds / 1000,
                           each(static_cast<double>(own.nanoseconds) / 1000, own.calls), own.rejected, own.failed);
    }
  }
  return text;
}

Bytes upstream_errors(Server& server, View upstream) {
  std::map<Bytes, uint64_t> counts;
  for (const auto& [code, line] : lines_of(section_of(upstream, "Errorstats"), "errorstat_")) {
    counts[Bytes(code)] = number_of(line, "count");
  }
  const Statistics& statistics = server.statistics();
  for (const auto& [code, count] : statistics.errors) {
    const auto there = statistics.errors_there.find(code);
    const uint64_t theirs = there == statistics.errors_there.end() ? 0 : there->second;
    if (count > theirs) counts[code] += count - theirs;
  }
  Bytes text;
  for (const auto& [code, count] : counts) text += fmt::format("errorstat_{}:count={}\r\n", code, count);
  return text;
}

}  // namespace redipy
