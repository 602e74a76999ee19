// SPDX-License-Identifier: Apache-2.0
//
// The thread of a backend in tables. Nobody else touches its store. Sessions hand it their requests (session_task.h)
// and wait; it takes what is queued, runs it in order in one transaction, commits, and then lets the replies go: while
// one COMMIT waits for the disk the queue fills, so that the next batch is as large as the load wants it to be.
//
//   queue ──take──> batch: run, run, run … ──COMMIT──> release replies, messages, who was served
//                    under the server's lock   without
//
// Commands run by the Dispatcher and under the server's lock, as they do on a network thread for data in memory; what
// they say to others is held back until COMMIT (held_mail.h). What only reads rows that are held in memory runs on the
// network thread that has read it, while the store is at rest (lend). When the database fails, the transaction is
// rolled back, everything is undone, and the requests run again, each in a transaction of its own, so that only those
// get an error that cannot be done. After a lost connection the database tells whether COMMIT came through
// (SqlStore::recover).
//
// Threads: what others call is guarded by the server's lock, where nothing else is said.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "core/base/function_ref.h"
#include "core/base/view.h"
#include "server/held_mail.h"
#include "sql/sql_backend.h"

namespace redipy {

class Server;
struct Place;

/// Something to do at an executor: the requests of a session, a question of a flow, upkeep. It consists of steps, of
/// which any number may share a transaction. All methods are called on the executor's thread and under the server's
/// lock.
class Task {
 public:
  virtual ~Task() = default;
  /// Runs the next steps, `most` at most. May throw SqlError: then undo() follows.
  virtual void run(size_t most) = 0;
  /// Nothing is left to run.
  virtual bool over() const = 0;
  /// What has run is committed.
  virtual void keep() = 0;
  /// What has run since the last keep() has not: back to there.
  virtual void undo() = 0;
  /// The next step cannot be done: this is the reply to it.
  virtual void refuse(View error) = 0;
  /// Nothing more comes: whoever waits goes on.
  virtual void release() = 0;
  /// What it will ask for: keys, and elements of their values. Without the lock.
  struct Names {
    struct Of {
      std::vector<View> keys;
      std::vector<sql::SqlStore::ElementName> elements;
    };
    std::map<int, Of> databases;
  };
  virtual void add_names(Names& /*names*/) const {}
  /// It may run for long (a script): nobody's reply waits behind it in one batch.
  virtual bool may_take_long() const { return false; }
  /// How many steps, about.
  virtual size_t size() const { return 1; }
  /// Of its words.
  virtual size_t bytes() const { return 0; }
};

class Executor {
 public:
  /// Begins at once. Throws SqlError where the store cannot be opened. The place outlives it.
  Executor(Server& server, Place& place, std::unique_ptr<sql::SqlBackend> backend);
  ~Executor();
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  /// Only while refusal() is empty.
  void submit(std::unique_ptr<Task> task);
  /// Why nothing can be done now: an error reply. Empty: it can.
  const Bytes& refusal() const { return refusal_; }
  /// What can be answered from memory needs no turn of the thread: lets `read` run on the caller's, if the store is at
  /// rest and what it holds is sure to be true. `read` returns how many requests it has run (SqlBackend::run_held), and
  /// submits none. Returns that, too.
  size_t lend(FunctionRef<size_t(sql::SqlBackend&)> read);
  /// Gives back what has not begun to run, for a script has run for long: whoever asked is to ask again, and is told.
  /// On the executor's own thread, or any other one.
  void give_back();
  /// Somebody waits for a key that has become ready elsewhere than here.
  void serve(int database, View key);
  /// Called some times a second: expiry, and what durability asks for.
  void tick();
  /// Does what is queued, refuses what cannot be done, ends the thread. Without the lock. To be called once nobody
  /// submits any more.
  void stop();

  void apply(const sql::Options& options, sql::Durability durability);
  void keep_expired(bool on) { backend_->tables().keep_expired(on); }
  /// DEBUG SET-ACTIVE-EXPIRE.
  void set_active_expire(bool on) { active_expire_ = on; }
  sql::SqlBackend& backend() { return *backend_; }

  /// How it goes, as of the last batch.
  struct Report {
    uint64_t batches = 0;
    uint64_t replayed = 0;     ///< batches that failed, and ran again piece by piece
    uint64_t steps = 0;        ///< requests and the like
    uint64_t from_memory = 0;  ///< requests that needed no batch
    uint64_t largest = 0;      ///< batch, in steps
    uint64_t commit_us = 0;    ///< all COMMITs together
    uint64_t longest_commit_us = 0;
    uint64_t reconnects = 0;
    uint64_t statements = 0;
    uint64_t round_trips = 0;
    uint64_t database_bytes = 0;
    size_t backlog = 0;
    size_t cached_bytes = 0;
    sql::SqlStore::Statistics store;
    std::vector<sql::SqlStore::Usage> databases;
  };
  const Report& report() const { return report_; }
  /// CONFIG RESETSTAT.
  void reset_statistics() {
    report_.store = {};
    reset_asked_ = true;
  }
  /// In all databases, as of the last batch.
  size_t keys() const;

 private:
  class Upkeep;
  class Service;
  class Locked;
  using Tasks = std::vector<std::unique_ptr<Task>>;

  void work();
  bool take();
  void run_batch();
  void fetch_ahead();
  void run_tasks();
  void commit();
  void finish();
  void failed(const sql::SqlError& error);
  void undo();
  void replay();
  bool replay_step(Task& task);
  void refuse_all(View error);
  bool reconnect(bool& committed, sql::SqlError& reason);
  void down(const sql::SqlError& error, size_t unsure);
  bool is_late() const;
  void try_again();
  void tidy();
  void take_settings();
  void note(size_t steps);
  Bytes error_text(const sql::SqlError& error) const;
  Bytes unreachable(const sql::SqlError& error) const;

  Server& server_;
  Place& place_;
  std::unique_ptr<sql::SqlBackend> backend_;
  sql::SqlStore& store_;
  HeldMail held_;
  Report report_;
  Bytes refusal_;
  bool active_expire_ = true;
  bool upkeep_queued_ = false;
  bool reset_asked_ = false;
  bool settings_changed_ = false;
  sql::Options options_;
  sql::Durability durability_ = sql::Durability::always;

  std::mutex queue_lock_;  // guards the queue; taken after the server's lock, never before it
  std::condition_variable queue_filled_;
  std::deque<std::unique_ptr<Task>> queue_;
  bool stopping_ = false;
  bool at_rest_ = false;  // the thread waits for work, and leaves the store alone
  bool lent_ = false;     // somebody else uses the store: the thread is not to begin

  // The thread's own.
  Tasks batch_;
  size_t at_ = 0;  // of the batch, what runs
  const int64_t timeout_us_;
  int64_t begun_ = 0;        // ticks: the batch
  Bytes trouble_;            // why a step of it could not be done after having taken long
  bool taken_away_ = false;  // another server has the database: for good
  bool is_down_ = false;
  int64_t wait_ms_ = 0;     // until the next attempt to connect
  int64_t last_sync_ = 0;   // ticks
  int64_t last_sized_ = 0;  // ticks
  std::atomic<bool> unsynced_{false};
  std::atomic<int64_t> last_checked_{0};  // ticks: the database has answered, and is ours
  bool more_to_reclaim_ = false;
  uint64_t commit_us_ = 0;
  uint64_t longest_commit_us_ = 0;
  sql::Durability in_force_ = sql::Durability::always;

  std::thread thread_;  // the last member: it uses all others
};

}  // namespace redipy
