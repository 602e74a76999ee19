// SPDX-License-Identifier: Apache-2.0
//
// Random elements for the tests of collections: of every form that an encoding treats in its own way.
#pragma once

#include <string>

#include "core/base/random.h"

namespace redipy {

class Words {
 public:
  explicit Words(uint64_t seed) : random(seed) {}

  /// One of about `kinds` words; with `long_ones` some are too long for a packed form.
  std::string word(size_t kinds, bool long_ones) {
    const uint64_t i = random.below(kinds);
    switch (random.below(long_ones ? 9 : 8)) {
      case 0:
        return std::to_string(i);
      case 1:
        return "-" + std::to_string(i + 1);
      case 2:
        return std::to_string(int64_t{1} << (i % 63));
      case 3:
        return "0" + std::to_string(i);
      case 4:
        return i % 16 == 0 ? std::string() : std::string(i % 20, 'y') + std::to_string(i);
      case 8:
        return std::string(65 + i % 200, 'z') + std::to_string(i);
      default:
        return "w" + std::to_string(i);
    }
  }
  std::string number(size_t kinds) { return std::to_string(static_cast<int64_t>(random.below(kinds)) - 20); }
  bool one_in(uint64_t n) { return random.below(n) == 0; }

  Random random;
};

}  // namespace redipy
