// SPDX-License-Identifier: Apache-2.0
//
// What SCRIPT CHECK has to say, as it is found: errors, which make a script fail wherever it comes to them, and
// warnings, which are about what it does in vain. A hostile graph may hold a million of either, so they are counted.
#pragma once

#include <algorithm>
#include <vector>

#include "scripting/graph.h"
#include "scripting/graph_reader.h"

namespace redipy::script {

class Findings {
 public:
  static constexpr size_t most = 200;  ///< of each

  std::vector<GraphFault> errors;
  std::vector<GraphFault> warnings;
  bool more = false;  ///< there were more than are kept

  void error(Place place, Bytes text) { add(errors, place, std::move(text)); }
  void warning(Place place, Bytes text) { add(warnings, place, std::move(text)); }

  /// In the order of the graph's text, as it was read.
  void sort() {
    const auto earlier = [](const GraphFault& a, const GraphFault& b) { return a.place < b.place; };
    std::stable_sort(errors.begin(), errors.end(), earlier);
    std::stable_sort(warnings.begin(), warnings.end(), earlier);
  }

 private:
  void add(std::vector<GraphFault>& list, Place place, Bytes text) {
    if (list.size() >= most) {
      more = true;
    } else {
      list.push_back({place, std::move(text)});
    }
  }
};

}  // namespace redipy::script
