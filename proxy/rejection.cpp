// SPDX-License-Identifier: Apache-2.0
//
// See rejection.h.
#include "proxy/rejection.h"

#include <algorithm>
#include <iterator>

namespace redipy::proxy {

bool is_rejection(View error) {
  constexpr View codes[] = {"OOM ",    "LOADING ", "READONLY ",   "MASTERDOWN ", "MISCONF ",
                            "NOPERM ", "NOAUTH ",  "NOREPLICAS ", "BUSY ",       "CLUSTERDOWN "};
  return std::any_of(std::begin(codes), std::end(codes), [&](View code) { return error.starts_with(code); });
}

}  // namespace redipy::proxy
