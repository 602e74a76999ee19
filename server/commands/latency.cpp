// SPDX-License-Identifier: Apache-2.0
//
// LATENCY: spikes (latency_monitor.h), and how long each command takes (LatencyHistogram).
#include <fmt/format.h>

#include <algorithm>

#include "core/command/help.h"
#include "server/commands/subcommands.h"
#include "server/server.h"
#include "server/session.h"

namespace redipy {

namespace {

using Series = LatencyMonitor::Series;
using Sample = LatencyMonitor::Sample;

/// The oldest first.
std::vector<Sample> samples_of(const Series& series) {
  std::vector<Sample> samples;
  for (size_t i = 0; i < Series::length; ++i) {
    const Sample& sample = series.samples[(series.next + i) % Series::length];
    if (sample.time_s != 0) samples.push_back(sample);
  }
  return samples;
}

// LATENCY LATEST
void latest(Session& session, const Args&, Reply& reply) {
  const auto& all = session.server().latency_monitor().series();
  reply.array(all.size());
  for (const auto& [event, series] : all) {
    const Sample last = samples_of(series).back();
    reply.array(4);
    reply.bulk(event);
    reply.integer(last.time_s);
    reply.integer(last.latency_ms);
    reply.integer(series.highest_ms);
  }
}

// LATENCY HISTORY event
void history(Session& session, const Args& args, Reply& reply) {
  const auto& all = session.server().latency_monitor().series();
  const auto found = all.find(args[2]);
  if (found == all.end()) return reply.array(0);
  const std::vector<Sample> samples = samples_of(found->second);
  reply.array(samples.size());
  for (const Sample& sample : samples) {
    reply.array(2);
    reply.integer(sample.time_s);
    reply.integer(sample.latency_ms);
  }
}

// LATENCY RESET [event [event ...]]
void reset(Session& session, const Args& args, Reply& reply) {
  LatencyMonitor& monitor = session.server().latency_monitor();
  size_t count = 0;
  if (args.size() == 2) count = monitor.reset({});
  for (const View event : args.from(2)) count += event.empty() ? 0 : monitor.reset(event);
  reply.integer(static_cast<int64_t>(count));
}

Bytes age(int64_t seconds) {
  if (seconds < 60) return fmt::format("{}s", seconds);
  if (seconds < 3600) return fmt::format("{}m", seconds / 60);
  if (seconds < 86400) return fmt::format("{}h", seconds / 3600);
  return fmt::format("{}d", seconds / 86400);
}

/// A bar per sample, of up to four lines, and below it, from top to bottom, how long ago it was.
Bytes drawing(const std::vector<Sample>& samples, int64_t now_s) {
  constexpr size_t height = 4;
  constexpr size_t width = 80;
  const std::span<const Sample> shown = std::span(samples).last(std::min(samples.size(), width));
  uint32_t high = 1;
  for (const Sample& sample : shown) high = std::max(high, sample.latency_ms);
  Bytes text;
  for (size_t line = height; line > 0; --line) {
    for (const Sample& sample : shown) {
      // Each line is worth two halves: '_' the lower, '#' both.
      const size_t halves = (size_t{sample.latency_ms} * height * 2 + high - 1) / high;
      text += halves >= line * 2 ? '#' : halves == line * 2 - 1 ? '_' : ' ';
    }
    text += '\n';
  }
  std::vector<Bytes> labels;
  size_t longest = 0;
  for (const Sample& sample : shown) {
    labels.push_back(age(std::max<int64_t>(now_s - sample.time_s, 0)));
    longest = std::max(longest, labels.back().size());
  }
  text += '\n';
  for (size_t line = 0; line < longest; ++line) {
    for (const Bytes& label : labels) text += line < label.size() ? label[line] : ' ';
    text += '\n';
  }
  return text;
}

// LATENCY GRAPH event
void graph(Session& session, const Args& args, Reply& reply) {
  const auto& all = session.server().latency_monitor().series();
  const auto found = all.find(args[2]);
  if (found == all.end()) throw CommandError("ERR No samples available for event '" + Bytes(args[2]) + "'");
  const std::vector<Sample> samples = samples_of(found->second);
  const auto [low, high] = std::minmax_element(
      samples.begin(), samples.end(), [](const Sample& a, const Sample& b) { return a.latency_ms < b.latency_ms; });
  Bytes text = fmt::format("{} - high {} ms, low {} ms (all time high {} ms)\n", found->first, high->latency_ms,
                           low->latency_ms, found->second.highest_ms);
  text += Bytes(80, '-') + "\n" + drawing(samples, session.server().clock().now_ms() / 1000);
  reply.verbatim(text, "txt");
}

// LATENCY DOCTOR
void doctor(Session& session, const Args&, Reply& reply) {
  Server& server = session.server();
  const auto& all = server.latency_monitor().series();
  if (all.empty() && server.settings().latency_monitor_threshold == 0) {
    return reply.verbatim(
        "Nothing is known: latency is not watched. CONFIG SET latency-monitor-threshold <milliseconds> watches what "
        "takes longer than that; 100 is a good beginning.\n",
        "txt");
  }
  if (all.empty()) {
    return reply.verbatim(
        fmt::format("Nothing took longer than {} ms since the watch began or was reset. All is well.\n",
                    server.settings().latency_monitor_threshold),
        "txt");
  }
  Bytes text = "What held the server up:\n\n";
  bool slow_commands = false;
  for (const auto& [event, series] : all) {
    const std::vector<Sample> samples = samples_of(series);
    uint64_t sum = 0;
    for (const Sample& sample : samples) sum += sample.latency_ms;
    const double average = static_cast<double>(sum) / static_cast<double>(samples.size());
    const double span =
        static_cast<double>(samples.back().time_s - samples.front().time_s) / static_cast<double>(samples.size());
    text += fmt::format("- {}: {} spike(s), {:.0f} ms on average, every {:.0f} s, the worst {} ms.\n", event,
                        samples.size(), average, span, series.highest_ms);
    slow_commands = slow_commands || event == "command" || event == "fast-command";
  }
  text += "\nWhat to do:\n\n";
  if (slow_commands) {
    const int64_t threshold = server.settings().slowlog_log_slower_than;
    if (threshold < 0 || threshold / 1000 > server.settings().latency_monitor_threshold) {
      text += "- Have the slow log keep such commands: CONFIG SET slowlog-log-slower-than <microseconds>.\n";
    }
    text +=
        "- Look at SLOWLOG GET: commands that touch many elements at once are better split (SCAN instead of KEYS, "
        "ranges instead of whole collections).\n";
    text +=
        "- Where even fast commands are slow, the process itself is held up: look for swapping, a busy processor, "
        "a virtual machine that is not given its time.\n";
  } else {
    text += "- Look at the machine: swapping, a busy processor, a slow disk.\n";
  }
  reply.verbatim(text, "txt");
}

/// Calls, and how many took at most so many microseconds, in powers of two from the first bucket with a call.
void reply_histogram(Reply& reply, const LatencyHistogram& histogram) {
  reply.map(2);
  reply.bulk("calls");
  reply.integer(static_cast<int64_t>(histogram.total()));
  reply.bulk("histogram_usec");
  const auto open = reply.open_map();
  size_t buckets = 0;
  uint64_t before = 0;
  for (uint64_t us = 1; before < histogram.total(); us *= 2) {
    // The last bucket takes what is beyond all others.
    const uint64_t count = us >= (uint64_t{1} << 40) ? histogram.total() : histogram.count_up_to(us * 1024);
    if (count == before) continue;
    reply.integer(static_cast<int64_t>(us));
    reply.integer(static_cast<int64_t>(count));
    before = count;
    ++buckets;
  }
  reply.close(open, buckets);
}

// LATENCY HISTOGRAM [command [command ...]]
void histogram(Session& session, const Args& args, Reply& reply) {
  const CommandTable& table = session.server().commands();
  const auto open = reply.open_map();
  size_t count = 0;
  const auto write = [&](const CommandTable::Entry& entry) {
    const auto& latency = session.server().statistics().commands[entry.id].latency;
    if (!latency || latency->total() == 0) return;
    reply.bulk(entry.full_name);
    reply_histogram(reply, *latency);
    ++count;
  };
  if (args.size() == 2) {
    for (const auto& entry : table.entries()) write(entry);
  }
  for (const View name : args.from(2)) {
    const size_t bar = name.find('|');
    const CommandTable::Entry* entry = table.find(name.substr(0, bar));
    if (entry && bar != View::npos) entry = table.find(*entry, name.substr(bar + 1));
    if (!entry) continue;
    write(*entry);
    for (const Command& row : entry->command->subcommands) write(*table.find(*entry, row.name));
  }
  reply.close(open, count);
}

void help(Session& session, const Args& args, Reply& reply) {
  write_help(reply, *session.server().commands().find(args[0])->command);
}

constexpr Flags ruling = flag::admin | flag::noscript | flag::loading | flag::stale;
constexpr Flags report = ruling | flag::random_reply | tip::all_nodes | tip::special_response;

constexpr Command rows[] = {
    {"LATEST", "", 2, report, no_keys, latest, Event::none, "Shows the last spike of each event.", "2.8.13", "O(1)"},
    {"HISTORY", "event", 3, report, no_keys, history, Event::none, "Shows the spikes of an event.", "2.8.13", "O(1)"},
    {"RESET", "[event [event ...]]", -2, ruling | tip::all_nodes | tip::sum, no_keys, reset, Event::none,
     "Forgets the spikes of some events, or of all.", "2.8.13", "O(1)"},
    {"GRAPH", "event", 3, report, no_keys, graph, Event::none, "Draws the spikes of an event.", "2.8.13", "O(1)"},
    {"DOCTOR", "", 2, report, no_keys, doctor, Event::none, "Judges the spikes.", "2.8.13", "O(1)"},
    {"HISTOGRAM", "[command [command ...]]", -2, report, no_keys, histogram, Event::none,
     "Shows how long commands took.", "7.0.0", "O(N) for N commands"},
    {"HELP", "", 2, flag::loading | flag::stale, no_keys, help, Event::none, "Explains the subcommands.", "2.8.13",
     "O(1)"},
};

}  // namespace

std::span<const Command> latency_subcommands() { return rows; }

}  // namespace redipy
