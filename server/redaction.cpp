// SPDX-License-Identifier: Apache-2.0
//
// See redaction.h.
#include "server/redaction.h"

namespace redipy {

namespace {

constexpr View hidden = "(redacted)";

bool is_secret_parameter(View name) { return equals_ignore_case(name, "requirepass"); }

}  // namespace

std::vector<View> without_secrets(const CommandTable::Entry& entry, const Args& args) {
  std::vector<View> words(args.begin(), args.end());
  if (entry.full_name == "auth") {
    for (size_t i = 1; i < words.size(); ++i) words[i] = hidden;
  } else if (entry.full_name == "hello") {
    for (size_t i = 2; i + 2 < words.size(); ++i) {
      if (!args.is(i, "AUTH")) continue;
      words[i + 1] = words[i + 2] = hidden;
      break;
    }
  } else if (entry.full_name == "config|set") {
    for (size_t i = 2; i + 1 < words.size(); i += 2) {
      if (is_secret_parameter(args[i])) words[i + 1] = hidden;
    }
  } else if (entry.full_name == "backend|add" && words.size() > 3) {
    words[3] = hidden;  // its URL may hold a password
  }
  return words;
}

}  // namespace redipy
