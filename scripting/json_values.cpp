// SPDX-License-Identifier: Apache-2.0
//
// See json_values.h.
#include "scripting/json_values.h"

#include <cmath>
#include <vector>

#include "core/base/numbers.h"
#include "core/command/error.h"
#include "scripting/messages.h"
#include "scripting/text.h"

namespace redipy::script {

namespace {

class ValueMaker final : public JsonHandler {
 public:
  explicit ValueMaker(Heap& heap) : heap_(heap) {}

  void null() override { put(Value()); }
  void boolean(bool value) override { put(Value(value)); }
  void integer(int64_t value) override { put(Value(value)); }
  void number(double value) override { put(Value(value)); }
  void string(View text) override { put(Value(new_text(heap_, text))); }
  void key(View text) override { place_ = &open_.back().dict().at(text); }
  void begin_array() override { open(Value(new_list(heap_, 0))); }
  void begin_object() override { open(Value(new_dict(heap_, 0))); }
  void end_array() override { close(); }
  void end_object() override { close(); }

  Value result;

 private:
  void put(Value value) {
    if (open_.empty()) {
      result = std::move(value);
    } else if (open_.back().is(Type::list)) {
      open_.back().list().append(std::move(value));
    } else {
      *place_ = std::move(value);
    }
  }

  void open(const Value& container) {
    put(container);
    open_.push_back(container);
  }

  void close() { open_.pop_back(); }

  Heap& heap_;
  std::vector<Value> open_;
  Value* place_ = nullptr;  // of the member whose value comes next
};

class Writer {
 public:
  Writer(Bytes& out, size_t max_size, View too_long) : out_(out), max_size_(max_size), too_long_(too_long) {}

  void write(const Value& value, size_t depth_left) {
    switch (value.type()) {
      case Type::none:
        out_ += "null";
        break;
      case Type::boolean:
        out_ += value.boolean() ? "true" : "false";
        break;
      case Type::integer: {
        char digits[integer_text_size];
        out_.append(digits, format_integer(value.integer(), digits));
        break;
      }
      case Type::real: {
        if (!std::isfinite(value.real())) throw CommandError(message::not_finite);
        char digits[number_text_size];
        out_.append(digits, format_number(value.real(), digits));
        break;
      }
      case Type::string:
        if (!append_json_string(out_, value.text())) throw CommandError(message::not_utf8);
        break;
      case Type::list:
        list(value.list(), depth_left);
        break;
      case Type::dict:
        dict(value.dict(), depth_left);
        break;
    }
    if (out_.size() > max_size_) throw CommandError(too_long_);
  }

 private:
  void list(const List& list, size_t depth_left) {
    if (depth_left == 0) throw CommandError(message::too_deep);
    out_ += '[';
    for (uint32_t i = 0; i < list.size; ++i) {
      if (i > 0) out_ += ',';
      write(list.items[i], depth_left - 1);
    }
    out_ += ']';
  }

  void dict(const Dict& dict, size_t depth_left) {
    if (depth_left == 0) throw CommandError(message::too_deep);
    out_ += '{';
    const Value keys(sorted_keys(*dict.heap, dict));
    const List& sorted = keys.list();
    for (uint32_t i = 0; i < sorted.size; ++i) {
      if (i > 0) out_ += ',';
      if (!append_json_string(out_, sorted.items[i].text())) throw CommandError(message::not_utf8);
      out_ += ':';
      write(*dict.find(sorted.items[i].text()), depth_left - 1);
    }
    out_ += '}';
  }

  Bytes& out_;
  size_t max_size_;
  View too_long_;
};

}  // namespace

Value value_from_json(Heap& heap, View text, size_t max_depth) {
  ValueMaker maker(heap);
  parse_json(text, max_depth, maker);
  return std::move(maker.result);
}

Value value_from_json(Heap& heap, const Json& literal) {
  switch (literal.type) {
    case Json::Type::null:
      return Value();
    case Json::Type::boolean:
      return Value(literal.boolean);
    case Json::Type::integer:
      return Value(literal.integer);
    case Json::Type::number:
      return Value(literal.number);
    case Json::Type::string:
      return Value(new_text(heap, literal.text));
    case Json::Type::array: {
      Value made(new_list(heap, literal.items.size()));
      for (const Json& item : literal.items) made.list().append(value_from_json(heap, item));
      return made;
    }
    case Json::Type::object: {
      Value made(new_dict(heap, literal.members.size()));
      for (const auto& [key, member] : literal.members) made.dict().at(key) = value_from_json(heap, member);
      return made;
    }
  }
  return Value();
}

void append_json(Bytes& out, const Value& value, size_t max_depth, size_t max_size, View too_long) {
  Writer(out, max_size, too_long).write(value, max_depth);
}

}  // namespace redipy::script
