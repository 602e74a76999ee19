// SPDX-License-Identifier: Apache-2.0
//
// A small file that is replaced as a whole and never half: whatever moment the process or the machine ends at, it holds
// what was there before, or what was to be there. Only its owner may read it, for it may hold passwords.
//
//     PATH.new  written, synced  ──rename──>  PATH  ──> the folder synced
#pragma once

#include <functional>
#include <optional>

#include "core/base/view.h"

namespace redipy {

class StateFile {
 public:
  /// Empty: nothing is kept.
  explicit StateFile(Bytes path) : path_(std::move(path)) {}

  const Bytes& path() const { return path_; }
  bool is_kept() const { return !path_.empty(); }

  /// The whole text; none if there is no file. Throws std::runtime_error if it cannot be read.
  std::optional<Bytes> read() const;
  /// Returns when it is on disk. Throws std::runtime_error that says what failed; what stood there is there again then,
  /// as far as the disk allows.
  void write(View text) const;

  /// Called before each step of write(), of which there are always as many; for tests that end the process there.
  std::function<void()> before_step = [] {};

 private:
  void replace(View text) const;
  [[noreturn]] void fail(View what) const;

  Bytes path_;
};

}  // namespace redipy
