// SPDX-License-Identifier: Apache-2.0
//
// What is known of elements that the commands of a batch will ask for: they are fetched together, before the first one
// runs. Follows what is written, so that it stays true until the batch ends.
#pragma once

#include <optional>
#include <unordered_map>

#include "core/base/hash.h"
#include "sql/arena.h"
#include "sql/driver.h"

namespace redipy::sql {

class ElementsAhead {
 public:
  struct Known {
    bool present = false;
    std::optional<View> value;  ///< of a hash's field, unless it is long
    int64_t number = 0;         ///< of a sorted set's member: the score's ord
  };

  bool empty() const { return known_.empty(); }
  /// Null: nothing is known.
  const Known* find(int64_t kid, View name) const {
    if (known_.empty()) return nullptr;
    const auto found = known_.find({kid, name});
    return found == known_.end() ? nullptr : &found->second;
  }
  /// Not there, until found() says otherwise. False: it was asked for before.
  bool ask(int64_t kid, View name) {
    if (known_.contains({kid, name})) return false;
    known_.emplace(Name{kid, arena_.keep(name)}, Known());
    return true;
  }
  /// The column is a value, a sorted set's ord, or says nothing but that it is there.
  void found(int64_t kid, View name, const Value& column) {
    const auto at = known_.find({kid, name});
    if (at != known_.end()) at->second = known(column);
  }
  /// A statement is about to change rows.
  void follow(Statement statement, std::span<const Value> parameters) {
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
  void clear() {
    known_.clear();
    arena_.clear();
  }

 private:
  struct Name {
    int64_t kid;
    View name;
    bool operator==(const Name& other) const { return kid == other.kid && name == other.name; }
  };
  struct Hash {
    size_t operator()(const Name& it) const {
      return hash_bytes(it.name) ^ static_cast<size_t>(it.kid * 0x9E3779B97F4A7C15);
    }
  };

  Known known(const Value& column) {
    Known result;
    result.present = true;
    if (column.kind == Value::bytes) result.value = arena_.keep(column.view);
    if (column.kind == Value::integer) result.number = column.number;
    return result;
  }

  std::unordered_map<Name, Known, Hash> known_;
  Arena arena_;
};

}  // namespace redipy::sql
