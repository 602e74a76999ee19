// SPDX-License-Identifier: Apache-2.0
//
// Batches for backends, written as text, and an observer that writes down what it is told.
#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "core/command/backend.h"
#include "core/commands/families.h"
#include "core/resp/reply_writer.h"

namespace redipy {

struct RecordingObserver final : BatchObserver {
  void ran(const Request& request, const Args&) override {
    heard.push_back(request.entry->full_name);
    if (after) after();
  }
  void refused(const Request& request, const Args&, View error) override {
    heard.push_back(request.entry->full_name + ": " + Bytes(error));
  }
  void rejected(const Request& request, const Args&, View error) override {
    heard.push_back(request.entry->full_name + " rejected: " + Bytes(error));
  }
  std::vector<std::string> heard;
  std::function<void()> after;
};

/// Commands, written as words parted by blanks, whose replies are written in RESP2.
class TextBatch {
 public:
  TextBatch(const CommandTable& table, std::vector<Bytes> commands, BatchObserver& observer, int database = 0)
      : commands_(std::move(commands)) {
    for (const Bytes& command : commands_) {
      const auto first = static_cast<uint32_t>(words_.size());
      for (size_t at = 0; at <= command.size();) {
        const size_t end = std::min(command.find(' ', at), command.size());
        words_.push_back(View(command).substr(at, end - at));
        at = end + 1;
      }
      requests_.push_back({table.find(words_[first]), first, static_cast<uint32_t>(words_.size()) - first});
    }
    batch.database = database;
    batch.words = words_;
    batch.requests = requests_;
    batch.reply = &reply_;
    batch.observer = &observer;
  }
  TextBatch(const TextBatch&) = delete;
  TextBatch& operator=(const TextBatch&) = delete;

  Bytes replies() const { return Bytes(out_.view()); }

  Batch batch;

 private:
  std::vector<Bytes> commands_;
  std::vector<View> words_;
  std::vector<Request> requests_;
  Buffer out_;
  ReplyWriter reply_{out_, 2};
};

}  // namespace redipy
