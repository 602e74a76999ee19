// SPDX-License-Identifier: Apache-2.0
//
// Reading the command line; see options.h.
#include "bench/load/options.h"

#include <charconv>
#include <stdexcept>

namespace redipy::bench {

Options::Options(int argc, char** argv) {
  int at = 2;
  for (; at < argc; at += 2) {
    const std::string_view name = argv[at];
    if (name == "--") {
      rest_.assign(argv + at + 1, argv + argc);
      return;
    }
    if (!name.starts_with("--")) throw std::invalid_argument("unexpected argument: " + std::string(name));
    if (at + 1 == argc) throw std::invalid_argument("no value for " + std::string(name));
    values_[std::string(name.substr(2))] = argv[at + 1];
  }
}

std::uint64_t Options::number(const std::string& name, std::uint64_t absent) {
  const std::string value = text(name, "");
  if (value.empty()) return absent;
  std::uint64_t result = 0;
  const char* end = value.data() + value.size();
  const auto [stopped, error] = std::from_chars(value.data(), end, result);
  if (error != std::errc{} || stopped != end) throw std::invalid_argument("--" + name + " takes a number: " + value);
  return result;
}

std::string Options::text(const std::string& name, const std::string& absent) {
  known_.insert(name);
  const auto found = values_.find(name);
  return found == values_.end() ? absent : found->second;
}

const std::vector<std::string>& Options::rest() const {
  if (rest_.empty()) throw std::invalid_argument("nothing stands after \"--\"");
  return rest_;
}

void Options::refuse_others() const {
  for (const auto& [name, value] : values_) {
    if (!known_.contains(name)) throw std::invalid_argument("unknown option: --" + name);
  }
}

}  // namespace redipy::bench
