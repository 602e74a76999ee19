// SPDX-License-Identifier: Apache-2.0
//
// For the tests of scripts: the files in tests/scripts/, and the table of all commands.
#pragma once

#include <fstream>
#include <sstream>
#include <stdexcept>

#include "core/command/table.h"
#include "core/commands/families.h"
#include "scripting/json.h"
#include "server/commands/families.h"

namespace redipy::script {

inline const CommandTable& all_commands() {
  static const CommandTable table = [] {
    std::vector<Family> families(data_families().begin(), data_families().end());
    families.insert(families.end(), session_families().begin(), session_families().end());
    return CommandTable(families);
  }();
  return table;
}

/// A JSON file of the sources, by its path from the top.
inline Json json_file(const Bytes& path) {
  std::ifstream file(REDIPY_SOURCE "/" + path, std::ios::binary);
  if (!file) throw std::runtime_error("no such file: " + path);
  std::ostringstream text;
  text << file.rdbuf();
  return read_json(text.str(), 100'000, Duplicates::last_wins);
}

inline Bytes json_text(const Json& value) {
  Bytes text;
  append_json(text, value);
  return text;
}

/// The member `name`, which is there.
inline const Json& at(const Json& object, View name) {
  const Json* const found = object.find(name);
  if (!found) throw std::runtime_error("no member " + Bytes(name) + " in " + json_text(object).substr(0, 200));
  return *found;
}

}  // namespace redipy::script
