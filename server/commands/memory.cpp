// SPDX-License-Identifier: Apache-2.0
//
// MEMORY: where it is (memory_report.h), and what one key takes.
#include <fmt/format.h>

#include "core/base/heap.h"
#include "core/command/help.h"
#include "core/store/frame.h"
#include "server/commands/subcommands.h"
#include "server/memory_report.h"
#include "server/server.h"
#include "server/session.h"

namespace redipy {

namespace {

// MEMORY USAGE key [SAMPLES count]
void usage(Store& store, const Args& args, Reply& reply) {
  int64_t samples = 5;
  for (size_t i = 3; i < args.size(); i += 2) {
    if (!args.is(i, "SAMPLES") || i + 1 == args.size()) throw CommandError(error::syntax);
    samples = args.integer(i + 1);
    if (samples < 0) throw CommandError(error::syntax);
  }
  const auto bytes = store.memory_usage(args[2], static_cast<size_t>(samples));
  if (!bytes) return reply.null();
  reply.integer(static_cast<int64_t>(*bytes));
}

// MEMORY STATS
void stats(Session& session, const Args&, Reply& reply) {
  const MemoryReport report = memory_report(session.server());
  const heap::Statistics& heap = report.heap;
  const auto open = reply.open_map();
  size_t count = 0;
  const auto integer = [&](View name, auto value) {
    reply.bulk(name);
    reply.integer(static_cast<int64_t>(value));
    ++count;
  };
  const auto number = [&](View name, double value) {
    reply.bulk(name);
    reply.number(value);
    ++count;
  };
  integer("peak.allocated", report.peak);
  integer("total.allocated", report.used);
  integer("startup.allocated", report.startup);
  integer("replication.backlog", 0);
  integer("clients.slaves", 0);
  integer("clients.normal", report.clients);
  integer("cluster.links", 0);
  integer("aof.buffer", 0);
  integer("lua.caches", 0);
  integer("functions.caches", 0);
  for (const MemoryReport::Database& database : report.databases) {
    reply.bulk(fmt::format("db.{}", database.number));
    reply.map(3);
    reply.bulk("overhead.hashtable.main");
    reply.integer(static_cast<int64_t>(database.table_bytes));
    reply.bulk("overhead.hashtable.expires");
    reply.integer(0);
    reply.bulk("overhead.hashtable.slot-to-keys");
    reply.integer(0);
    ++count;
  }
  const size_t keys = report.keys();
  const size_t grown = report.used > report.startup ? report.used - report.startup : 0;
  integer("overhead.total", report.overhead());
  integer("keys.count", keys);
  integer("keys.bytes-per-key", keys == 0 ? 0 : grown / keys);
  integer("dataset.bytes", report.dataset());
  number("dataset.percentage", report.dataset_percent());
  number("peak.percentage", report.peak_percent());
  integer("allocator.allocated", heap.allocated);
  integer("allocator.active", heap.active);
  integer("allocator.resident", heap.resident);
  number("allocator-fragmentation.ratio", MemoryReport::ratio(heap.active, heap.allocated));
  integer("allocator-fragmentation.bytes", MemoryReport::difference(heap.active, heap.allocated));
  number("allocator-rss.ratio", MemoryReport::ratio(heap.resident, heap.active));
  integer("allocator-rss.bytes", MemoryReport::difference(heap.resident, heap.active));
  number("rss-overhead.ratio", MemoryReport::ratio(report.resident, heap.resident));
  integer("rss-overhead.bytes", MemoryReport::difference(report.resident, heap.resident));
  number("fragmentation", MemoryReport::ratio(report.resident, report.used));
  integer("fragmentation.bytes", MemoryReport::difference(report.resident, report.used));
  reply.close(open, count);
}

// MEMORY DOCTOR
void doctor(Session& session, const Args&, Reply& reply) {
  Server& server = session.server();
  const MemoryReport report = memory_report(server);
  constexpr size_t little = size_t{5} << 20;
  if (report.used < little) {
    return reply.verbatim("There is hardly anything in memory, so there is nothing to judge yet.\n", "txt");
  }
  Bytes text;
  const uint64_t limit = server.settings().maxmemory;
  if (limit != 0 && report.used > limit / 100 * 95) {
    text +=
        fmt::format("- {} of maxmemory's {} are in use: keys are evicted, or writes refused, by maxmemory-policy.\n",
                    human_bytes(report.used), human_bytes(limit));
  }
  if (MemoryReport::ratio(report.peak, report.used) > 1.5) {
    text += fmt::format(
        "- There was a peak of {}: freed memory may stay with the process for some time. MEMORY PURGE gives it back.\n",
        human_bytes(report.peak));
  }
  if (MemoryReport::ratio(report.heap.active, report.heap.allocated) > 1.4) {
    text +=
        "- What is in use is scattered over many pages: sizes of values have changed a lot. A restart, or time, mends "
        "it.\n";
  }
  if (MemoryReport::ratio(report.heap.resident, report.heap.active) > 1.3) {
    text += "- The allocator keeps many free pages. MEMORY PURGE gives them back.\n";
  }
  const size_t clients = server.session_count();
  if (clients > 0 && report.clients / clients > (size_t{200} << 10)) {
    text += fmt::format(
        "- Clients' buffers take {} each on average: some do not read their replies, or send very large requests. "
        "CLIENT LIST shows which.\n",
        human_bytes(report.clients / clients));
  }
  reply.verbatim(text.empty() ? "All is well with the memory.\n" : "What stands out:\n\n" + text, "txt");
}

// MEMORY PURGE
void purge(Session&, const Args&, Reply& reply) {
  heap::purge();
  reply.ok();
}

// MEMORY MALLOC-STATS
void malloc_stats(Session&, const Args&, Reply& reply) {
  const Bytes report = heap::report();
  if (report.empty()) return reply.bulk("Stats not supported for the current allocator");
  reply.verbatim(report, "txt");
}

void help(Session& session, const Args& args, Reply& reply) {
  write_help(reply, *session.server().commands().find(args[0])->command);
}

constexpr Flags report = flag::random_reply | tip::all_shards | tip::special_response;

constexpr Command rows[] = {
    {"USAGE", "key [SAMPLES count]", -3, flag::read | flag::no_touch, key_at(2, key::ro), usage, Event::none,
     "Estimates the memory that a key and its value take.", "4.0.0", "O(N) for N samples"},
    {"STATS", "", 2, report, no_keys, stats, Event::none, "Tells where the memory is.", "4.0.0", "O(N) for N clients"},
    {"DOCTOR", "", 2, report, no_keys, doctor, Event::none, "Judges the use of memory.", "4.0.0", "O(N) for N clients"},
    {"PURGE", "", 2, tip::all_shards | tip::all_succeeded, no_keys, purge, Event::none,
     "Gives free pages back to the system.", "4.0.0", "Depends on how much memory was freed"},
    {"MALLOC-STATS", "", 2, report, no_keys, malloc_stats, Event::none, "Shows what the allocator tells about itself.",
     "4.0.0", "Depends on how much memory is in use"},
    {"HELP", "", 2, flag::loading | flag::stale, no_keys, help, Event::none, "Explains the subcommands.", "4.0.0",
     "O(1)"},
};

}  // namespace

std::span<const Command> memory_subcommands() { return rows; }

}  // namespace redipy
