// SPDX-License-Identifier: Apache-2.0
//
// The table of commands as a whole: each row is found, and says nothing that contradicts itself.
#include "core/command/table.h"

#include <gtest/gtest.h>

#include <set>

#include "core/base/text.h"
#include "core/command/key_finder.h"
#include "core/commands/families.h"
#include "server/commands/families.h"

namespace redipy {
namespace {

const CommandTable& table() {
  static const CommandTable all = [] {
    std::vector<Family> families(data_families().begin(), data_families().end());
    families.insert(families.end(), session_families().begin(), session_families().end());
    return CommandTable(families);
  }();
  return all;
}

std::vector<size_t> keys_of(std::vector<View> words) {
  std::vector<size_t> indexes;
  const Args args{std::span<const View>(words)};
  const auto* entry = table().find(args);
  if (!entry || !for_each_key(*entry->command, args, [&](FoundKey found) { indexes.push_back(found.index); })) {
    return {999};
  }
  return indexes;
}

TEST(CommandTable, finds_each_command_in_any_case_and_nothing_else) {
  for (const auto& entry : table().entries()) {
    if (entry.parent) continue;
    EXPECT_EQ(table().find(entry.command->name), &entry);
    EXPECT_EQ(table().find(lower(entry.command->name)), &entry);
    EXPECT_EQ(table().find(Bytes(entry.command->name) + "_"), nullptr);
  }
  EXPECT_EQ(table().find(""), nullptr);
  EXPECT_EQ(table().find("sort\x7fro"), nullptr);
}

TEST(CommandTable, rows_are_complete_and_consistent) {
  std::set<Bytes> names;
  for (const auto& entry : table().entries()) {
    const Command& row = *entry.command;
    EXPECT_TRUE(names.insert(entry.full_name).second) << entry.full_name << " is there twice";
    EXPECT_EQ(upper(row.name), row.name);
    EXPECT_NE(row.arity, 0) << entry.full_name;
    EXPECT_FALSE(row.summary.empty()) << entry.full_name;
    EXPECT_FALSE(row.since.empty()) << entry.full_name;
    const bool runs = row.run.data || row.run.session;
    EXPECT_TRUE(runs || row.is(flag::not_yet) || !row.subcommands.empty()) << entry.full_name;
    EXPECT_FALSE(runs && row.is(flag::not_yet)) << entry.full_name;
    EXPECT_FALSE(row.is(flag::read) && row.is(flag::write)) << entry.full_name;
    const bool uses_keys = row.run.data && row.keys.count > 0;
    EXPECT_TRUE(!uses_keys || row.is(flag::read | flag::write)) << entry.full_name;
  }
}

TEST(CommandTable, finds_subcommands_through_their_container) {
  const View words[] = {"client", "SetName", "x"};
  const auto* entry = table().find(Args{std::span<const View>(words)});
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(entry->full_name, "client|setname");
  const View unknown[] = {"client", "nothing"};
  EXPECT_EQ(table().find(Args{std::span<const View>(unknown)})->full_name, "client");
}

TEST(KeyFinder, follows_the_specifications) {
  using Indexes = std::vector<size_t>;
  EXPECT_EQ(keys_of({"GET", "k"}), (Indexes{1}));
  EXPECT_EQ(keys_of({"MSET", "a", "1", "b", "2"}), (Indexes{1, 3}));
  EXPECT_EQ(keys_of({"DEL", "a", "b", "c"}), (Indexes{1, 2, 3}));
  EXPECT_EQ(keys_of({"BLPOP", "a", "b", "0"}), (Indexes{1, 2}));
  EXPECT_EQ(keys_of({"ZUNIONSTORE", "d", "2", "a", "b", "WEIGHTS", "1", "2"}), (Indexes{1, 3, 4}));
  EXPECT_EQ(keys_of({"LMPOP", "2", "a", "b", "LEFT"}), (Indexes{2, 3}));
  EXPECT_EQ(keys_of({"LMPOP", "9", "a", "b", "LEFT"}), (Indexes{999}));
  EXPECT_EQ(keys_of({"SORT", "s", "BY", "w_*", "GET", "STORE", "STORE", "d"}), (Indexes{1, 7}));
  EXPECT_EQ(keys_of({"GEORADIUS", "g", "1", "2", "3", "km", "STORE", "d"}), (Indexes{1, 7}));
  EXPECT_EQ(keys_of({"PING"}), (Indexes{}));
}

}  // namespace
}  // namespace redipy
