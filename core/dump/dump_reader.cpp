// SPDX-License-Identifier: Apache-2.0
//
// See dump_reader.h.
#include "core/dump/dump_reader.h"

#include <algorithm>
#include <cstring>

#include "core/base/crc64.h"
#include "core/base/numbers.h"
#include "core/base/view_set.h"
#include "core/command/error.h"
#include "core/dump/dump_format.h"

namespace redipy::dump {

View check_footer(View payload) {
  constexpr View refusal = "ERR DUMP payload version or checksum are wrong";
  if (payload.size() < footer_size) throw CommandError(refusal);
  const View body = payload.substr(0, payload.size() - footer_size);
  uint16_t version;
  uint64_t checksum;
  std::memcpy(&version, payload.data() + body.size(), sizeof version);
  std::memcpy(&checksum, payload.data() + body.size() + sizeof version, sizeof checksum);
  if (version > newest_version) throw CommandError(refusal);
  if (crc64(payload.substr(0, payload.size() - sizeof checksum)) != checksum) throw CommandError(refusal);
  return body;
}

DumpedValue read_payload(View payload, size_t longest_string) {
  DumpInput input(check_footer(payload), longest_string);
  DumpedValue value(input);
  if (!input.empty()) refuse_data();
  return value;
}

DumpedValue::DumpedValue(DumpInput& input) {
  switch (input.byte()) {
    case string_plain:
      type_ = Type::string;
      elements_.push_back(input.string(unfolded_));
      break;
    case list_plain:
      read_plain(Type::list, input, 1);
      break;
    case set_plain:
      read_plain(Type::set, input, 1);
      break;
    case hash_plain:
      read_plain(Type::hash, input, 2);
      break;
    case sorted_set_text:
      read_sorted_set(input, false);
      break;
    case sorted_set_binary:
      read_sorted_set(input, true);
      break;
    case list_of_ziplists:
      read_list_of_ziplists(input);
      break;
    case list_of_nodes:
      read_list_of_nodes(input);
      break;
    case list_ziplist:
      read_packed(Type::list, input, visit_ziplist);
      break;
    case set_intset:
      read_packed(Type::set, input, visit_intset);
      break;
    case set_listpack:
      read_packed(Type::set, input, visit_listpack);
      break;
    case hash_zipmap:
      read_packed(Type::hash, input, visit_zipmap);
      break;
    case hash_ziplist:
      read_packed(Type::hash, input, visit_ziplist);
      break;
    case hash_listpack:
      read_packed(Type::hash, input, visit_listpack);
      break;
    case sorted_set_ziplist:
      read_packed(Type::sorted_set, input, visit_ziplist);
      break;
    case sorted_set_listpack:
      read_packed(Type::sorted_set, input, visit_listpack);
      break;
    case stream_1:
    case stream_2:
    case stream_3:
      throw CommandError("ERR streams cannot be restored yet");
    case module_before_release:
    case module:
      throw CommandError("ERR values of modules cannot be restored");
    default:
      refuse_data();
  }
  if (elements_.empty()) refuse_data();
  check_distinct();
}

void DumpedValue::read_plain(Type type, DumpInput& input, size_t parts) {
  type_ = type;
  for (uint64_t left = input.length(); left > 0; --left) {
    for (size_t i = 0; i < parts; ++i) elements_.push_back(input.string(unfolded_));
  }
}

void DumpedValue::read_sorted_set(DumpInput& input, bool binary) {
  type_ = Type::sorted_set;
  for (uint64_t left = input.length(); left > 0; --left) {
    elements_.push_back(input.string(unfolded_));
    scores_.push_back(binary ? input.binary_score() : input.text_score());
  }
}

void DumpedValue::add(Item item) {
  elements_.push_back(item.is_integer() ? unfolded_.keep_integer(item.integer()) : item.text());
}

void DumpedValue::read_list_of_ziplists(DumpInput& input) {
  type_ = Type::list;
  for (uint64_t left = input.length(); left > 0; --left) {
    if (!visit_ziplist(input.string(unfolded_), [&](Item item) { add(item); })) refuse_data();
  }
}

void DumpedValue::read_list_of_nodes(DumpInput& input) {
  type_ = Type::list;
  for (uint64_t left = input.length(); left > 0; --left) {
    const uint64_t kind = input.length();
    const View node = input.string(unfolded_);
    if (kind == node_plain && !node.empty()) {
      elements_.push_back(node);
    } else if (kind != node_listpack || !visit_listpack(node, [&](Item item) { add(item); })) {
      refuse_data();
    }
  }
}

void DumpedValue::read_packed(Type type, DumpInput& input, bool (*visit)(View, VisitItem)) {
  type_ = type;
  const View blob = input.string(unfolded_);
  if (!visit(blob, [&](Item item) { add(item); })) refuse_data();
  if (type == Type::hash && elements_.size() % 2 != 0) refuse_data();
  if (type == Type::sorted_set) split_scores();
}

/// Turns members and scores in turn into members and scores.
void DumpedValue::split_scores() {
  if (elements_.size() % 2 != 0) refuse_data();
  const size_t count = elements_.size() / 2;
  scores_.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    const auto score = parse_double(elements_[2 * i + 1]);  // knows no NaN
    if (!score) refuse_data();
    scores_.push_back(*score);
    elements_[i] = elements_[2 * i];
  }
  elements_.resize(count);
}

void DumpedValue::check_distinct() const {
  if (type_ == Type::string || type_ == Type::list) return;
  const size_t step = type_ == Type::hash ? 2 : 1;
  ViewSet seen;
  seen.reserve(elements_.size() / step);
  for (size_t i = 0; i < elements_.size(); i += step) {
    if (!seen.add(elements_[i])) refuse_data();
  }
}

void DumpedValue::put(Store& store, View key, Expiry expiry) const {
  switch (type_) {
    case Type::string:
      return store.put_string(key, elements_[0], expiry);
    case Type::list:
      store.make_list(key).push(End::back, elements_);
      break;
    case Type::set:
      store.make_set(key).add(elements_);
      break;
    case Type::sorted_set: {
      SortedSet& set = store.make_sorted_set(key);
      size_t longest = 0;
      for (const View member : elements_) longest = std::max(longest, member.size());
      set.expect(elements_.size(), longest);
      for (size_t i = 0; i < elements_.size(); ++i) set.put(elements_[i], scores_[i]);
      break;
    }
    case Type::hash: {
      std::vector<FieldValue> pairs;
      pairs.reserve(elements_.size() / 2);
      for (size_t i = 0; i < elements_.size(); i += 2) pairs.push_back({elements_[i], elements_[i + 1]});
      store.make_hash(key).put(pairs);
      break;
    }
    case Type::none:
    case Type::stream:
      break;
  }
  if (expiry.kind == Expiry::at) store.set_deadline(key, expiry.deadline);
}

}  // namespace redipy::dump
