// SPDX-License-Identifier: Apache-2.0
//
// Requests of a session at an executor: an unbroken run of one pipeline. Their words are copied; they stay in the
// connection's input, too, until it is known how many of them have run: what a blocking command or a pause cuts off is
// read and dispatched again. The replies lie in a buffer of the task's until COMMIT.
#pragma once

#include <memory>
#include <vector>

#include "core/command/backend.h"
#include "core/resp/reply_writer.h"
#include "server/executor.h"
#include "server/transaction.h"

namespace redipy {

class Session;
struct Scratch;

class SessionTask final : public Task {
 public:
  /// Of the requests in `scratch` those from `first` to before `last`. The session is suspended until release().
  SessionTask(Session& session, const Scratch& scratch, size_t first, size_t last);

  void run(size_t most) override;
  bool over() const override { return over_; }
  void keep() override;
  void undo() override;
  void refuse(View error) override;
  void release() override;
  void add_names(Names& names) const override;
  bool may_take_long() const override;
  size_t size() const override { return requests_.size(); }
  size_t bytes() const override { return bytes_; }

 private:
  /// What requests change of the session, as it was before those that are not committed yet.
  struct State {
    int database = 0;
    Transaction transaction;
    bool caching = false;
    uint8_t reply_mode = 0;
    size_t replies = 0;
    size_t ran = 0;
  };
  void remember();

  Session& session_;
  const int database_;  // as it was when the requests came
  std::shared_ptr<void> kept_alive_;
  std::unique_ptr<char[]> text_;
  size_t bytes_ = 0;
  std::vector<View> words_;
  std::vector<Request> requests_;
  std::vector<size_t> ends_;  // of each request in the input, from the first one's beginning
  Buffer out_;
  ReplyWriter reply_;
  size_t ran_ = 0;
  bool over_ = false;
  bool remembered_ = false;
  State before_;
};

}  // namespace redipy
