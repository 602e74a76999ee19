// SPDX-License-Identifier: Apache-2.0
// See listpack.h: writing entries, the rarer heads, and the check of what comes from outside.
#include "core/base/listpack.h"

#include <bit>
#include <stdexcept>

namespace redipy::listpack {
namespace {

static_assert(std::endian::native == std::endian::little, "the format is little endian, and we copy");

constexpr uint8_t text_12_bit = 0xe0;
constexpr uint8_t text_32_bit = 0xf0;
constexpr uint8_t integer_16_bit = 0xf1;
constexpr uint8_t integer_24_bit = 0xf2;
constexpr uint8_t integer_32_bit = 0xf3;
constexpr uint8_t integer_64_bit = 0xf4;

bool fits(int64_t number, int bits) {
  const int64_t limit = int64_t{1} << (bits - 1);
  return number >= -limit && number < limit;
}

// The signed number in the lowest bits of word.
int64_t extend(uint64_t word, int bits) {
  const int unused = 64 - bits;
  return static_cast<int64_t>(word << unused) >> unused;
}

uint64_t load(const uint8_t* at, size_t bytes) {
  uint64_t word = 0;
  std::memcpy(&word, at, bytes);
  return word;
}

// Bytes of the head of the entry that begins with this byte; 0 when no entry does.
size_t head_size(uint8_t head) {
  if (head < 0xc0) return 1;
  if (head < text_32_bit) return 2;
  switch (head) {
    case text_32_bit:
      return 5;
    case integer_16_bit:
      return 3;
    case integer_24_bit:
      return 4;
    case integer_32_bit:
      return 5;
    case integer_64_bit:
      return 9;
    default:
      return 0;
  }
}

// Bytes of the body of an entry, whose head can be read.
size_t body_size(const uint8_t* at) {
  const uint8_t head = at[0];
  if (head >= 0x80 && head < 0xc0) return head & 0x3f;
  if (head >= text_12_bit && head < text_32_bit) return (head & 0x0fU) << 8 | at[1];
  return head == text_32_bit ? load(at + 1, 4) : 0;
}

void write_back_length(uint8_t* at, size_t encoded) {
  const size_t size = back_length_size(encoded);
  for (size_t i = size; i-- > 0; encoded >>= 7) at[i] = static_cast<uint8_t>((encoded & 0x7f) | (i > 0 ? 0x80 : 0));
}

}  // namespace

Entry::Entry(View bytes) {
  if (const auto number = parse_integer(bytes)) {
    set_integer(*number);
    return;
  }
  const size_t size = bytes.size();
  if (size < 64) {
    head_[0] = static_cast<uint8_t>(0x80 | size);
    head_size_ = 1;
  } else if (size < 4096) {
    head_[0] = static_cast<uint8_t>(text_12_bit | size >> 8);
    head_[1] = static_cast<uint8_t>(size);
    head_size_ = 2;
  } else {
    if (size > size_limit) throw std::length_error("text is too long for a listpack");
    head_[0] = text_32_bit;
    std::memcpy(head_.data() + 1, &size, 4);
    head_size_ = 5;
  }
  encoded_ = head_size_ + static_cast<uint32_t>(size);
  if (size > 0) body_ = bytes.data();
}

void Entry::set_integer(int64_t number) {
  if (number >= 0 && number < 128) {
    head_[0] = static_cast<uint8_t>(number);
    head_size_ = 1;
  } else if (fits(number, 13)) {
    head_[0] = static_cast<uint8_t>(0xc0 | ((number >> 8) & 0x1f));
    head_[1] = static_cast<uint8_t>(number);
    head_size_ = 2;
  } else {
    const int bits = fits(number, 16) ? 16 : fits(number, 24) ? 24 : fits(number, 32) ? 32 : 64;
    head_[0] = static_cast<uint8_t>(bits == 64 ? integer_64_bit : integer_16_bit + (bits - 16) / 8);
    std::memcpy(head_.data() + 1, &number, 8);
    head_size_ = static_cast<uint8_t>(1 + bits / 8);
  }
  encoded_ = head_size_;
}

void Entry::write(uint8_t* at) const {
  std::memcpy(at, head_.data(), head_size_);
  std::memcpy(at + head_size_, body_, encoded_ - head_size_);
  if (encoded_ <= 127) {
    at[encoded_] = static_cast<uint8_t>(encoded_);
  } else {
    write_back_length(at + encoded_, encoded_);
  }
}

size_t detail::long_entry_size(const uint8_t* at) {
  const size_t encoded = head_size(at[0]) + body_size(at);
  return encoded + back_length_size(encoded);
}

Item detail::get_long(const uint8_t* at) {
  switch (at[0]) {
    case integer_16_bit:
      return Item(extend(load(at + 1, 2), 16));
    case integer_24_bit:
      return Item(extend(load(at + 1, 3), 24));
    case integer_32_bit:
      return Item(extend(load(at + 1, 4), 32));
    case integer_64_bit:
      return Item(static_cast<int64_t>(load(at + 1, 8)));
    default:
      break;
  }
  if (at[0] < text_12_bit) return Item(extend((at[0] & 0x1fU) << 8 | at[1], 13));
  return Item(View(reinterpret_cast<const char*>(at + head_size(at[0])), body_size(at)));
}

const uint8_t* detail::previous_long(const uint8_t* behind) {
  size_t encoded = 0;
  const uint8_t* at = behind;
  for (int shift = 0;; shift += 7) {
    --at;
    encoded |= static_cast<size_t>(*at & 0x7f) << shift;
    if (*at < 0x80) return at - encoded;
  }
}

std::optional<Checked> check(View blob) {
  if (blob.size() < header_size + 1 || blob.size() > size_limit) return std::nullopt;
  const auto* const begin = reinterpret_cast<const uint8_t*>(blob.data());
  const uint8_t* const end = begin + blob.size() - 1;
  if (load(begin, 4) != blob.size() || *end != end_mark) return std::nullopt;

  Checked result{.count = 0, .canonical = true};
  const uint8_t* at = begin + header_size;
  while (at != end) {
    const auto left = static_cast<size_t>(end - at);
    const size_t head = head_size(at[0]);
    if (head == 0 || head > left) return std::nullopt;
    const size_t encoded = head + body_size(at);
    const size_t back = back_length_size(encoded);
    if (encoded + back > left) return std::nullopt;
    std::array<uint8_t, 5> expected;
    write_back_length(expected.data(), encoded);
    if (std::memcmp(at + encoded, expected.data(), back) != 0) return std::nullopt;
    const Item item = get(at);
    result.canonical &= (item.is_integer() ? Entry(item.integer()) : Entry(item.text())).equals(at);
    ++result.count;
    at += encoded + back;
  }
  const uint64_t count = load(begin + 4, 2);
  if (count != UINT16_MAX && count != result.count) return std::nullopt;
  return result;
}

void append_header(Bytes& out, size_t entry_bytes, size_t count) {
  const size_t total = header_size + entry_bytes + 1;
  const size_t told = count < UINT16_MAX ? count : UINT16_MAX;
  out.append(reinterpret_cast<const char*>(&total), 4);
  out.append(reinterpret_cast<const char*>(&told), 2);
}

void append_entry(Bytes& out, const Entry& entry) {
  const size_t before = out.size();
  out.resize(before + entry.size());
  entry.write(reinterpret_cast<uint8_t*>(out.data() + before));
}

}  // namespace redipy::listpack
