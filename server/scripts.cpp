// SPDX-License-Identifier: Apache-2.0
//
// See scripts.h.
#include "server/scripts.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "core/base/ticks.h"
#include "scripting/store_host.h"
#include "server/server.h"
#include "server/session.h"

namespace redipy {

namespace {

/// How long a script runs between two pauses; how many steps pass between two looks at the clock.
constexpr int64_t pause_every_us = 1000;
constexpr uint32_t steps_between_looks = 2000;

constexpr View killed_by_user = "ERR Script killed by user with SCRIPT KILL.";
constexpr View killed_by_shutdown = "ERR Script ended because the server shuts down";

}  // namespace

/// What the running script may do to the server.
class Scripts::Running final : public script::StoreHost {
 public:
  Running(Scripts& scripts, Server& server, Session& session, Store& store, bool out_of_memory, bool read_only)
      : StoreHost(store, {.read_only = read_only,
                          .out_of_memory = out_of_memory,
                          .touch = !session.no_touch,
                          .shares_keys = server.backends().all().size() > 1}),
        scripts_(scripts),
        server_(server),
        session_(session),
        store_(store),
        database_(session.database),
        started_(server.dispatcher().started()) {
    store_.hold_clock();  // a script sees one time
    scripts_.running_ = this;
  }
  ~Running() override {
    scripts_.running_ = nullptr;
    store_.release_clock();
    session_.database = database_;  // SELECT inside a script ends with it
    if (paused_) server_.wake_paused();
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  void log(int level, View text) override {
    constexpr spdlog::level::level_enum levels[] = {spdlog::level::trace, spdlog::level::debug, spdlog::level::info,
                                                    spdlog::level::warn};
    spdlog::log(levels[level], "{}", text);
  }

  void pause() override {
    const int64_t now = ticks::now();
    if (ticks::to_us(now - last_pause_) >= pause_every_us) {
      const int64_t threshold_ms = server_.settings().busy_reply_threshold;
      if (!told_busy_ && threshold_ms > 0 && elapsed_ms() >= threshold_ms) {
        told_busy_ = true;
        spdlog::warn("Slow script detected: still in execution after {} milliseconds.", elapsed_ms());
        server_.wake_paused();
        server_.give_back_submitted();
      }
      paused_ = true;
      server_.let_others_in(session_);
      last_pause_ = ticks::now();
    }
    if (!stop_.empty()) throw CommandError(stop_);
    const int64_t most_ms = server_.settings().script_max_time;
    if (most_ms > 0 && elapsed_ms() > most_ms) throw CommandError(script_out_of_time);
  }

  int64_t elapsed_ms() const { return ticks::to_us(ticks::now() - started_) / 1000; }
  uint64_t elapsed_ns() const { return static_cast<uint64_t>(ticks::to_ns(ticks::now() - started_)); }
  bool told_busy() const { return told_busy_; }
  void stop(View why) { stop_ = why; }

 private:
  void before() override {
    store_.select(session_.database);
    server_.dispatcher().runs_in_script();
  }
  void after(const CommandTable::Entry& entry, const Args& args, bool failed) override {
    server_.dispatcher().ran_in_script(entry, args, failed);
  }
  bool owns(View key) override { return server_.store_of(key) == &store_; }
  void call_session(const CommandTable::Entry& entry, const Args& args, Reply& reply) override {
    server_.dispatcher().execute(session_, entry, args, reply);
  }

  Scripts& scripts_;
  Server& server_;
  Session& session_;
  Store& store_;
  const int database_;
  const int64_t started_;
  int64_t last_pause_ = started_;
  bool paused_ = false;
  bool told_busy_ = false;
  Bytes stop_;  // why it is to end, if it is
};

Scripts::Scripts(Server& server) : server_(server), library_(server.commands()), interpreter_(server.commands()) {}
Scripts::~Scripts() = default;

script::GraphLimits Scripts::graph_limits() const {
  const Settings& settings = server_.settings();
  script::GraphLimits limits;
  limits.nesting = static_cast<size_t>(settings.script_max_nesting);
  limits.variables = static_cast<size_t>(settings.script_max_variables);
  limits.bytes = settings.script_max_source;
  return limits;
}

script::Limits Scripts::run_limits() const {
  const Settings& settings = server_.settings();
  script::Limits limits;
  limits.steps = settings.script_max_steps == 0 ? UINT64_MAX : settings.script_max_steps;
  limits.memory = settings.script_max_memory;
  limits.nesting = static_cast<size_t>(settings.script_max_nesting);
  limits.result = settings.script_max_result;
  limits.steps_between_pauses = steps_between_looks;
  return limits;
}

void Scripts::count_upstream_run(script::Script& script, uint64_t ns, View error) {
  ++script.calls;
  ++totals_.calls;
  script.nanoseconds += ns;
  totals_.nanoseconds += ns;
  if (error.empty()) return;
  ++script.errors;
  ++totals_.errors;
  script.last_error = error;
}

void Scripts::run(Session& session, script::Script& script, std::span<const View> keys, std::span<const View> arguments,
                  bool read_only, Reply& reply) {
  const script::Limits limits = run_limits();
  const script::Input input{keys, arguments, script.graph.key_names, script.graph.argument_names};
  const Dispatcher::Block block(server_.dispatcher());
  Place& place = keys.empty() ? server_.backends().main() : server_.backends().of(keys.front());
  if (place.upstream) throw CommandError("ERR the script's keys are not this server's own");
  // Whoever came here by a transaction may find only now where the keys are.
  Place* const here = server_.dispatcher().here();
  if (here ? here != &place : place.executor != nullptr) throw CommandError(error::crossed_backends);
  Running running(*this, server_, session, *place.store(), !place.owner()->has_room(), read_only);
  const auto count = [&] {
    const uint64_t ns = running.elapsed_ns();
    ++script.calls;
    script.steps += interpreter_.steps();
    script.nanoseconds += ns;
    ++totals_.calls;
    totals_.steps += interpreter_.steps();
    totals_.nanoseconds += ns;
  };
  try {
    const bool has_value = interpreter_.run(script.program, input, limits, running, result_);
    count();
    has_value ? reply.bulk(View(result_)) : reply.null();
  } catch (const script::ScriptError& fault) {
    count();
    ++script.errors;
    ++totals_.errors;
    const Bytes path = script.graph.path(fault.place());
    script.last_error =
        Bytes(fault.what()) + " script: " + script.sha + ", on " + (path.empty() ? "script" : path) + ".";
    throw CommandError(script.last_error);
  }
  if (result_.capacity() > (size_t{1} << 20)) Bytes().swap(result_);
}

bool Scripts::told_busy() const { return running_ && running_->told_busy(); }

void Scripts::kill() {
  if (!running_) throw CommandError("NOTBUSY No scripts in execution right now.");
  if (running_->wrote()) {
    throw CommandError(
        "UNKILLABLE Sorry the script already executed write commands against the dataset. You can either wait the "
        "script termination or kill the server in a hard way using the SHUTDOWN NOSAVE command.");
  }
  ++totals_.killed;
  running_->stop(killed_by_user);
}

void Scripts::abort() {
  if (running_) running_->stop(killed_by_shutdown);
}

}  // namespace redipy
