// SPDX-License-Identifier: Apache-2.0
//
// See acl_categories.h. What Redis derives from flags (setImplicitACLCategories) is derived here as well.
#include "core/command/acl_categories.h"

namespace redipy {

namespace {

constexpr View names[] = {"keyspace",    "read",   "write",   "set",    "sortedset", "list",        "hash",
                          "string",      "bitmap", "hyperloglog", "geo", "stream",   "pubsub",      "admin",
                          "fast",        "slow",   "blocking", "dangerous", "connection", "transaction", "scripting"};

bool is_family(Group group, View category) {
  switch (group) {
    case Group::set: return category == "set";
    case Group::sorted_set: return category == "sortedset";
    case Group::list: return category == "list";
    case Group::hash: return category == "hash";
    case Group::string: return category == "string";
    case Group::bitmap: return category == "bitmap";
    case Group::hyperloglog: return category == "hyperloglog";
    case Group::geo: return category == "geo";
    case Group::stream: return category == "stream";
    case Group::pubsub: return category == "pubsub";
    case Group::transactions: return category == "transaction";
    case Group::scripting: return category == "scripting";
    case Group::connection: return category == "connection";
    case Group::generic: return category == "keyspace";
    default: return false;
  }
}

}  // namespace

std::span<const View> acl_categories() { return names; }

bool in_acl_category(const CommandTable::Entry& entry, View category) {
  const Command& command = *entry.command;
  // What a container's subcommands do is theirs, but for those that Redis knows as one command (DEBUG).
  if (!command.subcommands.empty() && !command.run.session) {
    if (category == "admin" || category == "dangerous") return command.is(flag::admin);
    return category == "slow";
  }
  // What belongs to more or other families than its own.
  if (command.name == "SORT" || command.name == "SORT_RO") {
    if (category == "set" || category == "sortedset" || category == "list" || category == "dangerous") return true;
    if (category == "keyspace") return false;
  }
  if (category == "admin" && !entry.parent && (command.name == "LASTSAVE" || command.name == "ROLE")) return true;
  if (category == "read") return command.is(flag::read) && entry.group != Group::scripting;
  if (category == "write") return command.is(flag::write);
  if (category == "fast") return command.is(flag::fast);
  if (category == "slow") return !command.is(flag::fast);
  if (category == "blocking") return command.is(flag::blocking);
  if (category == "admin") return command.is(flag::admin);
  if (category == "dangerous") return command.is(flag::admin | flag::dangerous);
  if (category == "keyspace" && command.is(flag::keyspace)) return true;
  if (category == "connection" && command.is(flag::connection)) return true;
  if (category == "pubsub" && command.is(flag::pubsub)) return true;
  return is_family(entry.group, category);
}

std::vector<Bytes> acl_categories_of(const CommandTable::Entry& entry) {
  std::vector<Bytes> own;
  for (const View name : names) {
    if (in_acl_category(entry, name)) own.push_back("@" + Bytes(name));
  }
  return own;
}

}  // namespace redipy
