// SPDX-License-Identifier: Apache-2.0
//
// The arguments of one request: views into the connection's read buffer, the command's name first. Conversions throw
// the error that Redis replies.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "core/base/text.h"
#include "core/base/view.h"
#include "core/command/error.h"

namespace redipy {

class Args {
 public:
  constexpr Args() = default;
  constexpr Args(const View* first, size_t count) : words_(first, count) {}
  constexpr explicit Args(std::span<const View> words) : words_(words) {}

  constexpr size_t size() const { return words_.size(); }
  constexpr View operator[](size_t i) const { return words_[i]; }
  constexpr auto begin() const { return words_.begin(); }
  constexpr auto end() const { return words_.end(); }
  /// The arguments from `first` on, as a span that several elements' methods take.
  constexpr std::span<const View> from(size_t first) const { return words_.subspan(first); }
  constexpr std::span<const View> range(size_t first, size_t count) const { return words_.subspan(first, count); }

  /// Whether argument i is this word (given in any case).
  bool is(size_t i, View word) const { return equals_ignore_case(words_[i], word); }

  /// The argument as a 64-bit integer; else throws `refusal`.
  int64_t integer(size_t i, View refusal = error::not_an_integer) const;
  /// As integer(), but also refused below `least` or above `most`.
  int64_t integer(size_t i, int64_t least, int64_t most, View refusal = error::not_an_integer) const;
  /// The argument as a finite or infinite double; NaN and all else throw `refusal`.
  double number(size_t i, View refusal = error::not_a_float) const;
  /// A deadline from now_ms on for a blocking command: seconds with fractions, 0 for never (nullopt). Throws Redis's
  /// errors for what is no number, negative or too large.
  std::optional<int64_t> timeout(size_t i, int64_t now_ms) const;

 private:
  std::span<const View> words_;
};

}  // namespace redipy
