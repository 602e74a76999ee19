// SPDX-License-Identifier: Apache-2.0
//
// Texts: the bytes of integers that a packed container keeps as numbers, written out for whoever wants a view of them.
// Mostly it is one integer or none, for which there is room in the object; more go to blocks, of which one is kept.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "core/base/listpack.h"
#include "core/base/numbers.h"
#include "core/base/view.h"

namespace redipy {

/// One caller at a time. Not copied or moved: views look into it.
class Texts {
 public:
  Texts() = default;
  Texts(const Texts&) = delete;
  Texts& operator=(const Texts&) = delete;

  /// The text of a number. Holds until clear().
  View add(int64_t number) {
    if (static_cast<size_t>(end_ - next_) < integer_text_size) grow();
    const View text(next_, format_integer(number, next_));
    next_ += text.size();
    return text;
  }
  /// A copy of a text that will not stay where it is. Holds until clear().
  View keep(View text) { return *kept_.emplace_back(std::make_unique<Bytes>(text)); }
  View add(const listpack::Item& item) { return item.is_integer() ? add(item.integer()) : item.text(); }

  void clear() {
    if (!blocks_.empty()) [[unlikely]]
      blocks_.resize(1);
    if (!kept_.empty()) [[unlikely]]
      kept_.clear();
    next_ = first_;
    end_ = first_ + sizeof first_;
    used_blocks_ = 0;
  }

 private:
  static constexpr size_t block_size = 4096;

  void grow() {
    if (used_blocks_ == blocks_.size()) blocks_.push_back(std::make_unique_for_overwrite<char[]>(block_size));
    next_ = blocks_[used_blocks_++].get();
    end_ = next_ + block_size;
  }

  char first_[3 * integer_text_size];
  char* next_ = first_;
  char* end_ = first_ + sizeof first_;
  size_t used_blocks_ = 0;
  std::vector<std::unique_ptr<char[]>> blocks_;
  std::vector<std::unique_ptr<Bytes>> kept_;
};

}  // namespace redipy
