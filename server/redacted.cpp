// SPDX-License-Identifier: Apache-2.0
//
// See redacted.h.
#include "server/redacted.h"

#include <algorithm>
#include <span>

#include "server/config.h"

namespace redipy {

Redacted::Redacted(const CommandTable::Entry& entry, const Args& args) : shown_(args) {
  const auto hide = [&](size_t from, size_t count) {
    if (words_.empty()) words_.assign(args.begin(), args.end());
    for (size_t i = from; i < std::min(from + count, args.size()); ++i) words_[i] = "(redacted)";
  };
  const View name = entry.full_name;
  if (name == "auth") {
    hide(1, args.size());
  } else if (name == "acl|setuser" || name == "acl|deluser" || name == "acl|getuser") {
    hide(2, args.size());
  } else if (name == "backend|add") {
    hide(3, 1);
  } else if (name == "hello") {
    for (size_t i = 2; i < args.size(); ++i) {
      if (args.is(i, "AUTH")) hide(i + 1, 2);
    }
  } else if (name == "config|set") {
    for (size_t i = 2; i + 1 < args.size(); i += 2) {
      if (Config::is_sensitive(args[i])) hide(i + 1, 1);
    }
  } else if (name == "migrate") {
    for (size_t i = 6; i < args.size(); ++i) {
      if (args.is(i, "AUTH")) hide(i + 1, 1);
      if (args.is(i, "AUTH2")) hide(i + 1, 2);
    }
  }
  if (!words_.empty()) shown_ = Args(std::span<const View>(words_));
}

}  // namespace redipy
