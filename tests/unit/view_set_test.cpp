// SPDX-License-Identifier: Apache-2.0
//
// The set of views that unions, differences and the search for duplicates use, against std::set.
#include "core/base/view_set.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>
#include <vector>

namespace redipy {
namespace {

TEST(ViewSet, keeps_the_order_in_which_members_came) {
  ViewSet set;
  EXPECT_TRUE(set.add("b"));
  EXPECT_TRUE(set.add("a"));
  EXPECT_FALSE(set.add("b"));
  EXPECT_TRUE(set.add(""));
  Bytes seen;
  set.for_each([&](View member) { seen += "[" + Bytes(member) + "]"; });
  EXPECT_EQ(seen, "[b][a][]");
}

TEST(ViewSet, an_empty_set_has_nothing_to_remove) {
  ViewSet set;
  set.remove("a");
  EXPECT_EQ(set.size(), 0u);
}

TEST(ViewSet, behaves_as_a_set_under_random_steps) {
  std::vector<Bytes> words;
  for (int i = 0; i < 3000; ++i) words.push_back("member:" + std::to_string(i));
  ViewSet set;
  std::set<View> model;
  std::mt19937 random(7);
  for (int step = 0; step < 50000; ++step) {
    const View word = words[random() % words.size()];
    if (random() % 3 != 0) {
      ASSERT_EQ(set.add(word), model.insert(word).second);
    } else {
      set.remove(word);
      model.erase(word);
    }
    ASSERT_EQ(set.size(), model.size());
  }
  std::set<View> left;
  set.for_each([&](View member) { left.insert(member); });
  EXPECT_EQ(left, model);
}

}  // namespace
}  // namespace redipy
