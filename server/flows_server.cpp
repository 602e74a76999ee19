// SPDX-License-Identifier: Apache-2.0
//
// INFO and CONFIG where the default backend is an upstream: they tell of this server, and of the data there.
#include <mutex>

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

// CONFIG SET, CONFIG RESETSTAT with config=relay: here, and at the upstreams whose URL asks for it.
Awaitable<void> config(Flow& flow) {
  const bool sets = flow.entry->full_name == "config|set";
  std::vector<Place*> places;
  std::vector<View> ours = {flow.words[0], flow.words[1]};
  std::vector<View> theirs = ours;
  {
    const std::lock_guard guard(flow.server.lock());
    for (const auto& place : *flow.places) {
      if (place->upstream && place->url.upstream.relay_config) places.push_back(place.get());
    }
    for (size_t i = 2; sets && i + 1 < flow.words.size(); i += 2) {
      const bool is_data = Config::is_about_data(flow.words[i]);
      const bool known = !flow.server.config().get(flow.words[i]).empty();
      if (is_data || !known) theirs.insert(theirs.end(), {flow.views[i], flow.views[i + 1]});
      if (known || !is_data) ours.insert(ours.end(), {flow.views[i], flow.views[i + 1]});
    }
    // What is refused here changes nothing there.
    if (!sets || ours.size() > 2 || flow.words.size() % 2 != 0) {
      const Args args = flow.words.size() % 2 != 0 ? flow.args() : Args(std::span<const View>(ours));
      flow.entry->command->run.session(flow.session, args, flow.reply);
    } else {
      flow.reply.ok();
    }
  }
  if (sets && theirs.size() == 2) co_return;
  for (Place* const place : places) {
    Buffer request;
    proxy::append_command(request, sets ? std::span<const View>(theirs) : std::span<const View>(flow.views));
    const Bytes reply = co_await ask_nodes(flow, *place, sets ? theirs : flow.views);
    if (reply.starts_with('-')) throw CommandError(proxy::error_text(reply));
  }
}

}  // namespace redipy::flows
