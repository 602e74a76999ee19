// SPDX-License-Identifier: Apache-2.0
//
// From an admitted session's requests to their replies: the gates that every request passes, in one list (gates.cpp),
// then the backend or the session command, then what follows from every command: statistics, slow log, MONITOR, and
// waking those who wait. Guarded by the server's lock.
#pragma once

#include <cstdint>

#include "core/base/ticks.h"
#include "core/command/backend.h"
#include "core/resp/reply_writer.h"
#include "proxy/receiver.h"
#include "server/routing.h"

namespace redipy {

class Backends;
class HeldMail;
class Server;
class Session;
struct Place;
struct Scratch;
struct Settings;

class Dispatcher final : public BatchObserver {
 public:
  explicit Dispatcher(Server& server);

  /// Runs the gathered requests until they end or the session is suspended or closes. Returns how many were taken.
  size_t run(Session& session, Scratch& scratch, ReplyWriter& reply);

  /// Runs one command that was admitted before (EXEC, scripts), on the session's database. A blocking command that
  /// finds nothing replies null.
  void execute(Session& session, const CommandTable::Entry& entry, const Args& args, Reply& reply);

  /// As execute(), at this backend, whose data are ours, whatever the keys are.
  void execute_at(Session& session, Place& place, const CommandTable::Entry& entry, const Args& args, Reply& reply);
  /// What takes as long may belong into the slow log or the latency monitor.
  int64_t slow_ticks() const;
  /// Inside EXEC: whether an upstream runs the command, where the transaction's keys are its.
  bool is_remote_in_transaction(const CommandTable::Entry& entry) const;
  /// An upstream has run it inside EXEC.
  void count_remote(Session& session, const CommandTable::Entry& entry);
  /// Shows MONITOR a command that takes several steps, whatever its flags say.
  void show_flow(Session& session, const CommandTable::Entry& entry, const Args& args);
  void flow_ended(Session& session, const CommandTable::Entry& entry, const Args& args, View refusal, View reply);

  /// Runs the command that the session waits with once more; true if it has its reply now (in the inbox).
  bool retry(Session& session);
  /// Accounts for the command that the session waited with until its time was up, or until this error ended it.
  void waited_in_vain(Session& session, View error);

  /// The ticks at which the running command began.
  int64_t started() const { return started_; }
  /// Whose command is running; null outside of one (expiry, eviction by the cron).
  Session* current() const { return current_; }
  /// While it lives, what runs is a batch of an executor's, and what is said to others is held back.
  struct Here {
    Here(Dispatcher& dispatcher, Place& place, HeldMail& held);
    ~Here();
    Here(const Here&) = delete;
    Here& operator=(const Here&) = delete;

   private:
    Dispatcher& dispatcher_;
  };
  /// The place whose executor this is; null on network threads.
  Place* here() const { return here_; }
  HeldMail* held() const { return held_; }
  /// Runs a session's requests there, until they end or the session has to wait, or one is to run elsewhere. Returns
  /// how many were taken. May throw what the database throws.
  size_t run_here(Session& session, std::span<const View> words, std::span<const Request> requests, ReplyWriter& reply);
  /// The database could not do the request.
  void fail_here(Session& session, const Request& request, const Args& args, View error, ReplyWriter& reply);

  /// Inside EXEC or a script: nobody is woken in between.
  struct Block {
    explicit Block(Dispatcher& dispatcher) : dispatcher_(dispatcher) { ++dispatcher_.depth_; }
    ~Block() { --dispatcher_.depth_; }
    Block(const Block&) = delete;
    Block& operator=(const Block&) = delete;

   private:
    Dispatcher& dispatcher_;
  };

  /// Whether the request is for an upstream to know and to judge.
  bool goes_upstream(const Request& request, const Args& args) const;
  bool in_block() const { return depth_ > 0; }
  bool is_foreign(const CommandTable::Entry* entry) const { return entry == &foreign_; }

  /// While it lives, other sessions' requests may be dispatched from within the running one.
  struct Suspended {
    explicit Suspended(Dispatcher& dispatcher);
    ~Suspended();
    Suspended(const Suspended&) = delete;
    Suspended& operator=(const Suspended&) = delete;

   private:
    Dispatcher& dispatcher_;
    Session* const current_;
    ReplyWriter* const current_reply_;
    const size_t output_limit_;
    const int64_t started_;
    Place* const here_;
    HeldMail* const held_;
  };

  /// A script calls a command on data, and has called it. All are counted; one in some is timed and stands for the
  /// others, as looking at the time takes longer than many a command.
  void runs_in_script() {
    if (++script_calls_ % script_calls_per_timed == 0) started_ = ticks::now();
  }
  void ran_in_script(const CommandTable::Entry& entry, const Args& args, bool failed);
  /// Shows MONITOR a command, whatever its flags say, as from the current client or from its script.
  void show_monitors(const CommandTable::Entry& entry, const Args& args, bool in_script);

  /// Puts a command into the session's transaction.
  static void queue(Session& session, const CommandTable::Entry& entry, const Args& args);
  /// The reply of a blocking command to which nothing came.
  static void reply_nothing(const CommandTable::Entry& entry, Reply& reply, bool timed_out);
  /// An upstream has answered requests that were sent on.
  void answered(const proxy::Answered& what);
  void settings_changed(const Settings& settings);
  /// Counts an error reply by its code word.
  void count_error(View error);
  /// Serves whoever waits for a key that has become ready.
  void serve_waiting();

  // --- BatchObserver
  void ran(const Request& request, const Args& args) override;
  void refused(const Request& request, const Args& args, View error) override;
  void rejected(const Request& request, const Args& args, View error) override;

 private:
  /// A session's requests run.
  struct Turn {
    Turn(Dispatcher& dispatcher, Session& session, ReplyWriter& reply) : dispatcher_(dispatcher) {
      dispatcher.current_ = &session;
      dispatcher.current_reply_ = &reply;
    }
    ~Turn() {
      dispatcher_.current_ = nullptr;
      dispatcher_.current_reply_ = nullptr;
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    Dispatcher& dispatcher_;
  };

  bool is_plain(const Request& request) const;
  Batch plain_batch(const Session& session, std::span<const View> words, std::span<const Request> requests,
                    ReplyWriter& reply);
  void run_plain(Session& session, std::span<const View> words, std::span<const Request> requests, Backend& backend,
                 ReplyWriter& reply);
  Place* executing_place(Session& session, const Request& request, const Args& args) const;
  Place& place_of_call(Session& session, const CommandTable::Entry& entry, const Args& args) const;
  bool goes_along(Session& session, const Request& request, const Args& args, const Place& place) const;
  size_t submit(Session& session, Scratch& scratch, size_t first, Place& place, ReplyWriter& reply);
  size_t run_held(Session& session, Scratch& scratch, size_t first, size_t last, Place& place, ReplyWriter& reply);
  static void after_reply_mode(Session& session);
  size_t look_ahead(const Session& session, const Scratch& scratch, size_t first);
  size_t run_routed(Session& session, Scratch& scratch, size_t first, ReplyWriter& reply);
  size_t forward_run(Session& session, Scratch& scratch, size_t first);
  static bool is_answered_here(const Session& session, const Place& place);
  bool is_forwarded(const CommandTable::Entry& entry, const Backends& backends) const;
  void note_forwarded(Session& session, const CommandTable::Entry& entry, size_t requests);
  bool run_elsewhere(Session& session, const Request& request, const Args& args, Reply& reply);
  Way way(const CommandTable::Entry& entry) const;
  View crossing(Session& session, const Request& request, const Args& args);
  bool run_single(Session& session, const Request& request, const Args& args, ReplyWriter& reply);
  void reject(Session& session, const Request& request, View error, Reply& reply);
  void run_admitted(Session& session, const Request& request, std::span<const View> words, ReplyWriter& reply);
  void wait_for_keys(Session& session, const Request& request, const Args& args);
  void run_data(Session& session, const Request& request, std::span<const View> words, Reply& reply,
                const Place* place = nullptr);
  void run_session_command(Session& session, const Request& request, const Args& args, Reply& reply);
  void account(const CommandTable::Entry& entry, const Args& args, bool failed);
  void feed_monitors(const CommandTable::Entry& entry, const Args& args);
  void finish(Session& session);
  void limit_output(ReplyWriter& reply, const Command& command);

  Server& server_;
  const Command foreign_command_;
  const CommandTable::Entry foreign_;  // what stands for a command that only an upstream may know
  const std::vector<Way> ways_;        // by Entry::id
  Session* current_ = nullptr;
  ReplyWriter* current_reply_ = nullptr;  // where the current session's mail goes between its replies
  size_t output_limit_ = 0;               // of the current session; 0: none
  Place* here_ = nullptr;
  HeldMail* held_ = nullptr;
  int depth_ = 0;
  bool serving_ = false;
  bool retrying_ = false;  // MONITOR has shown the command when it began to wait
  int64_t started_ = 0;    // ticks at which the running command began
  double ns_per_tick_ = 1;
  static constexpr uint32_t script_calls_per_timed = 16;
  uint32_t script_calls_ = 0;
  int64_t slow_ns_ = 0;  // what takes as long may belong into the slow log or the latency monitor
};

/// The gates, in order (gates.cpp). Empty: admitted; else the refusal.
struct Verdict {
  enum Kind : uint8_t { run, queue, postpone, refuse } kind = run;
  Bytes error;
};
Verdict admit(Session& session, const Request& request, const Args& args);

}  // namespace redipy
