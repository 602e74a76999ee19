// SPDX-License-Identifier: Apache-2.0
//
// Graphs as the tests in Python see them.
//
//   graph_tool lua < graph     prints the Lua
//   graph_tool explain-lines < graph     the same, each line with the path that it is made from
//   graph_tool serve           a JSON request per line, a JSON reply per line, until the input ends:
//     {"lua": "<graph>"}            {"lua": "…"}
//     {"argument": "<json>"}        {"argument": "…"}
//   what fails gives {"error": "…"}.
#include <iostream>
#include <iterator>
#include <string>

#include "scripting/graph_reader.h"
#include "scripting/lua_printer.h"

namespace {

using namespace redipy;
using namespace redipy::script;

constexpr size_t request_depth = 4;

Bytes reply(const char* name, View value) {
  Bytes made = "{\"" + Bytes(name) + "\":";
  if (!append_json_string(made, value)) return "{\"error\":\"not UTF-8\"}";
  return made + "}";
}

Bytes answer(const Bytes& request) {
  try {
    const Json asked = read_json(request, request_depth, Duplicates::refused);
    if (const Json* const graph = asked.find("lua")) return reply("lua", print_lua(read_graph(graph->text, {})).text);
    if (const Json* const json = asked.find("argument")) return reply("argument", lua_argument(json->text));
    return reply("error", "unknown request");
  } catch (const std::exception& error) {
    return reply("error", error.what());
  }
}

int print(bool with_places) {
  const Bytes text{std::istreambuf_iterator<char>(std::cin), {}};
  try {
    const Graph graph = read_graph(text, {});
    const LuaText lua = print_lua(graph);
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
  const View command = argc == 2 ? argv[1] : "";
  if (command == "lua") return print(false);
  if (command == "explain-lines") return print(true);
  if (command != "serve") {
    std::cerr << "usage: graph_tool lua|explain-lines|serve\n";
    return 2;
  }
  for (Bytes request; std::getline(std::cin, request);) std::cout << answer(request) << std::endl;
  return 0;
}
