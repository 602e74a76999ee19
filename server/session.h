// SPDX-License-Identifier: Apache-2.0
//
// The state of one client between its requests: who it is, which database and protocol it chose, its transaction, what
// it watches, is subscribed to or waits for. It turns received bytes into admitted requests and has them run; sockets
// are the Connection's (connection.h), the rules for each request the Dispatcher's (dispatch.h).
//
// Threads: everything here is guarded by the server's lock (Server::lock), except consume()'s parsing, which only
// touches what its own connection's thread touches, and what is Relaxed: a look at that without the lock may be a
// little old, and the thread is woken when it was.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "core/base/relaxed.h"
#include "core/command/backend.h"
#include "core/resp/reply_writer.h"
#include "core/resp/request_parser.h"
#include "server/input.h"
#include "server/settings.h"
#include "server/subscriptions.h"
#include "server/tracking_state.h"
#include "server/transaction.h"
#include "server/waiting.h"

namespace boost::asio {
class io_context;
}

namespace redipy {

class Server;
class Relay;
struct Place;
namespace proxy {
class Hub;
}

/// How a session reaches its socket. Callable under the server's lock, from any thread.
class Link {
 public:
  virtual ~Link() = default;
  /// Soon, on the connection's own thread: sends what is in the session's inbox, goes on with its requests if it is no
  /// longer suspended, closes if it is to be closed.
  virtual void wake() = 0;
  virtual Bytes peer_address() const = 0;  ///< "127.0.0.1:50712", "/path:0" for a Unix socket
  virtual Bytes local_address() const = 0;
  virtual int descriptor() const = 0;
  virtual bool is_local() const = 0;  ///< from this machine: loopback or Unix socket
  /// Called on the connection's own thread, without the server's lock, from within a long script of its session: serves
  /// what else is ready on this thread, for a while.
  virtual void let_others_in() = 0;

  // --- for what goes to upstreams; on the connection's own thread
  /// Sends these bytes behind all that was sent, at the end of the round.
  virtual void deliver(View bytes) = 0;
  /// This thread's connections to an upstream.
  virtual proxy::Hub& hub(Place& place) = 0;
  /// Keeps session and link alive.
  virtual std::shared_ptr<void> keep() = 0;
  virtual boost::asio::io_context& context() = 0;
  /// Any thread: the session's blocking command at an upstream is to end there, by CLIENT UNBLOCK.
  virtual void unblock(bool with_error) = 0;
};

/// Space that a network thread lends to whichever session is consuming.
struct Scratch {
  Buffer out;
  std::vector<View> words;
  std::vector<Request> requests;
  const char* begin = nullptr;    ///< where the first request began in the input
  std::vector<const char*> ends;  ///< where each request ended in the input

  /// The bytes of requests [first, last) as they came, with what is skipped before them.
  View bytes(size_t first, size_t last) const {
    const char* const from = first == 0 ? begin : ends[first - 1];
    return {from, static_cast<size_t>(ends[last - 1] - from)};
  }
};

class Session {
 public:
  Session(Server& server, Link& link, uint64_t id);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  Server& server() { return server_; }
  Link& link() { return link_; }
  uint64_t id() const { return id_; }

  /// Runs the requests in the input until they end, or the session is suspended or closes, or enough replies are there
  /// to be sent. Replies go to scratch.out. Takes the server's lock for each batch.
  void consume(Input& input, Scratch& scratch);
  /// The input moved by `distance` bytes in memory: a half-read request follows.
  void input_moved(const char* begin, const char* end, ptrdiff_t distance);
  /// How many bytes to expect at once, 0 if unknown: to make room for a large value.
  size_t missing_bytes(const Input& input) const { return parser_.missing_bytes(input.parsed(), input.end()); }

  /// It has been idle, and much more room for input than it uses.
  bool holds_idle_room(int64_t now_ms) const;

  /// The writer for what is sent out of band: messages, invalidations, the reply of a command that had to wait.
  /// Follow up with wake().
  ReplyWriter& inbox();
  bool has_mail() const { return !inbox_.empty() || (held_mails > 0 && has_held_mail()); }
  /// Moves the inbox to the end of `out`.
  void collect_mail(Buffer& out);
  /// Puts what an executor replied behind the mail that is there, to be sent with it.
  void send_later(Buffer& replies);
  void wake();

  /// Ends the connection: at once, or when what was written to it is sent.
  void close_now();
  void close_after_reply() { closing = true; }

  /// Suspended sessions take no requests: they wait for a key, for a pause to end, …
  bool suspended() const { return waits() || submitted; }
  /// The same, but for what it has at an executor.
  bool waits() const { return wait.active() || paused || draining; }

  /// What is under way at upstreams; made when first asked for.
  Relay& relay();
  bool relay_idle() const;
  /// Replies to what has left for upstreams are still to come, but for one that may take any time.
  bool awaits_upstream() const { return !relay_idle() || wait.kind == Wait::flow; }
  /// It has a connection of its own to an upstream.
  bool has_own_upstreams() const;
  /// The client is gone: what it has at upstreams is given up. On its own thread, without the lock.
  void abandon_upstreams();
  /// A connection of its own to an upstream is lost.
  void upstream_gone(Relay& relay, View why);

  /// Gives back everything that is registered about this session elsewhere; before it is destroyed. Under the lock.
  void detach();

  void set_protocol(int protocol) {
    protocol_ = protocol;
    inbox_writer_.set_protocol(protocol);
  }
  int protocol() const { return protocol_; }

  /// CLIENT REPLY OFF or SKIP: what the running command replies is not sent.
  bool silenced() const { return reply_mode == ReplyMode::off || reply_mode == ReplyMode::skip; }

  /// How much may wait to be read by the peer. Under the lock.
  const OutputLimit& output_limit() const;

  /// Whether requests need no look at anything but their command: the common case, decided once per batch.
  bool plain() const;
  /// As RESET leaves it.
  void reset();

  // --- what commands read and change
  int database = 0;
  bool authenticated = false;
  Bytes name;
  Bytes library_name;
  Bytes library_version;
  enum class ReplyMode : uint8_t { on, off, skip_next, skip } reply_mode = ReplyMode::on;
  bool no_evict = false;
  bool no_touch = false;
  bool monitor = false;
  Relaxed<bool> closing = false;    ///< closes when all replies are sent
  Relaxed<bool> killed = false;     ///< closes at once
  Relaxed<bool> draining = false;   ///< its next request waits until nothing is under way at upstreams
  Relaxed<bool> paused = false;     ///< its next request waits for CLIENT PAUSE or a script to end
  Relaxed<bool> submitted = false;  ///< an executor has its requests, or a reply to it that waits for COMMIT
  size_t done_bytes = 0;            ///< of the input, that many have run at an executor
  ReplyWriter* behind = nullptr;    ///< where mail goes while replies wait for COMMIT: behind these
  int held_mails = 0;               ///< how many executors hold mail for it
  bool in_script = false;           ///< its script pauses; only its own thread looks

  Transaction transaction;
  Subscriptions subscriptions;
  TrackingState tracking;
  Wait wait;
  int64_t flow_started = 0;  ///< ticks at which its flow began (flows.h)

  // --- for CLIENT LIST and the like
  int64_t created_ms = 0;
  int64_t last_interaction_ms = 0;
  const CommandTable::Entry* last_command = nullptr;
  uint64_t commands_run = 0;
  Relaxed<size_t> input_bytes = 0;     ///< received and not looked at yet
  Relaxed<size_t> argument_bytes = 0;  ///< of a request that is not complete: what was parsed of it
  Relaxed<size_t> input_capacity = 0;
  Relaxed<size_t> output_bytes = 0;  ///< waiting for the peer to read
  OutputLimit limit;  ///< output_limit() as of the last look under the lock, for the connection's own thread
  Relaxed<int64_t> soft_limit_since_ms = 0;  ///< since when the output is over its soft limit; 0: it is not
  size_t inbox_bytes() const { return inbox_.size(); }

 private:
  bool gather(Input& input, Scratch& scratch);
  bool has_held_mail() const;
  void shrink(Scratch& scratch);

  Server& server_;
  Link& link_;
  const uint64_t id_;
  int protocol_ = 2;
  RequestParser parser_;
  std::vector<View> partial_;         // words of a request that is not complete yet
  const char* next_begin_ = nullptr;  // gather(): where the input goes on once the gathered requests have run
  const char* next_parsed_ = nullptr;
  bool was_submitted_ = false;  // consume(): requests that begin the input are, or were, an executor's
  size_t requests_per_batch_ = 64;
  std::unique_ptr<Relay> relay_;
  Buffer inbox_;
  ReplyWriter inbox_writer_;
};

}  // namespace redipy
