// SPDX-License-Identifier: Apache-2.0
//
// What SCAN, HSCAN, SSCAN and ZSCAN share: the cursor, the options after it, and a reply that says the next cursor
// before the elements although it is known after them.
#pragma once

#include <cstdint>
#include <optional>

#include "core/base/glob.h"
#include "core/base/scratch.h"
#include "core/command/args.h"
#include "core/command/reply.h"
#include "core/commands/scan_cursor.h"

namespace redipy {

struct ScanOptions {
  size_t count = 10;
  bool filtered = false;  ///< whether there is a pattern, other than "*"
  View pattern;
  std::optional<View> type;

  bool matches(View name) const { return !filtered || glob_match(pattern, name); }
};

/// Reads [MATCH pattern] [COUNT count] from argument `first` on, and [TYPE type] where keys are scanned.
ScanOptions scan_options(const Args& args, size_t first, bool of_keys = false);

/// The elements of one call, as views that hold until they are sent.
class ScanPage {
 public:
  void add(View element) { elements_->push_back(element); }
  void send(Reply& reply, uint64_t next_cursor) const;

 private:
  Scratch<View> elements_;
};

/// The reply where the key is absent.
void reply_empty_scan(Reply& reply);

}  // namespace redipy
