// SPDX-License-Identifier: Apache-2.0
//
// See strings.h.
#include "core/memory/strings.h"

#include <algorithm>
#include <cstring>

#include "core/memory/long_string.h"
#include "core/memory/memory_store.h"

namespace redipy {

View MemoryString::get() const {
  const Entry& it = entry();
  if (it.is_inline()) return it.inline_value();
  if (it.encoding() == Encoding::long_raw) return it.as<LongString>().view();
  return {text_, format_integer(it.word(), text_)};
}

size_t MemoryString::size() const { return get().size(); }

View MemoryString::range(size_t offset, size_t length) const {
  const View all = get();
  return offset >= all.size() ? View() : all.substr(offset, length);
}

std::optional<int64_t> MemoryString::integer() const {
  switch (entry().encoding()) {
    case Encoding::integer:
      return entry().word();
    case Encoding::long_raw:
      return std::nullopt;
    default:
      return parse_integer(entry().inline_value());
  }
}

void MemoryString::set(View value) { assign(encoding_of(value.size()), value); }

void MemoryString::set(int64_t value) {
  Entry& it = entry();
  if (it.encoding() == Encoding::integer) {
    it.set_word(value);
    return store().mark_changed(it);
  }
  Entry& fresh = reshaped(it, Encoding::integer, 0);
  fresh.set_word(value);
  store().replace(it, fresh);
  rebind(fresh);
  store().mark_changed(fresh);
}

void MemoryString::set_bytes(View value) {
  assign(value.size() <= longest_inline ? Encoding::raw : Encoding::long_raw, value);
}

void MemoryString::assign(Encoding encoding, View bytes) {
  Entry& it = entry();
  if (assign_in_place(it, encoding, bytes)) return store().mark_changed(it);
  Entry& fresh = reshaped(it, encoding, bytes.size());
  assign_in_place(fresh, encoding, bytes);
  store().replace(it, fresh);
  rebind(fresh);
  store().mark_changed(fresh);
}

void MemoryString::patch(size_t offset, View bytes) {
  Entry& it = entry();
  if (it.encoding() == Encoding::long_raw) {
    it.as<LongString>().patch(offset, bytes);
    return store().mark_changed(it);
  }
  const View before = get();
  const size_t size = std::max(before.size(), offset + bytes.size());
  if (size > longest_inline) {
    Entry& fresh = reshaped(it, Encoding::long_raw, 0);
    LongString& value = fresh.as<LongString>();
    // What has been appended to once will be again; what was not there before gets what it needs.
    value.reserve(before.empty() ? size : size + std::min(size, size_t{1} << 20));
    value.patch(0, before);
    value.patch(offset, bytes);
    store().replace(it, fresh);
    rebind(fresh);
    return store().mark_changed(fresh);
  }
  char joined[longest_inline];
  if (!before.empty()) std::memcpy(joined, before.data(), before.size());
  if (offset > before.size()) std::memset(joined + before.size(), 0, offset - before.size());
  if (!bytes.empty()) std::memcpy(joined + offset, bytes.data(), bytes.size());
  assign(Encoding::raw, {joined, size});
}

bool MemoryString::assign_in_place(Entry& entry, Encoding encoding, View bytes) {
  if (Entry::is_inline(encoding)) {
    if (!entry.is_inline()) return false;
    if (entry.inline_size() != bytes.size()) {
      const Entry::Shape shape{Type::string, encoding, entry.key_size(), bytes.size(), entry.has_deadline()};
      if (Entry::block_size(shape) != entry.memory()) return false;
      entry.set_inline_size(bytes.size());
    }
    entry.set_encoding(encoding);
    if (!bytes.empty()) std::memmove(entry.inline_bytes(), bytes.data(), bytes.size());
    return true;
  }
  if (encoding != Encoding::long_raw || entry.encoding() != Encoding::long_raw) return false;
  entry.as<LongString>().assign(bytes);
  return true;
}

Entry& MemoryString::reshaped(const Entry& entry, Encoding encoding, size_t size) {
  Entry* fresh = Entry::make(
      {Type::string, encoding, entry.key_size(), Entry::is_inline(encoding) ? size : 0, entry.has_deadline()},
      entry.key());
  if (entry.has_deadline()) fresh->set_deadline(entry.deadline());
  fresh->set_use(entry.use());
  return *fresh;
}

}  // namespace redipy
