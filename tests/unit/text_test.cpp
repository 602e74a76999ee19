// SPDX-License-Identifier: Apache-2.0
// Names without case, quoting, and lines split into words.
#include "core/base/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace redipy {
namespace {

using testing::ElementsAre;
using testing::Optional;

TEST(TextTest, names_are_compared_without_case) {
  EXPECT_TRUE(equals_ignore_case("GetSet", "gEtsET"));
  EXPECT_FALSE(equals_ignore_case("get", "gets"));
  EXPECT_FALSE(equals_ignore_case("@", "`"));
  EXPECT_FALSE(equals_ignore_case("\xc4", "\xe4"));
  EXPECT_EQ(lower("AbC-\xc4"), "abc-\xc4");
  EXPECT_EQ(upper("AbC-\xe4"), "ABC-\xe4");
}

TEST(TextTest, quotes_show_every_byte) {
  EXPECT_EQ(quote("plain"), "\"plain\"");
  EXPECT_EQ(quote("a\"b\\c\n\r\t\a\b"), R"("a\"b\\c\n\r\t\a\b")");
  EXPECT_EQ(quote(View("\0\x7f\xff ~", 5)), R"("\x00\x7f\xff ~")");
}

TEST(TextTest, words_are_parted_by_blanks) {
  EXPECT_THAT(split_words("  set key\tvalue\r\n"), Optional(ElementsAre("set", "key", "value")));
  EXPECT_THAT(split_words(""), Optional(ElementsAre()));
  EXPECT_THAT(split_words(" \v\f "), Optional(ElementsAre()));
  EXPECT_THAT(split_words("a\vb"), Optional(ElementsAre("a\vb")));
}

TEST(TextTest, double_quotes_know_escapes) {
  EXPECT_THAT(split_words(R"("a b" "\n\r\t\b\a\"\\\z" "\x41\x4g")"),
              Optional(ElementsAre("a b", "\n\r\t\b\a\"\\z", "Ax4g")));
  EXPECT_THAT(split_words(R"("")"), Optional(ElementsAre("")));
  EXPECT_THAT(split_words(R"(save "")"), Optional(ElementsAre("save", "")));
  EXPECT_THAT(split_words(R"(foo"bar baz")"), Optional(ElementsAre("foobar baz")));
}

TEST(TextTest, single_quotes_know_one_escape) {
  EXPECT_THAT(split_words(R"('a\'b' 'c\nd' '"')"), Optional(ElementsAre("a'b", "c\\nd", "\"")));
}

TEST(TextTest, unbalanced_quotes_are_refused) {
  for (View bad : {"\"", "'", "\"abc", "'abc", "\"a\"b", "'a'b", "\"a\\\"", "'a\\'", "\"a\"\"b\"", "\"\\"}) {
    EXPECT_EQ(split_words(bad), std::nullopt) << bad;
  }
}

TEST(TextTest, a_nul_ends_the_line) {
  EXPECT_THAT(split_words(View("a b\0c", 5)), Optional(ElementsAre("a", "b")));
  EXPECT_EQ(split_words(View("\"a\0\"", 4)), std::nullopt);
}

TEST(TextTest, what_was_quoted_is_split_into_the_same_word) {
  Bytes all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  EXPECT_THAT(split_words(quote(all)), Optional(ElementsAre(all)));
}

}  // namespace
}  // namespace redipy
