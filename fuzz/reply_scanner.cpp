// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as replies: once in one piece, once in pieces, where what was passed is thrown away, each time in a buffer
// of exactly the bytes received, so that AddressSanitizer sees a look past the end. Both ways have to find the same
// replies, and the cursor has to find the same ends in each.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "core/resp/reply_cursor.h"
#include "core/resp/reply_scanner.h"

namespace {

using redipy::Bytes;
using redipy::ReplyCursor;
using redipy::ReplyScanner;
using redipy::View;

struct Outcome {
  std::vector<std::pair<Bytes, char>> replies;
  bool failed = false;
  bool operator==(const Outcome&) const = default;
};

Outcome scan(View input, const std::vector<size_t>& pieces) {
  Outcome outcome;
  ReplyScanner scanner;
  Bytes kept;
  Bytes passed;
  for (size_t piece = 0, given = 0; given < input.size(); ++piece) {
    const size_t length = std::min(pieces[piece % pieces.size()], input.size() - given);
    kept += input.substr(given, length);
    given += length;
    const auto buffer = std::make_unique<char[]>(kept.size());
    std::memcpy(buffer.get(), kept.data(), kept.size());
    const char* at = buffer.get();
    const char* const end = at + kept.size();
    for (;;) {
      const char* const begin = at;
      const auto result = scanner.scan(at, end);
      if (at < begin || at > end) std::abort();
      passed.append(begin, at);
      if (result == ReplyScanner::Result::failed) {
        outcome.failed = true;
        return outcome;
      }
      if (result == ReplyScanner::Result::incomplete) break;
      outcome.replies.emplace_back(std::exchange(passed, {}), scanner.kind());
    }
    kept.erase(0, kept.size() - static_cast<size_t>(end - at));
  }
  return outcome;
}

void walk(View bytes, char kind) {
  const auto buffer = std::make_unique<char[]>(bytes.size());
  std::memcpy(buffer.get(), bytes.data(), bytes.size());
  ReplyCursor reply(View(buffer.get(), bytes.size()));
  if (reply.kind() != kind || reply.raw() != View(buffer.get(), bytes.size())) std::abort();
  for (size_t left = bytes.size(); !reply.at_end(); reply.enter()) {
    if (left-- == 0) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 3) return 0;
  const std::vector<size_t> pieces = {size_t{data[0]} + 1, size_t{data[1]} + 1, size_t{data[2]} % 7 + 1};
  const View input(reinterpret_cast<const char*>(data) + 3, size - 3);
  const Outcome whole = scan(input, {input.size() + 1});
  if (whole != scan(input, pieces)) std::abort();
  for (const auto& [bytes, kind] : whole.replies) walk(bytes, kind);
  ReplyCursor any(input);
  while (!any.at_end()) any.skip();
  return 0;
}
