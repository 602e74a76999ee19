// SPDX-License-Identifier: Apache-2.0
//
// See connection.h.
#include "server/connection.h"

#include <sys/socket.h>
#include <unistd.h>

#include <spdlog/spdlog.h>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <cerrno>
#include <mutex>

#include "server/relay.h"
#include "server/server.h"

namespace redipy {

namespace {

constexpr size_t most_per_read = 64 * 1024;
constexpr size_t most_kept = 2 * most_per_read;  // by a connection that has no request under way
constexpr size_t most_put_off = 16 * 1024;
constexpr size_t most_spare = 128;
constexpr size_t weighed_every = 256 * 1024;  // so many bytes that are queued
constexpr size_t most_made_room = size_t{64} << 20;

Bytes address_text(const asio::generic::stream_protocol::endpoint& endpoint, View unix_path) {
  if (endpoint.protocol().family() == AF_INET || endpoint.protocol().family() == AF_INET6) {
    asio::ip::tcp::endpoint tcp;
    tcp.resize(endpoint.size());
    std::memcpy(tcp.data(), endpoint.data(), endpoint.size());
    const Bytes host = tcp.address().to_string();
    const Bytes port = std::to_string(tcp.port());
    return tcp.address().is_v6() ? "[" + host + "]:" + port : host + ":" + port;
  }
  return Bytes(unix_path) + ":0";
}

bool is_loopback(const asio::generic::stream_protocol::endpoint& endpoint) {
  if (endpoint.protocol().family() != AF_INET && endpoint.protocol().family() != AF_INET6) return true;
  asio::ip::tcp::endpoint tcp;
  tcp.resize(endpoint.size());
  std::memcpy(tcp.data(), endpoint.data(), endpoint.size());
  if (tcp.address().is_v6() && tcp.address().to_v6().is_v4_mapped()) {
    return asio::ip::make_address_v4(asio::ip::v4_mapped, tcp.address().to_v6()).is_loopback();
  }
  return tcp.address().is_loopback();
}

/// Of a socket that does not block: no error, but nothing to read or no room to write.
bool is_nothing_now(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

}  // namespace

Connection::Connection(Server& server, NetworkThread& thread, Socket socket)
    : server_(server), thread_(thread), session_(server, *this, server.next_session_id()) {
  boost::system::error_code ignored;
  socket.native_non_blocking(true, ignored);
  const auto local = socket.local_endpoint(ignored);
  const auto peer = socket.remote_endpoint(ignored);
  const Bytes& path = server.settings().unixsocket;
  local_address_ = address_text(local, path);
  peer_address_ = address_text(peer.size() > 0 ? peer : local, path);
  is_local_ = is_loopback(peer.size() > 0 ? peer : local);
  if (local.protocol().family() != AF_UNIX) {
    socket.set_option(asio::ip::tcp::no_delay(true), ignored);
    if (const int seconds = server.settings().tcp_keepalive; seconds > 0) {
      socket.set_option(asio::socket_base::keep_alive(true), ignored);
      const int interval = std::max(1, seconds / 3);
      const int probes = 3;
      setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_KEEPIDLE, &seconds, sizeof seconds);
      setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
      setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
    }
  }
  descriptor_ = socket.release(ignored);
}

Connection::~Connection() {
  if (!closed_) ::close(descriptor_);
}

void Connection::start(View refusal) {
  if (!refusal.empty()) {
    write_some(refusal);
    return close();
  }
  {
    const std::lock_guard guard(server_.lock());
    server_.enter(session_);
    entered_ = true;
  }
  if (!thread_.poller.add(descriptor_, shared_from_this())) close();
}

bool Connection::ready(bool to_read, bool to_write) {
  if (session_.in_script) return true;
  if (to_write) write_queued();
  const bool left = to_read && !closed_ && read();
  return left || (to_write && watching_writing_ && !queue_.empty());
}

/// As read(2) and write(2), with nothing to do now as an error like others (errno).
ssize_t Connection::read_some() {
  ssize_t count = 0;
  do {
    count = ::recv(descriptor_, input_.room(), input_.room_size(), 0);
  } while (count < 0 && errno == EINTR);
  return count;
}

ssize_t Connection::write_some(View bytes) {
  ssize_t count = 0;
  do {
    count = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  } while (count < 0 && errno == EINTR);
  return count;
}

/// Makes room for what is to be read next: more where reads were filled, all of a large value that has announced
/// itself.
void Connection::make_room() {
  const size_t missing = session_.missing_bytes(input_);
  const bool announced = missing > read_size_;
  input_.make_room(
      announced ? std::min(missing, most_made_room) + read_size_ : read_size_, announced,
      [this](const char* begin, const char* end, ptrdiff_t distance) { session_.input_moved(begin, end, distance); });
}

/// Gives back the room for what does not come.
void Connection::give_back_room() {
  if (!session_.holds_idle_room(server_.clock().now_ms())) return;
  input_.shrink(
      [this](const char* begin, const char* end, ptrdiff_t distance) { session_.input_moved(begin, end, distance); });
}

/// Reads what has come and sees to it. True: there may be more.
bool Connection::read() {
  make_room();
  ssize_t count = read_some();
  if (count < 0 && is_nothing_now(errno)) return false;
  if (count <= 0) {
    close();
    return false;
  }
  bool more = false;
  size_t total = 0;
  for (;;) {
    const bool filled = static_cast<size_t>(count) == input_.room_size();
    input_.commit(static_cast<size_t>(count));
    total += static_cast<size_t>(count);
    more = filled;
    if (!filled || total >= most_per_read) break;
    // A filled buffer says that more is waiting: it is taken along, and the next read is larger.
    read_size_ = std::min(read_size_ * 4, most_per_read);
    make_room();
    count = read_some();
    if (count <= 0) {
      more = count == 0 || !is_nothing_now(errno);  // an end: the next read meets it again
      break;
    }
  }
  server_.statistics().input_bytes.fetch_add(total, std::memory_order_relaxed);
  server_.statistics().reads.fetch_add(1, std::memory_order_relaxed);
  process();
  if (closed_) return false;
  if (session_.missing_bytes(input_) > read_size_) {
    make_room();  // at once, so that it counts as the client's
    note_sizes();
    const std::lock_guard guard(server_.lock());
    server_.has_grown(session_);
  }
  if (session_.killed) {
    close();
    return false;
  }
  if (input_.size() > server_.largest_input()) {
    {
      const std::lock_guard guard(server_.lock());
      ++server_.statistics().query_limit_disconnections;
    }
    spdlog::warn("Closing client {} ({}): it reached the query buffer limit", session_.id(), peer_address_);
    close();
    return false;
  }
  if (input_.size() == 0 && input_.capacity() > most_kept) input_.release();
  return more;
}

/// Consumes what has come and sends the replies, until the input is used up or the session is suspended.
void Connection::process() {
  for (;;) {
    const char* const before = input_.begin();
    const size_t size = input_.size();
    session_.consume(input_, thread_.scratch);
    send();
    if (closed_ || gone_ || session_.suspended() || session_.closing || session_.killed) break;
    if (input_.size() == 0 || (input_.begin() == before && input_.size() == size)) break;
  }
  note_sizes();
  if (session_.killed || (session_.closing && said_all())) close();
}

/// Lets the others see how much waits here, for CLIENT LIST; only where it matters.
void Connection::note_sizes() {
  session_.input_bytes = static_cast<size_t>(input_.end() - input_.parsed());
  session_.argument_bytes = static_cast<size_t>(input_.parsed() - input_.begin());
  session_.input_capacity = input_.capacity();
  session_.output_bytes = queued_bytes_;
}

void Connection::send() {
  Buffer& out = thread_.scratch.out;
  if (out.empty() && !out.reached_limit()) return;
  if (!within_hard_limit(out)) return close_overrun();
  if (queue_.empty() && out.size() <= most_put_off && thread_.poller.put_off(descriptor_)) return put_off(out);
  size_t sent = 0;
  if (queue_.empty()) {
    const ssize_t count = write_some(out.view());
    if (count < 0 && !is_nothing_now(errno)) return close();
    sent = static_cast<size_t>(std::max<ssize_t>(count, 0));
    server_.statistics().output_bytes.fetch_add(sent, std::memory_order_relaxed);
    server_.statistics().writes.fetch_add(1, std::memory_order_relaxed);
  }
  if (sent < out.size()) {
    queued_bytes_ += out.size() - sent;
    weigh_queue(queued_bytes_ - (out.size() - sent));
    if (sent == 0 && out.size() > 16 * 1024) {
      queue_.push_back(std::move(out));
      out = Buffer();
    } else {
      if (queue_.empty() || queue_.back().size() > 16 * 1024) queue_.emplace_back();
      queue_.back().append(out.view().substr(sent));
    }
    if (!within_soft_limit()) return close_overrun();
    if (!watching_writing_ && !put_off_) thread_.poller.watch_writing(descriptor_, watching_writing_ = true);
  }
  if (out.capacity() > size_t{1} << 20) {
    out.release();
  } else {
    out.clear();
  }
}

/// Replies are written when all connections that were ready had their turn: a client that is woken by the first reply
/// then finds the others there, instead of being woken for each.
void Connection::put_off(Buffer& out) {
  put_off_ = true;
  queued_bytes_ += out.size();
  queue_.push_back(std::move(out));
  out = Buffer();
  if (thread_.spare.empty()) return;
  out = std::move(thread_.spare.back());
  thread_.spare.pop_back();
}

/// Now and then, as the queue grows, looks whether that is more than a client may have (maxmemory-clients).
void Connection::weigh_queue(size_t before) {
  if (queued_bytes_ / weighed_every == before / weighed_every) return;
  session_.output_bytes = queued_bytes_;
  // Not at once: whoever delivers may hold the lock.
  asio::post(thread_.context, [self = shared_from_this()] {
    const std::lock_guard guard(self->server_.lock());
    if (!self->closed_) self->server_.has_grown(self->session_);
  });
}

/// What upstreams reply goes to the queue, which is written at the end of the round.
void Connection::deliver(View bytes) {
  if (closed_ || gone_ || session_.killed || bytes.empty()) return;
  const size_t most = session_.limit.hard_bytes;
  const auto overrun = [this] {
    // Not at once: whoever delivers is in the midst of it.
    session_.killed = true;
    asio::post(thread_.context, [self = shared_from_this()] {
      if (!self->closed_) self->close_overrun();
    });
  };
  if (most != 0 && queued_bytes_ + bytes.size() > most) return overrun();
  if (queue_.empty() && !thread_.spare.empty()) {
    queue_.push_back(std::move(thread_.spare.back()));
    thread_.spare.pop_back();
  } else if (queue_.empty() || queue_.back().size() > most_put_off) {
    queue_.emplace_back();
  }
  queue_.back().append(bytes);
  const size_t before = queued_bytes_;
  session_.output_bytes = queued_bytes_ += bytes.size();
  weigh_queue(before);
  if (!within_soft_limit()) return overrun();
  write_soon();
}

void Connection::write_soon() {
  if (put_off_ || watching_writing_) return;
  put_off_ = true;
  if (thread_.poller.put_off(descriptor_)) return;
  asio::post(thread_.context, [self = shared_from_this()] {
    if (self->put_off_ && !self->closed_) self->round_over();
  });
}

void Connection::unblock(bool with_error) {
  asio::post(thread_.context, [self = shared_from_this(), with_error] {
    if (!self->closed_) self->session_.relay().unblock(with_error);
  });
}

proxy::Hub& Connection::hub(Place& place) {
  std::shared_ptr<proxy::Hub>& hub = thread_.hubs[place.id];
  if (!hub) {
    hub = std::make_shared<proxy::Hub>(place.upstream, thread_.context, thread_.poller, server_);
    if (place.removed) hub->close(removed_backend);
  }
  return *hub;
}

void Connection::round_over() {
  put_off_ = false;
  write_queued();
  if (!closed_ && !gone_ && !queue_.empty() && !watching_writing_) {
    thread_.poller.watch_writing(descriptor_, watching_writing_ = true);
  }
}

/// The socket takes more: one buffer of the queue at a time, so that other connections have their turn.
void Connection::write_queued() {
  if (queue_.empty()) return;
  const ssize_t count = write_some(queue_.front().view().substr(queue_offset_));
  if (count < 0) {
    if (!is_nothing_now(errno)) close();
    return;
  }
  const auto sent = static_cast<size_t>(count);
  server_.statistics().output_bytes.fetch_add(sent, std::memory_order_relaxed);
  server_.statistics().writes.fetch_add(1, std::memory_order_relaxed);
  queued_bytes_ -= sent;
  queue_offset_ += sent;
  if (queue_offset_ == queue_.front().size()) {
    Buffer& written = queue_.front();
    if (written.capacity() <= most_put_off && thread_.spare.size() < most_spare) {
      written.clear();
      thread_.spare.push_back(std::move(written));
    }
    queue_.pop_front();
    queue_offset_ = 0;
  }
  within_soft_limit();
  note_sizes();
  if (!queue_.empty()) return;
  if (session_.closing && said_all()) return close();
  if (watching_writing_) thread_.poller.watch_writing(descriptor_, watching_writing_ = false);
}

/// Whether nothing is left to be sent: what an executor replied on its thread may have come since mail was collected.
bool Connection::said_all() const {
  if (!queue_.empty() || session_.awaits_upstream()) return false;
  const std::lock_guard guard(server_.lock());
  return !session_.submitted && !session_.has_mail();
}

/// Whether all that is to be sent is within the limit of the client's class. It is asked before anything is written, as
/// a client either gets the replies to its requests or is closed.
bool Connection::within_hard_limit(const Buffer& out) const {
  const size_t most = session_.limit.hard_bytes;
  return !out.reached_limit() && (most == 0 || queued_bytes_ + out.size() <= most);
}

/// Whether what waits for the peer is within the soft limit, or has not been over it for too long; notes since when.
bool Connection::within_soft_limit() {
  const OutputLimit& limit = session_.limit;
  if (limit.soft_bytes == 0 || queued_bytes_ <= limit.soft_bytes) {
    session_.soft_limit_since_ms = 0;
    return true;
  }
  const int64_t now = server_.clock().now_ms();
  if (session_.soft_limit_since_ms == 0) session_.soft_limit_since_ms = now;
  return now - session_.soft_limit_since_ms <= limit.soft_seconds * 1000;
}

void Connection::close_overrun() {
  {
    const std::lock_guard guard(server_.lock());
    ++server_.statistics().output_limit_disconnections;
  }
  spdlog::warn("Closing client {} ({}): it reached the output buffer limit", session_.id(), peer_address_);
  thread_.scratch.out.release();
  close();
}

void Connection::wake() {
  if (wake_posted_.exchange(true, std::memory_order_acq_rel)) return;
  asio::post(thread_.context, [self = shared_from_this()] { self->on_wake(); });
}

void Connection::on_wake() {
  wake_posted_.store(false, std::memory_order_release);
  if (gone_ && !session_.submitted) return close();
  if (closed_ || gone_ || session_.in_script) return;  // what came meanwhile is seen to behind the script's reply
  {
    const std::lock_guard guard(server_.lock());
    session_.limit = session_.output_limit();
    if (session_.has_mail()) session_.collect_mail(thread_.scratch.out);
  }
  send();
  if (closed_) return;
  if (session_.killed) return close();
  give_back_room();
  process();
}

void Connection::let_others_in() {
  // What the running command works with lies in the thread's scratch: it is put aside meanwhile.
  Scratch own = std::exchange(thread_.scratch, Scratch());
  thread_.poller.serve();
  constexpr int most = 64;
  for (int i = 0; i < most && thread_.context.poll_one() > 0; ++i) {
  }
  thread_.scratch = std::move(own);
}

void Connection::close() {
  if (closed_) return;
  if (session_.in_script) {
    session_.killed = true;  // closes when the script is through
    return;
  }
  if (session_.submitted) {
    if (gone_) return;
    gone_ = shared_from_this();  // its requests run, as they have come
    thread_.poller.remove(descriptor_);
    thread_.scratch.out.clear();
    return;
  }
  const std::shared_ptr<Connection> last = std::move(gone_);
  closed_ = true;
  if (entered_) {
    const std::lock_guard guard(server_.lock());
    session_.detach();
  }
  session_.abandon_upstreams();
  if (!last) thread_.poller.remove(descriptor_);
  ::shutdown(descriptor_, SHUT_RDWR);
  ::close(descriptor_);
  thread_.scratch.out.clear();
}

}  // namespace redipy
