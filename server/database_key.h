// SPDX-License-Identifier: Apache-2.0
//
// A key together with its database, as the registers by key (watches.h, waiting.h) order and look it up.
#pragma once

#include <utility>

#include "core/base/view.h"

namespace redipy {

using DatabaseKey = std::pair<int, Bytes>;

/// Orders by database, then by bytes; a pair<int, View> can be looked up without a copy of the key.
struct DatabaseKeyLess {
  using is_transparent = void;  // NOLINT(readability-identifier-naming)
  template <class A, class B>
  bool operator()(const A& a, const B& b) const {
    return a.first != b.first ? a.first < b.first : View(a.second) < View(b.second);
  }
};

}  // namespace redipy
