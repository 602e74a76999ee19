// SPDX-License-Identifier: Apache-2.0
//
// The rows of parameters (number, name) of one statement for many names, where what is found says by its name whose it
// is.
#pragma once

#include <algorithm>
#include <vector>

#include "sql/driver.h"

namespace redipy::sql {

class AskedNames {
 public:
  /// Pairs, one behind the other, which outlive it.
  explicit AskedNames(std::span<const Value> pairs) {
    for (size_t i = 0; 2 * i < pairs.size(); ++i) asked_.push_back({pairs[2 * i + 1].view, i});
    std::sort(asked_.begin(), asked_.end());
  }
  /// visit(i) for each pair of this name.
  template <class Visit>
  void for_each(View name, Visit visit) const {
    const auto [first, last] = std::equal_range(asked_.begin(), asked_.end(), Asked{name, 0});
    for (auto found = first; found != last; ++found) visit(found->index);
  }

  /// How many pairs from `first` on have the same number.
  static size_t alike(std::span<const Value> pairs, size_t first) {
    size_t end = first + 1;
    while (2 * end < pairs.size() && pairs[2 * end].number == pairs[2 * first].number) ++end;
    return end - first;
  }

 private:
  struct Asked {
    View name;
    size_t index;
    bool operator<(const Asked& other) const { return name < other.name; }
  };
  std::vector<Asked> asked_;
};

}  // namespace redipy::sql
