// SPDX-License-Identifier: Apache-2.0
//
// Graphs as the tests in Python see them.
//
//   graph_tool lua [target] < graph     prints the Lua
//   graph_tool explain-lines [target] < graph     the same, each line with the path that it is made from
//   graph_tool serve           a JSON request per line, a JSON reply per line, until the input ends:
//     {"lua": "<graph>", "target": {…}}          {"lua": "…"}
//     {"argument": "<json>"}                     {"argument": "…"}
//     {"fault": "<an error of the Lua>", "graph": "<graph>", "target": {…}}     {"fault": "<text>, on <path>"}
//     {"run": "<graph>", "keys": […], "args": ["<json>", …], "setup": [[word, …], …], "target": {…}}
//                                                {"run": "<json>"}, or null for none: by the interpreter, in memory
//   what fails gives {"error": "…"}.
//
// The words of "setup" have a byte in each character.
//
// A target is the backend that a script is printed for, which may be left out: {"prefix": "p:", "channels": true,
// "lines": true, "routes": [["archive:*", false]], "rest": true}.
#include <iostream>
#include <iterator>
#include <string>

#include "core/base/clock.h"
#include "core/command/table.h"
#include "core/commands/families.h"
#include "core/memory/memory_store.h"
#include "scripting/graph_reader.h"
#include "scripting/lua_printer.h"
#include "scripting/lua_upstream.h"
#include "scripting/store_host.h"
#include "server/commands/families.h"

namespace {

using namespace redipy;
using namespace redipy::script;

constexpr size_t request_depth = 6;

const CommandTable& commands() {
  static const CommandTable table = [] {
    std::vector<Family> families(data_families().begin(), data_families().end());
    families.insert(families.end(), session_families().begin(), session_families().end());
    return CommandTable(families);
  }();
  return table;
}

LuaTarget target_from(const Json* said) {
  LuaTarget target;
  if (!said) return target;
  for (const auto& [name, value] : said->members) {
    if (name == "prefix") {
      target.prefix = value.text;
    } else if (name == "channels") {
      target.prefixes_channels = value.boolean;
    } else if (name == "lines") {
      target.tells_lines = value.boolean;
    } else if (name == "rest") {
      target.rest_here = value.boolean;
    } else if (name == "routes") {
      for (const Json& route : value.items)
        target.routes.push_back({route.items.at(0).text, route.items.at(1).boolean});
    } else {
      throw std::runtime_error("unknown member of a target: " + name);
    }
  }
  return target;
}

LuaText printed(View graph, const Json* target) {
  return target ? print_lua(read_graph(graph, {}), target_from(target), commands()) : print_lua(read_graph(graph, {}));
}

Bytes reply(const char* name, View value) {
  Bytes made = "{\"" + Bytes(name) + "\":";
  if (!append_json_string(made, value)) return "{\"error\":\"not UTF-8\"}";
  return made + "}";
}

/// What an error of a graph's Lua says in the graph's own words.
Bytes fault(View error, View text, const Json* target) {
  Library library(commands());
  LuaScripts scripts(commands(), target_from(target));
  const Script& script = library.load(text, {});
  try {
    throw_lua_error(error, script, scripts.of(script));
  } catch (const ScriptError& failed) {
    const Bytes path = script.graph.path(failed.place());
    return Bytes(failed.what()) + ", on " + (path.empty() ? "script" : path);
  }
}

// --- running with the interpreter

struct Nobody final : ChangeListener {
  void changed(int, View, Event) override {}
  void missed(int, View) override {}
  void flushing(int, Store&) override {}
  void swapping(int, int, Store&) override {}
};

class Host final : public StoreHost {
 public:
  Host(Store& store, const LuaTarget& target)
      : StoreHost(store, {.shares_keys = !target.owns_all()}), store_(store), target_(target) {}
  void log(int, View) override {}
  void pause() override {}

 private:
  bool owns(View key) override { return target_.owns(key); }
  void before() override { store_.select(0); }
  void after(const CommandTable::Entry&, const Args&, bool) override {}
  void call_session(const CommandTable::Entry& entry, const Args& args, Reply& reply) override {
    if (entry.command->name == "ECHO") return reply.bulk(args[1]);
    if (entry.command->name == "PUBLISH") return reply.integer(0);
    throw CommandError("ERR the tool has no " + entry.full_name);
  }

  Store& store_;
  const LuaTarget& target_;
};

Bytes bytes_of(View characters) {
  Bytes made;
  for (size_t i = 0; i < characters.size(); ++i) {
    const auto lead = static_cast<unsigned char>(characters[i]);
    made += lead < 0x80 ? characters[i] : static_cast<char>((lead & 3) << 6 | (characters[++i] & 0x3f));
  }
  return made;
}

Bytes run(const Json& asked, const LuaTarget& target) {
  ManualClock clock;
  Nobody nobody;
  MemoryStore store(clock, 16, nobody);
  Interpreter interpreter(commands());
  Library library(commands());
  for (const Json& command : asked.find("setup")->items) {
    std::vector<Bytes> words;
    for (const Json& word : command.items) words.push_back(bytes_of(word.text));
    const std::vector<View> views(words.begin(), words.end());
    const CommandTable::Entry* const entry = commands().find(views[0]);
    Heap heap;
    ValueReply ignored(heap);
    store.select(0);
    store.begin({entry->command->is(flag::write), entry->command->event, true});
    entry->command->run.data(store, Args(views), ignored);
    store.end();
    ignored.take();
  }
  const Script& script = library.load(asked.find("run")->text, {});
  std::vector<View> keys;
  std::vector<View> arguments;
  for (const Json& key : asked.find("keys")->items) keys.emplace_back(key.text);
  for (const Json& argument : asked.find("args")->items) arguments.emplace_back(argument.text);
  Host host(store, target);
  Bytes result;
  const Input input{keys, arguments, script.graph.key_names, script.graph.argument_names};
  return interpreter.run(script.program, input, {}, host, result) ? reply("run", result) : "{\"run\":null}";
}

Bytes answer(const Bytes& request) {
  try {
    const Json asked = read_json(request, request_depth, Duplicates::refused);
    const Json* const target = asked.find("target");
    if (const Json* const graph = asked.find("lua")) return reply("lua", printed(graph->text, target).text);
    if (const Json* const json = asked.find("argument")) return reply("argument", lua_argument(json->text));
    if (asked.find("run")) return run(asked, target_from(target));
    const Json* const error = asked.find("fault");
    if (error && asked.find("graph")) return reply("fault", fault(error->text, asked.find("graph")->text, target));
    return reply("error", "unknown request");
  } catch (const std::exception& error) {
    return reply("error", error.what());
  }
}

int print(bool with_places, const char* target) {
  const Bytes text{std::istreambuf_iterator<char>(std::cin), {}};
  try {
    const Graph graph = read_graph(text, {});
    const Json said = target ? read_json(target, request_depth, Duplicates::refused) : Json();
    const LuaText lua = printed(text, target ? &said : nullptr);
    size_t at = 0;
    for (const Place place : lua.places) {
      const size_t end = lua.text.find('\n', at);
      if (with_places) std::cout << graph.path(place) << '\t';
      std::cout << View(lua.text).substr(at, end - at) << '\n';
      at = end + 1;
    }
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const View command = argc == 2 || argc == 3 ? argv[1] : "";
  const char* const target = argc == 3 ? argv[2] : nullptr;
  if (command == "lua") return print(false, target);
  if (command == "explain-lines") return print(true, target);
  if (command != "serve" || target) {
    std::cerr << "usage: graph_tool lua|explain-lines [target], or graph_tool serve\n";
    return 2;
  }
  for (Bytes request; std::getline(std::cin, request);) std::cout << answer(request) << std::endl;
  return 0;
}
