// SPDX-License-Identifier: Apache-2.0
// The entries of Redis's listpack: how small collections lie in our memory (core/memory/packed_list.h) and in every
// DUMP payload. Format: listpack.md by S. Sanfilippo and 7.2.4:src/listpack.c; the code is our own.
//
//   listpack   total bytes (4) | count (2, 65535: must be counted) | entry … | 0xff      little endian
//   entry      head | body | back length
//
//   head                     meaning                        back length: size of head and body, in 1-5 bytes of
//   0xxxxxxx                 0 … 127                        7 bits, most significant first; all but the first have
//   10llllll                 text of up to 63 bytes         their top bit set, so it can be read from its end, by
//   110xxxxx x               13 bits, signed                whoever walks backward
//   1110llll l               text of up to 4095 bytes
//   11110000 llll            text of up to 2^32-1 bytes
//   11110001 … 11110100      16, 24, 32, 64 bits, signed
//
// An entry is canonical when text that spells an integer is stored as one, and the shortest head is used. We write no
// other; what comes from outside is checked (check()).
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>

#include "core/base/numbers.h"
#include "core/base/view.h"

namespace redipy::listpack {

constexpr size_t header_size = 6;
constexpr uint8_t end_mark = 0xff;
constexpr size_t size_limit = size_t{1} << 30;  // of a listpack or an entry: Redis's own limit

// Room for the text of an integer.
using Scratch = std::array<char, integer_text_size>;

// What an entry holds: text, which lies in the entry, or an integer.
class Item {
 public:
  explicit constexpr Item(int64_t number) : data_(nullptr), value_(number) {}
  explicit constexpr Item(View text) : data_(text.data()), value_(static_cast<int64_t>(text.size())) {}

  constexpr bool is_integer() const { return data_ == nullptr; }
  constexpr int64_t integer() const { return value_; }                              // if is_integer()
  constexpr View text() const { return View(data_, static_cast<size_t>(value_)); }  // if not

  // Its bytes, whichever it is; scratch holds those of an integer and must live as long as the result.
  View view(Scratch& scratch) const {
    return is_integer() ? View(scratch.data(), format_integer(value_, scratch.data())) : text();
  }

  // Adds its bytes to out.
  void append_to(Bytes& out) const {
    Scratch scratch;
    out += view(scratch);
  }

 private:
  const char* data_;
  int64_t value_;
};

// The number of bytes that tell, behind an entry, that its head and body have so many bytes.
constexpr size_t back_length_size(size_t encoded) {
  if (encoded <= 127) return 1;
  if (encoded < 16383) return 2;
  if (encoded < 2097151) return 3;
  return encoded < 268435455 ? 4 : 5;
}

// An entry about to be written or looked for: its size is known before a place is made. Text is only referred to.
// Throws std::length_error for text beyond size_limit.
class Entry {
 public:
  explicit Entry(View bytes);
  explicit Entry(int64_t number) { set_integer(number); }

  // Bytes of the whole entry.
  size_t size() const { return encoded_ + back_length_size(encoded_); }

  // Writes size() bytes.
  void write(uint8_t* at) const;

  // Whether the canonical entry at `at` is the same.
  bool equals(const uint8_t* at) const {
    if (at[0] != head_[0]) return false;
    if (head_size_ > 1 && std::memcmp(at + 1, head_.data() + 1, head_size_ - 1U) != 0) return false;
    return std::memcmp(at + head_size_, body_, encoded_ - head_size_) == 0;
  }

 private:
  void set_integer(int64_t number);

  std::array<uint8_t, 9> head_;
  uint8_t head_size_ = 0;
  uint32_t encoded_ = 0;  // head and body
  const char* body_ = "";
};

namespace detail {
size_t long_entry_size(const uint8_t* at);
Item get_long(const uint8_t* at);
const uint8_t* previous_long(const uint8_t* behind);
}  // namespace detail

// The following look at an entry that is known to be well-formed.

// The place behind the entry.
inline const uint8_t* next(const uint8_t* at) {
  const uint8_t head = at[0];
  if (head < 0x80) return at + 2;
  if (head < 0xc0) return at + 2 + (head & 0x3f);
  if (head < 0xe0) return at + 3;
  return at + detail::long_entry_size(at);
}

// The entry that ends just before behind.
inline const uint8_t* previous(const uint8_t* behind) {
  const uint8_t length = behind[-1];
  return length < 0x80 ? behind - 1 - length : detail::previous_long(behind);
}

inline Item get(const uint8_t* at) {
  const uint8_t head = at[0];
  if (head < 0x80) return Item(int64_t{head});
  if (head < 0xc0) return Item(View(reinterpret_cast<const char*>(at + 1), head & 0x3f));
  return detail::get_long(at);
}

// What a whole listpack from outside turned out to be.
struct Checked {
  uint32_t count;
  bool canonical;  // each of its entries is
};

// Whether blob is a well-formed listpack: nothing outside its bounds, sizes and count right. Nullopt: it is not.
std::optional<Checked> check(View blob);

// Adds the head of a listpack whose entries have so many bytes; the entries and end_mark have to follow.
void append_header(Bytes& out, size_t entry_bytes, size_t count);

void append_entry(Bytes& out, const Entry& entry);

}  // namespace redipy::listpack
