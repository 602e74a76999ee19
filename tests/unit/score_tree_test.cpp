// SPDX-License-Identifier: Apache-2.0
//
// The score tree against a std::set in the same order: random steps at sizes around those where nodes split and merge,
// scores at the ends of what a double can be, equal scores with binary members.

#include "core/memory/score_tree.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace redipy {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

using Model = std::set<std::pair<double, std::string>>;

class ScoreTreeTest : public ::testing::Test {
 protected:
  ~ScoreTreeTest() override { tree.clear(Member::free); }

  void insert(double score, const std::string& bytes) {
    if (!model.emplace(score, bytes).second) return;
    tree.insert(Member::make(score, bytes));
  }
  void erase(double score, const std::string& bytes) {
    Member* member = tree.erase(score, bytes);
    ASSERT_EQ(member != nullptr, model.erase({score, bytes}) == 1);
    if (member == nullptr) return;
    ASSERT_EQ(member->bytes(), bytes);
    Member::free(member);
  }
  void erase_range(std::size_t from, std::size_t to) {
    auto next = std::next(model.begin(), static_cast<std::ptrdiff_t>(from));
    tree.erase_range(from, to, [&](Member* member) {
      EXPECT_EQ(member->bytes(), next->second);
      next = model.erase(next);
      Member::free(member);
    });
  }

  // Everything that a visit of all members can tell.
  void compare() {
    ASSERT_TRUE(tree.check());
    ASSERT_EQ(tree.size(), model.size());
    std::size_t rank = 0;
    ScoreTree::Iterator at = tree.begin();
    for (const auto& [score, bytes] : model) {
      ASSERT_TRUE(at);
      ASSERT_EQ(at.score(), score);
      ASSERT_EQ(at.member(), bytes);
      ASSERT_EQ(tree.rank(score, bytes), rank);
      ASSERT_EQ(tree.at(rank), at);
      ++at;
      ++rank;
    }
    ASSERT_FALSE(at);
    ASSERT_FALSE(tree.at(rank));
    at = tree.last();
    for (auto expected = model.rbegin(); expected != model.rend(); ++expected, --at) {
      ASSERT_TRUE(at);
      ASSERT_EQ(at.member(), expected->second);
    }
    ASSERT_FALSE(at);
  }

  void compare_bounds(double score) {
    const auto rank = [&](auto holds) {
      return static_cast<std::size_t>(std::count_if(model.begin(), model.end(), holds));
    };
    const ScoreTree::Place lower = tree.lower_bound(score);
    const ScoreTree::Place upper = tree.upper_bound(score);
    ASSERT_EQ(lower.rank, rank([score](const auto& e) { return e.first < score; }));
    ASSERT_EQ(upper.rank, rank([score](const auto& e) { return e.first <= score; }));
    ASSERT_EQ(lower.at, tree.at(lower.rank));
    ASSERT_EQ(upper.at, tree.at(upper.rank));
  }

  ScoreTree tree;
  Model model;
};

TEST_F(ScoreTreeTest, empty_tree_has_nothing_anywhere) {
  compare();
  EXPECT_EQ(tree.memory(), 0U);
  EXPECT_EQ(tree.erase(1, "a"), nullptr);
  EXPECT_EQ(tree.rank(1, "a"), std::nullopt);
  EXPECT_EQ(tree.lower_bound(0.0).rank, 0U);
  EXPECT_FALSE(tree.upper_bound("a").at);
  EXPECT_FALSE(tree.last());
  tree.erase_range(0, 0, [](Member*) { FAIL(); });
}

TEST_F(ScoreTreeTest, orders_by_score_then_by_unsigned_bytes_then_by_length) {
  const std::string nul("a\0", 2);
  for (const std::string& bytes :
       {std::string("b"), nul, std::string("a"), std::string(), std::string("\xff"), std::string("a\x01")}) {
    insert(1, bytes);
  }
  insert(-infinity, "z");
  insert(infinity, "");
  insert(0.5, "zz");
  compare();
  std::vector<std::string> order;
  for (ScoreTree::Iterator at = tree.begin(); at; ++at) order.emplace_back(at.member());
  EXPECT_EQ(order, (std::vector<std::string>{"z", "zz", "", "a", nul, "a\x01", "b", "\xff", ""}));
  for (const double score : {-infinity, 0.0, 0.5, 1.0, 2.0, infinity}) compare_bounds(score);
}

TEST_F(ScoreTreeTest, both_zeros_are_one_score) {
  insert(0.0, "b");
  insert(-0.0, "a");
  EXPECT_EQ(tree.rank(0.0, "a"), 0U);
  EXPECT_EQ(tree.rank(-0.0, "b"), 1U);
  EXPECT_EQ(tree.lower_bound(0.0).rank, 0U);
  EXPECT_EQ(tree.upper_bound(-0.0).rank, 2U);
}

TEST_F(ScoreTreeTest, random_steps_agree_with_a_model) {
  std::mt19937 random(11);
  for (const int range : {5, 33, 70, 400, 3000}) {
    for (int step = 0; step < 6 * range; ++step) {
      // Few scores, so that many are equal; some infinite.
      const int number = static_cast<int>(random() % static_cast<unsigned>(range));
      const double score = number % 17 == 0 ? infinity : number % 19 == 0 ? -infinity : number % 7;
      const std::string bytes =
          std::to_string(number * 7919 % 1000) + std::string(static_cast<std::size_t>(number % 3), '\0');
      const bool grow = random() % 4 != static_cast<unsigned>(step / range % 2 * 3);
      if (grow) {
        insert(score, bytes);
      } else if (!model.empty() && random() % 2 == 0) {
        const auto victim = std::next(model.begin(), static_cast<std::ptrdiff_t>(random() % model.size()));
        erase(victim->first, std::string(victim->second));
      } else {
        erase(score, bytes);
      }
      if (step % 50 == 0) compare_bounds(score);
      if (step % (range / 3) == 0) compare();
    }
  }
}

TEST_F(ScoreTreeTest, growing_and_shrinking_passes_every_size_of_a_node) {
  const auto name = [](int i) { return std::to_string(i); };
  for (const int order : {0, 1, 2}) {
    constexpr int size = 1100;
    const auto score = [order](int i) { return order == 0 ? i : order == 1 ? -i : i * 7 % size; };
    for (int i = 0; i < size; ++i) {
      insert(score(i), name(i));
      ASSERT_TRUE(tree.check()) << i;
    }
    compare();
    // Again in different orders: from the front, from the back, from both.
    for (int i = 0; i < size; ++i) {
      const int which = order == 0 ? i : order == 1 ? size - 1 - i : i % 2 == 0 ? i / 2 : size - 1 - i / 2;
      erase(score(which), name(which));
      ASSERT_TRUE(tree.check()) << i;
    }
    EXPECT_EQ(tree.memory(), 0U);
  }
}

TEST_F(ScoreTreeTest, update_moves_a_member_or_leaves_it_in_its_place) {
  std::mt19937 random(2);
  std::vector<std::pair<Member*, std::string>> members;
  for (int i = 0; i < 500; ++i) {
    Member* member = Member::make(i, std::to_string(i));
    tree.insert(member);
    model.emplace(i, std::to_string(i));
    members.emplace_back(member, std::to_string(i));
  }
  for (int step = 0; step < 5000; ++step) {
    const auto& [member, bytes] = members[random() % members.size()];
    // Near (mostly in place), onto the score of another, far.
    const double near = member->score + (static_cast<double>(random() % 100) - 50) / 40;
    const double score = step % 3 == 0 ? near : step % 3 == 1 ? std::floor(near) : static_cast<double>(random() % 500);
    model.erase({member->score, bytes});
    model.emplace(score, bytes);
    tree.update(member, score);
    ASSERT_EQ(member->score, score);
    ASSERT_TRUE(step % 20 != 0 || tree.check());
  }
  compare();
}

TEST_F(ScoreTreeTest, ranges_of_ranks_are_erased_in_order) {
  std::mt19937 random(4);
  for (int round = 0; round < 60; ++round) {
    for (int i = 0; i < 800; ++i) insert(i % 50, std::to_string(random() % 5000));
    const std::size_t from = random() % model.size();
    const std::size_t length = round % 2 == 0 ? random() % 40 : random() % model.size();
    erase_range(from, std::min(model.size(), from + length));
    ASSERT_TRUE(tree.check());
  }
  compare();
  erase_range(1, model.size());
  compare();
  erase_range(0, 1);
  compare();
  EXPECT_EQ(tree.memory(), 0U);
}

TEST_F(ScoreTreeTest, bounds_by_bytes_where_all_scores_are_equal) {
  std::mt19937 random(6);
  for (int i = 0; i < 600; ++i) {
    std::string bytes(random() % 4, '\0');
    for (char& c : bytes) c = static_cast<char>(random() % 5 * 63);
    insert(3, bytes);
  }
  compare();
  for (int i = 0; i < 300; ++i) {
    std::string bytes(random() % 5, '\0');
    for (char& c : bytes) c = static_cast<char>(random() % 5 * 63);
    const auto lower = static_cast<std::size_t>(std::distance(model.begin(), model.lower_bound({3, bytes})));
    const auto upper = static_cast<std::size_t>(std::distance(model.begin(), model.upper_bound({3, bytes})));
    ASSERT_EQ(tree.lower_bound(View(bytes)).rank, lower);
    ASSERT_EQ(tree.upper_bound(View(bytes)).rank, upper);
    ASSERT_EQ(tree.lower_bound(View(bytes)).at, tree.at(lower));
  }
}

TEST_F(ScoreTreeTest, built_tree_is_like_one_of_inserts_and_can_be_changed) {
  for (const int size : {1, 28, 29, 30, 31, 57, 28 * 28, 28 * 28 + 1, 5000}) {
    std::vector<Member*> members;
    for (int i = 0; i < size; ++i) {
      const std::string bytes = std::to_string(10'000 + i);
      members.push_back(Member::make(i / 3, bytes));
      model.emplace(i / 3, bytes);
    }
    tree.build(members);
    compare();
    for (int i = 0; i < size; i += 2) insert(i / 3, std::to_string(20'000 + i));
    for (int i = 0; i < size; i += 3) erase(i / 3, std::to_string(10'000 + i));
    compare();
    model.clear();
    tree.clear(Member::free);
    compare();
  }
}

TEST_F(ScoreTreeTest, takes_few_bytes_per_member) {
  EXPECT_LE(sizeof(ScoreTree), 40U);
  std::mt19937 random(9);
  constexpr int size = 20'000;
  for (int i = 0; i < size; ++i) insert(random(), "member");
  EXPECT_LT(tree.memory() / tree.size(), 23U);
  erase_range(0, tree.size());
  for (int i = 0; i < size; ++i) insert(i, "member");
  EXPECT_LT(tree.memory() / tree.size(), 20U);
}

TEST_F(ScoreTreeTest, moved_tree_leaves_an_empty_one) {
  for (int i = 0; i < 100; ++i) insert(i, "m");
  ScoreTree other(std::move(tree));
  EXPECT_TRUE(tree.empty());
  EXPECT_TRUE(tree.check());
  EXPECT_TRUE(other.check());
  tree = std::move(other);
  compare();
}

}  // namespace
}  // namespace redipy
