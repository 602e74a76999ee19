// SPDX-License-Identifier: Apache-2.0
//
// One client's socket, on one network thread: reads, has the session consume, writes. One write per batch of requests;
// what the peer does not take at once waits in a queue, within client-output-buffer-limit. It is read when its thread's
// poller says so (poller.h), which also keeps it alive.
//
// Threads: all methods run on the connection's own thread, but for Link's, which say so.
#pragma once

#include <atomic>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <deque>
#include <map>
#include <memory>

#include "core/net/poller.h"
#include "proxy/hub.h"
#include "server/input.h"
#include "server/session.h"

namespace redipy {

using Socket = asio::basic_stream_socket<asio::generic::stream_protocol, asio::io_context::executor_type>;

/// An event loop and what its connections share, as only one of them runs at a time.
struct NetworkThread {
  asio::io_context context{1};
  Poller poller{context};
  Scratch scratch;
  std::vector<Buffer> spare;                             // for replies that wait for the end of the round
  std::map<uint64_t, std::shared_ptr<proxy::Hub>> hubs;  // by the backend's id
};

/// Why what is asked of a backend is refused, once it is removed.
inline constexpr View removed_backend = "the backend was removed";

class Connection final : public Link, public Pollable, public std::enable_shared_from_this<Connection> {
 public:
  /// Under the server's lock.
  Connection(Server& server, NetworkThread& thread, Socket socket);
  ~Connection() override;

  /// Begins to serve. Refuses with `refusal` (a whole error line) instead, if it is not empty, and closes.
  void start(View refusal);
  Session& session() { return session_; }
  /// Closes at once. May be called from the session's own work: takes effect when that is over.
  void close();

  // --- Link
  void wake() override;
  Bytes peer_address() const override { return peer_address_; }
  Bytes local_address() const override { return local_address_; }
  int descriptor() const override { return descriptor_; }
  bool is_local() const override { return is_local_; }
  void let_others_in() override;
  void deliver(View bytes) override;
  proxy::Hub& hub(Place& place) override;
  void unblock(bool with_error) override;
  std::shared_ptr<void> keep() override { return shared_from_this(); }
  asio::io_context& context() override { return thread_.context; }

 private:
  bool ready(bool to_read, bool to_write) override;
  void round_over() override;
  void make_room();
  void give_back_room();
  ssize_t read_some();
  ssize_t write_some(View bytes);
  bool read();
  void on_wake();
  void process();
  void send();
  void put_off(Buffer& out);
  void write_soon();
  void write_queued();
  bool said_all() const;
  bool within_hard_limit(const Buffer& out) const;
  bool within_soft_limit();
  void close_overrun();
  void weigh_queue(size_t before);
  void note_sizes();

  Server& server_;
  NetworkThread& thread_;
  Session session_;
  Input input_;
  std::deque<Buffer> queue_;  // replies that the peer was not ready for
  size_t queue_offset_ = 0;   // of the first one, that much is sent
  size_t queued_bytes_ = 0;
  size_t read_size_ = 16 * 1024;   // grows where reads are filled
  bool watching_writing_ = false;  // for the queue
  bool put_off_ = false;           // the queue is written at the end of the round
  bool closed_ = false;
  std::shared_ptr<Connection> gone_;  ///< the client is, but an executor still has its requests: closes after that
  bool entered_ = false;
  std::atomic<bool> wake_posted_{false};
  Bytes peer_address_;
  Bytes local_address_;
  int descriptor_ = -1;
  bool is_local_ = true;
};

}  // namespace redipy
