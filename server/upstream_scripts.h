// SPDX-License-Identifier: Apache-2.0
//
// Graphs on an upstream, as words of the protocol: what is sent for one, and what is replied to the client.
#pragma once

#include <memory>

#include "scripting/lua_upstream.h"
#include "server/flows.h"
#include "server/script_request.h"

namespace redipy::script {

/// A run of a graph there.
struct LuaCall {
  std::shared_ptr<Script> script;
  LuaScript lua;
  Words words;
  Bytes request;  ///< the words in RESP
  Limits limits;
  bool read_only = false;
  int slot = -1;  ///< in a cluster: of its keys; Errand::any_slot without
};

}  // namespace redipy::script

namespace redipy::flows {

/// What the command asks for, as a request that the upstream understands: by the Lua's digits, or with its text. Throws
/// CommandError for what is refused beforehand. Not under the lock.
script::LuaCall lua_call(Flow& flow, Place& place, const CommandTable::Entry& entry, const Args& args, bool by_digits);
/// Writes the reply to it, counts it, and throws the script's error as the interpreter's would be.
void write_script_reply(Flow& flow, const script::LuaCall& call, View reply);
/// Whether the command runs a graph. Not under the lock.
bool runs_graph(Flow& flow, const CommandTable::Entry& entry, const Args& args);

}  // namespace redipy::flows
