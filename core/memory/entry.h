// SPDX-License-Identifier: Apache-2.0
//
// Entry: a key and its value in one block of memory. The tables of a database (database.h) hold pointers to entries
// and nothing else, so that a key costs its entry and some 12 bytes.
//
//   all            0  use 24 | type 3 | encoding 4 | has deadline 1
//                  4  key length 30 | noted 1 | epoch 1
//   short string   8  value length 32  12  [deadline 64]  key  value
//   others         8  word 64          16  [deadline 64]  key
//
// A short string has its bytes in the entry; all other values are one word: the integer itself, or the one pointer
// that a container object (PackedList, IntSet, …) or a long string consists of. The word is aligned, so that the
// container is used where it lies: entry.as<PackedList>(). What ends up unaligned is read by memcpy.
//
// An entry that gets or loses its deadline, or a string of another size, becomes another block: MemoryStore makes it
// and puts it into the tables. A collection stays where it is however it grows.
//
// `use` is what the eviction policy asks: seconds of the last use, or under an LFU policy 16 bits of minutes and an 8
// bit logarithmic counter (eviction.h). `noted` is set while the running command's list of changes names the entry.
// `epoch` is reserved for consistent snapshots: it will say which snapshot has the entry already, so that a change
// beyond the snapshot's cursor first writes what was there (hash_table.h says why a cursor tells).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>

#include "core/base/hash.h"
#include "core/base/hash_table.h"
#include "core/base/heap.h"
#include "core/base/view.h"
#include "core/store/types.h"

namespace redipy {

/// How a value is kept. The first two have their bytes in the entry; what OBJECT calls them says encoding_name().
enum class Encoding : uint8_t {
  embstr,
  raw,  ///< a short string, as it was set; one that was changed in place, or is longer than 44 bytes
  integer,
  long_raw,  ///< a string: a number; one in a block of its own (LongString)
  listpack,
  quicklist,
  intset,
  hashtable,
  skiplist,
};

constexpr View encoding_name(Encoding encoding) {
  constexpr View names[] = {"embstr", "raw", "int", "raw", "listpack", "quicklist", "intset", "hashtable", "skiplist"};
  return names[static_cast<size_t>(encoding)];
}

/// Made and freed only by the functions here; never copied or moved.
class Entry {
 public:
  static constexpr size_t max_key_size = (size_t{1} << 30) - 1;

  /// What it takes to make one.
  struct Shape {
    Type type;
    Encoding encoding;
    size_t key_size;
    size_t value_size = 0;  ///< of a short string
    bool deadline = false;
  };

  /// Rounded up to what the allocator gives anyway, so that a string may change within its block.
  static constexpr size_t block_size(const Shape& shape) {
    const size_t head = is_inline(shape.encoding) ? inline_head + shape.value_size : word_head;
    return round_up(head + (shape.deadline ? sizeof(int64_t) : 0) + shape.key_size);
  }

  /// An entry with this key, all else zero. The key must not be longer than max_key_size.
  static Entry* make(const Shape& shape, View key) {
    const size_t size = block_size(shape);
    auto* entry = new (heap::allocate(size)) Entry;
    entry->bits_ = static_cast<uint32_t>(shape.type) << type_shift |
                   static_cast<uint32_t>(shape.encoding) << encoding_shift |
                   static_cast<uint32_t>(shape.deadline) << deadline_shift;
    entry->key_ = static_cast<uint32_t>(key.size());
    if (is_inline(shape.encoding)) {
      entry->set_inline_size(shape.value_size);
    } else {
      entry->set_word(0);
    }
    if (!key.empty()) std::memcpy(entry->at(entry->key_offset()), key.data(), key.size());
    return entry;
  }

  /// Frees the block, but not what the value's word points to (values.h: release_value).
  static void free(Entry* entry) { heap::release(entry, entry->memory()); }

  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;

  /// The size of the block.
  size_t memory() const { return round_up(key_offset() + key_size() + (is_inline() ? inline_size() : 0)); }

  Type type() const { return static_cast<Type>(bits_ >> type_shift & type_mask); }
  Encoding encoding() const { return static_cast<Encoding>(bits_ >> encoding_shift & encoding_mask); }
  /// Among the encodings of one shape: inline ones, or ones with a word.
  void set_encoding(Encoding encoding) {
    bits_ = (bits_ & ~(encoding_mask << encoding_shift)) | static_cast<uint32_t>(encoding) << encoding_shift;
  }

  size_t key_size() const { return key_ & key_size_mask; }
  View key() const { return {at(key_offset()), key_size()}; }

  bool has_deadline() const { return (bits_ >> deadline_shift) != 0; }
  /// no_deadline if there is none.
  int64_t deadline() const {
    int64_t deadline = no_deadline;
    if (has_deadline()) std::memcpy(&deadline, at(head()), sizeof deadline);
    return deadline;
  }
  /// Of an entry that has one.
  void set_deadline(int64_t deadline) { std::memcpy(at(head()), &deadline, sizeof deadline); }

  /// Leaves nothing but the key, after the value's word was moved to another entry.
  void forget_value() {
    if (is_inline()) return;
    bits_ = (bits_ & ~(type_mask << type_shift)) | static_cast<uint32_t>(Type::string) << type_shift;
    set_encoding(Encoding::integer);
  }

  uint32_t use() const { return bits_ & use_mask; }
  void set_use(uint32_t use) { bits_ = (bits_ & ~use_mask) | (use & use_mask); }

  bool noted() const { return (key_ & noted_bit) != 0; }
  void set_noted(bool noted) { key_ = noted ? key_ | noted_bit : key_ & ~noted_bit; }

  // --- the value of a short string

  static constexpr bool is_inline(Encoding encoding) { return encoding <= Encoding::raw; }
  bool is_inline() const { return is_inline(encoding()); }
  size_t inline_size() const {
    uint32_t size = 0;
    std::memcpy(&size, at(word_offset), sizeof size);
    return size;
  }
  /// To a size with which memory() stays the same.
  void set_inline_size(size_t size) {
    const auto narrow = static_cast<uint32_t>(size);
    std::memcpy(at(word_offset), &narrow, sizeof narrow);
  }
  View inline_value() const { return {at(key_offset() + key_size()), inline_size()}; }
  char* inline_bytes() { return at(key_offset() + key_size()); }

  // --- the value of all others

  int64_t word() const {
    int64_t word = 0;
    std::memcpy(&word, at(word_offset), sizeof word);
    return word;
  }
  void set_word(int64_t word) { std::memcpy(at(word_offset), &word, sizeof word); }

  /// The container that is the word. All zero is a valid object of each of them, the empty one; emplace() and
  /// destroy() start and end its life when the encoding changes.
  template <class Container>
  Container& as() {
    static_assert(sizeof(Container) == sizeof(int64_t) && alignof(Container) <= alignof(int64_t));
    return *std::launder(reinterpret_cast<Container*>(at(word_offset)));
  }
  template <class Container>
  const Container& as() const {
    static_assert(sizeof(Container) == sizeof(int64_t) && alignof(Container) <= alignof(int64_t));
    return *std::launder(reinterpret_cast<const Container*>(at(word_offset)));
  }
  /// Puts a container into the word, whose former one has been destroyed or moved from (with nothing left in it).
  template <class Container>
  Container& emplace(Container&& container) {
    return *new (at(word_offset)) Container(static_cast<Container&&>(container));
  }
  template <class Container>
  void destroy() {
    as<Container>().~Container();
    set_word(0);
  }

 private:
  static constexpr unsigned type_shift = 24, encoding_shift = 27, deadline_shift = 31;
  static constexpr uint32_t use_mask = 0xffffff, type_mask = 7, encoding_mask = 15;
  static constexpr uint32_t key_size_mask = max_key_size, noted_bit = uint32_t{1} << 30;
  static constexpr size_t word_offset = 8, inline_head = 12, word_head = 16;

  Entry() = default;

  static constexpr size_t round_up(size_t size) { return (size + 15) & ~size_t{15}; }

  size_t head() const { return is_inline() ? inline_head : word_head; }
  size_t key_offset() const { return head() + (has_deadline() ? sizeof(int64_t) : 0); }

  char* at(size_t offset) { return reinterpret_cast<char*>(this) + offset; }
  const char* at(size_t offset) const { return reinterpret_cast<const char*>(this) + offset; }

  uint32_t bits_;
  uint32_t key_;
};

struct EntryTraits {
  static View key(const Entry& entry) { return entry.key(); }
  static uint64_t hash(View key) { return hash_bytes(key); }
};

using EntryTable = HashTable<Entry, EntryTraits>;

}  // namespace redipy
