// SPDX-License-Identifier: Apache-2.0
//
// One reply out of those that several nodes of a cluster gave to their parts of a request. How they come together is
// read from the command's tips, as clients of a cluster read them.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/command/command.h"
#include "core/resp/buffer.h"

namespace redipy {

enum class Merge : uint8_t {
  in_order,       ///< MGET: elements in the order of the keys
  sum,            ///< DEL, DBSIZE: integers
  minimum,        ///< WAIT: integers
  all_succeeded,  ///< MSET, FLUSHALL, SCRIPT LOAD: the first reply, where none is an error
  one_succeeded,  ///< SCRIPT KILL: the first reply that is no error, else the first error
  logical_and,    ///< SCRIPT EXISTS: arrays of integers, element by element
  concatenate,    ///< KEYS, PUBSUB CHANNELS: all elements, in the order of the parts
  special,        ///< not to be merged without knowing the command: SCAN, RANDOMKEY, INFO
};

Merge merge_of(const Command& command);

/// Gathers the replies to the parts of one request. One caller at a time.
class ReplyMerge {
 public:
  /// `part_of_key`: of in_order only, as KeySplit has it.
  ReplyMerge(Merge kind, size_t parts, std::vector<uint32_t> part_of_key = {});

  /// The complete reply to a part; parts may come in any order, each once.
  void add(size_t part, View reply);
  bool complete() const { return missing_ == 0; }
  /// Appends the one reply. The error of the first part that has one goes before everything else (but for
  /// one_succeeded); replies that do not fit together are an error of ours. Complete() is required.
  void write(Buffer& out) const;

 private:
  bool write_merged(Buffer& out) const;
  bool write_in_order(Buffer& out) const;
  bool write_number(Buffer& out) const;
  bool write_logical_and(Buffer& out) const;
  bool write_concatenation(Buffer& out) const;

  Merge kind_;
  size_t missing_;
  std::vector<Bytes> replies_;  // by part
  std::vector<uint32_t> part_of_key_;
};

/// SCAN over the nodes of a cluster, one after the other: a client's cursor is node's cursor * nodes + node. It stays
/// below 2^53 (what some clients' numbers hold) as long as the node's cursor is below that by as much as there are
/// nodes. A walk during which the number of nodes changes goes on, but its guarantee does not hold; as little as it
/// does while slots move from node to node.
struct ScanCursor {
  uint64_t cursor = 0;  ///< the node's own
  uint32_t node = 0;    ///< its place in SlotMap::primaries()

  /// Of the number that a client says. `nodes` is at least 1.
  static ScanCursor of(uint64_t said, uint32_t nodes) { return {said / nodes, static_cast<uint32_t>(said % nodes)}; }
  /// What the client is given after a call at this node that returned `next`: goes to the next node when that is 0, and
  /// is 0 after the last one. Nullopt if it does not fit 64 bits.
  static std::optional<uint64_t> after(uint64_t next, uint32_t node, uint32_t nodes);
};

}  // namespace redipy
