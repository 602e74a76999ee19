// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a script. What SCRIPT CHECK says of it must be JSON, and agree with the reader on whether it is a graph;
// what can be read must be explained and printed as Lua.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "core/commands/families.h"
#include "scripting/call_facts.h"
#include "scripting/check.h"
#include "scripting/explain.h"
#include "scripting/lua_printer.h"
#include "scripting/text.h"

namespace {

const redipy::CommandTable& commands() {
  static const redipy::CommandTable table(redipy::data_families());
  return table;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace redipy;
  using namespace redipy::script;
  const View text(reinterpret_cast<const char*>(data), size);
  const GraphLimits limits;
  const Json said = read_json(check_graph(text, commands(), limits), 100, Duplicates::refused);
  try {
    const Graph graph = read_graph(text, limits);
    if (!said.find("keys")->is(Json::Type::object)) std::abort();
    if (!is_utf8(explain(graph))) std::abort();
    const LuaText lua = print_lua(graph);
    const auto lines = static_cast<size_t>(std::count(lua.text.begin(), lua.text.end(), '\n'));
    if (!is_utf8(lua.text) || lines != lua.places.size()) std::abort();
    const LuaTarget target{.prefix = "p:", .routes = {{"a*", true}, {"[b-d]?*", false}}, .tells_lines = true};
    const LuaText keyed = print_lua(graph, target, commands());
    if (static_cast<size_t>(std::count(keyed.text.begin(), keyed.text.end(), '\n')) != keyed.places.size())
      std::abort();
    const bool writes = said.find("writes")->boolean;
    const Effect effect = effect_of(graph, commands());
    if (effect == Effect::reads && writes) std::abort();
  } catch (const GraphError&) {
    if (said.find("ok")->boolean || !said.find("keys")->is(Json::Type::null)) std::abort();
  }
  return 0;
}
