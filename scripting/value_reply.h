// SPDX-License-Identifier: Apache-2.0
//
// Takes a command's reply as a script's value, with the meaning that RESP3 gives its shapes: a map becomes a dict, a
// set a list in byte order, pairs a list of pairs, a double a number. Nothing is written as text on the way.
//
// Writing never throws, as a handler may be in the midst of changing something: what goes wrong (an error reply, no
// memory left for the script) is kept, the rest of the reply ignored, and take() throws.
#pragma once

#include <vector>

#include "core/command/reply.h"
#include "scripting/value.h"

namespace redipy::script {

class ValueReply final : public Reply {
 public:
  explicit ValueReply(Heap& heap) : heap_(heap) {}

  /// The reply that was written since the last take(), none if there was none; throws CommandError if it is an error,
  /// or could not be held.
  Value take();
  /// Forgets everything without giving it back: the heap has been reset.
  void forget();

  void status(View text) override { put_text(text); }
  void integer(int64_t value) override { put(Value(value)); }
  void bulk(View bytes) override { put_text(bytes); }
  void null() override { put(Value()); }
  void null_array() override { put(Value()); }
  void number(double value) override { put(Value(value)); }
  void number_text(View digits) override;
  void boolean(bool value) override { put(Value(value)); }
  void big_number(View digits) override { put_text(digits); }
  void verbatim(View text, View /*format*/) override { put_text(text); }
  /// take() throws it.
  void error(View text) override;

  void array(size_t count) override { open(Kind::array, count); }
  void map(size_t count) override { open(Kind::map, count); }
  void set(size_t count) override { open(Kind::set, count); }
  void pairs(size_t count) override { open(Kind::array, count); }
  void pair() override { open(Kind::array, 2); }
  void push(size_t count) override { open(Kind::array, count); }
  void attribute(size_t count) override;
  Open open_array() override { return open_unknown(Kind::array); }
  Open open_set() override { return open_unknown(Kind::set); }
  Open open_map() override { return open_unknown(Kind::map); }
  Open open_pairs() override { return open_unknown(Kind::array); }
  void close(Open open, size_t count) override;

  size_t mark() const override { return written_; }
  /// Only to a mark at which nothing was written yet, which is where handlers go back to.
  void rewind(size_t mark) override;
  int protocol() const override { return 3; }

 private:
  enum class Kind : uint8_t { array, set, map };
  struct Level {
    Kind kind;
    size_t missing;  // values that are to come; unknown: until it is closed
    Value holder;
    Value key;  // of a map, when its value is to come
    bool has_key = false;
  };
  static constexpr size_t unknown = SIZE_MAX;

  void put_text(View text);
  void put(Value value);
  void open(Kind kind, size_t count);
  Open open_unknown(Kind kind);
  void finish(Level& level);

  Heap& heap_;
  Value result_;
  std::vector<Level> levels_;
  size_t written_ = 0;
  Bytes fault_;
};

}  // namespace redipy::script
