// SPDX-License-Identifier: Apache-2.0
//
// The bytes of elements that the running command has read: views of them hold until its end. Grows in blocks and is
// emptied as a whole.
#pragma once

#include <cstring>
#include <memory>
#include <vector>

#include "core/base/view.h"

namespace redipy::sql {

class Arena {
 public:
  View keep(View bytes) {
    if (bytes.empty()) return View("");
    char* at = room(bytes.size());
    std::memcpy(at, bytes.data(), bytes.size());
    return {at, bytes.size()};
  }

  void clear() {
    large_.clear();
    if (blocks_.size() > kept_blocks) blocks_.resize(kept_blocks);
    block_ = 0;
    used_ = 0;
  }

 private:
  static constexpr size_t block_size = 16 * 1024;
  static constexpr size_t kept_blocks = 4;

  char* room(size_t size) {
    if (size > block_size / 4) {
      large_.push_back(std::make_unique<char[]>(size));
      return large_.back().get();
    }
    if (blocks_.empty() || used_ + size > block_size) {
      if (!blocks_.empty()) ++block_;
      if (block_ >= blocks_.size()) blocks_.push_back(std::make_unique<char[]>(block_size));
      used_ = 0;
    }
    char* at = blocks_[block_].get() + used_;
    used_ += size;
    return at;
  }

  std::vector<std::unique_ptr<char[]>> blocks_;
  std::vector<std::unique_ptr<char[]>> large_;
  size_t block_ = 0;  // the one in use
  size_t used_ = 0;   // of it
};

}  // namespace redipy::sql
