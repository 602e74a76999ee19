// SPDX-License-Identifier: Apache-2.0
//
// See node_reader.h.
#include "scripting/node_reader.h"

#include "scripting/text.h"

namespace redipy::script {

GraphError::GraphError(View path, View fault)
    : CommandError("ERR " + (path.empty() ? Bytes("script") : Bytes(path)) + ": " + Bytes(fault)),
      path_(path),
      fault_(fault) {}

Bytes quoted(View text) {
  constexpr size_t most = 64;
  if (text.size() <= most) return '"' + Bytes(text) + '"';
  size_t shown = 0;
  for (size_t next = 0; next <= most; next += character_length(text.substr(next))) shown = next;
  return '"' + Bytes(text.substr(0, shown)) + "…\"";
}

void NodeReader::fail(Place place, Bytes fault) const {
  if (faults_) throw Unreadable{{place, std::move(fault)}};
  throw GraphError(graph_.path(place), fault);
}

void NodeReader::note(Place place, Bytes fault) {
  if (!faults_) fail(place, std::move(fault));
  if (faults_->size() >= most_faults_) throw TooManyFaults();
  faults_->push_back({place, std::move(fault)});
}

void NodeReader::require(const Json& node, Place place, Json::Type type) const {
  if (!node.is(type)) fail(place, "expected " + Bytes(described(type)) + ", not " + Bytes(described(node.type)));
}

const Json& NodeReader::member(const Json& node, Place place, View name) const {
  const Json* const found = node.find(name);
  if (!found) fail(place, quoted(name) + " is missing");
  return *found;
}

const Json& NodeReader::member(const Json& node, Place place, const char* name, Json::Type type) {
  const Json& found = member(node, place, name);
  if (!found.is(type)) require(found, graph_.place(place, name), type);  // a place only for who needs it
  return found;
}

View NodeReader::kind_of(const Json& node, Place place) {
  require(node, place, Json::Type::object);
  return member(node, place, "kind", Json::Type::string).text;
}

const Bytes& NodeReader::text(const Json& node, Place place, const char* name) {
  return member(node, place, name, Json::Type::string).text;
}

const std::vector<Json>& NodeReader::array(const Json& node, Place place, const char* name) {
  return member(node, place, name, Json::Type::array).items;
}

}  // namespace redipy::script
