// SPDX-License-Identifier: Apache-2.0
//
// See memory_report.h.
#include "server/memory_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/memory/memory_backend.h"
#include "server/server.h"
#include "server/session.h"

namespace redipy {

size_t MemoryReport::keys() const {
  size_t sum = 0;
  for (const Database& database : databases) sum += database.keys;
  return sum;
}

size_t MemoryReport::overhead() const {
  size_t sum = startup + clients;
  for (const Database& database : databases) sum += database.table_bytes;
  return sum;
}

double MemoryReport::dataset_percent() const {
  const size_t grown = used > startup ? used - startup : 0;
  return std::min(100.0, 100 * ratio(dataset(), grown));
}

MemoryReport memory_report(Server& server) {
  MemoryReport report;
  report.used = heap::used();
  Statistics& statistics = server.statistics();
  statistics.peak_memory = std::max<uint64_t>(statistics.peak_memory, report.used);
  report.peak = statistics.peak_memory;
  report.startup = server.startup_bytes();
  server.for_each_session([&](Session& session) { report.clients += Server::client_bytes(session); });
  report.resident = heap::resident();
  report.heap = heap::statistics();
  for (int number = 0; number < server.memory().store()->databases(); ++number) {
    const MemoryStore::Usage usage = server.memory().memory().usage(number);
    if (usage.keys > 0) report.databases.push_back({number, usage.keys, usage.table_bytes});
  }
  return report;
}

Bytes human_bytes(size_t bytes) {
  if (bytes < 1024) return fmt::format("{}B", bytes);
  auto amount = static_cast<double>(bytes);
  for (const char unit : {'K', 'M', 'G', 'T', 'P'}) {
    amount /= 1024;
    if (amount < 1024 || unit == 'P') return fmt::format("{:.2f}{}", amount, unit);
  }
  return {};
}

}  // namespace redipy
