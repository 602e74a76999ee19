// SPDX-License-Identifier: Apache-2.0
//
// See commands_document.h.
#include "server/commands_document.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "core/base/text.h"
#include "server/version.h"

namespace redipy {

namespace {

constexpr std::pair<Group, View> titles[] = {
    {Group::string, "Strings"},
    {Group::bitmap, "Bits"},
    {Group::hash, "Hashes"},
    {Group::list, "Lists"},
    {Group::set, "Sets"},
    {Group::sorted_set, "Sorted sets"},
    {Group::hyperloglog, "HyperLogLog"},
    {Group::geo, "Geo"},
    {Group::stream, "Streams"},
    {Group::generic, "Keys"},
    {Group::transactions, "Transactions"},
    {Group::pubsub, "Publish and subscribe"},
    {Group::scripting, "Scripts"},
    {Group::connection, "Connection"},
    {Group::server, "Server"},
    {Group::cluster, "Cluster"},
    {Group::backend, "Backends"},
};

constexpr View introduction = R"(# Commands

<!-- Written by `./dev docs` from the rows of the commands; a test checks that it is up to date. -->

Every command of Redis %s that this server knows, by what it works on. Names know no case. Words in capitals are written as
they stand, the others are arguments; `[…]` may be left out, `<a | b>` is one of them, `[x ...]` may be repeated.

Commands marked *not yet* are known by name and number of arguments and answer with an error that says so. Those marked with
an asterisk are newer than Redis 7.0. `BACKEND` is this server's own. How replies and limits compare with Redis is in
[compatibility.md](compatibility.md).
)";

/// Text for a cell of a table.
Bytes cell(View text) {
  Bytes safe;
  for (const char c : text) {
    if (c == '|') safe += '\\';
    safe += c;
  }
  return safe;
}

Bytes line(const CommandTable::Entry& entry) {
  const Command& command = *entry.command;
  Bytes name(command.name);
  if (entry.parent) name = Bytes(entry.parent->name) + " " + name;
  Bytes usage = "`" + name;
  if (!command.syntax.empty()) usage += " " + Bytes(command.syntax);
  usage += "`";
  if (command.is(flag::new_in_72)) usage += "\\*";
  Bytes summary(command.summary);
  if (command.is(flag::not_yet)) summary = "*Not yet.* " + summary;
  return "| " + cell(usage) + " | " + cell(summary) + " | " + Bytes(command.since) + " | " + cell(command.complexity) +
         " |\n";
}

/// Containers themselves say nothing that their subcommands do not.
bool is_shown(const CommandTable::Entry& entry) { return entry.command->subcommands.empty(); }

}  // namespace

Bytes commands_document(const CommandTable& commands) {
  size_t there = 0;
  size_t missing = 0;
  for (const CommandTable::Entry& entry : commands.entries()) {
    if (is_shown(entry)) ++(entry.command->is(flag::not_yet) ? missing : there);
  }
  Bytes text(introduction);
  text.replace(text.find("%s"), 2, redis_version);
  text += "\nThere are " + std::to_string(there) + " commands and subcommands; " + std::to_string(missing) +
          " are not there yet.\n";
  for (const auto& [group, title] : titles) {
    std::vector<const CommandTable::Entry*> entries;
    for (const CommandTable::Entry& entry : commands.entries()) {
      if (entry.group == group && is_shown(entry)) entries.push_back(&entry);
    }
    if (entries.empty()) continue;
    std::sort(entries.begin(), entries.end(), [](const auto* a, const auto* b) { return a->full_name < b->full_name; });
    text += "\n## " + Bytes(title) + "\n\n| command | | since | time |\n|---|---|---|---|\n";
    for (const CommandTable::Entry* entry : entries) text += line(*entry);
  }
  return text;
}

}  // namespace redipy
