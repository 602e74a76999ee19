// SPDX-License-Identifier: Apache-2.0
//
// See flows_cluster.h. What needs a connection of its own at a node: flows_cluster_pins.cpp.
#include "server/flows_cluster.h"

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <functional>
#include <utility>

#include "core/base/numbers.h"
#include "core/base/random.h"
#include "core/commands/scan_cursor.h"
#include "core/resp/reply_cursor.h"
#include "proxy/guide.h"
#include "proxy/key_split.h"
#include "proxy/reply_merge.h"
#include "proxy/request_writer.h"
#include "proxy/words.h"
#include "server/relay.h"
#include "server/session.h"

namespace redipy::flows {

namespace {

using Executor = asio::io_context::executor_type;

proxy::Traits traits_of(const Command& command) {
  return {.repeatable = command.is(flag::read) && !command.is(flag::write)};
}

proxy::Guide& guide_of(Flow& flow, Place& place) { return flow.session.link().hub(place).guide(); }

/// The parts of one question, under way at the same time.
struct Gathering {
  struct Trip final : proxy::Errand {
    void arrived(View bytes, uint32_t) override {
      Gathering& all = *of;
      all.replies[index] = Bytes(bytes);
      if (--all.left == 0) all.done();
    }
    Gathering* of = nullptr;
    size_t index = 0;
  };

  explicit Gathering(size_t parts) : trips(parts), replies(parts), left(parts) {}

  std::vector<Trip> trips;
  std::vector<Bytes> replies;
  size_t left;
  std::function<void()> done;
};

Bytes merged(Merge kind, const std::vector<Bytes>& replies, std::vector<uint32_t> part_of_key = {}) {
  ReplyMerge merge(kind, replies.size(), std::move(part_of_key));
  for (size_t i = 0; i < replies.size(); ++i) merge.add(i, replies[i]);
  Buffer out;
  merge.write(out);
  return Bytes(out.view());
}

/// Of SCAN: its COUNT, where that is a number; nodes refuse what is none.
int64_t count_wanted(const Args& args) {
  for (size_t i = 2; i + 1 < args.size(); i += 2) {
    if (args.is(i, "COUNT")) return std::max<int64_t>(1, parse_integer(args[i + 1]).value_or(1));
  }
  return 10;
}

/// How replies of all primaries become one. Where the row tells nothing, that of the first stands for all.
Merge merge_everywhere(const Command& command) {
  const Merge kind = merge_of(command);
  const bool lists = command.name == "KEYS" || command.name == "SHARDCHANNELS";
  return kind == Merge::special || (kind == Merge::concatenate && !lists) ? Merge::all_succeeded : kind;
}

/// One node after the other; the next one in the same call where one is through and has shown fewer keys than asked
/// for.
Awaitable<Bytes> scan(Flow& flow, Place& place, const CommandTable::Entry& entry, const Args& args) {
  const uint64_t said = scan_cursor(args, 1);
  const auto wanted = static_cast<size_t>(count_wanted(args));
  const std::vector<int> primaries = co_await primaries_of(flow, place);
  const auto nodes = static_cast<uint32_t>(primaries.size());
  ScanCursor at = ScanCursor::of(said, nodes);
  std::vector<Bytes> shown;  // each element as the node wrote it
  for (;;) {
    std::vector<View> words(args.begin(), args.end());
    const Bytes cursor = std::to_string(at.cursor);
    words[1] = cursor;
    const Bytes request = encode(place, entry, Args(std::span<const View>(words)));
    const std::vector<Part> parts = {{primaries[at.node], request, true}};
    std::vector<Bytes> replies = co_await ask_parts(flow, place, parts, traits_of(*entry.command));
    const Bytes reply = decode(place, entry, std::move(replies[0]));
    ReplyCursor read(reply);
    if (!read.is_aggregate() || read.count() != 2) co_return reply;
    read.enter();
    const uint64_t next = parse_unsigned(read.text()).value_or(0);
    read.skip();
    const size_t count = read.count();
    read.enter();
    for (size_t i = 0; i < count; ++i, read.skip()) shown.emplace_back(read.raw());
    const auto after = ScanCursor::after(next, at.node, nodes);
    if (!after) throw CommandError("ERR the cluster's cursor is too large");
    if (next == 0 && *after != 0 && shown.size() < wanted) {
      at = {0, at.node + 1};
      continue;
    }
    Buffer out;
    append_header('*', 2, out);
    append_bulk(std::to_string(*after), {}, out);
    append_header('*', shown.size(), out);
    for (const Bytes& each : shown) out.append(each);
    co_return Bytes(out.view());
  }
}

/// One of them, the larger the likelier.
Awaitable<Bytes> random_key(Flow& flow, Place& place, const CommandTable::Entry& entry, const Args& args) {
  const std::vector<int> primaries = co_await primaries_of(flow, place);
  std::vector<Part> parts;
  const Bytes size = proxy::command("DBSIZE");
  parts.reserve(primaries.size());
  for (const int slot : primaries) parts.push_back({slot, size, true});
  const std::vector<Bytes> sizes = co_await ask_parts(flow, place, parts, {.repeatable = true});
  uint64_t total = 0;
  for (const Bytes& each : sizes) total += static_cast<uint64_t>(ReplyCursor(each).integer().value_or(0));
  static thread_local Random random;
  uint64_t chosen = total > 0 ? random.next() % total : 0;
  size_t first = 0;
  while (first + 1 < sizes.size()) {
    const auto keys = static_cast<uint64_t>(ReplyCursor(sizes[first]).integer().value_or(0));
    if (chosen < keys) break;
    chosen -= keys;
    ++first;
  }
  const Bytes request = encode(place, entry, args);
  Bytes reply;
  for (size_t i = 0; i < primaries.size(); ++i) {
    const std::vector<Part> part = {{primaries[(first + i) % primaries.size()], request, true}};
    reply = std::move((co_await ask_parts(flow, place, part, {.repeatable = true}))[0]);
    if (!ReplyCursor(reply).is_null()) break;
  }
  co_return reply;
}

/// [name, count …] of each, with the counts added up.
Bytes added_up(const std::vector<Bytes>& replies) {
  std::vector<std::pair<Bytes, int64_t>> sums;
  for (const Bytes& reply : replies) {
    ReplyCursor cursor(reply);
    if (cursor.is_error()) return reply;
    const size_t pairs = cursor.count() / 2;
    cursor.enter();
    for (size_t i = 0; i < pairs; ++i) {
      if (sums.size() <= i) sums.emplace_back(Bytes(cursor.text()), 0);
      cursor.skip();
      sums[i].second += cursor.integer().value_or(0);
      cursor.skip();
    }
  }
  Buffer out;
  append_header('*', sums.size() * 2, out);
  for (const auto& [name, count] : sums) {
    append_bulk(name, {}, out);
    out.append(":" + std::to_string(count) + "\r\n");
  }
  return Bytes(out.view());
}

Awaitable<Bytes> divided(Flow& flow, Place& place, const CommandTable::Entry& entry, const Args& args) {
  KeySplit split;
  if (!split.divide(entry, args, place.prefix())) {
    // There are no parts then, and so nothing that would ever be answered.
    throw CommandError("ERR wrong number of arguments for '" + Bytes(entry.full_name) + "' command");
  }
  std::vector<Part> parts;
  for (size_t i = 0; i < split.parts(); ++i) {
    Buffer request;
    split.write(i, request);
    parts.push_back({split.slot(i), Bytes(request.view())});
  }
  const std::vector<Bytes> replies = co_await ask_parts(flow, place, parts, traits_of(*entry.command));
  co_return merged(merge_of(*entry.command), replies, split.part_of_key());
}

}  // namespace

Awaitable<std::vector<Bytes>> ask_parts(Flow& flow, Place& place, const std::vector<Part>& parts, proxy::Traits traits,
                                        uint32_t replies) {
  Gathering all(parts.size());
  proxy::Carrier* const carrier = flow.session.relay().carrier(place);
  const Bytes ahead = flow.session.relay().take_ahead();
  asio::io_context& context = flow.session.link().context();
  proxy::Guide& guide = guide_of(flow, place);
  co_await asio::async_initiate<const asio::use_awaitable_t<Executor>, void()>(
      [&](auto handler) {
        auto kept = std::make_shared<decltype(handler)>(std::move(handler));
        // Not from within the channel's event: the coroutine may do anything.
        all.done = [&context, kept] { asio::post(context, [kept] { std::move (*kept)(); }); };
        for (size_t i = 0; i < parts.size(); ++i) {
          all.trips[i].of = &all;
          all.trips[i].index = i;
          all.trips[i].begin(guide, parts[i].request,
                             {.slot = parts[i].slot,
                              .replies = replies,
                              .protocol = flow.reply.protocol(),
                              .client = flow.session.id(),
                              .traits = traits,
                              .stands_for_node = parts[i].stands_for_node,
                              .carrier = carrier,
                              .ahead = ahead});
        }
      },
      asio::use_awaitable_t<Executor>());
  co_return std::move(all.replies);
}

Awaitable<Bytes> ask_at(Flow& flow, Place& place, int slot, View request, uint32_t replies, proxy::Traits traits) {
  if (!place.upstream->is_cluster()) {
    co_return co_await ask(flow, channel_to(flow, place), request, replies, traits);
  }
  const std::vector<Part> parts = {{slot, Bytes(request)}};
  std::vector<Bytes> answers = co_await ask_parts(flow, place, parts, traits, replies);
  co_return std::move(answers[0]);
}

Awaitable<Bytes> ask_primaries(Flow& flow, Place& place, const CommandTable::Entry& entry,
                               const std::vector<View>& words) {
  Buffer request;
  proxy::append_command(request, words);
  std::vector<Part> parts;
  for (const int slot : co_await primaries_of(flow, place)) parts.push_back({slot, Bytes(request.view()), true});
  const std::vector<Bytes> replies = co_await ask_parts(flow, place, parts, traits_of(*entry.command));
  co_return merged(merge_everywhere(*entry.command), replies);
}

Awaitable<Bytes> ask_cluster(Flow& flow, Place& place, const CommandTable::Entry& entry, const Args& args) {
  const ClusterWay way = cluster_way(place, entry, args);
  std::vector<Part> parts;
  switch (way.kind) {
    case ClusterWay::crossed:
      throw CommandError(error::crossed_slots);
    case ClusterWay::refused:
      throw CommandError("ERR the command has no meaning over the nodes of a cluster");
    case ClusterWay::divided:
      co_return co_await divided(flow, place, entry, args);
    case ClusterWay::scan:
      co_return co_await scan(flow, place, entry, args);
    case ClusterWay::random_key:
      co_return co_await random_key(flow, place, entry, args);
    case ClusterWay::slot:
    case ClusterWay::meeting:
      parts.push_back({way.slot_number, encode(place, entry, args), way.kind == ClusterWay::meeting});
      break;
    case ClusterWay::everywhere:
    case ClusterWay::counted: {
      const Bytes request = encode(place, entry, args);
      for (const int slot : co_await primaries_of(flow, place)) parts.push_back({slot, request, true});
      break;
    }
  }
  std::vector<Bytes> replies = co_await ask_parts(flow, place, parts, traits_of(*entry.command));
  for (Bytes& reply : replies) reply = decode(place, entry, std::move(reply));
  if (replies.size() == 1) co_return std::move(replies[0]);
  if (way.kind == ClusterWay::counted) co_return added_up(replies);
  co_return merged(merge_everywhere(*entry.command), replies);
}

Awaitable<void> pause(Flow& flow, std::chrono::milliseconds time) {
  asio::steady_timer timer(flow.session.link().context(), time);
  co_await timer.async_wait(asio::use_awaitable_t<Executor>());
}

Awaitable<proxy::Address> node_of(Flow& flow, Place& place, int slot) {
  proxy::Guide& guide = guide_of(flow, place);
  const int64_t patience = place.upstream->access()->timeout_ms;
  const int64_t begun = proxy::Hub::now_ms();
  for (;;) {
    if (guide.map()) {
      if (slot == proxy::Errand::any_slot) co_return guide.any_node(flow.session.id());
      if (const auto found = guide.node_of(slot)) co_return *found;
    }
    const int64_t now = proxy::Hub::now_ms();
    const int64_t failing = place.upstream->topology().failing_since();
    if (now - begun > patience || (failing != 0 && now - failing > patience)) {
      throw CommandError(guide.map() ? "CLUSTERDOWN Hash slot not served" : guide.refusal());
    }
    co_await pause(flow, std::chrono::milliseconds(10));
  }
}

Awaitable<std::vector<int>> primaries_of(Flow& flow, Place& place) {
  co_await node_of(flow, place, proxy::Errand::any_slot);
  co_return guide_of(flow, place).primaries();
}

int slot_of(const Place& place, const CommandTable::Entry& entry, const Args& args) {
  if (!place.upstream->is_cluster()) return proxy::Errand::any_slot;
  const ClusterWay way = cluster_way(place, entry, args);
  if (way.kind == ClusterWay::crossed || way.kind == ClusterWay::divided) throw CommandError(error::crossed_slots);
  return way.kind == ClusterWay::slot ? way.slot_number : proxy::Errand::any_slot;
}

}  // namespace redipy::flows
