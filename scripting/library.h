// SPDX-License-Identifier: Apache-2.0
//
// The scripts that the server knows, by the SHA-1 of their text as it was sent, each read and compiled once, with what
// it has done so far.
#pragma once

#include <memory>
#include <unordered_map>

#include "scripting/call_facts.h"
#include "scripting/graph_reader.h"
#include "scripting/program.h"

namespace redipy::script {

struct Script : std::enable_shared_from_this<Script> {
  Bytes sha;  ///< 40 lower-case digits
  Bytes source;
  Graph graph;
  Program program;
  Effect effect = Effect::depends;

  // --- what it has done
  uint64_t calls = 0;
  uint64_t errors = 0;
  uint64_t steps = 0;
  uint64_t nanoseconds = 0;
  Bytes last_error;
};

/// One caller at a time.
class Library {
 public:
  /// The table outlives the library.
  explicit Library(const CommandTable& commands) : commands_(commands) {}

  /// Null if it is not known. Digits may be in either case. What is returned stays until flush(), or as
  /// long as somebody shares it.
  Script* find(View sha) const;
  /// The script of that text, read and compiled if it was not known; throws GraphError.
  Script& load(View source, const GraphLimits& limits);
  void flush();

  size_t size() const { return scripts_.size(); }
  /// About how much memory texts and programs take.
  size_t bytes() const { return bytes_; }
  /// By their digits, in order.
  std::vector<const Script*> all() const;

 private:
  struct Hash {
    using is_transparent = void;  // NOLINT(readability-identifier-naming)
    size_t operator()(View sha) const;
  };
  const CommandTable& commands_;
  std::unordered_map<Bytes, std::shared_ptr<Script>, Hash, std::equal_to<>> scripts_;
  size_t bytes_ = 0;
};

}  // namespace redipy::script
