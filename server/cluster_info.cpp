// SPDX-License-Identifier: Apache-2.0
//
// See cluster_info.h.
#include "server/cluster_info.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/base/numbers.h"
#include "server/memory_report.h"

namespace redipy {

namespace {

constexpr View added_up[] = {"expired_keys",
                             "evicted_keys",
                             "keyspace_hits",
                             "keyspace_misses",
                             "pubsubshard_channels",
                             "lazyfreed_objects",
                             "lazyfree_pending_objects",
                             "tracking_total_keys",
                             "tracking_total_items",
                             "expired_time_cap_reached_count",
                             "rdb_changes_since_last_save",
                             "maxmemory",
                             "used_memory",
                             "used_memory_dataset",
                             "mem_clients_normal",
                             "mem_not_counted_for_evict",
                             "evicted_clients"};
constexpr View human = "_human";

struct Database {
  uint64_t keys = 0;
  uint64_t expires = 0;
  uint64_t ttl_sum = 0;  // milliseconds, of all keys that expire
};

template <class Visit>
void for_each_line(View text, Visit visit) {
  while (!text.empty()) {
    const size_t end = std::min(text.find("\r\n"), text.size());
    const View line = text.substr(0, end);
    const size_t colon = std::min(line.find(':'), line.size());
    visit(line, line.substr(0, colon), line.substr(std::min(colon + 1, line.size())));
    text.remove_prefix(std::min(end + 2, text.size()));
  }
}

bool is_database(View name) {
  return name.starts_with("db") && name.size() > 2 && name.find_first_not_of("0123456789", 2) == View::npos;
}

/// Of `keys=2,expires=1,avg_ttl=5`.
uint64_t number_after(View value, View label) {
  const size_t at = value.find(label);
  if (at == View::npos) return 0;
  const View rest = value.substr(at + label.size());
  return parse_unsigned(rest.substr(0, rest.find(','))).value_or(0);
}

}  // namespace

Bytes merged_info(const std::vector<Bytes>& infos) {
  std::map<View, uint64_t> sums;
  std::map<Bytes, Database, std::less<>> databases;
  for (const Bytes& info : infos) {
    for_each_line(info, [&](View, View name, View value) {
      if (is_database(name)) {
        Database& one = databases[Bytes(name)];
        const uint64_t expires = number_after(value, "expires=");
        one.keys += number_after(value, "keys=");
        one.expires += expires;
        one.ttl_sum += expires * number_after(value, "avg_ttl=");
      } else if (const auto* const found = std::find(std::begin(added_up), std::end(added_up), name);
                 found != std::end(added_up)) {
        sums[*found] += parse_unsigned(value).value_or(0);
      }
    });
  }
  Bytes text;
  for_each_line(infos.front(), [&](View line, View name, View) {
    const View plain = name.ends_with(human) ? name.substr(0, name.size() - human.size()) : name;
    const auto sum = sums.find(plain);
    if (is_database(name)) return;
    if (sum == sums.end()) {
      text += line;
    } else if (plain == name) {
      text += fmt::format("{}:{}", name, sum->second);
    } else {
      text += fmt::format("{}:{}", name, human_bytes(static_cast<size_t>(sum->second)));
    }
    text += "\r\n";
    if (line != "# Keyspace") return;
    for (const auto& [number, one] : databases) {
      text += fmt::format("{}:keys={},expires={},avg_ttl={}\r\n", number, one.keys, one.expires,
                          one.expires > 0 ? one.ttl_sum / one.expires : 0);
    }
  });
  return text;
}

}  // namespace redipy
