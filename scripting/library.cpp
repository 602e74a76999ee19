// SPDX-License-Identifier: Apache-2.0
//
// See library.h.
#include "scripting/library.h"

#include <algorithm>
#include <cstring>

#include "core/base/sha1.h"
#include "core/base/text.h"

namespace redipy::script {

namespace {
constexpr size_t digits = 40;
}

/// The digits are a hash already.
size_t Library::Hash::operator()(View sha) const {
  size_t front = 0;
  std::memcpy(&front, sha.data(), std::min(sha.size(), sizeof front));
  return front;
}

Script* Library::find(View sha) const {
  if (sha.size() != digits) return nullptr;
  auto found = scripts_.find(sha);
  if (found == scripts_.end()) found = scripts_.find(lower(sha));
  return found == scripts_.end() ? nullptr : found->second.get();
}

Script& Library::load(View source, const GraphLimits& limits) {
  Bytes sha = sha1_hex(source);
  if (const auto known = scripts_.find(sha); known != scripts_.end()) return *known->second;
  auto script = std::make_shared<Script>();
  script->graph = read_graph(source, limits);
  script->program = compile(script->graph, commands_);
  script->effect = effect_of(script->graph, commands_);
  script->source = source;
  script->sha = sha;
  bytes_ += sizeof(Script) + source.size() + script->program.code.size() * sizeof(Instruction);
  return *scripts_.emplace(std::move(sha), std::move(script)).first->second;
}

void Library::flush() {
  scripts_.clear();
  bytes_ = 0;
}

std::vector<const Script*> Library::all() const {
  std::vector<const Script*> found;
  for (const auto& [sha, script] : scripts_) found.push_back(script.get());
  std::sort(found.begin(), found.end(), [](const Script* a, const Script* b) { return a->sha < b->sha; });
  return found;
}

}  // namespace redipy::script
