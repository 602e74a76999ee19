// SPDX-License-Identifier: Apache-2.0
//
// One connection to an upstream. Requests of any number of clients are appended to its output and leave in one write at
// the end of the thread's round; replies come back in the same order, are found in the input by ReplyScanner, and go as
// they are to whoever is at the head of the queue of those who are expected.
//
//     output      ▒ answered │ sent, replies to come │ not sent yet │
//     expected      A A A ──── B ──── A A ──────────── C            one entry for a run of requests of one receiver
//
// What was sent stays in the output until it is answered. So when the connection is lost it is known what came of each
// request: what was not handed to the system whole was certainly not executed and is sent again, as is what only reads;
// the others are answered with an error that says so. No reply can reach the wrong receiver: bytes are only ever
// matched with what was sent on this very connection, and after a loss both begin anew.
//
// Threads: everything on the thread of its hub.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "core/net/poller.h"
#include "core/resp/buffer.h"
#include "core/resp/reply_scanner.h"
#include "proxy/endpoint.h"
#include "proxy/receiver.h"
#include "proxy/traits.h"
#include "proxy/transport.h"

namespace redipy::proxy {

class Hub;

class Channel final : public Pollable, public std::enable_shared_from_this<Channel> {
 public:
  /// A connection that comes back when it is lost (shared by clients), or one that does not (a session's own).
  enum class Kind : uint8_t { shared, owned };

  /// `to_replica`: it reads where the node is a replica, too.
  Channel(Hub& hub, Address address, std::shared_ptr<const Access> access, int protocol, Kind kind,
          bool to_replica = false);
  ~Channel() override;

  /// Begins to connect. Requests may be sent from now on; they wait.
  void start();
  /// Ends it. Receivers hear nothing more.
  void stop();
  /// Ends it; what is expected is answered with an error.
  void abort(const Bytes& why);
  /// An owned one: its server answers nobody any more. As if the connection were lost.
  void give_up(const Bytes& why);
  /// The same, and the listener is told that it is gone.
  void close(const Bytes& why);
  /// Its server is of no use any more, as is known from elsewhere. As if the connection were lost.
  void renounce(const Bytes& why);

  // --- sending

  /// Empty if requests are taken; else why not ("UPSTREAM …", an error reply's text): it is down.
  const Bytes& refusal() const { return refusal_; }
  /// More waits to be sent than should.
  bool congested() const { return output_.size() > access_->most_pending_bytes; }

  /// Sends requests in RESP, in the client's database. `replies` are expected.
  void send(Receiver& receiver, View requests, uint32_t replies, int database, Traits traits,
            const CommandTable::Entry* entry);
  /// The same in two steps: what is appended to output() between begin() and end() is sent.
  Buffer& begin(int database);
  void end(Receiver& receiver, uint32_t replies, Traits traits, const CommandTable::Entry* entry);
  /// Appends a request whose reply nobody wants.
  void send_unanswered(View request, uint32_t replies = 1);

  /// The receiver is about to go: its replies are dropped as they come.
  void forget(const Receiver& receiver);

  // --- an owned one
  void listen(Listener* listener) { listener_ = listener; }
  /// RESP2: from now on arrays that say message, pmessage, smessage are messages.
  void expect_messages(bool on) { expects_messages_ = on; }
  /// What comes unasked is lines of MONITOR, and each a message.
  void expect_lines() { expects_lines_ = true; }
  /// The database that the last request was for.
  int database() const { return database_; }
  void set_database(int database) { database_ = database; }
  /// CLIENT ID there; 0 before it is known.
  int64_t remote_id() const { return remote_id_; }

  int protocol() const { return protocol_; }
  void set_protocol(int protocol) { protocol_ = protocol; }
  const Address& address() const { return address_; }
  Kind kind() const { return kind_; }
  bool is_to_replica() const { return to_replica_; }
  /// Since when no connection can be made (Hub::now_ms()); 0: that is not so.
  int64_t down_since_ms() const { return down_since_ms_; }
  bool is_ready() const { return state_ == State::ready; }
  bool is_stopped() const { return state_ == State::stopped; }
  /// Requests without a reply.
  size_t pending() const { return pending_; }
  bool is_idle() const { return expected_.empty(); }
  /// What is under way may take any time.
  bool waits() const { return !expected_.empty() && expected_.back().traits.patient; }

  /// For how long nothing has come though a reply is due.
  int64_t silent_ms(int64_t now_ms) const;

  /// To be called now and then: time-outs, reconnecting, a look at its health.
  void tick(int64_t now_ms);

  // --- Pollable
  bool ready(bool to_read, bool to_write) override;
  void round_over() override;

 private:
  enum class State : uint8_t { unused, resolving, connecting, greeting, ready, waiting, stopped };

  struct Expected {
    Receiver* receiver = nullptr;  // null: whoever asked is gone
    const CommandTable::Entry* entry = nullptr;
    uint32_t replies = 0;  // still to come
    uint32_t errors = 0;
    uint32_t rejected = 0;
    uint32_t requests = 0;
    Traits traits{};
    bool begun = false;  // a part of its next reply was handed on
    int database = 0;
    uint64_t end = 0;  // where its requests end in the stream of all output
    int64_t sent_ticks = 0;
    std::unique_ptr<Bytes> own_reply{};  // what we answer in the upstream's place
    bool repeatable = false;             // then: it may be sent again
    bool redirected = false;             // the last reply was a cluster's redirection
  };

  void connect();
  void connect_to(const Address& numeric);
  void establish();
  void greet();
  void greeted(View reply);
  void failed(const Bytes& why);
  void lost(const Bytes& why);
  void disconnect();
  void sort_out(const Bytes& why, bool again);
  void keep(std::deque<Expected>& kept, const Expected& from, View request);
  void settle(uint32_t requests);
  void append_expected(Receiver* receiver, uint32_t replies, Traits traits, const CommandTable::Entry* entry);
  void arm_write();
  void flush();
  bool read();
  bool process();
  bool is_message(View reply) const;
  void hand_over(Receiver* receiver, View bytes, uint32_t whole);
  void finish_head();
  void note_error(View text);
  void answer_own();
  void report();
  void watch_writing(bool on);
  void release_idle();

  Hub& hub_;
  const Address address_;
  const std::shared_ptr<const Access> access_;
  int protocol_;
  const Kind kind_;
  const bool to_replica_;
  State state_ = State::unused;
  Transport transport_;
  bool registered_ = false;
  bool watching_writing_ = false;
  bool put_off_ = false;

  Buffer output_;  // from stream position output_begin_ on
  uint64_t output_begin_ = 0;
  uint64_t sent_ = 0;            // stream position up to which the system has it
  uint64_t answered_up_to_ = 0;  // stream position at which the requests of the first expected one begin
  bool asked_commands_ = false;  // last in the greeting
  uint32_t greetings_left_ = 0;  // replies to what is said first on a new connection
  std::deque<Expected> expected_;
  size_t pending_ = 0;

  Buffer input_;
  size_t looked_at_ = 0;  // of the input
  ReplyScanner scanner_;

  std::vector<Answered> answered_;
  std::vector<Bytes> errors_;
  Listener* listener_ = nullptr;
  bool expects_messages_ = false;
  bool expects_lines_ = false;
  bool misplaced_ = false;  // SELECT was refused: what follows must not run
  int database_ = 0;
  int64_t remote_id_ = 0;

  Bytes refusal_;
  Bytes fault_;           // why what came is refused
  int64_t since_ms_ = 0;  // when the state began
  int64_t last_read_ms_ = 0;
  int64_t retry_at_ms_ = 0;
  int failures_ = 0;  // to connect, in a row
  int64_t down_since_ms_ = 0;
};

}  // namespace redipy::proxy
