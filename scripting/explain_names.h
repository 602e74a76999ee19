// SPDX-License-Identifier: Apache-2.0
//
// Names for SCRIPT EXPLAIN: each variable, key and argument of a graph gets one that is readable, unique and no word of
// Python. A variable that does nothing but hold an argument or key bears its name, and its declaration goes without
// saying.
#pragma once

#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "scripting/graph.h"

namespace redipy::script {

class ExplainNames {
 public:
  explicit ExplainNames(const Graph& graph);

  const Bytes& variable(Slot slot) const { return variables_[slot]; }
  const Bytes& argument(uint32_t position) const { return arguments_[position]; }
  const Bytes& key(uint32_t position) const { return keys_[position]; }
  size_t arguments() const { return arguments_.size(); }
  size_t keys() const { return keys_.size(); }

  /// The statement declares a variable that is just an argument or key.
  bool goes_without_saying(const Statement& statement) const { return unsaid_.contains(&statement); }
  /// The variable is read or assigned somewhere (a loop's own giving of values aside).
  bool is_used(Slot slot) const { return used_[slot]; }

 private:
  void count(const Block& block);
  void count(const Expression& expression);
  void merge(const Graph& graph);
  Bytes unique(View wish, View otherwise);

  std::vector<Bytes> variables_, arguments_, keys_;
  std::vector<bool> used_;
  std::vector<uint32_t> declarations_;  // by slot
  std::vector<uint32_t> argument_loads_, key_loads_;
  std::unordered_set<const Statement*> unsaid_;
  std::unordered_map<Bytes, size_t> taken_;  // with how many times it was wished for
};

}  // namespace redipy::script
