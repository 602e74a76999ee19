// SPDX-License-Identifier: Apache-2.0
//
// The command table: filled from the rows, asked once per request.
#include "core/command/table.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "core/base/text.h"
#include "core/command/syntax.h"

namespace redipy {

namespace {

constexpr uint64_t lower_bits = 0x2020202020202020u;

/// Up to eight bytes as a number, zeros beyond their end. By two overlapping loads: a copy of a variable length would
/// be a call.
uint64_t load_up_to_8(const char* at, size_t size) {
  if (size >= 8) {
    uint64_t word = 0;
    std::memcpy(&word, at, 8);
    return word;
  }
  if (size >= 4) {
    uint32_t first = 0, last = 0;
    std::memcpy(&first, at, 4);
    std::memcpy(&last, at + size - 4, 4);
    return first | static_cast<uint64_t>(last) << (8 * (size - 4));
  }
  if (size == 0) return 0;
  const auto byte = [&](size_t i) { return static_cast<uint64_t>(static_cast<unsigned char>(at[i])) << (8 * i); };
  return byte(0) | byte(size / 2) | byte(size - 1);
}

/// The bytes from `offset` on with letters folded to lower case. Other characters may fold onto one another, so a name
/// that holds any is compared once more.
uint64_t folded_word(View name, size_t offset) {
  return (name.size() > offset ? load_up_to_8(name.data() + offset, name.size() - offset) : 0) | lower_bits;
}

bool only_letters(View name) {
  return std::all_of(name.begin(), name.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

uint64_t mix(uint64_t low, uint64_t high, size_t length) {
  uint64_t hash = (low ^ (high * 0x9e3779b97f4a7c15u) ^ length) * 0xd6e8feb86659fd93u;
  return hash ^ (hash >> 32);
}

}  // namespace

View group_name(Group group) {
  constexpr View names[] = {"generic",    "string",      "list",      "set",     "sorted-set", "hash",
                            "bitmap",     "hyperloglog", "geo",       "stream",  "pubsub",     "transactions",
                            "connection", "server",      "scripting", "cluster", "backend"};
  return names[static_cast<size_t>(group)];
}

CommandTable::CommandTable(std::span<const Family> families) {
  for (const Family& family : families) {
    for (const Command& row : family.rows) add(row, nullptr, family.group, {});
  }
  const size_t commands = entries_.size();
  subcommands_.assign(commands, 0);
  for (size_t id = 0; id < commands; ++id) {
    const Command& container = *entries_[id].command;
    subcommands_[id] = static_cast<uint32_t>(entries_.size());
    const Bytes prefix = entries_[id].full_name + "|";
    for (const Command& row : container.subcommands) add(row, &container, entries_[id].group, prefix);
  }

  size_t capacity = 64;
  while (capacity < commands * 4) capacity *= 2;
  slots_.assign(capacity, {});
  for (size_t id = 0; id < commands; ++id) {
    const View name = entries_[id].command->name;
    const Slot slot{folded_word(name, 0), folded_word(name, 8), static_cast<uint32_t>(id),
                    static_cast<uint32_t>(name.size()), only_letters(name) && name.size() <= 16};
    size_t at = mix(slot.low, slot.high, name.size()) & (capacity - 1);
    while (slots_[at].length != 0) at = (at + 1) & (capacity - 1);
    slots_[at] = slot;
  }
}

void CommandTable::add(const Command& row, const Command* parent, Group group, const Bytes& prefix) {
  Entry entry;
  entry.command = &row;
  entry.parent = parent;
  entry.group = group;
  entry.elements = element_arguments(row.syntax);
  entry.id = static_cast<uint32_t>(entries_.size());
  entry.full_name = prefix + lower(row.name);
  entries_.push_back(std::move(entry));
}

const CommandTable::Entry* CommandTable::find(View name) const {
  const uint64_t low = folded_word(name, 0);
  const uint64_t high = folded_word(name, 8);
  const size_t mask = slots_.size() - 1;
  for (size_t at = mix(low, high, name.size()) & mask; slots_[at].length != 0; at = (at + 1) & mask) {
    const Slot& slot = slots_[at];
    if (slot.low != low || slot.high != high || slot.length != name.size()) continue;
    const Entry& entry = entries_[slot.id];
    if (slot.told_by_words || equals_ignore_case(entry.command->name, name)) return &entry;
  }
  return nullptr;
}

const CommandTable::Entry* CommandTable::find(const Entry& container, View subcommand) const {
  const uint32_t first = subcommands_[container.id];
  const auto count = static_cast<uint32_t>(container.command->subcommands.size());
  for (uint32_t id = first; id < first + count; ++id) {
    if (equals_ignore_case(entries_[id].command->name, subcommand)) return &entries_[id];
  }
  return nullptr;
}

const CommandTable::Entry* CommandTable::find(const Args& args) const {
  const Entry* entry = find(args[0]);
  if (entry && !entry->command->subcommands.empty() && args.size() > 1) {
    if (const Entry* subcommand = find(*entry, args[1])) return subcommand;
  }
  return entry;
}

}  // namespace redipy
