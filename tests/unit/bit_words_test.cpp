// SPDX-License-Identifier: Apache-2.0
//
// Bits by words against bits one by one, at every size and offset around the words' borders.
#include "core/commands/bit_words.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace redipy {
namespace {

bool bit_at(View bytes, uint64_t offset) {
  if (offset / 8 >= bytes.size()) return false;
  return (static_cast<unsigned char>(bytes[offset / 8]) >> (7 - offset % 8) & 1) != 0;
}

class bit_words : public testing::Test {
 protected:
  Bytes random_bytes(size_t size) {
    Bytes bytes(size, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    return bytes;
  }
  uint64_t random_below(uint64_t end) { return random() % end; }

  std::mt19937_64 random{42};
};

TEST_F(bit_words, are_counted_at_every_size) {
  for (size_t size = 0; size < 150; ++size) {
    const Bytes bytes = random_bytes(size);
    uint64_t expected = 0;
    for (uint64_t i = 0; i < size * 8; ++i) expected += bit_at(bytes, i) ? 1 : 0;
    EXPECT_EQ(count_bits(bytes), expected) << size;
  }
}

TEST_F(bit_words, are_counted_in_every_range) {
  const Bytes bytes = random_bytes(11);
  for (uint64_t first = 0; first < 88; ++first) {
    uint64_t expected = 0;
    for (uint64_t last = first; last < 88; ++last) {
      expected += bit_at(bytes, last) ? 1 : 0;
      EXPECT_EQ(count_bits(bytes, {first, last}), expected) << first << " to " << last;
    }
  }
}

TEST_F(bit_words, are_found_in_every_range) {
  for (int round = 0; round < 3000; ++round) {
    const size_t size = random_below(40) + 1;
    const bool bit = random_below(2) == 1;
    Bytes bytes(size, bit ? '\0' : '\xff');
    const uint64_t lone = random_below(size * 8);
    bytes[lone / 8] = static_cast<char>(static_cast<unsigned char>(bytes[lone / 8]) ^ (0x80u >> lone % 8));
    const uint64_t first = random_below(size * 8);
    const uint64_t last = first + random_below(size * 8 - first);
    const bool within = lone >= first && lone <= last;
    EXPECT_EQ(find_bit(bytes, bit, {first, last}), within ? std::optional(lone) : std::nullopt);
    EXPECT_EQ(find_bit(bytes, !bit, {lone, lone}), std::nullopt);
  }
}

TEST_F(bit_words, are_combined_with_the_shorter_one_filled_up) {
  for (size_t a_size = 0; a_size < 80; a_size += 3) {
    for (size_t b_size = 0; b_size < 80; b_size += 5) {
      const Bytes a = random_bytes(a_size);
      const Bytes b = random_bytes(b_size);
      Bytes both = a;
      combine_bits(both, b, BitOperation::conjunction);
      Bytes either = a;
      combine_bits(either, b, BitOperation::disjunction);
      Bytes one = a;
      combine_bits(one, b, BitOperation::exclusion);
      const size_t size = std::max(a_size, b_size);
      ASSERT_EQ(both.size(), size);
      ASSERT_EQ(either.size(), size);
      ASSERT_EQ(one.size(), size);
      for (uint64_t i = 0; i < size * 8; ++i) {
        ASSERT_EQ(bit_at(both, i), bit_at(a, i) && bit_at(b, i));
        ASSERT_EQ(bit_at(either, i), bit_at(a, i) || bit_at(b, i));
        ASSERT_EQ(bit_at(one, i), bit_at(a, i) != bit_at(b, i));
      }
    }
  }
}

TEST_F(bit_words, are_inverted) {
  const Bytes bytes = random_bytes(77);
  Bytes inverse = bytes;
  invert_bits(inverse);
  for (uint64_t i = 0; i < bytes.size() * 8; ++i) ASSERT_NE(bit_at(inverse, i), bit_at(bytes, i));
}

TEST_F(bit_words, read_back_what_was_written_and_touch_nothing_else) {
  for (int round = 0; round < 5000; ++round) {
    const Bytes before = random_bytes(20);
    const unsigned width = static_cast<unsigned>(random_below(64) + 1);
    const uint64_t offset = random_below(160 - width);
    const uint64_t value = random() >> (64 - width);
    Bytes after = before;
    write_bits(after.data(), offset, width, value);
    EXPECT_EQ(read_bits(after, offset, width), value);
    for (uint64_t i = 0; i < 160; ++i) {
      const bool written = i >= offset && i < offset + width;
      ASSERT_TRUE(written || bit_at(after, i) == bit_at(before, i));
    }
  }
}

TEST_F(bit_words, beyond_the_end_are_zeros) {
  EXPECT_EQ(read_bits("\xff", 4, 8), 0xf0u);
  EXPECT_EQ(read_bits("\xff", 8, 64), 0u);
  EXPECT_EQ(read_bits("", 0, 1), 0u);
}

}  // namespace
}  // namespace redipy
