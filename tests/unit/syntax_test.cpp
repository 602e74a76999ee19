// SPDX-License-Identifier: Apache-2.0
//
// Rows' syntax as arguments.
#include "core/command/syntax.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/commands/families.h"
#include "server/commands/families.h"

namespace redipy {
namespace {

/// `name:type` with '?' optional, '+' multiple, '*' with its token each time, TOKEN= before it, (…) what it holds.
Bytes shown(const std::vector<Argument>& arguments) {
  Bytes text;
  for (const Argument& argument : arguments) {
    if (!text.empty()) text += " ";
    if (!argument.token.empty()) text += argument.token + "=";
    text += argument.name + ":" + Bytes(argument_type_name(argument.type));
    if (argument.optional) text += "?";
    if (argument.multiple) text += "+";
    if (argument.multiple_token) text += "*";
    if (!argument.arguments.empty()) text += "(" + shown(argument.arguments) + ")";
  }
  return text;
}

TEST(Syntax, names_and_types_follow_from_the_words) {
  EXPECT_EQ(shown(parse_syntax("")), "");
  EXPECT_EQ(shown(parse_syntax("key field value")), "key:key field:string value:string");
  EXPECT_EQ(shown(parse_syntax("key seconds")), "key:key seconds:integer");
}

TEST(Syntax, the_first_element_is_counted_without_options) {
  EXPECT_EQ(element_arguments("key field value [field value ...]").first, 2);
  EXPECT_EQ(element_arguments("key [NX | XX] [GT | LT] [CH] [INCR] score member [score member ...]").first, 3);
  EXPECT_EQ(element_arguments("key [member [member ...]]").first, 0);
  EXPECT_EQ(element_arguments("key value").first, 0);
  EXPECT_EQ(element_arguments("").first, 0);
}

std::vector<View> elements_named(View syntax, const std::vector<View>& words) {
  std::vector<View> found;
  for_each_element(element_arguments(syntax), Args(words.data(), words.size()),
                   [&](View element) { found.push_back(element); });
  return found;
}

TEST(Syntax, all_elements_that_a_request_names_are_found) {
  using testing::ElementsAre;
  EXPECT_THAT(elements_named("key field", {"HGET", "k", "f"}), ElementsAre("f"));
  EXPECT_THAT(elements_named("key field", {"HGET", "k"}), ElementsAre());
  EXPECT_THAT(elements_named("key member [WITHSCORE]", {"ZRANK", "k", "m", "WITHSCORE"}), ElementsAre("m"));
  EXPECT_THAT(elements_named("key member [member ...]", {"SADD", "k", "a", "b", "c"}), ElementsAre("a", "b", "c"));
  EXPECT_THAT(elements_named("key field value [field value ...]", {"HSET", "k", "f", "1", "g", "2"}),
              ElementsAre("f", "g"));
  EXPECT_THAT(elements_named("key increment member", {"ZINCRBY", "k", "1", "m"}), ElementsAre("m"));
}

TEST(Syntax, elements_behind_options_are_counted_from_the_end) {
  using testing::ElementsAre;
  constexpr View zadd = "key [NX | XX] [GT | LT] [CH] [INCR] score member [score member ...]";
  EXPECT_THAT(elements_named(zadd, {"ZADD", "k", "1", "a", "2", "b"}), ElementsAre("b", "a"));
  EXPECT_THAT(elements_named(zadd, {"ZADD", "k", "NX", "1", "a", "2", "b"}), ElementsAre("b", "a"));
  EXPECT_THAT(elements_named("key [NX | XX] [CH] longitude latitude member [longitude latitude member ...]",
                             {"GEOADD", "k", "CH", "1", "2", "a"}),
              ElementsAre("a"));
  EXPECT_THAT(elements_named(zadd, {"ZADD", "k"}), ElementsAre());
}

TEST(Syntax, a_literal_word_belongs_to_the_argument_after_it) {
  EXPECT_EQ(shown(parse_syntax("cursor [MATCH pattern] [COUNT count]")),
            "cursor:integer MATCH=pattern:pattern? COUNT=count:integer?");
  EXPECT_EQ(shown(parse_syntax("key [LIMIT offset count] [REV]")),
            "key:key LIMIT=limit:block?(offset:integer count:integer) REV=rev:pure-token?");
}

TEST(Syntax, what_stands_before_dots_may_be_repeated) {
  EXPECT_EQ(shown(parse_syntax("key [key ...]")), "key:key+");
  EXPECT_EQ(shown(parse_syntax("[section [section ...]]")), "section:string?+");
  EXPECT_EQ(shown(parse_syntax("key field value [field value ...]")),
            "key:key field:block+(field:string value:string)");
  EXPECT_EQ(shown(parse_syntax("[WEIGHTS weight [weight ...]]")), "WEIGHTS=weight:double?+");
  EXPECT_EQ(shown(parse_syntax("key [GET pattern [GET pattern ...]]")), "key:key GET=pattern:pattern?+*");
}

TEST(Syntax, an_optional_word_takes_nothing) {
  EXPECT_EQ(shown(parse_syntax("key [CH] score member [score member ...]")),
            "key:key CH=ch:pure-token? score:block+(score:double member:string)");
}

TEST(Syntax, alternatives_are_one_argument) {
  EXPECT_EQ(shown(parse_syntax("key <LEFT | RIGHT>")),
            "key:key left-or-right:oneof(LEFT=left:pure-token RIGHT=right:pure-token)");
  EXPECT_EQ(shown(parse_syntax("[NX | EX seconds]")), "nx-or-seconds:oneof?(NX=nx:pure-token EX=seconds:integer)");
}

TEST(Syntax, every_row_can_be_read) {
  const auto read = [](const Command& row) {
    if (row.syntax.empty()) return;
    EXPECT_FALSE(parse_syntax(row.syntax).empty()) << row.name;
  };
  for (const auto families : {data_families(), session_families()}) {
    for (const Family& family : families) {
      for (const Command& row : family.rows) {
        read(row);
        for (const Command& subcommand : row.subcommands) read(subcommand);
      }
    }
  }
}

}  // namespace
}  // namespace redipy
