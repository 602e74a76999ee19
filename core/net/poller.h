// SPDX-License-Identifier: Apache-2.0
//
// Which of a network thread's sockets can be read or written: an epoll of our own, which the thread's Asio loop waits
// for as for one more descriptor. Asio's own sockets would do, but cost more per request: after each reply they try to
// read at once, mostly in vain (a system call), and every read passes through two queues and three mutexes. Here a
// round of the loop asks once for all sockets that are ready, and each of them is read once, as in Redis.
//
// The system tells only what is new (EPOLLET): it does not look again at each socket that it has told of. A short read
// has taken all there was; whoever has left something says so.
//
// A round has passes: while many sockets are ready, they have their turns and what their connections have to send is
// sent; then it is asked again who is ready. What gathers the requests of many (a connection to an upstream) sends when
// no more come: it is one write instead of several, on the other side one read, and one reply.
//
// Timers, signals, new connections and whatever is awaited stay with Asio, in the same loop.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <cstdint>
#include <memory>
#include <vector>

namespace redipy {

namespace asio = boost::asio;

/// Who is told that its socket is ready.
class Pollable {
 public:
  virtual ~Pollable() = default;
  /// Called when something has come to be read, and as long as an end or an error is there; and when there is room to
  /// write again, if that is watched. True: it left something to read, or room to write, and is to be called again.
  virtual bool ready(bool to_read, bool to_write) = 0;
  /// Called at the end of a round in which it was asked for.
  virtual void round_over() = 0;
};

/// All methods are called on the thread that runs the context.
class Poller {
 public:
  /// The context outlives the poller, or at least runs no more when it goes.
  explicit Poller(asio::io_context& context);

  /// From now on `target` is told, and kept alive, until remove(). False, and nothing done, if the system refuses.
  bool add(int descriptor, std::shared_ptr<Pollable> target);
  /// Whether it is told of room to write, too.
  void watch_writing(int descriptor, bool on);
  enum class Turn : uint8_t {
    next,  ///< once all that are ready were told
    last,  ///< once no more are ready, or many had their turn
  };
  /// Within a round, that is within a call of ready(): round_over() will be called, if the target is still there. False
  /// outside of a round.
  bool put_off(int descriptor, Turn turn = Turn::next);
  /// Before the descriptor is closed. The target lives until what runs now is over.
  void remove(int descriptor);
  /// Tells those whose sockets are ready now. The loop does so by itself; a target may call it from within ready() when
  /// what it does takes long, and may then be told again itself.
  void serve();

 private:
  struct Watched {
    std::shared_ptr<Pollable> target;
    bool writing = false;
  };

  void wait();
  void end_turn(Turn turn);
  bool watch(int descriptor, bool anew);

  asio::posix::basic_stream_descriptor<asio::io_context::executor_type> epoll_;
  std::vector<Watched> watched_;       // by descriptor
  std::array<epoll_event, 128> told_;  // by the system, which does not say it again
  int next_ = 0;                       // of them, whose turn it is
  int end_ = 0;
  std::array<std::vector<int>, 2> put_off_;  // by turn
  bool in_round_ = false;
};

}  // namespace redipy
