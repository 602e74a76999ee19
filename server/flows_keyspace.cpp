// SPDX-License-Identifier: Apache-2.0
//
// Commands about whole keyspaces, where there are several backends, or only what is under a prefix is ours: KEYS, SCAN,
// RANDOMKEY, DBSIZE, FLUSHDB, FLUSHALL, SWAPDB. Each backend is asked in turn; what comes together is not one moment's.
//
// A key that a backend holds but that routes to another one does not exist for clients, and is left out.
#include <algorithm>
#include <mutex>

#include "core/base/glob.h"
#include "core/base/numbers.h"
#include "core/base/random.h"
#include "core/commands/scan_cursor.h"
#include "core/resp/reply_cursor.h"
#include "proxy/hub.h"
#include "proxy/words.h"
#include "server/dispatch.h"
#include "server/flows.h"
#include "server/relay.h"
#include "server/server.h"
#include "server/session.h"

namespace redipy::flows {

namespace {

constexpr View per_step = "1000";

/// The places that the command is about.
std::vector<Place*> places_of(Flow& flow) {
  if (flow.place) return {flow.place};
  std::vector<Place*> places;
  for (const auto& place : *flow.places) places.push_back(place.get());
  return places;
}

/// Only what is under the prefix is ours there. Our own stores see to their prefix themselves.
bool is_part(const Place& place) { return place.upstream && !place.prefix().empty(); }

bool belongs(Flow& flow, View key, const Place& place) {
  const std::lock_guard guard(flow.server.lock());
  return &flow.server.backends().of(key) == &place;
}

/// Throws if it is an error.
Bytes good(Bytes reply) {
  if (reply.starts_with('-')) throw CommandError(proxy::error_text(reply));
  return reply;
}

struct Scanned {
  Bytes cursor;
  std::vector<Bytes> keys;
};
Scanned read_scan(View reply) {
  Scanned scanned;
  ReplyCursor cursor(reply);
  cursor.enter();
  scanned.cursor = cursor.text();
  cursor.skip();
  const size_t count = cursor.count();
  cursor.enter();
  for (size_t i = 0; i < count; ++i, cursor.skip()) scanned.keys.emplace_back(cursor.text());
  return scanned;
}

/// All keys of a place's database under its prefix (as clients see them), some at a time.
template <class Visit>
Awaitable<void> walk(Flow& flow, Place& place, Visit visit) {
  Bytes cursor = "0";
  do {
    std::vector<View> words = words_of("SCAN", cursor, "COUNT", per_step);
    const Bytes reply = good(co_await ask_place(flow, place, std::move(words)));
    Scanned scanned = read_scan(reply);
    cursor = std::move(scanned.cursor);
    co_await visit(std::move(scanned.keys));
  } while (cursor != "0");
}

Awaitable<size_t> count_keys(Flow& flow, Place& place) {
  if (!is_part(place)) {
    std::vector<View> words = words_of("DBSIZE");
    const Bytes reply = good(co_await ask_place(flow, place, std::move(words)));
    co_return static_cast<size_t>(ReplyCursor(reply).integer().value_or(0));
  }
  // SCAN may show a key twice while the table there is being resized.
  std::vector<Bytes> all;
  co_await walk(flow, place, [&](std::vector<Bytes> keys) -> Awaitable<void> {
    all.insert(all.end(), std::make_move_iterator(keys.begin()), std::make_move_iterator(keys.end()));
    co_return;
  });
  std::sort(all.begin(), all.end());
  co_return static_cast<size_t>(std::unique(all.begin(), all.end()) - all.begin());
}

Awaitable<void> empty_database(Flow& flow, Place& place) {
  co_await walk(flow, place, [&](std::vector<Bytes> keys) -> Awaitable<void> {
    if (keys.empty()) co_return;
    std::vector<View> words = {"UNLINK"};
    words.insert(words.end(), keys.begin(), keys.end());
    good(co_await ask_place(flow, place, std::move(words)));
  });
}

Awaitable<void> flush(Flow& flow, Place& place) {
  if (!is_part(place)) {
    good(co_await ask_place(flow, place, flow.views));
    co_return;
  }
  if (flow.args().size() > 2 ||
      (flow.args().size() == 2 && !flow.args().is(1, "SYNC") && !flow.args().is(1, "ASYNC"))) {
    throw CommandError(error::syntax);
  }
  const int chosen = flow.database;
  const bool all = flow.entry->command->name == "FLUSHALL";
  const int databases = place.upstream->is_cluster() ? 1 : flow.server.settings().databases;
  for (int i = all ? 0 : chosen; i < (all ? databases : chosen + 1); ++i) {
    if (i != chosen && !place.upstream->knows_database(i)) {
      // One that cannot be chosen there has no keys.
      proxy::Hub& hub = flow.session.link().hub(place);
      auto channel = hub.take(flow.reply.protocol());
      flow.database = 0;
      const Bytes number = std::to_string(i + place.upstream->access()->database);
      const Bytes request = proxy::command("SELECT", number);
      const Bytes reply = co_await ask(flow, *channel, request, 1, {.repeatable = true});
      hub.give_back(std::move(channel), false);
      if (reply.starts_with('-')) break;
      place.upstream->note_database(i);
    }
    flow.database = i;
    co_await empty_database(flow, place);
  }
  flow.database = chosen;
}

Awaitable<void> keys(Flow& flow) {
  std::vector<Bytes> found;
  for (Place* const place : places_of(flow)) {
    const Bytes reply = good(co_await ask_place(flow, *place, flow.views));
    ReplyCursor cursor(reply);
    const size_t count = cursor.count();
    cursor.enter();
    for (size_t i = 0; i < count; ++i, cursor.skip()) {
      if (belongs(flow, cursor.text(), *place)) found.emplace_back(cursor.text());
    }
  }
  flow.reply.array(found.size());
  for (const Bytes& key : found) flow.reply.bulk(View(key));
}

/// A cursor of several backends tells which of them is being scanned: cursor' = cursor * backends + backend.
Awaitable<void> scan(Flow& flow) {
  const std::vector<Place*> places = places_of(flow);
  if (places.size() == 1) {
    flow.reply.raw(co_await ask_place(flow, *places.front(), flow.views));
    co_return;
  }
  const uint64_t said = scan_cursor(flow.args(), 1);
  size_t at = static_cast<size_t>(said % places.size());
  const Bytes cursor = std::to_string(said / places.size());
  std::vector<View> words = flow.views;
  words[1] = cursor;
  const Bytes reply = good(co_await ask_place(flow, *places[at], words));
  const Scanned scanned = read_scan(reply);
  uint64_t next = parse_unsigned(scanned.cursor).value_or(0);
  if (next == 0) {
    // The next one begins at 0, which the whole scan's beginning is, too: only its number tells them apart.
    ++at;
    next = at == places.size() ? 0 : at;
  } else {
    next = next * places.size() + at;
  }
  std::vector<View> shown;
  const Place& place = *places[static_cast<size_t>(said % places.size())];
  for (const Bytes& key : scanned.keys) {
    if (belongs(flow, key, place)) shown.emplace_back(key);
  }
  flow.reply.array(2);
  flow.reply.bulk(View(std::to_string(next)));
  flow.reply.array(shown.size());
  for (const View key : shown) flow.reply.bulk(key);
}

Awaitable<void> random_key(Flow& flow) {
  std::vector<std::pair<Place*, size_t>> sizes;
  size_t total = 0;
  for (Place* const place : places_of(flow)) {
    const size_t count = co_await count_keys(flow, *place);
    sizes.emplace_back(place, count);
    total += count;
  }
  if (total == 0) {
    flow.reply.null();
    co_return;
  }
  static thread_local Random random;
  uint64_t chosen = random.next() % total;
  for (const auto& [place, count] : sizes) {
    if (chosen >= count) {
      chosen -= count;
      continue;
    }
    if (!is_part(*place)) {
      std::vector<View> words = words_of("RANDOMKEY");
      flow.reply.raw(good(co_await ask_place(flow, *place, std::move(words))));
      co_return;
    }
    std::optional<Bytes> found;
    co_await walk(flow, *place, [&](std::vector<Bytes> keys) -> Awaitable<void> {
      if (chosen < keys.size()) found = found ? found : std::optional<Bytes>(keys[chosen]);
      chosen -= std::min<uint64_t>(chosen, keys.size());
      co_return;
    });
    if (found) {
      flow.reply.bulk(View(*found));
    } else {
      flow.reply.null();
    }
    co_return;
  }
}

}  // namespace

Awaitable<void> visit_keys(Flow& flow, Place& place, View pattern, KeyVisit visit) {
  Bytes cursor = "0";
  bool wanted = true;
  do {
    std::vector<View> words = words_of("SCAN", cursor, "MATCH", pattern, "COUNT", per_step);
    const Bytes reply = good(co_await ask_place(flow, place, std::move(words)));
    Scanned scanned = read_scan(reply);
    cursor = std::move(scanned.cursor);
    wanted = visit(scanned.keys);
  } while (wanted && cursor != "0");
}

Awaitable<void> keyspace(Flow& flow) {
  const View name = flow.entry->command->name;
  if (name == "KEYS") {
    co_await keys(flow);
  } else if (name == "SCAN") {
    co_await scan(flow);
  } else if (name == "RANDOMKEY") {
    co_await random_key(flow);
  } else if (name == "DBSIZE") {
    size_t total = 0;
    for (Place* const place : places_of(flow)) total += co_await count_keys(flow, *place);
    flow.reply.integer(static_cast<int64_t>(total));
  } else if (name == "SWAPDB") {
    for (Place* const place : places_of(flow)) {
      if (!is_part(*place)) continue;
      throw CommandError("ERR SWAPDB would swap what is not under the prefix of backend " + place->name + ", too");
    }
    for (Place* const place : places_of(flow)) good(co_await ask_place(flow, *place, flow.views));
    flow.reply.ok();
  } else {
    for (Place* const place : places_of(flow)) co_await flush(flow, *place);
    flow.reply.ok();
  }
}

}  // namespace redipy::flows
