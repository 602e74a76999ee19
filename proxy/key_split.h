// SPDX-License-Identifier: Apache-2.0
//
// Requests and slots: whose slot a request belongs to, and how one that names keys of several slots is divided. A
// cluster's node takes only keys of one slot in one command, so MGET a b c becomes an MGET per slot; those of one node
// leave in one write. How their replies become one again: reply_merge.h. What is divided is not atomic any more.
#pragma once

#include <vector>

#include "core/command/table.h"
#include "core/resp/buffer.h"

namespace redipy {

/// The slot of the key that prefix and key are together.
uint16_t key_slot(View prefix, View key);

struct RequestSlots {
  enum Count : uint8_t { none, one, several } count = none;
  uint16_t slot = 0;  ///< the first key's
};

/// Which slots the keys of a request lie in (of SSUBSCRIBE and SPUBLISH: the channels), with the prefix before them.
/// None, too, for a request whose count of keys is wrong: any node refuses it.
RequestSlots slots_of(const CommandTable::Entry& entry, const Args& args, View prefix);

/// Whether the command may be divided: MGET, MSET, DEL, UNLINK, EXISTS, TOUCH; by the row's tip multi_shard.
inline bool is_divisible(const CommandTable::Entry& entry) { return entry.command->is(tip::multi_shard); }

/// One division; can be used again. One caller at a time.
class KeySplit {
 public:
  /// Divides a request of a divisible command, by the slots of its keys with the prefix. The arguments have to live as
  /// long as parts are written. False if their number is wrong (MSET a): there are no parts then.
  bool divide(const CommandTable::Entry& entry, const Args& args, View prefix);

  /// In the order in which the first key of each stands in the request.
  size_t parts() const { return parts_.size(); }
  uint16_t slot(size_t part) const { return parts_[part].slot; }
  /// How many keys the part has.
  size_t keys(size_t part) const { return parts_[part].keys; }
  /// Which part each key went to, in the order of the request: for ReplyMerge.
  const std::vector<uint32_t>& part_of_key() const { return part_of_key_; }
  /// Appends the request of one part, with the prefix.
  void write(size_t part, Buffer& out) const;

 private:
  struct Part {
    uint16_t slot;
    uint32_t keys;
    uint32_t first;  // place in keys_in_order_
  };

  Args args_;
  View prefix_;
  size_t step_ = 1;  // words per key
  std::vector<Part> parts_;
  std::vector<uint32_t> part_of_key_;
  std::vector<uint32_t> keys_in_order_;  // the keys' arguments, part by part
};

}  // namespace redipy
