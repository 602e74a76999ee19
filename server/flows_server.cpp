// SPDX-License-Identifier: Apache-2.0
//
// INFO and CONFIG where the default backend is an upstream: they tell of this server, and of the data there.
#include <algorithm>
#include <mutex>

#include "core/base/text.h"
#include "core/resp/reply_cursor.h"
#include "proxy/guide.h"
#include "proxy/hub.h"
#include "proxy/words.h"
#include "server/cluster_info.h"
#include "server/config.h"
#include "server/dispatch.h"
#include "server/flows.h"
#include "server/flows_cluster.h"
#include "server/info.h"
#include "server/relay.h"
#include "server/server.h"
#include "server/session.h"

namespace redipy::flows {

namespace {

/// Empty where not every node could be asked.
Awaitable<Bytes> info_of_primaries(Flow& flow, Place& place) {
  if (!flow.session.link().hub(place).guide().refusal().empty()) co_return Bytes();
  const Bytes request = proxy::command("INFO", "all");
  std::vector<Part> parts;
  for (const int slot : co_await primaries_of(flow, place)) parts.push_back({slot, request, true});
  std::vector<Bytes> infos = co_await ask_parts(flow, place, parts, {.repeatable = true});
  for (Bytes& each : infos) {
    if (each.starts_with('-')) co_return Bytes();
    each = ReplyCursor(each).text();
  }
  if (infos.empty()) co_return Bytes();
  co_return merged_info(infos);
}

}  // namespace

// INFO [section ...]
Awaitable<void> info(Flow& flow) {
  Bytes theirs;
  Place& place = flow.server.backends().main();
  // What is told of the data is the upstream's word; if it cannot be asked, that part is left out.
  if (place.upstream->is_cluster()) {
    theirs = co_await info_of_primaries(flow, place);
  } else if (flow.session.relay().channel(place).refusal().empty()) {
    const Bytes request = proxy::command("INFO", "all");
    const Bytes reply = co_await ask(flow, flow.session.relay().channel(place), request, 1, {.repeatable = true});
    if (!reply.starts_with('-')) theirs = ReplyCursor(reply).text();
  }
  const std::lock_guard guard(flow.server.lock());
  flow.reply.verbatim(info_text(flow.server, flow.args().from(1), theirs), "txt");
}

namespace {

/// Runs the command's own handler here, under the lock.
void run_here(Flow& flow) {
  const std::lock_guard guard(flow.server.lock());
  flow.entry->command->run.session(flow.session, flow.args(), flow.reply);
}

/// Those whose URL says config=relay.
std::vector<Place*> relayed(const Flow& flow) {
  std::vector<Place*> places;
  for (const auto& place : *flow.places) {
    if (place->upstream && place->url.upstream.relay_config) places.push_back(place.get());
  }
  return places;
}

/// The reply of each of the places' nodes that is an error, else the last one's.
Awaitable<Bytes> ask_relayed(Flow& flow, std::vector<View> words) {
  Bytes reply;
  for (Place* const place : relayed(flow)) {
    reply = co_await ask_nodes(flow, *place, words);
    if (reply.starts_with('-')) break;
  }
  co_return reply;
}

/// Events that this server watches itself.
bool is_of_commands(View event) { return event == "command" || event == "fast-command"; }

/// The events of both, each an array that begins with its name.
void write_latest(ReplyCursor here, ReplyCursor there, ReplyWriter& reply) {
  std::vector<View> events;
  const auto gather = [&](ReplyCursor& from, bool all) {
    const size_t count = from.count();
    from.enter();
    for (size_t i = 0; i < count; ++i, from.skip()) {
      if (all || !is_of_commands(proxy::first_element(from.raw()))) events.push_back(from.raw());
    }
  };
  gather(here, true);
  gather(there, false);
  reply.array(events.size());
  for (const View event : events) reply.raw(event);
}

}  // namespace

// CONFIG GET parameter [parameter ...] with config=relay: what is about data is told as it is there.
Awaitable<void> config_get(Flow& flow) {
  std::vector<std::pair<Bytes, Bytes>> found;
  {
    const std::lock_guard guard(flow.server.lock());
    found = flow.server.config().get(flow.args().from(2));
  }
  Bytes theirs;
  try {
    theirs = co_await ask_relayed(flow, flow.views);
  } catch (const CommandError&) {
    theirs = "-";  // what is known here is told all the same
  }
  if (!theirs.starts_with('-')) {
    ReplyCursor cursor(theirs);
    const size_t pairs = cursor.count() / 2;
    cursor.enter();
    for (size_t i = 0; i < pairs; ++i) {
      const Bytes name(cursor.text());
      cursor.skip();
      const Bytes value(cursor.text());
      cursor.skip();
      const auto ours = std::find_if(found.begin(), found.end(), [&](const auto& one) { return one.first == name; });
      if (ours == found.end()) {
        if (Config::is_only_theirs(name)) found.emplace_back(name, value);
      } else if (Config::is_about_data(name)) {
        ours->second = value;
      }
    }
  }
  flow.reply.map(found.size());
  for (const auto& [name, value] : found) {
    flow.reply.bulk(name);
    flow.reply.bulk(value);
  }
}

namespace {

/// Which of CONFIG SET's parameters are known here and not there: an older Redis lacks some.
Awaitable<std::vector<Bytes>> lacking_there(Flow& flow) {
  std::vector<View> question = {flow.views[0], "GET"};
  std::vector<Bytes> lacking;
  for (size_t i = 2; i < flow.views.size(); i += 2) {
    if (Config::is_only_theirs(flow.views[i]) || !Config::is_about_data(flow.views[i])) continue;
    question.push_back(flow.views[i]);
    lacking.push_back(flow.words[i]);
  }
  if (lacking.empty()) co_return lacking;
  const Bytes known = co_await ask_relayed(flow, question);
  if (known.starts_with('-')) throw CommandError(proxy::error_text(known));
  ReplyCursor cursor(known);
  const size_t count = cursor.count();
  cursor.enter();
  for (size_t i = 0; i < count; ++i, cursor.skip()) {
    std::erase_if(lacking, [&](const Bytes& name) { return equals_ignore_case(name, cursor.text()); });
  }
  co_return lacking;
}

}  // namespace

// CONFIG SET parameter value [parameter value ...] with config=relay: what is about data is set there as well, what
// only they know only there. All of it or nothing: what is refused there is taken back here.
Awaitable<void> config_set(Flow& flow) {
  std::vector<View> ours = {flow.words[0], flow.words[1]};
  std::vector<View> theirs = ours;
  std::vector<std::pair<Bytes, Bytes>> before;
  if (flow.words.size() % 2 != 0) throw CommandError(error::syntax);
  const std::vector<Bytes> lacking = co_await lacking_there(flow);
  for (size_t i = 2; i < flow.words.size(); i += 2) {
    const bool only_theirs = Config::is_only_theirs(flow.views[i]);
    const bool known_there = std::find(lacking.begin(), lacking.end(), flow.views[i]) == lacking.end();
    if (only_theirs || (Config::is_about_data(flow.views[i]) && known_there)) {
      theirs.insert(theirs.end(), {flow.views[i], flow.views[i + 1]});
    }
    if (!only_theirs) ours.insert(ours.end(), {flow.views[i], flow.views[i + 1]});
  }
  if (ours.size() > 2) {
    const std::lock_guard guard(flow.server.lock());
    for (size_t i = 2; i < ours.size(); i += 2) {
      for (auto& pair : flow.server.config().get(ours[i])) before.push_back(std::move(pair));
    }
    flow.entry->command->run.session(flow.session, Args(std::span<const View>(ours)), flow.reply);
  } else {
    flow.reply.ok();
  }
  if (theirs.size() == 2) co_return;
  Bytes refusal;
  try {
    const Bytes reply = co_await ask_relayed(flow, theirs);
    if (reply.starts_with('-')) refusal = proxy::error_text(reply);
  } catch (const CommandError& down) {
    refusal = down.what();
  }
  if (refusal.empty()) co_return;
  const std::lock_guard guard(flow.server.lock());
  const std::vector<std::pair<View, View>> changes(before.begin(), before.end());
  flow.server.config().set(changes);
  throw CommandError(refusal);
}

// CONFIG RESETSTAT with config=relay: here and there.
Awaitable<void> config_resetstat(Flow& flow) {
  run_here(flow);
  const Bytes reply = co_await ask_relayed(flow, flow.views);
  if (reply.starts_with('-')) throw CommandError(proxy::error_text(reply));
}

// CLIENT PAUSE, CLIENT UNPAUSE with config=relay. Clients are held back here; there only writes are, of which none come
// from here but by scripts on connections of their own, and keys do not expire.
Awaitable<void> pause_clients(Flow& flow) {
  const bool begins = flow.entry->full_name == "client|pause";
  if (begins) run_here(flow);  // first, so that what is sent on before is there before
  std::vector<View> words(flow.views);
  if (begins) words.resize(3);
  if (begins) words.emplace_back("WRITE");
  Bytes reply;
  try {
    reply = co_await ask_relayed(flow, words);
  } catch (const CommandError& down) {
    reply = "-" + Bytes(down.what()) + "\r\n";
  }
  if (!begins) run_here(flow);
  if (reply.starts_with('-')) throw CommandError(proxy::error_text(reply));
}

// LATENCY LATEST, HISTORY, GRAPH, RESET with config=relay: how long commands took is known here, where their clients
// wait; what else holds the upstream up (expiry, eviction, snapshots), there.
Awaitable<void> latency(Flow& flow) {
  Buffer ours;
  {
    const std::lock_guard guard(flow.server.lock());
    ReplyWriter writer(ours, flow.reply.protocol());
    try {
      flow.entry->command->run.session(flow.session, flow.args(), writer);
    } catch (const CommandError& nothing) {  // GRAPH of an event that is not known
      ours.clear();
      writer.error(nothing.what());
    }
  }
  const Bytes theirs = co_await ask_relayed(flow, flow.views);
  const ReplyCursor here(ours.view());
  const ReplyCursor there(theirs);
  const View name = View(flow.entry->full_name).substr(View("latency|").size());
  if (there.is_error() && !here.is_error()) {
    flow.reply.raw(here.raw());
  } else if (name == "reset") {
    flow.reply.integer(here.integer().value_or(0) + there.integer().value_or(0));
  } else if (name == "latest") {
    write_latest(here, there, flow.reply);
  } else {
    const bool known_here =
        is_of_commands(flow.views[2]) || (!here.is_error() && (name == "graph" || here.count() > 0));
    flow.reply.raw(known_here ? here.raw() : there.raw());
  }
}

}  // namespace redipy::flows
