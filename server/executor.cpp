// SPDX-License-Identifier: Apache-2.0
//
// See executor.h.
#include "server/executor.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>

#include "core/base/ticks.h"
#include "server/backends.h"
#include "server/server.h"

namespace redipy {

namespace {

// Of a batch.
constexpr size_t most_steps = 1000;
constexpr size_t most_bytes = size_t{1} << 20;
constexpr int64_t longest_us = 5000;
// How long the lock is held at most before others get it, where no single request takes longer.
constexpr int64_t slice_us = 200;

constexpr size_t expired_at_once = 200;
constexpr size_t reclaimed_at_once = 500;
constexpr int64_t slow_commit_us = 1'000'000;
constexpr int64_t second_us = 1'000'000;
constexpr int64_t first_wait_ms = 50;
constexpr int64_t longest_wait_ms = 2000;
constexpr int most_attempts = 3;  // of one step, each of which lost the connection

int64_t us_since(int64_t when) { return ticks::to_us(ticks::now() - when); }

}  // namespace

/// Whoever waits in a mutex gets it only if nobody takes it at once.
class Executor::Locked {
 public:
  explicit Locked(Executor& executor)
      : lock_(executor.server_.lock()),
        guard_(lock_),
        here_(executor.server_.dispatcher(), executor.place_, executor.held_) {}

 private:
  ServerLock& lock_;
  const std::lock_guard<ServerLock> guard_;
  const Dispatcher::Here here_;
};

/// Removes keys whose time is over.
class Executor::Upkeep final : public Task {
 public:
  explicit Upkeep(Executor& executor) : executor_(executor) {}

  void run(size_t) override {
    over_ = true;
    if (executor_.active_expire_) more_ = executor_.store_.expire_some(expired_at_once);
    executor_.server_.tracking().send_broadcasts();
    if (executor_.server_.waiting().any_ready()) executor_.server_.dispatcher().serve_waiting();
  }
  bool over() const override { return over_; }
  void keep() override {}
  void undo() override { over_ = false; }
  void refuse(View) override { over_ = true; }
  void release() override {
    executor_.upkeep_queued_ = false;
    if (more_) executor_.tick();
  }

 private:
  Executor& executor_;
  bool over_ = false;
  bool more_ = false;
};

/// Serves those who wait for a key.
class Executor::Service final : public Task {
 public:
  Service(Server& server, int database, View key) : server_(server), database_(database), key_(key) {}

  void run(size_t) override {
    over_ = true;
    server_.waiting().changed(database_, key_);
    server_.dispatcher().serve_waiting();
  }
  bool over() const override { return over_; }
  void keep() override {}
  void undo() override { over_ = false; }
  void refuse(View) override { over_ = true; }
  void release() override {}

 private:
  Server& server_;
  const int database_;
  const Bytes key_;
  bool over_ = false;
};

Executor::Executor(Server& server, Place& place, std::unique_ptr<sql::SqlBackend> backend)
    : server_(server),
      place_(place),
      backend_(std::move(backend)),
      store_(backend_->tables()),
      held_(server),
      timeout_us_(std::chrono::microseconds(place.url.upstream.timeout).count()) {
  note(0);
  thread_ = std::thread([this] { work(); });
}

Executor::~Executor() { stop(); }

// --- what others call

void Executor::submit(std::unique_ptr<Task> task) {
  {
    const std::lock_guard guard(queue_lock_);
    queue_.push_back(std::move(task));
    if (queue_.size() > 1) return;  // it is awake, or will be
  }
  queue_filled_.notify_one();
}

size_t Executor::lend(FunctionRef<size_t(sql::SqlBackend&)> read) {
  if (settings_changed_ || reset_asked_) return 0;
  if (store_.driver().remote() && us_since(last_checked_) >= second_us) return 0;
  {
    const std::lock_guard guard(queue_lock_);
    if (!at_rest_ || lent_ || !queue_.empty()) return 0;
    lent_ = true;
  }
  struct Loan {
    ~Loan() {
      bool awaited = false;
      {
        const std::lock_guard guard(executor.queue_lock_);
        executor.lent_ = false;
        awaited = executor.stopping_ || !executor.queue_.empty();
      }
      if (awaited) executor.queue_filled_.notify_one();
    }
    Executor& executor;
  };
  const Loan loan{*this};
  const size_t run = read(*backend_);
  if (run > 0) {
    report_.from_memory += run;
    report_.store = store_.statistics();
  }
  return run;
}

size_t Executor::keys() const {
  size_t keys = 0;
  for (const sql::SqlStore::Usage& usage : report_.databases) keys += usage.keys;
  return keys;
}

void Executor::serve(int database, View key) {
  if (refusal_.empty()) submit(std::make_unique<Service>(server_, database, key));
}

void Executor::tick() {
  if (upkeep_queued_ || !refusal_.empty()) return;
  const bool any_due = std::any_of(report_.databases.begin(), report_.databases.end(),
                                   [](const sql::SqlStore::Usage& usage) { return usage.expires > 0; });
  // What nobody asks for anything is looked after all the same: a connection that is lost is made again by then.
  const bool unsure = store_.driver().remote() && us_since(last_checked_) >= second_us;
  if (!any_due && !unsynced_ && !unsure) return;
  upkeep_queued_ = true;
  submit(std::make_unique<Upkeep>(*this));
}

void Executor::apply(const sql::Options& options, sql::Durability durability) {
  options_ = options;
  durability_ = durability;
  settings_changed_ = true;
}

void Executor::give_back() {
  Tasks given;
  {
    const std::lock_guard guard(queue_lock_);
    given.assign(std::make_move_iterator(queue_.begin()), std::make_move_iterator(queue_.end()));
    queue_.clear();
  }
  if (std::this_thread::get_id() == thread_.get_id() && at_ < batch_.size()) {
    const auto rest = batch_.begin() + static_cast<ptrdiff_t>(at_) + 1;
    given.insert(given.begin(), std::make_move_iterator(rest), std::make_move_iterator(batch_.end()));
    batch_.erase(rest, batch_.end());
  }
  for (auto& task : given) task->release();
}

void Executor::stop() {
  {
    const std::lock_guard guard(queue_lock_);
    stopping_ = true;
  }
  queue_filled_.notify_one();
  if (thread_.joinable()) thread_.join();
}

// --- the thread

void Executor::work() {
  while (take()) {
    if (!batch_.empty() && !is_down_ && !taken_away_) {
      take_settings();
      run_batch();
    } else if (!batch_.empty()) {
      refuse_all(refusal_);
    } else if (is_down_) {
      try_again();
    } else {
      tidy();
    }
    batch_.clear();
  }
  if (is_down_ || taken_away_ || in_force_ == sql::Durability::always || !unsynced_) return;
  try {
    store_.sync();
  } catch (const sql::SqlError& error) {
    spdlog::error("{}", error_text(error));
  }
}

/// Waits for work, and takes of it what shall share a transaction; nothing, if it is time for something else. False: it
/// is over.
bool Executor::take() {
  std::unique_lock guard(queue_lock_);
  const auto filled = [this] { return (stopping_ || !queue_.empty()) && !lent_; };
  if (is_down_) {
    queue_filled_.wait_for(guard, std::chrono::milliseconds(wait_ms_), filled);
  } else if (!more_to_reclaim_) {
    at_rest_ = !taken_away_;
    queue_filled_.wait(guard, filled);
    at_rest_ = false;
  }
  size_t steps = 0;
  size_t bytes = 0;
  while (!queue_.empty() && steps < most_steps && bytes < most_bytes) {
    if (!batch_.empty() && queue_.front()->may_take_long()) break;
    steps += queue_.front()->size();
    bytes += queue_.front()->bytes();
    batch_.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  at_ = 0;
  return !batch_.empty() || !stopping_;
}

void Executor::take_settings() {
  const std::lock_guard guard(server_.lock());
  if (reset_asked_) store_.reset_statistics();
  reset_asked_ = false;
  if (!settings_changed_) return;
  settings_changed_ = false;
  store_.set_options(options_);
  if (in_force_ == durability_) return;
  try {
    store_.set_durability(durability_);
    in_force_ = durability_;
  } catch (const sql::SqlError& error) {
    spdlog::error("{}", error_text(error));
    settings_changed_ = true;  // the next batch tries again
  }
}

void Executor::run_batch() {
  begun_ = ticks::now();
  try {
    store_.begin_batch();
    if (store_.driver().remote() && us_since(last_checked_) >= second_us) {
      // What is held in memory is true only while nobody else has taken the database, say, behind a broken network.
      store_.check_owner();
      last_checked_ = ticks::now();
    }
    if (store_.driver().remote()) fetch_ahead();
    run_tasks();
    commit();
    finish();
  } catch (const sql::SqlError& error) {
    failed(error);
  }
  constexpr int64_t between_sizes_us = 10 * second_us;
  try {
    if (in_force_ == sql::Durability::everysec && unsynced_ && us_since(last_sync_) >= second_us) {
      store_.sync();
      unsynced_ = false;
      last_sync_ = ticks::now();
    }
    if (!is_down_ && us_since(last_sized_) >= between_sizes_us) {
      last_sized_ = ticks::now();
      const uint64_t bytes = store_.driver().database_bytes();
      const std::lock_guard guard(server_.lock());
      report_.database_bytes = bytes;
    }
  } catch (const sql::SqlError& error) {
    spdlog::warn("{}", error_text(error));  // the next batch meets it, too
  }
}

/// Asks for the rows of all keys at once, and then for the elements that are named, before the lock is taken: two
/// round trips for the batch, not for each.
void Executor::fetch_ahead() {
  Task::Names names;
  for (const auto& task : batch_) task->add_names(names);
  for (const auto& [database, of] : names.databases) {
    backend_->fetch_ahead(database, of.keys, of.elements);
  }
}

/// Runs the tasks of the batch, in slices, so that others get the lock in between. Where it takes long, what is left
/// goes back to the queue: nobody shall wait for more than needs be.
void Executor::run_tasks() {
  const int64_t begun = ticks::now();
  while (at_ < batch_.size() && (at_ == 0 || us_since(begun) < longest_us)) {
    const Locked locked(*this);
    const int64_t since = ticks::now();
    do {
      batch_[at_]->run(SIZE_MAX);
      ++at_;
    } while (at_ < batch_.size() && us_since(since) < slice_us);
  }
  if (at_ == batch_.size()) return;
  const auto rest = batch_.begin() + static_cast<ptrdiff_t>(at_);
  const std::lock_guard guard(queue_lock_);
  queue_.insert(queue_.begin(), std::make_move_iterator(rest), std::make_move_iterator(batch_.end()));
  batch_.erase(rest, batch_.end());
}

void Executor::commit() {
  const uint64_t before = store_.statistics().batches;
  const int64_t begun = ticks::now();
  store_.commit_batch();
  const int64_t took = us_since(begun);
  if (store_.statistics().batches == before) return;
  if (in_force_ != sql::Durability::always) unsynced_ = true;
  more_to_reclaim_ = store_.backlog() > 0;
  commit_us_ += static_cast<uint64_t>(took);
  longest_commit_us_ = std::max(longest_commit_us_, static_cast<uint64_t>(took));
  if (took >= slow_commit_us) spdlog::warn("Backend {}: a COMMIT took {} ms", place_.name, took / 1000);
}

/// The batch is committed.
void Executor::finish() {
  size_t steps = 0;
  const std::lock_guard guard(server_.lock());
  for (auto& task : batch_) {
    steps += task->size();
    task->keep();
    task->release();
  }
  held_.release();
  note(steps);
}

/// Keeps the report, which others read.
void Executor::note(size_t steps) {
  if (steps > 0) ++report_.batches;
  report_.steps += steps;
  report_.largest = std::max<uint64_t>(report_.largest, steps);
  report_.commit_us = commit_us_;
  report_.longest_commit_us = longest_commit_us_;
  report_.statements = store_.driver().statements();
  report_.round_trips = store_.driver().round_trips();
  report_.backlog = store_.backlog();
  report_.cached_bytes = store_.cached_bytes();
  report_.store = store_.statistics();
  report_.databases.clear();
  for (int i = 0; i < store_.databases(); ++i) report_.databases.push_back(store_.usage(i));
}

// --- when the database fails

Bytes Executor::error_text(const sql::SqlError& error) const { return "BACKEND " + place_.name + ": " + error.what(); }

Bytes Executor::unreachable(const sql::SqlError& error) const {
  return "BACKEND " + place_.name + ": the database cannot be reached: " + error.what();
}

void Executor::failed(const sql::SqlError& error) {
  spdlog::warn("{}", error_text(error));
  bool committed = false;
  if (error.kind() == sql::SqlError::lost) {
    const size_t unsure = store_.commit_attempted() ? batch_.size() : 0;
    sql::SqlError reason = error;
    if (!reconnect(committed, reason)) return down(reason, unsure);
    if (committed) return finish();
  }
  {
    const std::lock_guard guard(server_.lock());
    if (error.kind() != sql::SqlError::lost) store_.rollback_batch();
    undo();
    ++report_.replayed;
  }
  more_to_reclaim_ = more_to_reclaim_ && !batch_.empty();  // not again and again, if it is that which fails
  if (error.kind() == sql::SqlError::owned) return down(error, 0);
  replay();
}

/// Under the lock: nothing of the batch has happened.
void Executor::undo() {
  for (auto task = batch_.rbegin(); task != batch_.rend(); ++task) (*task)->undo();
  held_.undo();
}

/// Step by step, each in a transaction of its own.
void Executor::replay() {
  trouble_.clear();
  while (!batch_.empty()) {
    Task& task = *batch_.front();
    at_ = 0;
    while (!task.over()) {
      // Nobody waits for what others wait for in vain, one after the other.
      if (!trouble_.empty() && is_late()) return refuse_all(trouble_);
      if (!replay_step(task)) return;
    }
    const std::lock_guard guard(server_.lock());
    task.release();
    held_.release();
    note(task.size());
    batch_.erase(batch_.begin());
  }
}

bool Executor::is_late() const { return us_since(begun_) >= timeout_us_; }

/// False: nothing more can be done, and all were told so.
bool Executor::replay_step(Task& task) {
  const int64_t begun = ticks::now();
  for (int attempt = 1;; ++attempt) {
    try {
      store_.begin_batch();
      {
        const Locked locked(*this);
        task.run(1);
      }
      commit();
    } catch (const sql::SqlError& error) {
      const bool lost = error.kind() == sql::SqlError::lost;
      bool committed = false;
      if (lost) {
        const size_t unsure = store_.commit_attempted() ? 1 : 0;
        sql::SqlError reason = error;
        if (!reconnect(committed, reason)) return down(reason, unsure), false;
      }
      if (!committed) {
        const std::lock_guard guard(server_.lock());
        if (!lost) store_.rollback_batch();
        task.undo();
        held_.undo();
        const bool may_pass = lost || error.kind() == sql::SqlError::busy;
        if (may_pass && attempt < most_attempts && us_since(begun) < timeout_us_ / 2) continue;
        if (error.kind() != sql::SqlError::owned) {
          if (may_pass) trouble_ = error_text(error);
          spdlog::warn("{}", error_text(error));
          task.refuse(error_text(error));
          task.keep();
          return true;
        }
      }
      if (!committed) return down(error, 0), false;
    }
    const std::lock_guard guard(server_.lock());
    task.keep();
    return true;
  }
}

void Executor::refuse_all(View error) {
  const std::lock_guard guard(server_.lock());
  for (auto& task : batch_) {
    while (!task->over()) task->refuse(error);
    task->release();
  }
  batch_.clear();
  held_.release();
}

/// Connects again, for as long as those who wait shall wait. `committed`: the batch's COMMIT had come through.
/// `reason`: in the end, why it could not be.
bool Executor::reconnect(bool& committed, sql::SqlError& reason) {
  int64_t wait_ms = first_wait_ms;
  for (;;) {
    try {
      committed = store_.recover();
      last_checked_ = ticks::now();
      spdlog::info("Backend {}: connected again", place_.name);
      const std::lock_guard guard(server_.lock());
      ++report_.reconnects;
      return true;
    } catch (const sql::SqlError& error) {
      reason = error;
      if (error.kind() == sql::SqlError::owned) taken_away_ = true;
      if (taken_away_ || is_late()) return false;
    }
    std::unique_lock guard(queue_lock_);
    const auto left = std::chrono::microseconds(std::max<int64_t>(0, timeout_us_ - us_since(begun_)));
    const auto wait = std::min<std::chrono::microseconds>(std::chrono::milliseconds(wait_ms), left);
    if (queue_filled_.wait_for(guard, wait, [this] { return stopping_; })) return false;
    wait_ms = std::min(wait_ms * 2, longest_wait_ms);
  }
}

/// Nothing can be done until there is a connection again, or never, if another server has the database. What the first
/// `unsure` tasks of the batch were about may be in the database.
void Executor::down(const sql::SqlError& error, size_t unsure) {
  taken_away_ = taken_away_ || error.kind() == sql::SqlError::owned;
  is_down_ = !taken_away_;
  more_to_reclaim_ = false;
  wait_ms_ = first_wait_ms;
  {
    const std::lock_guard guard(server_.lock());
    undo();
    refusal_ = taken_away_ ? "BACKEND " + place_.name + ": another server has taken the database" : unreachable(error);
    spdlog::error("{}", refusal_);
    const Bytes unknown = refusal_ + "; the command may have been executed";
    for (size_t i = 0; i < std::min(unsure, batch_.size()); ++i) {
      while (!batch_[i]->over()) batch_[i]->refuse(unknown);
    }
  }
  refuse_all(refusal_);
}

void Executor::try_again() {
  try {
    store_.recover();
    last_checked_ = ticks::now();
    is_down_ = false;
    more_to_reclaim_ = store_.backlog() > 0;
    spdlog::info("Backend {}: connected again", place_.name);
    const std::lock_guard guard(server_.lock());
    refusal_.clear();
    ++report_.reconnects;
    note(0);
  } catch (const sql::SqlError& error) {
    wait_ms_ = std::min(wait_ms_ * 2, longest_wait_ms);
    if (error.kind() == sql::SqlError::owned) return down(error, 0);
    const std::lock_guard guard(server_.lock());
    refusal_ = unreachable(error);
  }
}

/// Nothing is asked for: deletes some of what was thrown away.
void Executor::tidy() {
  begun_ = ticks::now();
  try {
    store_.begin_batch();
    const bool more = store_.reclaim(reclaimed_at_once);
    commit();
    more_to_reclaim_ = more;
    finish();
  } catch (const sql::SqlError& error) {
    failed(error);
  }
}

}  // namespace redipy
