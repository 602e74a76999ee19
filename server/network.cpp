// SPDX-License-Identifier: Apache-2.0
//
// See network.h.
#include "server/network.h"

#include <sys/stat.h>
#include <unistd.h>

#include <spdlog/spdlog.h>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <mutex>
#include <utility>

#include "core/memory/memory_backend.h"
#include "server/config.h"
#include "server/scripts.h"
#include "server/server.h"

namespace redipy {

namespace {

constexpr View protected_mode_refusal =
    "-DENIED redipy-server is running in protected mode because no password is set for the default user and it was "
    "reached from another machine. Set one with 'requirepass', or bind it to addresses that only trusted machines "
    "reach and set 'protected-mode no'.\r\n";
constexpr View too_many_refusal = "-ERR max number of clients reached\r\n";
constexpr View shutting_down = "the server is shutting down";
/// From the wish to end to the end, whatever clients have not read by then.
constexpr auto longest_drain = std::chrono::seconds(2);

}  // namespace

Network::Network(Server& server)
    : server_(server),
      threads_([&] {
        std::vector<std::unique_ptr<NetworkThread>> threads;
        for (int i = 0; i < std::max(1, server.settings().io_threads); ++i) {
          threads.push_back(std::make_unique<NetworkThread>());
        }
        return threads;
      }()),
      cron_timer_(threads_.front()->context),
      expiry_timer_(threads_.front()->context),
      due_timer_(threads_.front()->context),
      drain_timer_(threads_.front()->context),
      signals_(threads_.front()->context, SIGINT, SIGTERM, SIGHUP) {
  server_.on_shutdown([this] { stop(); });
  server_.on_listen_changed([this](const Settings& old) { relisten(old); });
  server_.backends().on_threads(threads_.size(), [this](const std::function<void(NetworkThread&)>& work) {
    for (const auto& thread : threads_) asio::post(thread->context, [work, thread = thread.get()] { work(*thread); });
  });
  server_.on_due_changed([this] { asio::post(threads_.front()->context, [this] { arm_due_timer(); }); });
}

Network::~Network() {
  for (const auto& acceptor : unix_) {
    boost::system::error_code error;
    const auto endpoint = acceptor->local_endpoint(error);
    if (!error) ::unlink(endpoint.path().c_str());
  }
}

void Network::listen() {
  const Settings& settings = server_.settings();
  listen_tcp(settings);
  if (!settings.unixsocket.empty()) {
    try {
      listen_unix(settings.unixsocket, settings.unixsocketperm);
    } catch (const std::exception& failure) {
      throw std::runtime_error("Cannot listen on " + settings.unixsocket + ": " + failure.what());
    }
  }
  if (tcp_.empty() && unix_.empty())
    throw std::runtime_error("Nothing to listen on: neither bind, port nor unixsocket");
  server_.listening_port = port_;
  if (port_ != 0) server_.config().listens_at(port_);
}

void Network::listen_tcp(const Settings& settings) {
  if (settings.port < 0) return;
  for (const Bytes& written : settings.bind) {
    const bool may_be_missing = written.starts_with('-');
    const Bytes text = may_be_missing ? written.substr(1) : written;
    try {
      boost::system::error_code error;
      if (text == "*") {
        listen_tcp(asio::ip::address_v4::any(), settings.port);
      } else if (text == "::*") {
        listen_tcp(asio::ip::address_v6::any(), settings.port);
      } else if (const auto address = asio::ip::make_address(text, error); !error) {
        listen_tcp(address, settings.port);
      } else {
        asio::ip::tcp::resolver resolver(threads_.front()->context);
        for (const auto& found : resolver.resolve(text, "")) listen_tcp(found.endpoint().address(), settings.port);
      }
    } catch (const boost::system::system_error& failure) {
      // What '-' allows is that the address is not there, not that its port is taken.
      const auto& code = failure.code();
      const bool missing = code == asio::error::address_family_not_supported ||
                           code.category() != boost::system::system_category() || code.value() == EADDRNOTAVAIL ||
                           code.value() == EPROTONOSUPPORT;
      if (may_be_missing && missing) continue;
      throw std::runtime_error("Cannot listen on " + text + " port " + std::to_string(settings.port) + ": " +
                               failure.what());
    }
  }
}

void Network::relisten(const Settings& old) {
  const std::lock_guard guard(listeners_);
  if (stopping_) return;
  const Settings& settings = server_.settings();
  const auto listen_as = [&](const Settings& wanted) {
    boost::system::error_code ignored;
    for (auto& acceptor : tcp_) acceptor->close(ignored);
    tcp_.clear();
    port_ = 0;
    listen_tcp(wanted);
  };
  Bytes failure;
  try {
    listen_as(settings);
  } catch (const std::runtime_error& error) {
    failure = error.what();
    spdlog::warn("{}", failure);
    try {
      listen_as(old);
    } catch (const std::runtime_error& again) {
      spdlog::error("{}", again.what());
    }
  }
  server_.listening_port = port_;
  for (auto& acceptor : tcp_) accept(acceptor);
  if (failure.empty()) return;
  if (settings.port == old.port) throw ConfigError("Failed to bind to specified addresses.", "bind");
  throw ConfigError("Unable to listen on this port. Check server logs.", "port");
}

void Network::listen_tcp(const asio::ip::address& address, int port) {
  // All addresses share the port that the system picked for the first.
  if (port == 0 && port_ != 0) port = port_;
  const asio::ip::tcp::endpoint endpoint(address, static_cast<uint16_t>(port));
  auto acceptor = std::make_shared<TcpAcceptor>(threads_.front()->context, endpoint.protocol());
  acceptor->set_option(asio::socket_base::reuse_address(true));
  if (address.is_v6()) acceptor->set_option(asio::ip::v6_only(true));
  acceptor->bind(endpoint);
  acceptor->listen(server_.settings().tcp_backlog);
  port_ = acceptor->local_endpoint().port();
  tcp_.push_back(std::move(acceptor));
}

void Network::listen_unix(const Bytes& path, int permissions) {
  ::unlink(path.c_str());
  const asio::local::stream_protocol::endpoint endpoint(path);
  auto acceptor = std::make_shared<UnixAcceptor>(threads_.front()->context, endpoint.protocol());
  acceptor->bind(endpoint);
  if (permissions != 0) ::chmod(path.c_str(), static_cast<mode_t>(permissions));
  acceptor->listen(server_.settings().tcp_backlog);
  unix_.push_back(std::move(acceptor));
}

/// With listeners_ held. A closed acceptor's last handler finds it closed.
template <class Acceptor>
void Network::accept(const std::shared_ptr<Acceptor>& acceptor) {
  NetworkThread& thread = *threads_[next_thread_++ % threads_.size()];
  using Peer = asio::basic_stream_socket<typename Acceptor::protocol_type, asio::io_context::executor_type>;
  acceptor->async_accept(
      thread.context, [this, acceptor, &thread](const boost::system::error_code& error, Peer socket) {
        if (error == asio::error::operation_aborted) return;
        const auto again = [this, acceptor] {
          const std::lock_guard guard(listeners_);
          if (!stopping_ && acceptor->is_open()) accept(acceptor);
        };
        if (error) {
          spdlog::warn("Accepting a connection failed: {}", error.message());
          // Out of descriptors: the next attempt would fail at once as well; wait for one to be closed.
          auto retry = std::make_shared<asio::steady_timer>(threads_.front()->context, std::chrono::milliseconds(100));
          retry->async_wait([again, retry](const boost::system::error_code&) { again(); });
          return;
        }
        take(Socket(std::move(socket)), thread);
        again();
      });
}

void Network::take(Socket socket, NetworkThread& thread) {
  std::shared_ptr<Connection> connection;
  Bytes refused;
  {
    const std::lock_guard guard(server_.lock());
    connection = std::make_shared<Connection>(server_, thread, std::move(socket));
    ++server_.statistics().connections_received;
    refused = refusal(*connection);
    if (!refused.empty()) ++server_.statistics().connections_rejected;
  }
  asio::post(thread.context, [connection, refused] { connection->start(refused); });
}

Bytes Network::refusal(Connection& connection) {
  const Settings& settings = server_.settings();
  if (server_.session_count() >= static_cast<size_t>(settings.maxclients)) return Bytes(too_many_refusal);
  if (settings.protected_mode && settings.requirepass.empty() && !connection.is_local()) {
    return Bytes(protected_mode_refusal);
  }
  return {};
}

void Network::run() {
  {
    const std::lock_guard guard(listeners_);
    for (auto& acceptor : tcp_) accept(acceptor);
    for (auto& acceptor : unix_) accept(acceptor);
  }
  hear_signals();
  tick();
  std::vector<std::thread> others;
  std::vector<asio::executor_work_guard<asio::io_context::executor_type>> kept_alive;
  for (size_t i = 1; i < threads_.size(); ++i) {
    kept_alive.emplace_back(threads_[i]->context.get_executor());
    others.emplace_back([context = &threads_[i]->context] { context->run(); });
  }
  threads_.front()->context.run();
  kept_alive.clear();
  for (const auto& thread : threads_) thread->context.stop();
  for (std::thread& thread : others) thread.join();
  server_.stop_executors();
}

void Network::hear_signals() {
  signals_.async_wait([this](const boost::system::error_code& error, int signal) {
    if (error) return;
    if (signal == SIGHUP) {
      const std::lock_guard guard(server_.lock());
      try {
        server_.config().reload();
        spdlog::info("Configuration read again");
      } catch (const ConfigError& failure) {
        spdlog::error("Configuration not changed: {}", failure.what());
      }
      hear_signals();
      return;
    }
    spdlog::info("Received {}, shutting down", signal == SIGINT ? "SIGINT" : "SIGTERM");
    stop();
    hear_signals();
  });
}

void Network::tick() {
  int frequency = 1;
  {
    const std::lock_guard guard(server_.lock());
    frequency = server_.cron_frequency();
  }
  cron_timer_.expires_after(std::chrono::milliseconds(1000 / frequency));
  cron_timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    {
      const std::lock_guard guard(server_.lock());
      server_.cron();
    }
    catch_up_with_expiry();
    tick();
  });
}

/// Until the next cron, where the last one left expired keys behind. Idle servers have nothing to catch up with.
void Network::catch_up_with_expiry() {
  {
    const std::lock_guard guard(server_.lock());
    if (!server_.expire_fast()) return;
  }
  expiry_timer_.expires_after(std::chrono::milliseconds(MemoryBackend::fast_expiry_ms));
  expiry_timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) catch_up_with_expiry();
  });
}

void Network::arm_due_timer() {
  std::optional<int64_t> due;
  int64_t now = 0;
  {
    const std::lock_guard guard(server_.lock());
    if (server_.manual_clock()) return;  // its owner calls run_due()
    due = server_.next_due();
    now = server_.clock().now_ms();
  }
  due_timer_.cancel();
  if (!due) return;
  // In steps of at most an hour, as the wall clock may be set in between.
  const int64_t wait = std::clamp<int64_t>(*due - now, 0, 3600 * 1000);
  due_timer_.expires_after(std::chrono::milliseconds(wait));
  due_timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    {
      const std::lock_guard guard(server_.lock());
      server_.run_due();
    }
    arm_due_timer();
  });
}

void Network::stop() {
  asio::post(threads_.front()->context, [this] {
    {
      const std::lock_guard guard(listeners_);
      if (stopping_) return;
      stopping_ = true;
    }
    drain();
  });
}

/// What clients wait for at upstreams they get an error for.
void Network::close_upstreams() {
  for (const auto& thread : threads_) {
    asio::post(thread->context, [thread = thread.get()] {
      for (const auto& [id, hub] : thread->hubs) hub->close(shutting_down);
    });
  }
}

/// Takes no new connections, lets every session send what it has, and ends. Upstreams have half of the time to answer.
void Network::drain() {
  {
    const std::lock_guard guard(listeners_);
    boost::system::error_code ignored;
    for (auto& acceptor : tcp_) acceptor->close(ignored);
    for (auto& acceptor : unix_) {
      const auto endpoint = acceptor->local_endpoint(ignored);
      ::unlink(endpoint.path().c_str());
      acceptor->close(ignored);
    }
  }
  cron_timer_.cancel();
  expiry_timer_.cancel();
  due_timer_.cancel();
  {
    const std::lock_guard guard(server_.lock());
    server_.scripts().abort();
    server_.for_each_session([](Session& session) {
      session.close_after_reply();
      session.link().wake();
    });
  }
  const auto started = std::chrono::steady_clock::now();
  auto wait = std::make_shared<std::function<void()>>();
  *wait = [this, started, wait, closed = false]() mutable {
    size_t left = 0;
    {
      const std::lock_guard guard(server_.lock());
      left = server_.session_count();
    }
    const auto since = std::chrono::steady_clock::now() - started;
    if (left > 0 && since > longest_drain / 2 && !std::exchange(closed, true)) close_upstreams();
    if (left == 0 || since > longest_drain) {
      signals_.cancel();
      for (const auto& thread : threads_) thread->context.stop();
      *wait = nullptr;
      return;
    }
    drain_timer_.expires_after(std::chrono::milliseconds(2));
    drain_timer_.async_wait([wait](const boost::system::error_code&) {
      if (*wait) (*wait)();
    });
  };
  (*wait)();
}

}  // namespace redipy
