// SPDX-License-Identifier: Apache-2.0
//
// What a script computes with. A Value is 16 bytes: none, booleans and numbers lie in it, strings, lists and dicts are
// counted references to objects of the run's heap. Lists and dicts are shared by whoever holds them, as in Python;
// strings never change. A literal string belongs to the program: it has no heap and is not counted.
//
// Reference counts free early what a long loop makes; cycles wait for the end of the run (heap.h).
#pragma once

#include <cstdint>
#include <cstring>
#include <utility>

#include "core/base/function_ref.h"
#include "core/base/view.h"
#include "scripting/heap.h"

namespace redipy::script {

/// In the order of type_names (messages.h), but that there are two types of numbers.
enum class Type : uint8_t { none, boolean, integer, real, string, list, dict };
/// "none", "a number", "a list" …
View type_name(Type type);

class Value;

/// The head of what lies in the heap.
struct Object {
  Heap* heap;  ///< null: a literal's, never freed here
  uint32_t references;
};

struct Text : Object {
  uint32_t size;
  View view() const { return {reinterpret_cast<const char*>(this + 1), size}; }
  char* data() { return reinterpret_cast<char*>(this + 1); }
};

struct List;
struct Dict;

class Value {
 public:
  Value() : integer_(0) {}
  explicit Value(bool value) : type_(Type::boolean), integer_(value ? 1 : 0) {}
  explicit Value(int64_t value) : type_(Type::integer), integer_(value) {}
  explicit Value(double value) : type_(Type::real), real_(value) {}
  /// Takes over the reference that its maker holds.
  explicit Value(Text* text) : type_(Type::string), object_(text) {}
  explicit Value(List* list);
  explicit Value(Dict* dict);
  Value(const Value& other) : type_(other.type_), integer_(other.integer_) { hold(); }
  Value(Value&& other) noexcept : type_(std::exchange(other.type_, Type::none)), integer_(other.integer_) {}
  Value& operator=(const Value& other) {
    Value copy(other);
    swap(copy);
    return *this;
  }
  Value& operator=(Value&& other) noexcept {
    swap(other);
    return *this;
  }
  ~Value() {
    if (counted()) let_go();
  }
  void swap(Value& other) noexcept {
    std::swap(type_, other.type_);
    std::swap(integer_, other.integer_);
  }

  Type type() const { return type_; }
  bool is(Type some) const { return type_ == some; }
  bool is_number() const { return type_ == Type::integer || type_ == Type::real; }
  bool boolean() const { return integer_ != 0; }
  int64_t integer() const { return integer_; }
  double real() const { return real_; }
  /// Of an integer or real.
  double number() const { return type_ == Type::integer ? static_cast<double>(integer_) : real_; }
  View text() const { return static_cast<const Text*>(object_)->view(); }
  Text& string() const { return *static_cast<Text*>(object_); }
  List& list() const;
  Dict& dict() const;
  const void* identity() const { return object_; }

  void set(bool value) { put(Type::boolean, value ? 1 : 0); }
  void set(int64_t value) { put(Type::integer, value); }
  void set(double value) {
    clear();
    type_ = Type::real;
    real_ = value;
  }
  void clear() { put(Type::none, 0); }
  /// none, without giving back what it referred to: the heap has been reset, or will be.
  void forget() { type_ = Type::none; }

  /// `false`, none, 0, and what is empty are false.
  bool truth() const;

 private:
  bool counted() const { return type_ >= Type::string && object_->heap; }
  void hold() {
    if (counted()) ++object_->references;
  }
  void let_go() {
    if (--object_->references == 0) destroy(type_, object_);
  }
  void put(Type type, int64_t value) {
    if (counted()) let_go();
    type_ = type;
    integer_ = value;
  }
  static void destroy(Type type, Object* object);

  Type type_ = Type::none;
  union {
    int64_t integer_;
    double real_;
    Object* object_;
  };
};

struct List : Object {
  uint32_t size;
  uint32_t capacity;
  Value* items;

  void append(Value value);
};

/// Entries in the order in which they were made; entries are never removed. From a few on, an index by hash finds them.
struct Dict : Object {
  struct Entry {
    Text* key;  // counted
    Value value;
  };
  uint32_t size;
  uint32_t capacity;
  Entry* entries;
  uint32_t* index;  // open addressing over positions + 1; null while there are few entries
  uint32_t index_mask;

  /// Null if there is none.
  Value* find(View key) const;
  /// The entry's value; none if it was not there.
  Value& at(View key);
};

inline Value::Value(List* list) : type_(Type::list), object_(list) {}
inline Value::Value(Dict* dict) : type_(Type::dict), object_(dict) {}
inline List& Value::list() const { return *static_cast<List*>(object_); }
inline Dict& Value::dict() const { return *static_cast<Dict*>(object_); }

// --- making objects; each holds one reference, which a Value takes over

/// Uninitialised text of that size.
Text* new_text(Heap& heap, size_t size);
inline Text* new_text(Heap& heap, View bytes) {
  Text* const text = new_text(heap, bytes.size());
  if (!bytes.empty()) std::memcpy(text->data(), bytes.data(), bytes.size());
  return text;
}
List* new_list(Heap& heap, size_t capacity);
Dict* new_dict(Heap& heap, size_t capacity);

/// A list of the dict's keys in byte order.
List* sorted_keys(Heap& heap, const Dict& dict);

/// By content; numbers by value; throws CommandError beyond a depth that only cycles and abuse reach. `compared` is
/// called for each pair of values inside: shared lists can make that very many, and it may throw.
bool equal(const Value& a, const Value& b, FunctionRef<void()> compared);

/// Of two numbers: less than, equal to, greater than 0; 2 if one is no number.
int compare_numbers(const Value& a, const Value& b);

}  // namespace redipy::script
