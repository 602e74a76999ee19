// SPDX-License-Identifier: Apache-2.0
//
// Sockets of the server as a whole: it listens, spreads connections over the network threads, keeps time and hears
// signals. Connections stay on the thread they were given to.
#pragma once

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "server/connection.h"

namespace redipy {

struct Settings;

class Network {
 public:
  explicit Network(Server& server);
  ~Network();

  /// Opens all addresses that the settings name; throws std::runtime_error that says which one failed.
  void listen();
  /// The TCP port, as the system picked it for `port 0`; 0 without TCP.
  int port() const { return port_; }
  /// Serves until a shutdown is asked for, then drains: no new connections, replies are sent, at most a second.
  void run();
  /// Any thread.
  void stop();
  /// Any thread: listens where the settings say now instead of where `old` says; throws ConfigError, and listens as
  /// before, if that cannot be. Connections stay.
  void relisten(const Settings& old);

 private:
  using TcpAcceptor = asio::basic_socket_acceptor<asio::ip::tcp, asio::io_context::executor_type>;
  using UnixAcceptor = asio::basic_socket_acceptor<asio::local::stream_protocol, asio::io_context::executor_type>;

  void listen_tcp(const Settings& settings);
  void listen_tcp(const asio::ip::address& address, int port);
  void listen_unix(const Bytes& path, int permissions);
  template <class Acceptor>
  void accept(const std::shared_ptr<Acceptor>& acceptor);
  void take(Socket socket, NetworkThread& thread);
  Bytes refusal(Connection& connection);
  void hear_signals();
  void tick();
  void catch_up_with_expiry();
  void arm_due_timer();
  void drain();
  void close_upstreams();

  Server& server_;
  std::vector<std::unique_ptr<NetworkThread>> threads_;  // the first is the caller of run()
  size_t next_thread_ = 0;
  std::mutex listeners_;  // guards the acceptors; taken after the server's lock, never before it
  std::vector<std::shared_ptr<TcpAcceptor>> tcp_;
  std::vector<std::shared_ptr<UnixAcceptor>> unix_;
  asio::steady_timer cron_timer_;
  asio::steady_timer expiry_timer_;
  asio::steady_timer due_timer_;
  asio::steady_timer drain_timer_;
  asio::signal_set signals_;
  int port_ = 0;
  bool stopping_ = false;
};

}  // namespace redipy
