// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as the reply to a command, chosen by the first byte, whose prefix is taken off; and as a message. What
// comes out of a complete reply has to be one complete reply again; of other bytes, not much more than what went in.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "core/commands/families.h"
#include "core/resp/reply_scanner.h"
#include "proxy/key_rewriting.h"
#include "server/commands/families.h"

namespace {

using redipy::Buffer;
using redipy::CommandTable;
using redipy::KeyRewriting;
using redipy::ReplyScanner;
using redipy::View;

const CommandTable& table() {
  static const CommandTable all = [] {
    std::vector<redipy::Family> families(redipy::data_families().begin(), redipy::data_families().end());
    families.insert(families.end(), redipy::session_families().begin(), redipy::session_families().end());
    return CommandTable(families);
  }();
  return all;
}

bool is_one_reply(View bytes) {
  ReplyScanner scanner;
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  return scanner.scan(at, end) == ReplyScanner::Result::complete && at == end;
}

void check(View reply, bool passed, View out) {
  if (!passed) {
    if (!out.empty()) std::abort();
  } else if (is_one_reply(reply)) {
    if (!is_one_reply(out)) std::abort();
  }
  // A key that came as a line goes out as a bulk string, whose header is longer.
  if (out.size() > reply.size() * 2 + 64) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  static const KeyRewriting rewriting(table(), "p:");
  static const std::vector<const CommandTable::Entry*> carriers = [] {
    std::vector<const CommandTable::Entry*> found;
    for (const auto& entry : table().entries()) {
      if (rewriting.carries_keys(entry)) found.push_back(&entry);
    }
    return found;
  }();
  const auto exact = std::make_unique<char[]>(size - 1);
  std::memcpy(exact.get(), data + 1, size - 1);
  const View reply(exact.get(), size - 1);
  Buffer out;
  check(reply, rewriting.strip_reply(*carriers[data[0] % carriers.size()], reply, out), out.view());
  out.clear();
  check(reply, rewriting.strip_message(reply, out), out.view());
  return 0;
}
