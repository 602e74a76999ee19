// SPDX-License-Identifier: Apache-2.0
//
// The command line of redipy-load: a subcommand, "--name value" pairs, then "--" and a request or a program to start.
// A subcommand asks for what it knows; what nobody asked for is an error, so a misspelt option cannot pass unnoticed.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace redipy::bench {

class Options {
 public:
  // Reads all after the subcommand. Throws std::invalid_argument when a name has no value.
  Options(int argc, char** argv);

  // The value of --name, or `absent` when it was not given. Throws std::invalid_argument when it is not a number.
  std::uint64_t number(const std::string& name, std::uint64_t absent);
  std::string text(const std::string& name, const std::string& absent);

  // What stands after "--". Throws std::invalid_argument when that is nothing.
  const std::vector<std::string>& rest() const;

  // Throws std::invalid_argument that names an option which no one has asked for.
  void refuse_others() const;

 private:
  std::map<std::string, std::string> values_;
  std::set<std::string> known_;
  std::vector<std::string> rest_;
};

}  // namespace redipy::bench
