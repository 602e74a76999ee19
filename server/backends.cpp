// SPDX-License-Identifier: Apache-2.0
//
// See backends.h.
#include "server/backends.h"

#include <algorithm>
#include <stdexcept>

#include "core/base/glob.h"
#include "core/command/key_finder.h"
#include "server/executor.h"
#include "server/server.h"
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
  for (const auto& [name, url] : settings.backends) places_.push_back(make(name, parse_backend_url(url)));
  if (places_.empty()) places_.push_back(make("main", parse_backend_url("memory:")));
  for (const auto& [pattern, name] : settings.routes) routes_.push_back({pattern, find(name)});
  changed();
}

std::shared_ptr<Place> Backends::make(Bytes name, BackendUrl url) {
  auto place = std::make_shared<Place>();
  place->name = std::move(name);
  place->url = std::move(url);
  place->id = next_id_++;
  switch (place->url.kind) {
    case BackendUrl::Kind::memory:
      place->memory = server_.make_memory();
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
      if (!place->prefix().empty()) throw std::runtime_error("backend " + place->name + ": a prefix is not there yet");
      try {
        place->executor =
            std::make_unique<Executor>(server_, *place,
                                       std::make_unique<sql::SqlBackend>(connect_database(place->url), server_.clock(),
                                                                         server_.settings().databases, server_));
      } catch (const sql::SqlError& failure) {
        throw std::runtime_error("backend " + place->name + ": " + failure.what());
      }
      place->executor->apply(sql_options(server_.settings()), sql_durability(server_.settings()));
  }
  return place;
}

Place* Backends::find(View name) const {
  const auto found =
      std::find_if(places_.begin(), places_.end(), [&](const auto& place) { return place->name == name; });
  return found == places_.end() ? nullptr : found->get();
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
  if (places_.size() == 1 || !entry) return {Destination::one, &main()};
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
  return std::any_of(places_.begin(), places_.end(), [](const auto& place) { return place->upstream != nullptr; });
}

void Backends::for_each_executor(FunctionRef<void(Executor&)> visit) const {
  for (const auto& place : places_) {
    if (place->executor) visit(*place->executor);
  }
}

bool Backends::any_config_relay() const {
  return std::any_of(places_.begin(), places_.end(),
                     [](const auto& place) { return place->upstream && place->url.upstream.relay_config; });
}

void Backends::for_each_memory(FunctionRef<void(MemoryBackend&)> visit) const {
  for (const auto& place : places_) {
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
  for (const auto& place : places_) {
    if (place->lua) place->lua->aim(lua_target(*place));
  }
  any_executor_ =
      std::any_of(places_.begin(), places_.end(), [](const auto& place) { return place->executor != nullptr; });
  simple_ = places_.size() == 1 && places_.front()->memory && places_.front()->prefix().empty();
}

}  // namespace redipy
