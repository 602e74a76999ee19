// SPDX-License-Identifier: Apache-2.0
//
// What all connections share: configuration, clock, commands, backends, and the registers of who is subscribed,
// watches, waits, tracks. It opens no socket; network.h does.
//
// Threads: one lock guards it all. A network thread takes it once per batch of requests; with one thread it is never
// contended. What may be used without it says so.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "core/base/clock.h"
#include "core/base/relaxed.h"
#include "core/command/backend.h"
#include "core/command/table.h"
#include "core/store/store.h"
#include "server/backends.h"
#include "server/dispatch.h"
#include "server/latency_monitor.h"
#include "server/lock.h"
#include "server/pubsub.h"
#include "server/settings.h"
#include "server/slow_log.h"
#include "server/statistics.h"
#include "server/tracking.h"
#include "server/waiting.h"
#include "server/watches.h"

namespace redipy {

class Config;
class Scripts;
class Session;

/// The rows of all commands, those on data and those of the connection and the server.
std::vector<Family> all_families();

class Server final : public ChangeListener, public proxy::Observer {
 public:
  /// `config` outlives the server. `test_clock`: the time stands until DEBUG CLOCK moves it.
  explicit Server(Config& config);
  ~Server() override;

  ServerLock& lock() { return lock_; }
  Config& config() { return config_; }
  const Settings& settings() const;
  /// Of the settings, those that are asked with every read: without the lock.
  size_t largest_bulk() const { return largest_bulk_; }
  size_t largest_input() const { return largest_input_; }
  const Clock& clock() const { return *clock_; }
  ManualClock* manual_clock() { return manual_clock_; }
  const CommandTable& commands() const { return commands_; }
  Backends& backends() { return backends_; }
  /// The first backend in memory, for what tells of the engine; where there is none, an empty one.
  MemoryBackend& memory() { return *memory_; }
  /// Keyspaces as commands without keys, and DEBUG, see them: of the executor that runs, else the first in memory.
  Store& data();
  /// Has all executors end (Executor::stop). Without the lock, once no thread serves clients any more.
  void stop_executors();
  /// What waits for executors asks again: a script runs for long.
  void give_back_submitted();
  /// The backend that runs a command on our own data.
  Backend& backend_of(const CommandTable::Entry& entry, const Args& args);
  /// Our own keyspace that the key belongs to; null where an upstream has it.
  Store* store_of(View key) { return backends_.of(key).store(); }
  std::unique_ptr<MemoryBackend> make_memory(View prefix = {});
  /// A backend was added or removed.
  void backends_changed();

  Dispatcher& dispatcher() { return dispatcher_; }
  PubSub& pubsub() { return pubsub_; }
  Watches& watches() { return watches_; }
  WaitingRoom& waiting() { return waiting_; }
  Tracking& tracking() { return tracking_; }
  SlowLog& slow_log() { return slow_log_; }
  Scripts& scripts() { return *scripts_; }
  LatencyMonitor& latency_monitor() { return latency_monitor_; }
  Statistics& statistics() { return statistics_; }
  std::vector<Session*>& monitors() { return monitors_; }

  // --- sessions
  uint64_t next_session_id() { return next_session_id_.fetch_add(1, std::memory_order_relaxed); }  ///< any thread
  void enter(Session& session);
  void leave(Session& session);
  Session* session(uint64_t id);
  void for_each_session(FunctionRef<void(Session&)> visit);
  size_t session_count() const { return sessions_.size(); }

  // --- CLIENT PAUSE
  struct Pause {
    int64_t until_ms = 0;
    bool writes_only = false;
  };
  void pause(int64_t until_ms, bool writes_only);
  void unpause();
  bool paused(bool write) const { return pause_.until_ms != 0 && (write || !pause_.writes_only); }
  const Pause& pause_state() const { return pause_; }

  // --- scripts that run long
  /// Called by a script's host now and then: gives back the lock for a moment and lets the thread of `owner`, whose
  /// script it is, see to its other connections.
  void let_others_in(Session& owner);
  /// A script is between two steps: nobody else may touch data, nor wait in the lock for it.
  bool script_paused() const { return script_paused_; }
  /// Has all sessions that were told to wait ask again.
  void wake_paused();

  // --- time
  /// Called some `hz` times a second: expiry, timeouts of clients, samples, trimming.
  void cron();
  /// Called soon after cron(), and fast_expiry_ms after each call that returned true.
  bool expire_fast();
  /// Brings memory down to maxmemory before requests run, by clients first and then by keys.
  void make_room();
  /// Ends what is due by the clock: waits, a pause. To be called at next_due() or later.
  void run_due();
  /// When run_due() has something to do (ms); none if never.
  std::optional<int64_t> next_due() const;
  /// Told when next_due() may have become earlier.
  void on_due_changed(std::function<void()> callback) { due_changed_ = std::move(callback); }
  void due_changed() {
    if (due_changed_) due_changed_();
  }

  // --- ending
  void on_shutdown(std::function<void()> callback) { shutdown_ = std::move(callback); }
  /// Asks the network to drain and end; returns at once.
  void request_shutdown();

  /// Told when bind or port have changed; throws ConfigError if it cannot listen there.
  void on_listen_changed(std::function<void(const Settings& old)> callback) { listen_changed_ = std::move(callback); }

  // --- proxy::Observer; without the lock
  void answered(std::span<const proxy::Answered> what, std::span<const Bytes> errors) override;
  int64_t slow_ticks() const override { return slow_ticks_; }

  // --- ChangeListener
  void changed(int database, View key, Event event) override;
  void missed(int database, View key) override;
  void flushing(int database, Store& store) override;
  void swapping(int first, int second, Store& store) override;

  uint64_t changes_since_save() const { return changes_; }
  void reset_changes() { changes_ = 0; }
  int64_t started_ms() const { return started_ms_; }
  size_t startup_bytes() const { return startup_bytes_; }
  /// How often per second cron() is to run now: hz, or more with dynamic-hz and many clients.
  int cron_frequency() const;
  /// A client's buffers have become large: without waiting for the cron, some go if that is beyond maxmemory-clients.
  void has_grown(const Session& session);
  /// What the buffers of a client take, and what is registered for it.
  static size_t client_bytes(const Session& session);
  const Bytes& run_id() const { return run_id_; }
  int listening_port = 0;  ///< after the system picked one
  int64_t last_save_s = 0;

 private:
  void apply_changes(const Settings& old);
  void settings_changed();
  void tend_sessions(int64_t now);
  void tend(Session& session, int64_t now);
  uint64_t most_client_bytes() const;
  /// True if any was closed: its memory comes back when its thread gets to it.
  bool evict_clients();

  ServerLock lock_;
  Relaxed<size_t> largest_bulk_;
  Relaxed<size_t> largest_input_;
  Relaxed<int64_t> slow_ticks_;
  Config& config_;
  std::unique_ptr<Clock> clock_;
  ManualClock* manual_clock_ = nullptr;
  CommandTable commands_;
  Backends backends_;
  MemoryBackend* memory_ = nullptr;
  std::unique_ptr<MemoryBackend> idle_memory_;
  Dispatcher dispatcher_;
  PubSub pubsub_;
  Watches watches_;
  WaitingRoom waiting_;
  Tracking tracking_;
  SlowLog slow_log_;
  LatencyMonitor latency_monitor_;
  Statistics statistics_;
  std::vector<Session*> monitors_;
  std::atomic<uint64_t> next_session_id_{3};
  std::map<uint64_t, Session*> sessions_;
  uint64_t next_tended_ = 0;  // the session that tend_sessions() goes on with
  Pause pause_;
  std::unique_ptr<Scripts> scripts_;
  bool script_paused_ = false;
  std::function<void()> due_changed_;
  std::function<void()> shutdown_;
  std::function<void(const Settings& old)> listen_changed_;
  uint64_t changes_ = 0;
  int64_t started_ms_ = 0;
  size_t startup_bytes_ = 0;
  Bytes run_id_;
  int64_t last_sample_ms_ = 0;
};

}  // namespace redipy
