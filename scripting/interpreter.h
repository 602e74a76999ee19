// SPDX-License-Identifier: Apache-2.0
//
// Runs programs. What a script may do to the world goes through its Host; what it may take is bounded by Limits. One
// interpreter runs one script at a time and keeps its frame and heap from run to run, so that a short script allocates
// nothing.
#pragma once

#include <span>
#include <vector>

#include "core/command/args.h"
#include "core/command/error.h"
#include "scripting/program.h"
#include "scripting/value_reply.h"

namespace redipy::script {

/// A run that has failed. what() is the error reply: what is wrong, from its code word on.
class ScriptError : public CommandError {
 public:
  ScriptError(View text, Place place) : CommandError(text), place_(place) {}
  Place place() const { return place_; }

 private:
  Place place_;
};

/// What a script reaches beyond itself. Methods may throw CommandError, which ends the script.
class Host {
 public:
  virtual ~Host() = default;
  /// Runs a command that is known and has words enough; it writes one reply. Refuses what scripts must not do.
  virtual void call(const CommandTable::Entry& entry, const Args& args, Reply& reply) = 0;
  /// `level` is 0 (debug) to 3 (warning).
  virtual void log(int level, View text) = 0;
  /// Called every Limits::steps_between_pauses steps or so: may let others in, or end the script by throwing.
  virtual void pause() = 0;
};

struct Limits {
  uint64_t steps = UINT64_MAX;
  size_t memory = SIZE_MAX;  ///< bytes
  size_t nesting = 1000;     ///< of values that are made from JSON or written as JSON
  size_t result = SIZE_MAX;  ///< bytes of JSON
  uint32_t steps_between_pauses = 10'000;
};

/// What a script is run on: its keys, and its arguments, a JSON document each.
struct Input {
  std::span<const View> keys;
  std::span<const View> arguments;
  std::span<const Bytes> key_names = {};  ///< for errors about what is missing
  std::span<const Bytes> argument_names = {};
};

/// What a run fails with when that argument is no JSON, as `fault` says.
Bytes invalid_argument(const Input& input, size_t position, View fault);

class Interpreter {
 public:
  explicit Interpreter(const CommandTable& commands) : commands_(commands) {}
  ~Interpreter();
  Interpreter(const Interpreter&) = delete;
  Interpreter& operator=(const Interpreter&) = delete;

  /// Runs the program and leaves the JSON of its value in `result`; false, and `result` empty, if that is none or an
  /// empty list or dict. Throws ScriptError.
  bool run(const Program& program, const Input& input, const Limits& limits, Host& host, Bytes& result);

  /// Instructions of the last run, ended or failed.
  uint64_t steps() const { return steps_; }

 private:
  struct Run;

  void prepare(const Program& program);
  void tidy(const Program& program);

  const CommandTable& commands_;
  Heap heap_;
  std::vector<Value> frame_;
  std::vector<Value> arguments_;
  std::vector<View> words_;
  std::vector<char> digits_;
  ValueReply reply_{heap_};
  uint64_t steps_ = 0;
};

}  // namespace redipy::script
