// SPDX-License-Identifier: Apache-2.0
//
// What reading any node of a graph needs: its members, each of the type that it must be, and what happens when it is
// not. The first fault is thrown; or, if there is a list for them, all are written down, and reading goes on with the
// next node. graph_reader.cpp has the nodes.
#pragma once

#include "scripting/graph_reader.h"

namespace redipy::script {

/// In quotes, for messages: at most 64 bytes of it, cut between two characters.
Bytes quoted(View text);

class NodeReader {
 protected:
  /// Without a list the first fault is thrown, as GraphError.
  NodeReader(std::vector<GraphFault>* faults, size_t most_faults) : faults_(faults), most_faults_(most_faults) {}

  /// Thrown when there are too many: what has been written down is not thrown again.
  struct TooManyFaults {};

  /// What keeps a node from being read at all.
  [[noreturn]] void fail(Place place, Bytes fault) const;

  /// What is wrong, but leaves the rest of the node readable.
  void note(Place place, Bytes fault);

  /// Runs what reads a node; false if it was unreadable, which is written down then.
  template <class Read>
  bool guarded(Read read) {
    if (!faults_) return read(), true;
    try {
      read();
      return true;
    } catch (Unreadable& unreadable) {
      note(unreadable.fault.place, std::move(unreadable.fault.text));
      return false;
    }
  }

  void require(const Json& node, Place place, Json::Type type) const;
  const Json& member(const Json& node, Place place, View name) const;
  View kind_of(const Json& node, Place place);
  const Bytes& text(const Json& node, Place place, const char* name);
  const std::vector<Json>& array(const Json& node, Place place, const char* name);

  Graph graph_;

 private:
  struct Unreadable {
    GraphFault fault;
  };

  /// The member of that name, of that type.
  const Json& member(const Json& node, Place place, const char* name, Json::Type type);

  std::vector<GraphFault>* faults_;
  size_t most_faults_;
};

}  // namespace redipy::script
