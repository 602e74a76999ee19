// SPDX-License-Identifier: Apache-2.0
//
// Reads configuration: lines of a file with what it includes, and the command line. Read next: parameters.h for what a
// line may say.
#pragma once

#include <vector>

#include "core/base/view.h"
#include "server/settings.h"

namespace redipy {

class ConfigReader {
 public:
  explicit ConfigReader(Settings& settings) : settings_(settings) {}

  /// A file, with what it includes. Throws ConfigError, as all do.
  void read_file(const Bytes& path);
  /// Lines; `name` is for errors. `may_include`: whether they may name other files.
  void read_text(View text, const Bytes& name, bool may_include);
  /// `--name value … --name value …`, as redis-server understands it.
  void read_arguments(const std::vector<Bytes>& arguments);

 private:
  void apply(const std::vector<Bytes>& words, const Bytes& where);
  void include(const Bytes& pattern, const Bytes& where);

  Settings& settings_;
  std::vector<Bytes> open_;  // the files that are being read, each included by the one before it
};

}  // namespace redipy
