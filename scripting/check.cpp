// SPDX-License-Identifier: Apache-2.0
//
// See check.h.
#include "scripting/check.h"

#include <unordered_set>

#include "scripting/findings.h"
#include "scripting/flow.h"

namespace redipy::script {

namespace {

// --- what needs no following of ways

/// Warns of a `return` that a later one always outdoes. `later`: one certainly comes after this block. Tells whether
/// one certainly comes in it.
bool find_outdone_returns(const Block& block, bool later, Findings& findings) {
  bool certain = false;
  for (auto at = block.rbegin(); at != block.rend(); ++at) {
    const Statement& statement = **at;
    const bool outdone = later || certain;
    switch (statement.kind) {
      case StatementKind::result:
        if (outdone) findings.warning(statement.place, "a later \"return\" always replaces this one");
        certain = true;
        break;
      case StatementKind::branch: {
        const bool then = find_outdone_returns(statement.body, outdone, findings);
        const bool otherwise = find_outdone_returns(statement.otherwise, outdone, findings);
        certain = certain || (then && otherwise);
        break;
      }
      case StatementKind::for_each:
      case StatementKind::loop:
        find_outdone_returns(statement.body, outdone, findings);
        break;
      default:
        break;
    }
  }
  return certain;
}

/// Names that stand twice, and those that are never loaded.
void check_names(Graph& graph, const char* field, const std::vector<Bytes>& names, const std::set<uint32_t>& loaded,
                 bool whole, Findings& findings) {
  const Place list = graph.place(0, field);
  std::unordered_set<View> seen;
  for (uint32_t i = 0; i < names.size(); ++i) {
    const Place place = graph.place(list, i);
    if (!seen.insert(names[i]).second) findings.warning(place, "the name \"" + names[i] + "\" stands twice");
    if (whole && !loaded.contains(i)) findings.warning(place, "\"" + names[i] + "\" is never loaded");
  }
}

void check_variables(const Graph& graph, const std::vector<Slot>& unused, Findings& findings) {
  for (const Slot slot : unused) {
    const Variable& variable = graph.variables[slot];
    const Bytes label = variable.readable.empty() ? Bytes() : " (" + variable.readable + ")";
    findings.warning(variable.declared, "the variable \"" + variable.name + "\"" + label + " is never read");
  }
}

// --- the document

void add(Json& object, View name, Json value) { object.members.emplace_back(name, std::move(value)); }

Json described(const Graph& graph, const std::vector<GraphFault>& faults) {
  Json list(Json::Type::array);
  for (const GraphFault& fault : faults) {
    Json entry(Json::Type::object);
    add(entry, "path", Json(View(graph.path(fault.place))));
    add(entry, "message", Json(View(fault.text)));
    list.items.push_back(std::move(entry));
  }
  return list;
}

Json keys_of(const Graph& graph, const Touched& touched) {
  Json names(Json::Type::array);
  for (const uint32_t position : touched.keys) {
    if (position < graph.key_names.size()) names.items.emplace_back(View(graph.key_names[position]));
  }
  Json literals(Json::Type::array);
  for (const Bytes& key : touched.literals) literals.items.emplace_back(View(key));
  Json keys(Json::Type::object);
  add(keys, "exact", Json(touched.unknown.empty()));
  add(keys, "names", std::move(names));
  add(keys, "literals", std::move(literals));
  add(keys, "unknown", described(graph, touched.unknown));
  return keys;
}

Json backends_of(const Graph& graph, const Touched& touched) {
  const auto backend = [&](const std::vector<GraphFault>& reasons, View note) {
    Json made(Json::Type::object);
    add(made, "exact", Json(reasons.empty()));
    if (!reasons.empty()) add(made, "reasons", described(graph, reasons));
    if (!note.empty()) add(made, "note", Json(note));
    return made;
  };
  Json backends(Json::Type::object);
  add(backends, "memory", backend({}, {}));
  add(backends, "sql", backend({}, {}));
  add(backends, "redis",
      backend(touched.big_integers,
              "integers beyond 2^53 in arguments or data lose digits there; steps and memory are not limited"));
  return backends;
}

/// What follows is null where the graph could not be read as a whole.
Bytes document(const Graph& graph, Findings& findings, const Touched* touched) {
  findings.sort();
  Json made(Json::Type::object);
  add(made, "ok", Json(findings.errors.empty()));
  add(made, "errors", described(graph, findings.errors));
  add(made, "warnings", described(graph, findings.warnings));
  if (findings.more) add(made, "more", Json(true));
  add(made, "keys", touched ? keys_of(graph, *touched) : Json());
  const bool unknown = !touched || (!touched->writes && touched->unknown_commands);
  add(made, "writes", unknown ? Json() : Json(touched->writes));
  add(made, "backends", touched ? backends_of(graph, *touched) : Json());
  Bytes text;
  append_json(text, made);
  return text;
}

}  // namespace

Bytes check_graph(View text, const CommandTable& commands, const GraphLimits& limits) {
  Findings findings;
  Graph graph;
  try {
    graph = read_faulty_graph(text, limits, findings.errors, Findings::most);
  } catch (const GraphError& error) {
    findings.error(0, error.fault());
    return document(graph, findings, nullptr);
  }
  const bool whole = findings.errors.empty();
  findings.more = findings.errors.size() >= Findings::most;
  const Touched touched = follow(graph, commands, findings);
  find_outdone_returns(graph.body, false, findings);
  // What is not used may have been where the graph could not be read.
  if (whole) check_variables(graph, touched.unused, findings);
  check_names(graph, "argv", graph.argument_names, touched.loaded_arguments, whole, findings);
  check_names(graph, "keyv", graph.key_names, touched.loaded_keys, whole, findings);
  return document(graph, findings, whole ? &touched : nullptr);
}

}  // namespace redipy::script
