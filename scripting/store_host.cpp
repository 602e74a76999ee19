// SPDX-License-Identifier: Apache-2.0
//
// See store_host.h.
#include "scripting/store_host.h"

#include "core/command/key_finder.h"
#include "scripting/call_facts.h"
#include "scripting/messages.h"

namespace redipy::script {

void StoreHost::call(const CommandTable::Entry& entry, const Args& args, Reply& reply) {
  const Command& command = *entry.command;
  if (!refusal(command).empty()) throw CommandError(message::command_refused);
  if (rules_.shares_keys) check_owner(command, args);
  if (writes(command)) {
    if (rules_.read_only) throw CommandError(message::read_only);
    if (rules_.out_of_memory && command.is(flag::denyoom) && !wrote_) throw CommandError(error::out_of_memory);
    wrote_ = true;
  }
  if (!command.run.data) return call_session(entry, args, reply);
  before();
  store_.begin({command.is(flag::write), command.event, rules_.touch && !command.is(flag::no_touch)});
  try {
    command.run.data(store_, args, reply);
  } catch (...) {
    store_.end();
    after(entry, args, true);
    throw;
  }
  store_.end();
  after(entry, args, false);
}

void StoreHost::check_owner(const Command& command, const Args& args) {
  bool own = true;
  const bool sound = for_each_key(command, args, [&](FoundKey found) {
    own = own && ((found.flags & key::not_key) != 0 || owns(args[found.index]));
  });
  for_each_key_pattern(command, args, [&](size_t index) { own = own && owns(args[index]); });
  if (sound && !own) throw CommandError(message::cross_backend);
}

}  // namespace redipy::script
