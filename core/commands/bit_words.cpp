// SPDX-License-Identifier: Apache-2.0
//
// Bits by words of 64. Words are read by memcpy, since a value lies at any address; what is left at the end of a value
// goes through one word filled up with zeros. The processor's own instruction counts bits where it has one.
#include "core/commands/bit_words.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace redipy {
namespace {

constexpr size_t word_size = sizeof(uint64_t);

uint64_t load(const char* bytes) {
  uint64_t word;
  std::memcpy(&word, bytes, word_size);
  return word;
}
void store(char* bytes, uint64_t word) { std::memcpy(bytes, &word, word_size); }

uint64_t load_some(const char* bytes, size_t size) {
  uint64_t word = 0;
  std::memcpy(&word, bytes, size);
  return word;
}

/// The word as the number whose highest bit is the first one of the bitmap.
uint64_t in_order(uint64_t word) {
  if constexpr (std::endian::native == std::endian::little) return __builtin_bswap64(word);
  return word;
}

template <typename Count>
[[gnu::always_inline]] inline uint64_t count_words(const char* bytes, size_t size, Count count) {
  uint64_t sums[4] = {};  // four chains, so that no count waits for the one before
  for (; size >= 4 * word_size; bytes += 4 * word_size, size -= 4 * word_size) {
    for (size_t i = 0; i < 4; ++i) sums[i] += count(load(bytes + i * word_size));
  }
  for (; size >= word_size; bytes += word_size, size -= word_size) sums[0] += count(load(bytes));
  if (size > 0) sums[1] += count(load_some(bytes, size));
  return sums[0] + sums[1] + sums[2] + sums[3];
}

uint64_t count_portably(const char* bytes, size_t size) {
  return count_words(bytes, size, [](uint64_t word) { return static_cast<uint64_t>(std::popcount(word)); });
}

#if defined(__x86_64__) && !defined(__POPCNT__)
[[gnu::target("popcnt")]] uint64_t count_by_instruction(const char* bytes, size_t size) {
  uint64_t sums[4] = {};
  for (; size >= 4 * word_size; bytes += 4 * word_size, size -= 4 * word_size) {
    for (size_t i = 0; i < 4; ++i) {
      uint64_t word;
      std::memcpy(&word, bytes + i * word_size, word_size);
      sums[i] += static_cast<uint64_t>(__builtin_popcountll(word));
    }
  }
  return sums[0] + sums[1] + sums[2] + sums[3] + count_portably(bytes, size);
}

const auto count_bytes = __builtin_cpu_supports("popcnt") ? count_by_instruction : count_portably;
#else
constexpr auto count_bytes = count_portably;
#endif

/// The bits of a byte from `first` (0 to 7) on, and those up to `last`.
unsigned bits_from(char byte, uint64_t first) { return static_cast<unsigned char>(byte) & (0xffu >> first); }
unsigned bits_up_to(char byte, uint64_t last) { return static_cast<unsigned char>(byte) & (0xff00u >> (last + 1)); }

/// The first set bit within the range, of the bitmap or of its inverse.
std::optional<uint64_t> find_set(View bytes, BitRange range, uint64_t flip) {
  uint64_t at = range.first & ~uint64_t{7};
  const uint64_t end = range.last + 1;
  uint64_t mask = ~uint64_t{0} >> (range.first & 7);  // of the first word only
  while (at < end) {
    const size_t byte = at >> 3;
    const size_t left = bytes.size() - byte;
    const uint64_t word =
        (in_order(left >= word_size ? load(bytes.data() + byte) : load_some(bytes.data() + byte, left)) ^ flip) & mask;
    if (word != 0) {
      const uint64_t found = at + static_cast<uint64_t>(std::countl_zero(word));
      return found < end ? std::optional(found) : std::nullopt;
    }
    mask = ~uint64_t{0};
    at += 64;
  }
  return std::nullopt;
}

template <typename Operation>
[[gnu::always_inline]] inline void combine_words(char* bytes, const char* other, size_t size, Operation operation) {
  for (; size >= 4 * word_size; bytes += 4 * word_size, other += 4 * word_size, size -= 4 * word_size) {
    for (size_t i = 0; i < 4 * word_size; i += word_size) store(bytes + i, operation(load(bytes + i), load(other + i)));
  }
  for (size_t i = 0; i < size; ++i) {
    bytes[i] = static_cast<char>(operation(static_cast<unsigned char>(bytes[i]), static_cast<unsigned char>(other[i])));
  }
}

}  // namespace

uint64_t count_bits(View bytes) { return count_bytes(bytes.data(), bytes.size()); }

uint64_t count_bits(View bytes, BitRange range) {
  const size_t first = range.first >> 3;
  const size_t last = range.last >> 3;
  const unsigned head = bits_from(bytes[first], range.first & 7);
  if (first == last) {
    return static_cast<uint64_t>(std::popcount(bits_up_to(static_cast<char>(head), range.last & 7)));
  }
  const unsigned tail = bits_up_to(bytes[last], range.last & 7);
  return count_bits(bytes.substr(first + 1, last - first - 1)) +
         static_cast<uint64_t>(std::popcount(head) + std::popcount(tail));
}

std::optional<uint64_t> find_bit(View bytes, bool bit, BitRange range) {
  return find_set(bytes, range, bit ? 0 : ~uint64_t{0});
}

void combine_bits(Bytes& bytes, View other, BitOperation operation) {
  const size_t common = std::min(bytes.size(), other.size());
  char* const data = bytes.data();
  switch (operation) {
    case BitOperation::conjunction:
      combine_words(data, other.data(), common, [](uint64_t a, uint64_t b) { return a & b; });
      std::memset(data + common, 0, bytes.size() - common);
      bytes.resize(std::max(bytes.size(), other.size()));
      return;
    case BitOperation::disjunction:
      combine_words(data, other.data(), common, [](uint64_t a, uint64_t b) { return a | b; });
      break;
    case BitOperation::exclusion:
      combine_words(data, other.data(), common, [](uint64_t a, uint64_t b) { return a ^ b; });
      break;
  }
  bytes.append(other.substr(common));  // against zeros both give the other operand
}

void invert_bits(Bytes& bytes) {
  char* const data = bytes.data();
  combine_words(data, data, bytes.size(), [](uint64_t a, uint64_t) { return ~a; });
}

uint64_t read_bits(View bytes, uint64_t offset, unsigned width) {
  const size_t byte = offset >> 3;
  if (byte >= bytes.size()) return 0;
  char nine[word_size + 1] = {};  // 64 bits may touch nine bytes
  std::memcpy(nine, bytes.data() + byte, std::min(sizeof nine, bytes.size() - byte));
  const unsigned shift = offset & 7;
  uint64_t word = in_order(load(nine)) << shift;
  if (shift != 0) word |= static_cast<unsigned char>(nine[word_size]) >> (8 - shift);
  return word >> (64 - width);
}

void write_bits(char* bytes, uint64_t offset, unsigned width, uint64_t value) {
  while (width > 0) {
    const unsigned shift = offset & 7;
    const unsigned room = std::min(8 - shift, width);  // how many bits go into this byte
    const unsigned low = 8 - shift - room;             // how many bits of it lie behind them
    const unsigned mask = ((1u << room) - 1) << low;
    const auto part = static_cast<unsigned>(value >> (width - room)) << low;
    char& byte = bytes[offset >> 3];
    byte = static_cast<char>((static_cast<unsigned char>(byte) & ~mask) | (part & mask));
    offset += room;
    width -= room;
  }
}

}  // namespace redipy
