// SPDX-License-Identifier: Apache-2.0
//
// BACKEND: what it tells, and changes of backends and routes at run time. A change is first looked at whether it is
// right, then written to the state file, and then it takes effect.
//
// A route changes only where no key moves by it: where no key exists that would belong to another backend afterwards.
// Between that look and the change no write must slip in. CLIENT PAUSE would hold up everybody; here only those wait
// whose commands may write to a key that fits the pattern (Backends::holds_back, a gate), and there are hardly any, for
// no such key exists. In order:
//
//     hold such writes ── wait for flows begun before ── wait for what was sent before ── SCAN ── state file ── change
//
// When it is through, what sessions began with such keys is undone as if a key had changed (Backends::rerouted).
#include <spdlog/spdlog.h>

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>

#include "core/base/glob.h"
#include "core/base/numbers.h"
#include "core/base/text.h"
#include "core/resp/reply_cursor.h"
#include "core/store/frame.h"
#include "proxy/hub.h"
#include "proxy/words.h"
#include "server/connection.h"
#include "server/executor.h"
#include "server/flows.h"
#include "server/relay.h"
#include "server/server.h"
#include "server/session.h"

namespace redipy::flows {

namespace {

using Context = asio::io_context::executor_type;

/// How long commands that began before may take.
constexpr auto longest_wait = std::chrono::seconds(5);
constexpr auto between_looks = std::chrono::milliseconds(1);
/// Under a prefix keys can only be counted by walking them: so many are, for BACKEND LIST.
constexpr size_t most_counted = 100'000;
constexpr size_t keys_per_step = 1000;

Bytes shown(View text) { return quote(text.substr(0, 128)); }

/// No other change comes between while it lives.
class Change {
 public:
  explicit Change(Server& server) : server_(server) {
    const std::lock_guard guard(server_.lock());
    if (!server_.backends().begin_change()) throw CommandError("ERR another change of the backends is under way");
  }
  ~Change() {
    const std::lock_guard guard(server_.lock());
    server_.backends().end_change();
  }
  Change(const Change&) = delete;
  Change& operator=(const Change&) = delete;

 private:
  Server& server_;
};

/// On disk, before it takes effect. Without the lock, which others need meanwhile.
void keep(Flow& flow, const BackendState& state) {
  try {
    flow.server.backends().state_file().write(write_backend_state(state));
  } catch (const std::runtime_error& failure) {
    spdlog::error("{}", failure.what());
    throw CommandError(Bytes("ERR nothing was changed, for the state file is not written: ") + failure.what());
  }
}

// --- what is done on each network thread

/// `work` is called on each network thread and calls `done`, at once or later, on that thread. Goes on when all are.
using ThreadWork = std::function<void(NetworkThread&, std::function<void(bool good)> done)>;

/// `work` is a variable of the caller's: made within a co_await, it would be destroyed twice by g++ 12.
Awaitable<bool> on_each_thread(Flow& flow, const ThreadWork& work) {
  struct State {
    std::atomic<size_t> left;
    std::atomic<bool> good{true};
  };
  asio::io_context& context = flow.session.link().context();
  const Backends& backends = flow.server.backends();
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<Context>, void(bool)>(
      [&](auto handler) {
        auto state = std::make_shared<State>();
        state->left = backends.threads();
        auto kept = std::make_shared<decltype(handler)>(std::move(handler));
        backends.post_to_threads([&context, state, kept, work](NetworkThread& thread) {
          work(thread, [&context, state, kept](bool good) {
            if (!good) state->good = false;
            if (state->left.fetch_sub(1) != 1) return;
            asio::post(context, [state, kept] { std::move (*kept)(state->good.load()); });
          });
        });
      },
      asio::use_awaitable_t<Context>());
}

/// Ends the connections there, of sessions too.
Awaitable<void> disconnect(Flow& flow, const std::shared_ptr<Place>& place) {
  const ThreadWork work = [place](NetworkThread& thread, const std::function<void(bool)>& done) {
    const auto found = thread.hubs.find(place->id);
    if (found != thread.hubs.end()) {
      found->second->close(removed_backend);
      // Sessions that close for it refer to its connections until they have: that is asked for by now, so done by then.
      asio::post(thread.context,
                 [&thread, place] { asio::post(thread.context, [&thread, place] { thread.hubs.erase(place->id); }); });
    }
    done(true);
  };
  co_await on_each_thread(flow, work);
}

// --- that nothing is under way

bool may_write(const CommandTable::Entry& entry) {
  return entry.group == Group::scripting || entry.full_name == "exec" ||
         entry.command->is(flag::write | flag::may_replicate);
}

/// Holds writes to keys that fit the pattern, and waits until those that came before are executed at `place`.
Awaitable<void> hold_writes(Flow& flow, Place& place, View pattern) {
  std::vector<std::pair<uint64_t, int64_t>> begun;
  {
    const std::lock_guard guard(flow.server.lock());
    flow.server.backends().hold_writes(Bytes(pattern));
    flow.server.for_each_session([&](Session& session) {
      if (session.wait.kind != Wait::flow || &session == &flow.session || !may_write(*session.wait.entry)) return;
      begun.emplace_back(session.id(), session.flow_started);
    });
  }
  const auto still_running = [&] {
    const std::lock_guard guard(flow.server.lock());
    std::erase_if(begun, [&](const auto& one) {
      Session* const session = flow.server.session(one.first);
      return !session || session->wait.kind != Wait::flow || session->flow_started != one.second;
    });
    return !begun.empty() || flow.server.script_paused();
  };
  asio::steady_timer timer(flow.session.link().context());
  const auto last = std::chrono::steady_clock::now() + longest_wait;
  while (still_running()) {
    if (std::chrono::steady_clock::now() > last) {
      throw CommandError("ERR nothing was changed, for a command that began before takes long");
    }
    timer.expires_after(between_looks);
    co_await timer.async_wait(asio::use_awaitable_t<Context>());
  }
  if (!place.upstream) co_return;
  const ThreadWork when_answered = [id = place.id](NetworkThread& thread, std::function<void(bool)> done) {
    const auto found = thread.hubs.find(id);
    if (found == thread.hubs.end()) return done(true);
    found->second->when_answered(std::move(done));
  };
  const bool answered = co_await on_each_thread(flow, when_answered);
  if (!answered) {
    throw CommandError("ERR nothing was changed, for backend '" + place.name +
                       "' does not answer: what was written there before is not known");
  }
}

// --- asking which keys there are

/// INFO keyspace of an upstream: databases as clients number them, with how many keys each has.
Awaitable<std::vector<std::pair<int, size_t>>> databases_of(Flow& flow, Place& place) {
  const Bytes request = proxy::command("INFO", "keyspace");
  const Bytes reply = co_await ask(flow, channel_to(flow, place), request, 1, {.repeatable = true});
  if (reply.starts_with('-')) throw CommandError(proxy::error_text(reply));
  std::vector<std::pair<int, size_t>> databases;
  const int first = place.upstream->access()->database;
  const int count = flow.server.settings().databases;
  View text = ReplyCursor(reply).text();
  for (size_t at = text.find("\ndb"); at != View::npos; at = text.find("\ndb")) {
    text.remove_prefix(at + 3);
    const size_t colon = text.find(":keys=");
    if (colon == View::npos) break;
    const auto number = parse_integer(text.substr(0, colon));
    text.remove_prefix(colon + 6);
    const auto keys = parse_integer(text.substr(0, text.find_first_not_of("0123456789")));
    if (!number || !keys || *number < first || *number - first >= count) continue;
    databases.emplace_back(static_cast<int>(*number) - first, static_cast<size_t>(*keys));
  }
  co_return databases;
}

/// Keys of our own data, some at a time, with others' turn in between.
Awaitable<void> visit_own_keys(Flow& flow, Place& place, View pattern, int database, KeyVisit visit) {
  Store& store = *place.store();
  uint64_t cursor = 0;
  do {
    std::vector<Bytes> keys;
    {
      const std::lock_guard guard(flow.server.lock());
      const Frame frame(store);
      store.select(database);
      cursor = store.scan(cursor, keys_per_step, [&](View key, Type) {
        if (glob_match(pattern, key)) keys.emplace_back(key);
      });
    }
    if (!visit(keys)) co_return;
    co_await asio::post(flow.session.link().context(), asio::use_awaitable_t<Context>());
  } while (cursor != 0);
}

/// The first key that fits the pattern and has `moves` say so, in any database; nullopt if there is none.
Awaitable<std::optional<Bytes>> find_key(Flow& flow, Place& place, View pattern, FunctionRef<bool(View)> moves) {
  std::optional<Bytes> found;
  const auto look = [&](const std::vector<Bytes>& keys) {
    const auto key = std::find_if(keys.begin(), keys.end(), [&](const Bytes& each) { return moves(each); });
    if (key != keys.end()) found = *key;
    return !found;
  };
  if (place.memory) {
    for (int i = 0; i < place.store()->databases() && !found; ++i) {
      co_await visit_own_keys(flow, place, pattern, i, look);
    }
    co_return found;
  }
  std::vector<std::pair<int, size_t>> databases = {{0, 0}};
  if (place.executor) {
    for (int i = 1; i < flow.server.settings().databases; ++i) databases.emplace_back(i, 0);
  } else if (!place.upstream->is_cluster()) {
    databases = co_await databases_of(flow, place);
  }
  const int chosen = flow.database;
  for (const auto& [database, keys] : databases) {
    flow.database = database;
    co_await visit_keys(flow, place, pattern, look);
    if (found) break;
  }
  flow.database = chosen;
  co_return found;
}

/// Throws if a key of `from` would belong elsewhere after the change; from now on no such key comes to be.
Awaitable<void> nothing_moves(Flow& flow, Place& from, View pattern, View without, const Backends::Route* with) {
  Backends& backends = flow.server.backends();
  co_await hold_writes(flow, from, pattern);
  Place* to = nullptr;
  const auto moves = [&](View key) {
    const std::lock_guard guard(flow.server.lock());
    if (&backends.of(key) != &from) return false;  // nobody sees it as it is
    Place& then = backends.of_changed(key, without, with);
    if (&then == &from) return false;
    to = &then;
    return true;
  };
  std::optional<Bytes> key;
  try {
    key = co_await find_key(flow, from, pattern, moves);
  } catch (const CommandError& failure) {
    throw CommandError("ERR nothing was changed, for backend '" + from.name +
                       "' cannot be asked which keys it has: " + failure.what());
  }
  if (!key) co_return;
  throw CommandError("ERR nothing was changed: key " + shown(*key) + " is in backend '" + from.name +
                     "' and would belong to '" + to->name + "'; keys do not move by routing");
}

// --- BACKEND LIST

View state_of(const Place& place) {
  if (place.executor) return place.executor->refusal().empty() ? "ready" : "down";
  if (!place.upstream) return "ready";
  constexpr View states[] = {"connecting", "ready", "down"};
  return states[place.upstream->health().state];
}

size_t count_own_keys(Flow& flow, Place& place) {
  const std::lock_guard guard(flow.server.lock());
  Store& store = *place.store();
  const Frame frame(store);
  size_t keys = 0;
  for (int database = 0; database < store.databases(); ++database) {
    store.select(database);
    keys += store.size();
  }
  return keys;
}

/// Of all databases; nullopt where nobody can say.
Awaitable<std::optional<size_t>> count_all_keys(Flow& flow, Place& place) {
  if (place.memory) co_return count_own_keys(flow, place);
  if (place.executor) co_return place.executor->keys();
  std::optional<size_t> sum = 0;
  try {
    if (place.upstream->is_cluster() && place.prefix().empty()) {
      std::vector<View> words = words_of("DBSIZE");
      const Bytes reply = co_await ask_place(flow, place, std::move(words));
      const auto keys = ReplyCursor(reply).integer();
      co_return keys ? std::optional(static_cast<size_t>(*keys)) : std::nullopt;
    }
    if (place.prefix().empty()) {
      for (const auto& [database, keys] : co_await databases_of(flow, place)) *sum += keys;
    } else {
      // As it would take to count a database of millions, few are.
      std::vector<std::pair<int, size_t>> databases = {{0, 0}};
      if (!place.upstream->is_cluster()) databases = co_await databases_of(flow, place);
      const int chosen = flow.database;
      for (const auto& [database, all] : databases) {
        std::vector<Bytes> seen;
        flow.database = database;
        size_t steps = 0;
        co_await visit_keys(flow, place, "*", [&](const std::vector<Bytes>& keys) {
          seen.insert(seen.end(), keys.begin(), keys.end());
          if (++steps * keys_per_step > most_counted) sum.reset();
          return sum.has_value();
        });
        if (!sum) break;
        std::sort(seen.begin(), seen.end());
        *sum += static_cast<size_t>(std::unique(seen.begin(), seen.end()) - seen.begin());
      }
      flow.database = chosen;
    }
  } catch (const CommandError&) {
    co_return std::nullopt;  // it is down: that is what `state` says
  }
  if (sum) place.upstream->note_keys(*sum);
  co_return sum;
}

}  // namespace

// BACKEND LIST
Awaitable<void> backend_list(Flow& flow) {
  std::vector<std::optional<size_t>> counts;
  for (const auto& place : *flow.places) counts.push_back(co_await count_all_keys(flow, *place));

  const std::lock_guard guard(flow.server.lock());
  const Backends& backends = flow.server.backends();
  Reply& reply = flow.reply;
  reply.array(flow.places->size());
  for (size_t i = 0; i < counts.size(); ++i) {
    const Place& place = *(*flow.places)[i];
    reply.map(6);
    reply.bulk("name");
    reply.bulk(View(place.name));
    reply.bulk("url");
    reply.bulk(View(place.url.shown));
    reply.bulk("kind");
    reply.bulk(place.kind());
    reply.bulk("state");
    reply.bulk(state_of(place));
    reply.bulk("keys");
    if (counts[i]) {
      reply.integer(static_cast<int64_t>(*counts[i]));
    } else {
      reply.null();
    }
    reply.bulk("routes");
    const auto open = reply.open_array();
    size_t routes = 0;
    for (const Backends::Route& route : backends.routes()) {
      if (route.place != &place) continue;
      reply.bulk(View(route.pattern));
      ++routes;
    }
    if (&place == &backends.main()) {
      reply.bulk("*");
      ++routes;
    }
    reply.close(open, routes);
  }
}

// BACKEND ADD name url
Awaitable<void> backend_add(Flow& flow) {
  const Bytes& name = flow.words[2];
  const Bytes& url = flow.words[3];
  const Change change(flow.server);
  Backends& backends = flow.server.backends();
  std::shared_ptr<Place> place;
  BackendState state;
  {
    const std::lock_guard guard(flow.server.lock());
    if (name.empty()) throw CommandError("ERR a backend needs a name");
    if (backends.find(name)) throw CommandError("ERR there is a backend " + shown(name) + " already");
    try {
      place = backends.make(name, read_backend_url(url));
    } catch (const std::runtime_error& fault) {
      throw CommandError(Bytes("ERR ") + fault.what());
    }
    state = backends.state();
  }
  note_added(state, name, url);
  keep(flow, state);
  {
    const std::lock_guard guard(flow.server.lock());
    backends.add(place, std::move(state));
  }
  spdlog::info("Backend {} added: {}", shown(name), place->url.shown);
  if (place->upstream && !place->upstream->is_cluster()) flow.session.link().hub(*place).warm();
  flow.reply.ok();
  co_return;
}

// BACKEND REMOVE name
Awaitable<void> backend_remove(Flow& flow) {
  const Bytes& name = flow.words[2];
  const Change change(flow.server);
  Backends& backends = flow.server.backends();
  std::shared_ptr<Place> place;
  BackendState state;
  {
    const std::lock_guard guard(flow.server.lock());
    Place* const found = backends.find(name);
    if (!found) throw CommandError("ERR there is no backend " + shown(name));
    if (found == &backends.main()) {
      throw CommandError("ERR backend " + shown(name) + " is the default one, which cannot be removed");
    }
    for (const Backends::Route& route : backends.routes()) {
      if (route.place != found) continue;
      throw CommandError("ERR backend " + shown(name) + " is used by route " + shown(route.pattern));
    }
    place = found->shared_from_this();
    state = backends.state();
  }
  note_removed(state, backends.configured_backends(), name);
  keep(flow, state);
  {
    const std::lock_guard guard(flow.server.lock());
    backends.remove(*place, std::move(state));
  }
  spdlog::info("Backend {} removed", shown(name));
  if (place->upstream) co_await disconnect(flow, place);
  flow.reply.ok();
}

// BACKEND ROUTE pattern name
Awaitable<void> backend_route(Flow& flow) {
  const Bytes& pattern = flow.words[2];
  const Bytes& name = flow.words[3];
  const Change change(flow.server);
  Backends& backends = flow.server.backends();
  Backends::Route route{pattern, nullptr};
  BackendState state;
  {
    const std::lock_guard guard(flow.server.lock());
    route.place = backends.find(name);
    if (!route.place) throw CommandError("ERR there is no backend " + shown(name));
    if (backends.has_route(pattern)) throw CommandError("ERR there is a route " + shown(pattern) + " already");
    state = backends.state();
  }
  // It comes last: the keys that it is about are the default backend's so far.
  if (route.place != &backends.main()) co_await nothing_moves(flow, backends.main(), pattern, {}, &route);
  note_routed(state, pattern, name);
  keep(flow, state);
  {
    const std::lock_guard guard(flow.server.lock());
    backends.route(std::move(route), std::move(state));
  }
  spdlog::info("Keys {} are routed to backend {}", shown(pattern), shown(name));
  flow.reply.ok();
}

// BACKEND UNROUTE pattern
Awaitable<void> backend_unroute(Flow& flow) {
  const Bytes& pattern = flow.words[2];
  const Change change(flow.server);
  Backends& backends = flow.server.backends();
  Place* from = nullptr;
  BackendState state;
  {
    const std::lock_guard guard(flow.server.lock());
    for (const Backends::Route& route : backends.routes()) {
      if (route.pattern == pattern) from = route.place;
    }
    if (!from) throw CommandError("ERR there is no route " + shown(pattern));
    state = backends.state();
  }
  co_await nothing_moves(flow, *from, pattern, pattern, nullptr);
  note_unrouted(state, backends.configured_routes(), pattern);
  keep(flow, state);
  {
    const std::lock_guard guard(flow.server.lock());
    backends.unroute(pattern, std::move(state));
  }
  spdlog::info("Keys {} are not routed any more", shown(pattern));
  flow.reply.ok();
}

}  // namespace redipy::flows
