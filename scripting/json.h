// SPDX-License-Identifier: Apache-2.0
//
// JSON (RFC 8259), read strictly: one document, no trailing text, valid UTF-8 only, no lone surrogates, integers within
// 64 bits, finite numbers. parse_json tells a handler what it meets and keeps a stack of its own, so that depth costs
// no C++ stack; read_json makes a tree of it (graphs, SCRIPT CALL). Arguments of scripts go straight into the
// interpreter's values (json_values.h).
#pragma once

#include <cstdint>
#include <stdexcept>
#include <utility>
#include <vector>

#include "core/base/view.h"

namespace redipy::script {

/// What is wrong with a text that should be JSON, and at which byte.
class JsonError : public std::runtime_error {
 public:
  JsonError(View what, size_t offset);
  size_t offset() const { return offset_; }

 private:
  size_t offset_;
};

/// What parse_json meets, in order. Views hold during the call only.
class JsonHandler {
 public:
  virtual ~JsonHandler() = default;
  virtual void null() = 0;
  virtual void boolean(bool value) = 0;
  virtual void integer(int64_t value) = 0;
  virtual void number(double value) = 0;
  virtual void string(View text) = 0;
  virtual void key(View text) = 0;  ///< of a member whose value comes next
  virtual void begin_array() = 0;
  virtual void end_array() = 0;
  virtual void begin_object() = 0;
  virtual void end_object() = 0;
};

/// Throws JsonError, also for what nests deeper than max_depth arrays and objects.
void parse_json(View text, size_t max_depth, JsonHandler& handler);

/// A JSON value as a tree. Members keep their order.
struct Json {
  enum class Type : uint8_t { null, boolean, integer, number, string, array, object };

  Json() = default;
  explicit Json(Type empty) : type(empty) {}
  explicit Json(bool value) : type(Type::boolean), boolean(value) {}
  explicit Json(int64_t value) : type(Type::integer), integer(value) {}
  explicit Json(double value) : type(Type::number), number(value) {}
  explicit Json(View value) : type(Type::string), text(value) {}

  Type type = Type::null;
  bool boolean = false;
  int64_t integer = 0;
  double number = 0;
  Bytes text;
  std::vector<Json> items;
  std::vector<std::pair<Bytes, Json>> members;

  bool is(Type some) const { return type == some; }
  /// The member of that name; null if this is no object or has none.
  const Json* find(View name) const;
};

/// What a document has in place of a value: "null", "a boolean", "a number", "a string", "an array", "an object".
View described(Json::Type type);

enum class Duplicates : uint8_t { refused, last_wins };

/// The document as a tree; throws JsonError as parse_json does, also for a name that stands twice in an object if that
/// is refused.
Json read_json(View text, size_t max_depth, Duplicates duplicates);

/// Appends text as a JSON string, in quotes; false (and nothing of use appended) if it is no UTF-8.
bool append_json_string(Bytes& out, View text);
/// Appends the tree as compact JSON, members in their order. Strings in it are UTF-8.
void append_json(Bytes& out, const Json& value);

}  // namespace redipy::script
