// SPDX-License-Identifier: Apache-2.0
//
// The configuration: redis.conf's syntax and names, from a file and the command line, by CONFIG GET, SET and REWRITE.
// Each parameter is one row (parameters.h): its name, how its text becomes a value in Settings and back, and whether it
// may change at run time. Values are checked when they are read; an error says file, line and what is wrong.
#pragma once

#include <functional>
#include <optional>
#include <span>
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
  explicit ConfigError(const Bytes& text, Bytes parameter = {})
      : std::runtime_error(text), parameter_(std::move(parameter)) {}
  /// Which parameter an on_change refused; may be empty.
  const Bytes& parameter() const { return parameter_; }

 private:
  Bytes parameter_;
};

class Config {
 public:
  /// Reads `[file] [--name value …]…` as redis-server's command line; "-" is standard input. `--port 6380 --save ""`;
  /// later settings outrank earlier ones. Throws ConfigError.
  void load(const std::vector<Bytes>& arguments);
  /// Reads the same again (SIGHUP): all of it takes effect, or, with a ConfigError, nothing. What cannot change at run
  /// time must not differ.
  void reload();
  /// Text as a file's, on top of what holds now; for tests and the fuzzer. `name` is for errors. It may not include
  /// files.
  void load_text(View text, View name);

  const Settings& settings() const { return settings_; }

  /// Names and values of the parameters whose names match the pattern, in the table's order; one that is named and not
  /// matched gets its name as it was written.
  std::vector<std::pair<Bytes, Bytes>> get(View pattern) const;
  /// The same for several patterns; each name once.
  std::vector<std::pair<Bytes, Bytes>> get(std::span<const View> patterns) const;
  /// Sets several, or none: throws ConfigError with CONFIG SET's own wording. `guarded`: also those that
  /// enable-protected-configs speaks of.
  void set(const std::vector<std::pair<View, View>>& changes, bool guarded = true);
  /// Writes what differs from the file into it, keeping its comments and order. Throws ConfigError.
  void rewrite();
  /// The file's new text for rewrite(), from its present one.
  Bytes rewritten(View text) const;
  /// Absolute; empty without one.
  const Bytes& file() const { return file_; }
  /// All parameters' names, for documentation and tests.
  static std::vector<Bytes> names();
  /// Whether the parameter's value is not to be shown in logs.
  static bool is_sensitive(View name);
  /// Whether it is about data, and so means something to a backend that is a real Redis, too.
  static bool is_about_data(View name);
  /// Whether it can mean nothing here where the data are a real Redis's: it is unknown, or about data and has a fixed
  /// value here (save, appendonly).
  static bool is_only_theirs(View name);

  /// The system allows no more clients than these.
  void lower_maxclients(int count) { settings_.maxclients = count; }
  /// The port that the server has, which the system picked if it was told 0.
  void listens_at(int port);

  /// Called after settings have changed at run time. May throw ConfigError to refuse: the old values come back, and
  /// nothing of the new ones may have been applied.
  std::function<void(const Settings& old)> on_change;

 private:
  Settings read_all(const std::vector<Bytes>& arguments);
  void change(Settings settings);

  Settings settings_;
  Bytes file_;
  std::vector<Bytes> arguments_;  // as given to load()
  Bytes standard_input_;          // as read by load()
  int picked_port_ = 0;
};

}  // namespace redipy
