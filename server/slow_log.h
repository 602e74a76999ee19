// SPDX-License-Identifier: Apache-2.0
//
// The slow log: the last commands that took longer than slowlog-log-slower-than. Guarded by the server's lock.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "core/command/args.h"

namespace redipy {

class SlowLog {
 public:
  struct Entry {
    int64_t id;
    int64_t time_s;
    int64_t duration_us;
    std::vector<Bytes> words;  ///< at most 32, each of at most 128 bytes, with a note of what is left out
    Bytes peer;
    Bytes client_name;
  };

  void add(const Args& args, int64_t time_s, int64_t duration_us, Bytes peer, Bytes client_name, size_t most);
  void reset() { entries_.clear(); }
  void trim(size_t most);
  size_t size() const { return entries_.size(); }
  /// The newest first.
  const std::deque<Entry>& entries() const { return entries_; }

 private:
  std::deque<Entry> entries_;
  int64_t next_id_ = 0;
};

}  // namespace redipy
