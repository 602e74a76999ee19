// SPDX-License-Identifier: Apache-2.0
//
// See elements_ahead.h.
#include "sql/elements_ahead.h"

namespace redipy::sql {

void ElementsAhead::follow(Statement statement, std::span<const Value> parameters) {
  switch (statement) {
    case Statement::hash_put:
    case Statement::set_put:
    case Statement::zset_put:
      return found(parameters[0].number, parameters[1].view, parameters[2]);
    case Statement::hash_delete:
    case Statement::set_delete:
    case Statement::zset_delete: {
      const auto at = known_.find({parameters[0].number, parameters[1].view});
      if (at != known_.end()) at->second = {};
      return;
    }
    default:  // what changes other elements gives them a kid that nobody has asked about
      return;
  }
}

}  // namespace redipy::sql
