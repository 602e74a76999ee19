// SPDX-License-Identifier: Apache-2.0
//
// All commands of the server by name: an open-addressed table over the families' rows, filled once at start. A look-up
// folds case, hashes up to the first 16 bytes of the name as two words, and compares once.
#pragma once

#include <span>
#include <vector>

#include "core/command/command.h"
#include "core/command/syntax.h"

namespace redipy {

class CommandTable {
 public:
  /// The rows must outlive the table. Names are unique.
  explicit CommandTable(std::span<const Family> families);

  struct Entry {
    const Command* command = nullptr;
    const Command* parent = nullptr;  ///< the container, for a subcommand
    Group group = Group::generic;
    ElementArguments elements;  ///< fields or members that it names: for prefetching
    uint32_t id = 0;            ///< dense: index of statistics and session handlers
    Bytes full_name;            ///< lower case: "get", "config|get"
  };

  /// The command (never a subcommand) of this name in any case; null if unknown.
  const Entry* find(View name) const;
  /// The subcommand of `container`; null if unknown.
  const Entry* find(const Entry& container, View subcommand) const;
  /// The entry that a request means: find(args[0]), and for a container with args[1] its subcommand, else the
  /// container.
  const Entry* find(const Args& args) const;
  /// All entries, subcommands included, by id.
  std::span<const Entry> entries() const { return entries_; }

 private:
  static uint64_t fold(View name);
  void add(const Command& row, const Command* parent, Group group, const Bytes& prefix);

  struct Slot {
    uint64_t low = 0, high = 0;
    uint32_t id = 0;
    uint32_t length = 0;
    bool told_by_words = false;  // low and high say it all
  };
  std::vector<Entry> entries_;
  std::vector<Slot> slots_;
  std::vector<uint32_t> subcommands_;  // id of a container -> first id of its subcommands (they are consecutive)
};

}  // namespace redipy
