// SPDX-License-Identifier: Apache-2.0
//
// A request as others may see it (slow log, MONITOR): without the passwords in it.
#pragma once

#include <vector>

#include "core/command/table.h"

namespace redipy {

class Redacted {
 public:
  /// `args` outlive it.
  Redacted(const CommandTable::Entry& entry, const Args& args);
  Redacted(const Redacted&) = delete;
  Redacted& operator=(const Redacted&) = delete;

  const Args& args() const { return shown_; }

 private:
  std::vector<View> words_;  // empty if nothing is to be hidden
  Args shown_;
};

}  // namespace redipy
