// SPDX-License-Identifier: Apache-2.0
//
// See graph.h.
#include "scripting/graph.h"

#include <algorithm>
#include <array>

namespace redipy::script {

View operator_name(Operator operation) {
  static constexpr std::array<View, 10> names = {"add", "sub", "lt", "le", "gt", "ge", "eq", "ne", "and", "or"};
  return names[static_cast<size_t>(operation)];
}

View kind_name(Variable::Kind kind) {
  static constexpr std::array<View, 4> names = {"var", "arg", "key", "index"};
  return names[static_cast<size_t>(kind)];
}

Place Graph::place(Place parent, const char* field) {
  steps_.push_back({parent, 0, field});
  return static_cast<Place>(steps_.size());
}

Place Graph::place(Place parent, uint32_t index) {
  steps_.push_back({parent, index, nullptr});
  return static_cast<Place>(steps_.size());
}

Bytes Graph::path(Place place) const {
  std::vector<const Step*> way;
  while (place != 0) {
    way.push_back(&steps_[place - 1]);
    place = way.back()->parent;
  }
  Bytes path;
  for (auto step = way.rbegin(); step != way.rend(); ++step) {
    if ((*step)->field) {
      if (!path.empty()) path += '.';
      path += (*step)->field;
    } else {
      path += '[' + std::to_string((*step)->index) + ']';
    }
  }
  return path;
}

}  // namespace redipy::script
