// SPDX-License-Identifier: Apache-2.0
// Glob patterns: the plain cases, Redis's corners, and a check of the one-star-back search against plain recursion.
#include "core/base/glob.h"

#include <gtest/gtest.h>

#include <random>

namespace redipy {
namespace {

// Patterns of *, ? and letters only, by the definition.
bool matches_by_definition(View pattern, View text) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '*') {
    return matches_by_definition(pattern.substr(1), text) ||
           (!text.empty() && matches_by_definition(pattern, text.substr(1)));
  }
  return !text.empty() && (pattern[0] == '?' || pattern[0] == text[0]) &&
         matches_by_definition(pattern.substr(1), text.substr(1));
}

TEST(GlobTest, stars_and_question_marks) {
  EXPECT_TRUE(glob_match("*", "anything"));
  EXPECT_TRUE(glob_match("h*llo", "hllo"));
  EXPECT_TRUE(glob_match("h*llo", "heeeello"));
  EXPECT_TRUE(glob_match("h?llo", "hello"));
  EXPECT_FALSE(glob_match("h?llo", "hllo"));
  EXPECT_TRUE(glob_match("**a**", "bab"));
  EXPECT_TRUE(glob_match("a*", "a"));
  EXPECT_FALSE(glob_match("a*b", "a"));
  EXPECT_FALSE(glob_match("abc", "ab"));
  EXPECT_FALSE(glob_match("ab", "abc"));
  EXPECT_TRUE(glob_match(View("a\0*", 3), View("a\0b", 3)));
}

TEST(GlobTest, only_the_empty_pattern_fits_the_empty_text) {
  EXPECT_TRUE(glob_match("", ""));
  EXPECT_FALSE(glob_match("*", ""));
  EXPECT_FALSE(glob_match("", "a"));
}

TEST(GlobTest, brackets) {
  EXPECT_TRUE(glob_match("h[ae]llo", "hallo"));
  EXPECT_FALSE(glob_match("h[ae]llo", "hillo"));
  EXPECT_TRUE(glob_match("h[^e]llo", "hallo"));
  EXPECT_FALSE(glob_match("h[^e]llo", "hello"));
  EXPECT_TRUE(glob_match("h[a-c]llo", "hbllo"));
  EXPECT_TRUE(glob_match("h[c-a]llo", "hbllo"));
  EXPECT_FALSE(glob_match("[]a]", "a"));
  EXPECT_TRUE(glob_match("[\\]]", "]"));
  EXPECT_TRUE(glob_match("[a\\-z]", "-"));
  EXPECT_FALSE(glob_match("[a\\-z]", "b"));
  EXPECT_TRUE(glob_match("*[0-9]", "key:17"));
  EXPECT_TRUE(glob_match("[\x80-\x90]", "\x85"));
}

TEST(GlobTest, a_bracket_that_is_not_closed_ends_with_the_pattern) {
  EXPECT_TRUE(glob_match("[abc", "b"));
  EXPECT_FALSE(glob_match("[abc", "d"));
  EXPECT_FALSE(glob_match("[", "["));
  EXPECT_TRUE(glob_match("[^", "x"));
  EXPECT_TRUE(glob_match("[a-]", "]"));
  EXPECT_TRUE(glob_match("[a\\", "\\"));
}

TEST(GlobTest, a_backslash_takes_the_meaning_away) {
  EXPECT_TRUE(glob_match("a\\*b", "a*b"));
  EXPECT_FALSE(glob_match("a\\*b", "axb"));
  EXPECT_TRUE(glob_match("a\\\\", "a\\"));
  EXPECT_TRUE(glob_match("a\\", "a\\"));
}

TEST(GlobTest, case_is_ignored_when_told_so) {
  EXPECT_FALSE(glob_match("HELLO", "hello"));
  EXPECT_TRUE(glob_match("HELLO", "hello", true));
  EXPECT_TRUE(glob_match("[A-C]x", "Bx", true));
  EXPECT_TRUE(glob_match("[a-c]x", "BX", true));
  EXPECT_TRUE(glob_match("max*memory", "MAXMEMORY", true));
}

TEST(GlobTest, many_stars_do_not_take_exponential_time) {
  Bytes pattern;
  for (int i = 0; i < 100; ++i) pattern += "a*";
  EXPECT_FALSE(glob_match(pattern + "b", Bytes(10'000, 'a')));
  EXPECT_TRUE(glob_match(pattern, Bytes(10'000, 'a')));
}

TEST(GlobTest, agrees_with_the_definition_on_random_patterns) {
  std::mt19937 random(3);
  auto draw = [&random](View alphabet, size_t most) {
    Bytes text(1 + random() % most, ' ');
    for (char& c : text) c = alphabet[random() % alphabet.size()];
    return text;
  };
  int matches = 0;
  for (int i = 0; i < 50'000; ++i) {
    const Bytes pattern = draw("ab*?*", 8);
    const Bytes text = draw("ab", 10);
    const bool expected = matches_by_definition(pattern, text);
    ASSERT_EQ(glob_match(pattern, text), expected) << pattern << " on " << text;
    matches += expected;
  }
  EXPECT_GT(matches, 1000);
}

}  // namespace
}  // namespace redipy
