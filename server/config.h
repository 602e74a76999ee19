// SPDX-License-Identifier: Apache-2.0
//
// The configuration: redis.conf's syntax and names, from a file and the command line, by CONFIG GET, SET and REWRITE.
// Each parameter is one row (config.cpp): its name, how its text becomes a value in Settings and back, and whether it
// may change at run time. Values are checked when they are read; an error says file, line and what is wrong.
#pragma once

#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "core/base/view.h"
#include "server/settings.h"

namespace redipy {

/// what() says where and why, on one line.
class ConfigError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class Config {
 public:
  /// Reads `[file] [--name value …]…` as redis-server's command line; "-" is standard input. `--port 6380 --save ""`;
  /// later settings outrank earlier ones. Throws ConfigError.
  void load(const std::vector<Bytes>& arguments);
  /// Reads the same again (SIGHUP): all of it takes effect, or, with a ConfigError, nothing. What cannot change at run
  /// time must not differ.
  void reload();
  /// Text as a file's; for tests and the fuzzer. `name` is for errors.
  void load_text(View text, View name);

  const Settings& settings() const { return settings_; }

  /// Names and values of the parameters whose names match the pattern, in the table's order.
  std::vector<std::pair<Bytes, Bytes>> get(View pattern) const;
  /// Sets several, or none: throws ConfigError with CONFIG SET's own wording.
  void set(const std::vector<std::pair<View, View>>& changes);
  /// Writes what differs from the defaults back to the file, keeping its comments and order. Throws ConfigError.
  void rewrite();
  const Bytes& file() const { return file_; }
  /// All parameters' names, for documentation and tests.
  static std::vector<Bytes> names();

  /// Called after settings have changed at run time; may throw ConfigError to refuse (the old values come back).
  std::function<void(const Settings& old)> on_change;

 private:
  void read_file(const Bytes& path, int depth, Settings& settings);
  void read_lines(View text, const Bytes& name, int depth, Settings& settings);

  Settings settings_;
  Bytes file_;                    // absolute, empty without one
  std::vector<Bytes> arguments_;  // as given to load()
};

}  // namespace redipy
