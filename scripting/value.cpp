// SPDX-License-Identifier: Apache-2.0
//
// See value.h.
#include "scripting/value.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include "core/base/hash.h"
#include "core/command/error.h"
#include "scripting/messages.h"

namespace redipy::script {

namespace {

constexpr uint32_t entries_without_index = 8;
constexpr size_t deepest = 1000;  // values inside one another that are compared

void destroy_text(Text* text) { text->heap->release(text, sizeof(Text) + text->size); }

}  // namespace

View type_name(Type type) {
  const auto number = static_cast<size_t>(type);
  return type_names[type >= Type::real ? number - 1 : number];
}

bool Value::truth() const {
  switch (type_) {
    case Type::none:
      return false;
    case Type::boolean:
    case Type::integer:
      return integer_ != 0;
    case Type::real:
      return real_ != 0;
    case Type::string:
      return string().size != 0;
    case Type::list:
      return list().size != 0;
    case Type::dict:
      return dict().size != 0;
  }
  return false;
}

/// Frees an object, and what only it held; nesting of any depth costs no stack.
void Value::destroy(Type type, Object* object) {
  if (type == Type::string) return destroy_text(static_cast<Text*>(object));
  std::vector<std::pair<Type, Object*>> dying = {{type, object}};
  const auto drop = [&](Value& value) {
    if (value.counted() && --value.object_->references == 0) {
      if (value.is(Type::string)) {
        destroy_text(&value.string());
      } else {
        dying.emplace_back(value.type_, value.object_);
      }
    }
    value.type_ = Type::none;
  };
  while (!dying.empty()) {
    const auto [kind, dead] = dying.back();
    dying.pop_back();
    Heap& heap = *dead->heap;
    if (kind == Type::list) {
      auto* const list = static_cast<List*>(dead);
      for (uint32_t i = 0; i < list->size; ++i) drop(list->items[i]);
      if (list->items) heap.release(list->items, list->capacity * sizeof(Value));
      heap.release(list, sizeof(List));
    } else {
      auto* const dict = static_cast<Dict*>(dead);
      for (uint32_t i = 0; i < dict->size; ++i) {
        Value key(dict->entries[i].key);
        drop(key);
        drop(dict->entries[i].value);
      }
      if (dict->entries) heap.release(dict->entries, dict->capacity * sizeof(Dict::Entry));
      if (dict->index) heap.release(dict->index, (size_t{dict->index_mask} + 1) * sizeof(uint32_t));
      heap.release(dict, sizeof(Dict));
    }
  }
}

// --- making

Text* new_text(Heap& heap, size_t size) {
  if (size > UINT32_MAX) throw CommandError("ERR string too long");
  auto* const text = static_cast<Text*>(heap.allocate(sizeof(Text) + size));
  text->heap = &heap;
  text->references = 1;
  text->size = static_cast<uint32_t>(size);
  return text;
}

List* new_list(Heap& heap, size_t capacity) {
  auto* const list = static_cast<List*>(heap.allocate(sizeof(List)));
  *list = {{&heap, 1}, 0, 0, nullptr};
  if (capacity > 0) {
    list->items = static_cast<Value*>(heap.allocate(capacity * sizeof(Value)));
    list->capacity = static_cast<uint32_t>(capacity);
  }
  return list;
}

Dict* new_dict(Heap& heap, size_t capacity) {
  auto* const dict = static_cast<Dict*>(heap.allocate(sizeof(Dict)));
  *dict = {{&heap, 1}, 0, 0, nullptr, nullptr, 0};
  if (capacity > 0) {
    dict->entries = static_cast<Dict::Entry*>(heap.allocate(capacity * sizeof(Dict::Entry)));
    dict->capacity = static_cast<uint32_t>(capacity);
  }
  return dict;
}

/// More room for a list's items or a dict's entries, which are moved as bytes: nothing points to them.
template <class Element>
static void grow(Heap& heap, Element*& elements, uint32_t size, uint32_t& capacity) {
  const size_t more = std::max<size_t>(4, size_t{capacity} * 2);
  if (more > UINT32_MAX) throw CommandError("ERR list too long");
  auto* const moved = static_cast<Element*>(heap.allocate(more * sizeof(Element)));
  if (elements) {
    std::memcpy(static_cast<void*>(moved), static_cast<const void*>(elements), size * sizeof(Element));
    heap.release(elements, capacity * sizeof(Element));
  }
  elements = moved;
  capacity = static_cast<uint32_t>(more);
}

void List::append(Value value) {
  if (size == capacity) grow(*heap, items, size, capacity);
  std::construct_at(items + size, std::move(value));
  ++size;
}

Value* Dict::find(View key) const {
  if (!index) {
    for (uint32_t i = 0; i < size; ++i) {
      if (entries[i].key->view() == key) return &entries[i].value;
    }
    return nullptr;
  }
  for (uint64_t at = hash_bytes(key);; ++at) {
    const uint32_t position = index[at & index_mask];
    if (position == 0) return nullptr;
    if (entries[position - 1].key->view() == key) return &entries[position - 1].value;
  }
}

Value& Dict::at(View key) {
  if (Value* const found = find(key)) return *found;
  if (size == capacity) grow(*heap, entries, size, capacity);
  Value name(new_text(*heap, key));
  const auto enter = [this](uint32_t position) {
    uint64_t slot = hash_bytes(entries[position].key->view());
    while (index[slot & index_mask] != 0) ++slot;
    index[slot & index_mask] = position + 1;
  };
  const bool rebuild = size >= entries_without_index && (!index || size > index_mask / 2);
  if (rebuild) {
    const size_t slots = index ? (size_t{index_mask} + 1) * 2 : size_t{entries_without_index} * 4;
    auto* const made = static_cast<uint32_t*>(heap->allocate(slots * sizeof(uint32_t)));
    if (index) heap->release(index, (size_t{index_mask} + 1) * sizeof(uint32_t));
    index = made;
    index_mask = static_cast<uint32_t>(slots - 1);
    std::memset(index, 0, slots * sizeof(uint32_t));
    for (uint32_t i = 0; i < size; ++i) enter(i);
  }
  Entry& entry = entries[size];
  entry.key = &name.string();
  ++entry.key->references;  // name lets go of its own
  std::construct_at(&entry.value);
  ++size;
  if (index) enter(size - 1);
  return entry.value;
}

List* sorted_keys(Heap& heap, const Dict& dict) {
  List* const list = new_list(heap, dict.size);
  for (uint32_t i = 0; i < dict.size; ++i) {
    ++dict.entries[i].key->references;
    list->append(Value(dict.entries[i].key));
  }
  std::sort(list->items, list->items + list->size, [](const Value& a, const Value& b) { return a.text() < b.text(); });
  return list;
}

// --- comparing

int compare_numbers(const Value& a, const Value& b) {
  if (a.is(Type::integer) && b.is(Type::integer)) {
    return a.integer() < b.integer() ? -1 : a.integer() > b.integer() ? 1 : 0;
  }
  if (a.is(Type::real) && b.is(Type::real)) {
    if (std::isnan(a.real()) || std::isnan(b.real())) return 2;
    return a.real() < b.real() ? -1 : a.real() > b.real() ? 1 : 0;
  }
  // A long double holds every 64-bit integer and every double exactly.
  static_assert(std::numeric_limits<long double>::digits >= 64);
  const auto exact = [](const Value& value) {
    return value.is(Type::integer) ? static_cast<long double>(value.integer()) : static_cast<long double>(value.real());
  };
  const long double left = exact(a);
  const long double right = exact(b);
  if (std::isnan(left) || std::isnan(right)) return 2;
  return left < right ? -1 : left > right ? 1 : 0;
}

static bool equal_to_depth(const Value& a, const Value& b, FunctionRef<void()> compared, size_t depth) {
  compared();
  if (a.is_number() && b.is_number()) return compare_numbers(a, b) == 0;
  if (a.type() != b.type()) return false;
  switch (a.type()) {
    case Type::none:
      return true;
    case Type::boolean:
      return a.boolean() == b.boolean();
    case Type::string:
      return a.text() == b.text();
    default:
      break;
  }
  if (a.identity() == b.identity()) return true;
  if (depth == 0) throw CommandError(message::too_deep);
  if (a.is(Type::list)) {
    if (a.list().size != b.list().size) return false;
    for (uint32_t i = 0; i < a.list().size; ++i) {
      if (!equal_to_depth(a.list().items[i], b.list().items[i], compared, depth - 1)) return false;
    }
    return true;
  }
  if (a.dict().size != b.dict().size) return false;
  for (uint32_t i = 0; i < a.dict().size; ++i) {
    const Dict::Entry& entry = a.dict().entries[i];
    const Value* const other = b.dict().find(entry.key->view());
    if (!other || !equal_to_depth(entry.value, *other, compared, depth - 1)) return false;
  }
  return true;
}

bool equal(const Value& a, const Value& b, FunctionRef<void()> compared) {
  return equal_to_depth(a, b, compared, deepest);
}

}  // namespace redipy::script
