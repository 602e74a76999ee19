// SPDX-License-Identifier: Apache-2.0
//
// So many bools in a row that std::span can refer to, which std::vector<bool> has not.
#pragma once

#include <memory>
#include <span>

namespace redipy::sql {

class Flags {
 public:
  explicit Flags(size_t size) : size_(size) {
    if (size > std::size(few_)) many_ = std::make_unique<bool[]>(size);
  }
  std::span<bool> all() { return {many_ ? many_.get() : few_, size_}; }
  bool operator[](size_t i) const { return (many_ ? many_.get() : few_)[i]; }

 private:
  bool few_[16] = {};
  std::unique_ptr<bool[]> many_;
  size_t size_;
};

}  // namespace redipy::sql
