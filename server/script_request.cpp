// SPDX-License-Identifier: Apache-2.0
//
// See script_request.h.
#include "server/script_request.h"

#include <algorithm>
#include <span>

#include "scripting/json.h"
#include "server/scripts.h"
#include "server/server.h"
#include "server/session.h"

namespace redipy {

namespace {

using script::Script;

constexpr View no_script = "NOSCRIPT No matching script. Please use EVAL.";

Scripts& scripts(Session& session) { return session.server().scripts(); }

Script& known(Session& session, View sha) {
  Script* const found = scripts(session).library().find(sha);
  if (!found) throw CommandError(no_script);
  return *found;
}

/// Before anything else is looked at, as in Redis.
void digits_of_a_script(View text) {
  constexpr size_t sha1_digits = 40;
  if (text.size() != sha1_digits) throw CommandError(no_script);
}

/// numkeys at `at`, then keys, then arguments.
struct Counted {
  size_t first;
  size_t keys;
};
Counted count_keys(const Args& args, size_t at) {
  const int64_t count = args.integer(at);
  const size_t first = at + 1;
  if (count > static_cast<int64_t>(args.size() - first)) {
    throw CommandError("ERR Number of keys can't be greater than number of args");
  }
  if (count < 0) throw CommandError("ERR Number of keys can't be negative");
  return {first, static_cast<size_t>(count)};
}

/// What `given`, an object, has under each of the names, in their order; throws for a name that is missing or one too
/// many.
std::vector<const script::Json*> by_name(const script::Json* given, std::span<const Bytes> names, View what) {
  static const script::Json nothing(script::Json::Type::object);
  const script::Json& object = given ? *given : nothing;
  if (!object.is(script::Json::Type::object)) throw CommandError("ERR '" + Bytes(what) + "s' must be an object");
  std::vector<const script::Json*> found;
  for (const Bytes& name : names) {
    const script::Json* const value = object.find(name);
    if (!value) throw CommandError("ERR missing " + Bytes(what) + " '" + name + "'");
    found.push_back(value);
  }
  for (const auto& [name, value] : object.members) {
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      throw CommandError("ERR the script has no " + Bytes(what) + " '" + name + "'");
    }
  }
  return found;
}

// SCRIPT CALL graph|sha json
void read_call(Session& session, const Args& args, ScriptRequest& request) {
  Script& script = find_script(session, args[2]);
  request.script = &script;
  constexpr size_t levels_around = 3;
  script::Json& given = request.document;
  try {
    given = script::read_json(args[3], scripts(session).graph_limits().nesting + levels_around,
                              script::Duplicates::refused);
  } catch (const script::JsonError& fault) {
    throw CommandError(Bytes("ERR keys and arguments are not valid JSON: ") + fault.what());
  }
  if (!given.is(script::Json::Type::object)) throw CommandError("ERR keys and arguments must be an object");
  for (const auto& [name, value] : given.members) {
    if (name != "keys" && name != "args")
      throw CommandError("ERR unknown member '" + name + "': keys and args are known");
  }
  for (const script::Json* const key : by_name(given.find("keys"), script.graph.key_names, "key")) {
    if (!key->is(script::Json::Type::string)) throw CommandError("ERR a key must be a string");
    request.keys.emplace_back(key->text);
  }
  const auto values = by_name(given.find("args"), script.graph.argument_names, "arg");
  request.storage.resize(values.size());
  for (size_t i = 0; i < values.size(); ++i) script::append_json(request.storage[i], *values[i]);
  request.arguments.assign(request.storage.begin(), request.storage.end());
}

}  // namespace

Script& load_script(Session& session, View source) {
  if (!script::looks_like_graph(source)) {
    throw CommandError(
        "ERR Lua scripts are not supported yet by this server: a script is a JSON graph, see docs/scripts.md");
  }
  return scripts(session).library().load(source, scripts(session).graph_limits());
}

Script& find_script(Session& session, View text) {
  return script::looks_like_graph(text) ? load_script(session, text) : known(session, text);
}

bool runs_graph(Session& session, const CommandTable::Entry& entry, const Args& args) {
  const Bytes& name = entry.full_name;
  if (name == "eval" || name == "eval_ro") return script::looks_like_graph(args[1]);
  if (name == "evalsha" || name == "evalsha_ro") return scripts(session).library().find(args[1]) != nullptr;
  return name == "script" || name == "script|run" || name == "script|call";
}

ScriptRequest read_script_request(Session& session, const CommandTable::Entry& entry, const Args& args) {
  const Bytes& name = entry.full_name;
  ScriptRequest request;
  if (name == "script|call") {
    read_call(session, args, request);
    return request;
  }
  const bool by_digits = name == "evalsha" || name == "evalsha_ro";
  request.read_only = name == "eval_ro" || name == "evalsha_ro";
  if (by_digits) digits_of_a_script(args[1]);
  if (name == "script" && args.size() < 3) throw wrong_arity("script");
  const size_t at = name == "script|run" ? 2 : 1;
  const Counted counted = count_keys(args, at + 1);
  request.script = by_digits              ? &known(session, args[at])
                   : name == "script|run" ? &find_script(session, args[at])
                                          : &load_script(session, args[at]);
  const auto keys = args.range(counted.first, counted.keys);
  request.keys.assign(keys.begin(), keys.end());
  const auto arguments = args.from(counted.first + counted.keys);
  request.arguments.assign(arguments.begin(), arguments.end());
  return request;
}

}  // namespace redipy
