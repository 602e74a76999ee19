// SPDX-License-Identifier: Apache-2.0
//
// See slow_log.h.
#include "server/slow_log.h"

#include <algorithm>
#include <string>

namespace redipy {

namespace {
constexpr size_t most_words = 32;
constexpr size_t most_bytes = 128;
}  // namespace

void SlowLog::add(const Args& args, int64_t time_s, int64_t duration_us, Bytes peer, Bytes client_name, size_t most) {
  Entry entry{next_id_++, time_s, duration_us, {}, std::move(peer), std::move(client_name)};
  const size_t kept = std::min(args.size(), most_words);
  for (size_t i = 0; i < kept; ++i) {
    if (kept != args.size() && i == kept - 1) {
      entry.words.push_back("... (" + std::to_string(args.size() - kept + 1) + " more arguments)");
    } else if (args[i].size() > most_bytes) {
      entry.words.push_back(Bytes(args[i].substr(0, most_bytes)) + "... (" +
                            std::to_string(args[i].size() - most_bytes) + " more bytes)");
    } else {
      entry.words.emplace_back(args[i]);
    }
  }
  entries_.push_front(std::move(entry));
  trim(most);
}

void SlowLog::trim(size_t most) {
  while (entries_.size() > most) entries_.pop_back();
}

}  // namespace redipy
