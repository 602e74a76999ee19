// SPDX-License-Identifier: Apache-2.0
// CRCs, slots and SHA-1 against published values; LZF against hostile input.
#include <gtest/gtest.h>

#include "core/base/crc16.h"
#include "core/base/crc64.h"
#include "core/base/lzf.h"
#include "core/base/random.h"
#include "core/base/sha1.h"

namespace redipy {
namespace {

TEST(ChecksumsTest, crc64_has_the_published_value) {
  EXPECT_EQ(crc64(""), 0U);
  EXPECT_EQ(crc64("123456789"), 0xe9c6d914c4b8d9caU);
}

TEST(ChecksumsTest, crc64_may_be_taken_in_parts) {
  Bytes bytes;
  Random random(1);
  for (int i = 0; i < 100; ++i) bytes += static_cast<char>(random.next());
  for (size_t cut = 0; cut <= bytes.size(); ++cut) {
    EXPECT_EQ(crc64(View(bytes).substr(cut), crc64(View(bytes).substr(0, cut))), crc64(bytes));
  }
}

TEST(ChecksumsTest, crc16_has_the_published_value) {
  EXPECT_EQ(crc16("123456789"), 0x31c3);
  EXPECT_EQ(key_slot("foo"), 12182);
  EXPECT_EQ(key_slot("123456789"), 0x31c3);
}

TEST(ChecksumsTest, only_the_tag_of_a_key_decides_its_slot) {
  EXPECT_EQ(key_slot("{user1000}.following"), key_slot("{user1000}.followers"));
  EXPECT_EQ(hash_tag("foo{}{bar}"), "foo{}{bar}");
  EXPECT_EQ(hash_tag("foo{{bar}}zap"), "{bar");
  EXPECT_EQ(hash_tag("foo{bar}{zap}"), "bar");
  EXPECT_EQ(hash_tag("foo{bar"), "foo{bar");
  EXPECT_EQ(hash_tag("}{"), "}{");
}

TEST(ChecksumsTest, sha1_has_the_published_value) {
  EXPECT_EQ(sha1_hex(""), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
  EXPECT_EQ(sha1_hex("abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
}

TEST(LzfTest, what_repeats_is_compressed_and_comes_back) {
  Bytes bytes;
  for (int i = 0; i < 100; ++i) bytes += "hello world ";
  const auto compressed = lzf::compress(bytes);
  ASSERT_TRUE(compressed);
  EXPECT_LT(compressed->size(), bytes.size() / 4);
  EXPECT_EQ(lzf::decompress(*compressed, bytes.size()), bytes);
}

TEST(LzfTest, what_does_not_repeat_is_left_alone) {
  EXPECT_FALSE(lzf::compress(""));
  EXPECT_FALSE(lzf::compress("abcd"));
  EXPECT_FALSE(lzf::compress("abcdefghijklmnopqrstuvwxyz"));
}

TEST(LzfTest, a_false_length_is_refused) {
  const Bytes bytes(1000, 'x');
  const Bytes compressed = lzf::compress(bytes).value();
  for (size_t length : {0UL, 999UL, 1001UL, 1UL << 31, 1UL << 40}) {
    EXPECT_FALSE(lzf::decompress(compressed, length)) << length;
  }
}

TEST(LzfTest, the_best_ratio_of_the_format_is_accepted) {
  const Bytes bytes(1'000'000, 'x');
  EXPECT_EQ(lzf::decompress(lzf::compress(bytes).value(), bytes.size()), bytes);
}

TEST(LzfTest, garbage_is_refused_or_has_the_length_asked_for) {
  Random random(2);
  for (int i = 0; i < 20'000; ++i) {
    Bytes garbage(1 + random.below(40), '\0');
    for (char& c : garbage) c = static_cast<char>(random.next());
    const size_t length = 1 + random.below(200);
    const auto bytes = lzf::decompress(garbage, length);
    if (bytes) {
      EXPECT_EQ(bytes->size(), length);
    }
  }
}

}  // namespace
}  // namespace redipy
