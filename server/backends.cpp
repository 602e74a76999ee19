// SPDX-License-Identifier: Apache-2.0
//
// See backends.h.
#include "server/backends.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <filesystem>
#include <stdexcept>
#include <utility>

#include "core/base/glob.h"
#include "core/command/key_finder.h"
#include "server/executor.h"
#include "server/server.h"
#include "server/session.h"
#include "server/sql_places.h"

namespace redipy {

Place::~Place() = default;

Backend* Place::owner() const {
  if (executor) return &executor->backend();
  return memory.get();
}

Store* Place::store() const {
  Backend* const backend = owner();
  return backend ? backend->store() : nullptr;
}

View Place::kind() const {
  if (memory) return "memory";
  switch (url.kind) {
    case BackendUrl::Kind::sqlite:
      return "sqlite";
    case BackendUrl::Kind::postgresql:
      return "postgresql";
    case BackendUrl::Kind::mysql:
      return "mysql";
    default:
      break;
  }
  return upstream->is_cluster() ? "redis-cluster" : "redis";
}

void Backends::configure() {
  const Settings& settings = server_.settings();
  configured_backends_ = settings.backends;
  if (configured_backends_.empty()) configured_backends_.emplace_back("main", "memory:");
  configured_routes_ = settings.routes;
  if (!settings.state_file.empty()) {
    // Where it is stays, whatever CONFIG SET dir says later.
    state_file_ = StateFile(std::filesystem::absolute(settings.state_file).string());
  }
  BackendPlan plan;
  try {
    if (const auto text = state_file_.read()) state_ = read_backend_state(*text);
    plan = plan_backends(configured_backends_, configured_routes_, state_);
  } catch (const BackendStateError& fault) {
    throw std::runtime_error("State file " + state_file_.path() + ": " + fault.what());
  }
  for (const Bytes& difference : plan.differences) {
    spdlog::info("Other than configured, by state file {}: {}", state_file_.path(), difference);
  }
  Places places;
  for (const auto& [name, url] : plan.backends) places.push_back(make(name, read_backend_url(url)));
  main_ = places.front().get();
  set_places(std::move(places));
  for (const auto& [pattern, name] : plan.routes) routes_.push_back({pattern, find(name)});
  changed();
}

std::shared_ptr<Place> Backends::make(Bytes name, BackendUrl url) {
  auto place = std::make_shared<Place>();
  place->name = std::move(name);
  place->url = std::move(url);
  place->id = next_id_++;
  switch (place->url.kind) {
    case BackendUrl::Kind::memory:
      place->memory = server_.make_memory(place->prefix());
      break;
    case BackendUrl::Kind::redis:
    case BackendUrl::Kind::cluster:
      place->upstream = std::make_shared<proxy::Upstream>(place->name, place->url);
      if (!place->prefix().empty()) {
        place->rewriting = std::make_unique<KeyRewriting>(server_.commands(), place->prefix());
      }
      place->lua = std::make_unique<script::LuaScripts>(server_.commands(), script::LuaTarget());
      break;
    default:
      try {
        place->executor = std::make_unique<Executor>(
            server_, *place,
            std::make_unique<sql::SqlBackend>(connect_database(place->url), server_.clock(),
                                              server_.settings().databases, server_, place->prefix()));
      } catch (const sql::SqlError& failure) {
        throw std::runtime_error("backend " + place->name + ": " + failure.what());
      }
      place->executor->apply(sql_options(server_.settings()), sql_durability(server_.settings()));
  }
  return place;
}

Place* Backends::find(View name) const {
  const auto found = std::find_if(all().begin(), all().end(), [&](const auto& place) { return place->name == name; });
  return found == all().end() ? nullptr : found->get();
}

Place& Backends::routed(View key) const {
  for (const Route& route : routes_) {
    if (glob_match(route.pattern, key)) return *route.place;
  }
  return main();
}

bool Backends::spans_keyspace(const Command& command) {
  constexpr View names[] = {"KEYS", "SCAN", "RANDOMKEY", "DBSIZE", "FLUSHDB", "FLUSHALL", "SWAPDB"};
  return std::find(std::begin(names), std::end(names), command.name) != std::end(names);
}

Destination Backends::destination(const CommandTable::Entry* entry, const Args& args) const {
  if (all().size() == 1 || !entry) return {Destination::one, &main()};
  const Command& command = *entry->command;
  if (command.keys.count == 0 && command.keys.rule == KeyRule::none) {
    return {spans_keyspace(command) ? Destination::all : Destination::one, &main()};
  }
  Place* place = nullptr;
  bool crossed = false;
  for_each_key(command, args, [&](FoundKey found) {
    if ((found.flags & key::not_key) != 0) return;
    Place& one = of(args[found.index]);
    if (place && place != &one) crossed = true;
    place = &one;
  });
  if (crossed) return {Destination::crossed, nullptr};
  return {Destination::one, place ? place : &main()};
}

bool Backends::any_upstream() const {
  return std::any_of(all().begin(), all().end(), [](const auto& place) { return place->upstream != nullptr; });
}

void Backends::for_each_executor(FunctionRef<void(Executor&)> visit) const {
  for (const auto& place : all()) {
    if (place->executor) visit(*place->executor);
  }
}

bool Backends::any_config_relay() const {
  return std::any_of(all().begin(), all().end(),
                     [](const auto& place) { return place->upstream && place->url.upstream.relay_config; });
}

void Backends::for_each_memory(FunctionRef<void(MemoryBackend&)> visit) const {
  for (const auto& place : all()) {
    if (place->memory) visit(*place->memory);
  }
}

/// How graphs are printed for an upstream: with its prefix, and told which keys are not its own.
script::LuaTarget Backends::lua_target(const Place& place) const {
  script::LuaTarget target;
  target.prefix = place.prefix();
  target.prefixes_channels = !target.prefix.empty();
  for (const Route& route : routes_) target.routes.push_back({route.pattern, route.place == &place});
  target.rest_here = &place == &main();
  return target;
}

void Backends::changed() {
  for (const auto& place : all()) {
    if (place->lua) place->lua->aim(lua_target(*place));
  }
  any_executor_ = std::any_of(all().begin(), all().end(), [](const auto& place) { return place->executor != nullptr; });
  simple_ = all().size() == 1 && main().memory;
}

void Backends::set_places(Places places) { places_ = std::make_shared<const Places>(std::move(places)); }

// --- changes at run time

Place& Backends::of_changed(View key, View without, const Route* with) const {
  for (const Route& route : routes_) {
    if (route.pattern != without && glob_match(route.pattern, key)) return *route.place;
  }
  return with && glob_match(with->pattern, key) ? *with->place : main();
}

bool Backends::has_route(View pattern) const {
  return std::any_of(routes_.begin(), routes_.end(), [&](const Route& route) { return route.pattern == pattern; });
}

bool Backends::begin_change() { return !std::exchange(changing_, true); }

void Backends::end_change() {
  changing_ = false;
  if (!held_) return;
  held_.reset();
  server_.wake_paused();
}

namespace {

/// Whether the command may write to a key that fits the pattern.
bool may_write_to(View pattern, const CommandTable::Entry& entry, const Args& args) {
  const Command& command = *entry.command;
  if (entry.group == Group::scripting) return true;  // its calls may take any key
  if (!command.is(flag::write | flag::may_replicate)) return false;
  if (command.keys.count == 0 && command.keys.rule == KeyRule::none) {
    return command.is(flag::write) && command.name != "FLUSHALL" && command.name != "FLUSHDB";
  }
  bool any = false;
  for_each_key(command, args, [&](FoundKey found) {
    any = any || ((found.flags & key::not_key) == 0 && glob_match(pattern, args[found.index]));
  });
  return any;
}

bool may_write_to(View pattern, const Transaction& transaction) {
  return std::any_of(transaction.queue.begin(), transaction.queue.end(), [&](const QueuedCommand& queued) {
    const std::vector<View> words(queued.words.begin(), queued.words.end());
    return may_write_to(pattern, *queued.entry, Args(std::span<const View>(words)));
  });
}

}  // namespace

bool Backends::holds_back(const Session& session, const CommandTable::Entry& entry, const Args& args) const {
  if (entry.command->name == "EXEC") return may_write_to(*held_, session.transaction);
  if (entry.full_name.starts_with("script|") && entry.full_name != "script|run" && entry.full_name != "script|call") {
    return false;
  }
  return may_write_to(*held_, entry, args);
}

void Backends::add(std::shared_ptr<Place> place, BackendState state) {
  state_ = std::move(state);
  Places places = all();
  places.push_back(std::move(place));
  set_places(std::move(places));
  changed();
  server_.backends_changed();
}

void Backends::remove(Place& place, BackendState state) {
  state_ = std::move(state);
  const auto kept = place.shared_from_this();
  place.removed = true;
  Places places = all();
  std::erase(places, kept);
  set_places(std::move(places));
  changed();
  server_.backends_changed();
  server_.for_each_session([&](Session& session) {
    Transaction& transaction = session.transaction;
    if (transaction.place != &place) return;
    transaction.place = nullptr;
    (transaction.open ? transaction.failed : transaction.broken) = true;
  });
}

void Backends::route(Route route, BackendState state) {
  state_ = std::move(state);
  routes_.push_back(std::move(route));
  changed();
  rerouted(routes_.back().pattern);
}

void Backends::unroute(View pattern, BackendState state) {
  state_ = std::move(state);
  std::erase_if(routes_, [&](const Route& route) { return route.pattern == pattern; });
  changed();
  rerouted(pattern);
}

/// Keys that fit the pattern, none of which exist, may belong elsewhere now. What sessions began with one goes no
/// further.
void Backends::rerouted(View pattern) {
  const auto fits = [&](View key) { return glob_match(pattern, key); };
  std::vector<Session*> waiting;
  server_.for_each_session([&](Session& session) {
    Transaction& transaction = session.transaction;
    if (transaction.open && may_write_to(pattern, transaction)) transaction.failed = true;
    if (std::any_of(transaction.watched.begin(), transaction.watched.end(),
                    [&](const WatchedKey& watched) { return fits(watched.key); })) {
      transaction.broken = true;
    }
    if (std::any_of(session.wait.names.begin(), session.wait.names.end(), fits)) waiting.push_back(&session);
  });
  for (Session* const session : waiting) server_.waiting().unblock(*session, true);
  if (!server_.tracking().idle()) server_.tracking().flushed();
}

}  // namespace redipy
