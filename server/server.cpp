// SPDX-License-Identifier: Apache-2.0
//
// See server.h.
#include "server/server.h"

#include <algorithm>
#include <mutex>
#include <thread>

#include "core/base/heap.h"
#include "core/base/random.h"
#include "core/commands/families.h"
#include "core/memory/memory_backend.h"
#include "server/commands/families.h"
#include "server/config.h"
#include "server/executor.h"
#include "server/memory_options.h"
#include "server/notifications.h"
#include "server/process.h"
#include "server/scripts.h"
#include "server/session.h"
#include "server/sql_places.h"

namespace redipy {

std::vector<Family> all_families() {
  std::vector<Family> families(data_families().begin(), data_families().end());
  families.insert(families.end(), session_families().begin(), session_families().end());
  return families;
}

namespace {

Bytes random_hex(size_t digits) {
  Random random;
  Bytes text;
  for (size_t i = 0; i < digits; ++i) text += "0123456789abcdef"[random.next() & 15];
  return text;
}

}  // namespace

Server::Server(Config& config)
    : config_(config),
      commands_(all_families()),
      backends_(*this),
      dispatcher_(*this),
      tracking_(*this),
      run_id_(random_hex(40)) {
  if (config.settings().test_clock) {
    auto manual = std::make_unique<ManualClock>();
    manual_clock_ = manual.get();
    clock_ = std::move(manual);
  } else {
    clock_ = std::make_unique<SystemClock>();
  }
  backends_.configure();
  backends_changed();
  scripts_ = std::make_unique<Scripts>(*this);
  statistics_.commands.resize(commands_.entries().size() + 1);  // the last one: what the table does not know
  started_ms_ = clock_->now_ms();
  last_save_s = started_ms_ / 1000;
  last_sample_ms_ = started_ms_;
  config.on_change = [this](const Settings& old) { apply_changes(old); };
  settings_changed();
  startup_bytes_ = heap::used();
}

Server::~Server() {
  stop_executors();
  config_.on_change = nullptr;
}

void Server::stop_executors() {
  backends_.for_each_executor([](Executor& executor) { executor.stop(); });
}

void Server::give_back_submitted() {
  backends_.for_each_executor([](Executor& executor) { executor.give_back(); });
}

Store& Server::data() { return dispatcher_.here() ? *dispatcher_.here()->store() : *memory_->store(); }

const Settings& Server::settings() const { return config_.settings(); }

void Server::backends_changed() {
  memory_ = nullptr;
  backends_.for_each_memory([this](MemoryBackend& memory) {
    if (!memory_) memory_ = &memory;
    memory.memory().keep_expired(pause_.until_ms != 0);
  });
  if (memory_) return;
  if (!idle_memory_) idle_memory_ = make_memory();
  memory_ = idle_memory_.get();
}

std::unique_ptr<MemoryBackend> Server::make_memory(View prefix) {
  auto memory = std::make_unique<MemoryBackend>(*clock_, settings().databases, *this, prefix);
  memory->apply(memory_options(settings()));
  return memory;
}

Backend& Server::backend_of(const CommandTable::Entry& entry, const Args& args) {
  if (backends_.simple()) return *memory_;
  const Destination destination = backends_.destination(&entry, args);
  Place* const place = destination.place;
  const bool ours = place && place->owner() && (!place->executor || place == dispatcher_.here());
  return ours ? *place->owner() : *memory_;
}

void Server::enter(Session& session) { sessions_.emplace(session.id(), &session); }
void Server::leave(Session& session) { sessions_.erase(session.id()); }

Session* Server::session(uint64_t id) {
  const auto found = sessions_.find(id);
  return found == sessions_.end() ? nullptr : found->second;
}

void Server::for_each_session(FunctionRef<void(Session&)> visit) {
  for (const auto& [id, session] : sessions_) visit(*session);
}

void Server::pause(int64_t until_ms, bool writes_only) {
  // A pause in force is only ever made longer and wider.
  if (pause_.until_ms != 0) {
    until_ms = std::max(until_ms, pause_.until_ms);
    writes_only = writes_only && pause_.writes_only;
  }
  if (until_ms <= clock_->now_ms()) return;  // CLIENT PAUSE 0
  pause_ = {until_ms, writes_only};
  backends_.for_each_memory([](MemoryBackend& memory) { memory.memory().keep_expired(true); });
  backends_.for_each_executor([](Executor& executor) { executor.keep_expired(true); });
  due_changed();
}

void Server::unpause() {
  pause_ = {};
  backends_.for_each_memory([](MemoryBackend& memory) { memory.memory().keep_expired(false); });
  backends_.for_each_executor([](Executor& executor) { executor.keep_expired(false); });
  wake_paused();
}

void Server::wake_paused() {
  for_each_session([](Session& session) {
    if (!session.paused) return;
    session.paused = false;
    session.link().wake();
  });
}

void Server::let_others_in(Session& owner) {
  const bool on_network_thread = dispatcher_.here() == nullptr;
  const Dispatcher::Suspended suspended(dispatcher_);
  script_paused_ = true;
  owner.in_script = on_network_thread;
  lock_.unlock();
  if (on_network_thread) owner.link().let_others_in();
  // An unlocked mutex is not handed over: whoever waits gets some time to take it.
  for (int i = 0; i < 1000 && lock_.contended(); ++i) std::this_thread::yield();
  lock_.lock();
  owner.in_script = false;
  script_paused_ = false;
}

void Server::cron() {
  const int64_t now = clock_->now_ms();
  // All clients are weighed no more often than hz says, even where dynamic-hz has the cron run more often.
  const auto runs_per_weighing = static_cast<uint64_t>(std::max(1, cron_frequency() / settings().hz));
  const bool weigh = statistics_.eventloop_cycles % runs_per_weighing == 0;
  if ((!weigh || !evict_clients()) && !script_paused_) {
    backends_.for_each_memory([](MemoryBackend& memory) { memory.cron(); });
  }
  backends_.for_each_executor([](Executor& executor) { executor.tick(); });
  tracking_.trim();
  ++statistics_.eventloop_cycles;
  statistics_.peak_memory = std::max<uint64_t>(statistics_.peak_memory, heap::used());

  const double seconds = static_cast<double>(now - last_sample_ms_) / 1000.0;
  if (seconds >= 0.1) {
    last_sample_ms_ = now;
    statistics_.commands_rate.sample(statistics_.commands_processed, seconds);
    statistics_.input_rate.sample(statistics_.input_bytes, seconds);
    statistics_.output_rate.sample(statistics_.output_bytes, seconds);
    statistics_.cycles_rate.sample(statistics_.eventloop_cycles, seconds);
    statistics_.cpu_rate.sample(static_cast<uint64_t>(statistics_.cpu_us()), seconds);
  }

  tend_sessions(now);
  tracking_.send_broadcasts();
}

bool Server::expire_fast() {
  bool again = false;
  backends_.for_each_memory([&](MemoryBackend& memory) { again |= memory.expire_fast(); });
  return again;
}

/// Looks at some of the sessions, so that each is looked at about once a second, however many there are.
void Server::tend_sessions(int64_t now) {
  constexpr size_t least = 64;
  const size_t share = sessions_.size() / static_cast<size_t>(cron_frequency()) + 1;
  auto next = sessions_.lower_bound(next_tended_);
  for (size_t left = std::min(std::max(share, least), sessions_.size()); left > 0; --left) {
    if (next == sessions_.end()) next = sessions_.begin();
    tend(*next->second, now);
    ++next;
  }
  next_tended_ = next == sessions_.end() ? 0 : next->first;
}

/// Closes it if it has been idle, or its output over its soft limit, for too long. What it has no use for is given
/// back.
void Server::tend(Session& session, int64_t now) {
  if (session.killed) return;
  if (session.holds_idle_room(now)) session.link().wake();
  if (session.soft_limit_since_ms != 0 &&
      now - session.soft_limit_since_ms > session.output_limit().soft_seconds * 1000) {
    // Where nothing more is sent to it, nobody else looks.
    ++statistics_.output_limit_disconnections;
    return session.close_now();
  }
  const int64_t idle_limit = int64_t{settings().timeout} * 1000;
  if (idle_limit == 0 || session.wait.active() || session.submitted || session.subscriptions.any() || session.monitor)
    return;
  if (now - session.last_interaction_ms > idle_limit) session.close_now();
}

namespace {

/// What stands in the session's own list and, under the same name, in the server's.
size_t registered_bytes(const Session& session) {
  constexpr size_t node = 4 * sizeof(void*);  // of a tree, and of the allocator's making
  size_t bytes = 0;
  for (const WatchedKey& watched : session.transaction.watched) {
    bytes += sizeof(WatchedKey) + node + sizeof(DatabaseKey) + 2 * watched.key.size();
  }
  const Subscriptions& own = session.subscriptions;
  for (const Subscriptions::Names* names : {&own.channels, &own.patterns, &own.shard_channels}) {
    for (const Bytes& name : *names) bytes += 2 * (sizeof(Bytes) + node + name.size());
  }
  for (const Bytes& prefix : session.tracking.prefixes) bytes += 2 * (sizeof(Bytes) + prefix.size()) + node;
  return bytes;
}

}  // namespace

size_t Server::client_bytes(const Session& session) {
  return sizeof(Session) + session.input_capacity + session.output_bytes + session.inbox_bytes() +
         session.transaction.bytes + registered_bytes(session);
}

/// maxmemory-clients; 0: no limit.
uint64_t Server::most_client_bytes() const {
  const int64_t wanted = settings().maxmemory_clients;
  return wanted >= 0 ? static_cast<uint64_t>(wanted) : settings().maxmemory / 100 * static_cast<uint64_t>(-wanted);
}

void Server::has_grown(const Session& session) {
  const uint64_t limit = most_client_bytes();
  if (limit != 0 && client_bytes(session) > limit) evict_clients();
}

/// Above maxmemory-clients, those with the largest buffers go.
bool Server::evict_clients() {
  const uint64_t limit = most_client_bytes();
  if (limit == 0) return false;
  std::vector<std::pair<size_t, Session*>> clients;
  size_t total = 0;
  for_each_session([&](Session& session) {
    if (session.closing || session.killed) return;
    const size_t bytes = client_bytes(session);
    total += bytes;
    if (!session.no_evict) clients.emplace_back(bytes, &session);
  });
  if (total <= limit) return false;
  bool any = false;
  std::sort(clients.begin(), clients.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  for (const auto& [bytes, session] : clients) {
    if (total <= limit) break;
    total -= bytes;
    ++statistics_.evicted_clients;
    session->close_now();
    any = true;
  }
  return any;
}

void Server::make_room() {
  if (settings().maxmemory == 0 || script_paused_ || memory_->memory().fits()) return;
  if (evict_clients()) return;
  backends_.for_each_memory([](MemoryBackend& memory) { memory.has_room(); });
}

int Server::cron_frequency() const {
  constexpr size_t clients_per_run = 200;
  int hz = settings().hz;
  while (settings().dynamic_hz && hz < 500 && session_count() > clients_per_run * static_cast<size_t>(hz)) hz *= 2;
  return std::clamp(hz, 1, 500);
}

std::optional<int64_t> Server::next_due() const {
  auto due = waiting_.next_deadline();
  if (pause_.until_ms != 0 && (!due || pause_.until_ms < *due)) due = pause_.until_ms;
  return due;
}

void Server::run_due() {
  const int64_t now = clock_->now_ms();
  waiting_.expire(now);
  if (pause_.until_ms != 0 && pause_.until_ms <= now) unpause();
}

void Server::request_shutdown() {
  scripts_->abort();
  if (shutdown_) shutdown_();
}

/// What can fail comes first, so that a refusal leaves all as it was.
void Server::apply_changes(const Settings& old) {
  const Settings& now = settings();
  if (now.maxclients > old.maxclients) {
    const int allowed = process::allow_clients(now.maxclients, now.io_threads);
    if (allowed < now.maxclients) {
      throw ConfigError("The operating system is not able to handle the specified number of clients, try with " +
                            std::to_string(allowed),
                        "maxclients");
    }
  }
  if (now.dir != old.dir) {
    try {
      process::enter_folder(now.dir);
    } catch (const std::runtime_error& failure) {
      throw ConfigError(failure.what(), "dir");
    }
  }
  if ((now.port != old.port || now.bind != old.bind) && listen_changed_) {
    try {
      listen_changed_(old);
    } catch (const ConfigError&) {
      if (now.dir != old.dir) process::enter_folder(old.dir);
      throw;
    }
  }
  if (now.loglevel != old.loglevel) process::set_log_level(now.loglevel);
  if (now.locale_collate != old.locale_collate) process::set_collation(now.locale_collate);
  settings_changed();
  if (now.maxmemory_clients != old.maxmemory_clients) evict_clients();
}

/// Tells the parts that hold copies: limits of the engine, lengths of logs.
void Server::settings_changed() {
  largest_bulk_ = settings().proto_max_bulk_len;
  largest_input_ = settings().client_query_buffer_limit;
  backends_.for_each_memory([this](MemoryBackend& memory) { memory.apply(memory_options(settings())); });
  backends_.for_each_executor(
      [this](Executor& executor) { executor.apply(sql_options(settings()), sql_durability(settings())); });
  dispatcher_.settings_changed(settings());
  slow_ticks_ = dispatcher_.slow_ticks();
  slow_log_.trim(static_cast<size_t>(std::max<int64_t>(settings().slowlog_max_len, 0)));
}

void Server::answered(std::span<const proxy::Answered> what, std::span<const Bytes> errors) {
  const std::lock_guard guard(lock_);
  for (const proxy::Answered& each : what) dispatcher_.answered(each);
  for (const Bytes& error : errors) {
    dispatcher_.count_error(error);
    ++statistics_.errors_there[error];
  }
}

void Server::changed(int database, View key, Event event) {
  if (event_class(event) != EventClass::created) {
    if (event != Event::emptied) ++changes_;  // it belongs to the change that took the last element
    watches_.changed(database, key);
    waiting_.changed(database, key);
    if (!tracking_.idle()) {
      // What expires or is evicted is nobody's doing, whoever's command came across it.
      const bool by_itself = event == Event::expired || event == Event::evicted;
      tracking_.changed(key, by_itself ? nullptr : dispatcher_.current());
    }
  }
  if (const uint32_t flags = settings().notify_keyspace_events; flags != 0) {
    notify::publish(pubsub_, flags, database, key, event);
  }
}

void Server::missed(int database, View key) {
  if (const uint32_t flags = settings().notify_keyspace_events; flags != 0) {
    notify::publish(pubsub_, flags, database, key, Event::missed);
  }
}

void Server::flushing(int database, Store& store) {
  watches_.flushing(database, store);
  if (!tracking_.idle()) tracking_.flushed();
  ++changes_;
}

void Server::swapping(int first, int second, Store& store) {
  watches_.swapping(first, second, store);
  waiting_.databases_changed(first, second);
  if (!tracking_.idle()) tracking_.flushed();
  ++changes_;
}

}  // namespace redipy
