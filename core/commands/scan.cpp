// SPDX-License-Identifier: Apache-2.0
//
// Cursors and options of the SCAN commands, in Redis's order of checks.
#include "core/commands/scan.h"

#include <limits>

#include "core/base/numbers.h"

namespace redipy {

uint64_t scan_cursor(const Args& args, size_t i) {
  const View text = args[i];
  if (text.empty()) return 0;
  size_t at = text[0] == '-' || text[0] == '+' ? 1 : 0;
  if (at == text.size()) throw CommandError("ERR invalid cursor");
  uint64_t value = 0;
  for (; at < text.size(); ++at) {
    const auto digit = static_cast<uint64_t>(static_cast<unsigned char>(text[at]) - '0');
    constexpr uint64_t most = std::numeric_limits<uint64_t>::max();
    if (digit > 9 || value > most / 10 || value * 10 > most - digit) throw CommandError("ERR invalid cursor");
    value = value * 10 + digit;
  }
  return text[0] == '-' ? 0 - value : value;
}

ScanOptions scan_options(const Args& args, size_t first, bool of_keys) {
  ScanOptions options;
  for (size_t i = first; i < args.size(); i += 2) {
    if (i + 1 == args.size()) throw CommandError(error::syntax);
    if (args.is(i, "COUNT")) {
      const int64_t count = args.integer(i + 1);
      if (count < 1) throw CommandError(error::syntax);
      options.count = static_cast<size_t>(count);
    } else if (args.is(i, "MATCH")) {
      options.pattern = args[i + 1];
      options.filtered = options.pattern != "*";
    } else if (of_keys && args.is(i, "TYPE")) {
      options.type = args[i + 1];
    } else {
      throw CommandError(error::syntax);
    }
  }
  return options;
}

void ScanPage::send(Reply& reply, uint64_t next_cursor) const {
  char digits[integer_text_size];
  reply.array(2);
  reply.bulk(View(digits, format_unsigned(next_cursor, digits)));
  reply.array(elements_->size());
  for (const View element : *elements_) reply.bulk(element);
}

void reply_empty_scan(Reply& reply) {
  reply.array(2);
  reply.bulk(View("0"));
  reply.array(0);
}

}  // namespace redipy
