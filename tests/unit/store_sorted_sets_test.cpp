// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <tuple>
#include <vector>

#include "any_store.h"
#include "collection_words.h"

namespace redipy {
namespace {

using Ranked = std::vector<std::pair<double, std::string>>;
constexpr double infinity = std::numeric_limits<double>::infinity();

/// The same in a map, the slow and plain way.
struct Model {
  std::map<std::string, double> scores;

  Ranked ranked() const {
    Ranked all;
    for (const auto& [member, score] : scores) all.emplace_back(score, member);
    std::sort(all.begin(), all.end());
    return all;
  }
  template <class Within>
  Ranked within(Within keep) const {
    Ranked all = ranked();
    all.erase(std::remove_if(all.begin(), all.end(), [&](const auto& one) { return !keep(one); }), all.end());
    return all;
  }
};

struct StoreSortedSets : AnyStore {
  PutResult put(View key, View member, double score, PutCondition condition = {}) {
    PutResult result;
    write(Event::zadd, [&] { result = store.make_sorted_set(key).put(member, score, condition); });
    return result;
  }
  Ranked contents(View key) {
    Ranked found;
    run({}, [&] {
      const SortedSet* set = store.sorted_set(key);
      if (set)
        set->range(RankRange{0, set->size()}, false, [&](View m, double score) { found.emplace_back(score, m); });
    });
    return found;
  }
};

TEST_P(StoreSortedSets, random_steps_agree_with_a_map_in_both_encodings) {
  Words words(5);
  for (int round = 0; round < rounds(40); ++round) {
    Options options;
    options.zset_max_listpack_entries = round % 2 ? 10000 : words.random.below(60);
    set_options(options);
    Model model;
    std::string expected = "-";
    const auto score = [&]() -> double {
      switch (words.random.below(8)) {
        case 0:
          return words.random.unit() * 100;
        case 1:
          return static_cast<double>(words.random.below(100)) * 1e17;
        case 2:
          return words.one_in(2) ? infinity : -infinity;
        default:
          return static_cast<double>(words.random.below(20)) - 10;
      }
    };
    for (int step = 0; step < 400; ++step) {
      const uint64_t kind = words.random.below(10);
      if (kind < 6) {
        const std::string member = words.word(40, words.one_in(100));
        const double given = score();
        const auto it = model.scores.find(member);
        const PutResult result = put("z", member, given);
        if (it == model.scores.end()) {
          ASSERT_EQ(result.outcome, PutResult::added);
          if (expected == "-") expected = "listpack";
          if (model.scores.size() + 1 > options.zset_max_listpack_entries || member.size() > 64) expected = "skiplist";
        } else {
          ASSERT_EQ(result.outcome, it->second == given ? PutResult::unchanged : PutResult::updated);
        }
        ASSERT_EQ(result.score, given);
        model.scores[member] = given;
      } else if (kind < 8) {
        const std::string member = words.word(40, false);
        const View view = member;
        write(Event::zrem, [&] {
          SortedSet* set = store.sorted_set("z");
          ASSERT_EQ(set ? set->remove({&view, 1}) : 0, model.scores.erase(member));
        });
      } else if (!model.scores.empty() && words.one_in(2)) {
        const End end = words.one_in(2) ? End::front : End::back;
        const size_t count = std::min<size_t>(model.scores.size(), 1 + words.random.below(3));
        Ranked all = model.ranked();
        if (end == End::back) std::reverse(all.begin(), all.end());
        all.resize(count);
        Ranked gone;
        write(Event::zpopmin,
              [&] { store.sorted_set("z")->pop(end, count, [&](View m, double s) { gone.emplace_back(s, m); }); });
        ASSERT_EQ(gone, all);
        for (const auto& one : all) model.scores.erase(one.second);
      } else if (words.one_in(4)) {
        ScoreRange range{score(), score(), words.one_in(2), words.one_in(2)};
        if (words.one_in(2) && range.low != -infinity) range.high = range.low + 2;
        const Ranked gone =
            model.within([&](const auto& one) { return range.above_low(one.first) && range.below_high(one.first); });
        write(Event::zrem, [&] {
          SortedSet* set = store.sorted_set("z");
          if (set) {
            ASSERT_EQ(set->remove(range), gone.size());
          }
        });
        for (const auto& one : gone) model.scores.erase(one.second);
      }
      if (model.scores.empty()) expected = "-";
      ASSERT_EQ(encoding("z"), expected);

      if (step % 5 != 0 || model.scores.empty()) continue;
      const Ranked all = model.ranked();
      ASSERT_EQ(contents("z"), all);
      const size_t rank = words.random.below(all.size());
      const ScoreRange range{score(), score(), words.one_in(2), words.one_in(2)};
      const size_t offset = words.random.below(4);
      const size_t most = 1 + words.random.below(10);
      const bool reverse = words.one_in(2);
      run({}, [&] {
        const SortedSet* set = store.sorted_set("z");
        ASSERT_EQ(set->rank(all[rank].second, false)->rank, rank);
        ASSERT_EQ(set->rank(all[rank].second, true)->rank, all.size() - 1 - rank);
        ASSERT_EQ(set->score(all[rank].second), all[rank].first);
        ASSERT_FALSE(set->score("no such member"));
        Ranked expected_range =
            model.within([&](const auto& one) { return range.above_low(one.first) && range.below_high(one.first); });
        ASSERT_EQ(set->count(range), expected_range.size());
        if (reverse) std::reverse(expected_range.begin(), expected_range.end());
        expected_range.erase(expected_range.begin(),
                             expected_range.begin() + static_cast<ptrdiff_t>(std::min(offset, expected_range.size())));
        if (expected_range.size() > most) expected_range.resize(most);
        Ranked found;
        set->range(range, offset, reverse, [&](View m, double s) {
          found.emplace_back(s, m);
          return found.size() < most;
        });
        ASSERT_EQ(found, expected_range);
        Ranked part(all.rbegin() + static_cast<ptrdiff_t>(rank), all.rend());
        found.clear();
        set->range(RankRange{rank, all.size() - rank}, true, [&](View m, double s) { found.emplace_back(s, m); });
        ASSERT_EQ(found, part);
      });
    }
    run({.write = true}, [&] { store.remove("z"); });
  }
}

TEST_P(StoreSortedSets, ranges_by_member_agree_in_both_encodings) {
  Words words(6);
  for (const size_t entries : {1000U, 0U}) {
    Options options;
    options.zset_max_listpack_entries = entries;
    set_options(options);
    Model model;
    for (int i = 0; i < 200; ++i) {
      const std::string member = words.word(200, false);
      model.scores[member] = 0;
      put("z", member, 0);
    }
    const LexBound::Kind kinds[] = {LexBound::minimum, LexBound::inclusive, LexBound::exclusive, LexBound::maximum};
    for (int i = 0; i < 300; ++i) {
      const std::string low = words.word(200, false);
      const std::string high = words.word(200, false);
      const LexRange range{{kinds[words.random.below(4)], low}, {kinds[words.random.below(4)], high}};
      Ranked expected =
          model.within([&](const auto& one) { return range.above_low(one.second) && range.below_high(one.second); });
      run({}, [&] {
        const SortedSet* set = store.sorted_set("z");
        ASSERT_EQ(set->count(range), expected.size());
        Ranked found;
        set->range(range, 0, true, [&](View m, double s) {
          found.emplace_back(s, m);
          return true;
        });
        std::reverse(found.begin(), found.end());
        ASSERT_EQ(found, expected);
      });
    }
    const LexRange removed{{LexBound::inclusive, "w"}, {LexBound::exclusive, "x"}};
    const size_t expected = model.within([&](const auto& one) { return one.second[0] == 'w'; }).size();
    write(Event::zremrangebylex, [&] { EXPECT_EQ(store.sorted_set("z")->remove(removed), expected); });
    run({.write = true}, [&] { store.remove("z"); });
  }
}

TEST_P(StoreSortedSets, conditions_hold_as_zadd_has_them) {
  for (const size_t entries : {128U, 0U}) {
    Options options;
    options.zset_max_listpack_entries = entries;
    set_options(options);
    EXPECT_EQ(put("z", "a", 1, {.only_existing = true}).outcome, PutResult::refused);
    EXPECT_EQ(encoding("z"), "-");
    EXPECT_EQ(put("z", "a", 1, {.only_greater = true}).outcome, PutResult::added);
    EXPECT_EQ(encoding("z"), entries == 0 ? "skiplist" : "listpack");
    EXPECT_EQ(put("z", "a", 2, {.only_new = true}).outcome, PutResult::refused);
    EXPECT_EQ(put("z", "a", 1, {.only_greater = true}).outcome, PutResult::refused);
    EXPECT_EQ(put("z", "a", 3, {.only_less = true}).outcome, PutResult::refused);
    EXPECT_EQ(put("z", "a", 3, {.only_greater = true}).outcome, PutResult::updated);
    EXPECT_EQ(put("z", "a", 3).outcome, PutResult::unchanged);
    EXPECT_EQ(put("z", "a", 2.5, {.increment = true}).score, 5.5);
    EXPECT_EQ(put("z", "b", 2.5, {.increment = true}).outcome, PutResult::added);
    EXPECT_EQ(put("z", "a", -1, {.only_greater = true, .increment = true}).outcome, PutResult::refused);
    put("z", "a", infinity);
    EXPECT_EQ(put("z", "a", -infinity, {.increment = true}).outcome, PutResult::not_a_number);
    EXPECT_EQ(put("z", "a", std::nan("")).outcome, PutResult::not_a_number);
    EXPECT_EQ(contents("z"), (Ranked{{2.5, "b"}, {infinity, "a"}}));
    run({.write = true}, [&] { store.remove("z"); });
  }
}

TEST_P(StoreSortedSets, scores_keep_every_bit) {
  const double scores[] = {0.1, -0.1, 1e300, 5e-324,     9007199254740992.0, 9007199254740994.0, -9007199254740994.0,
                           3.0, 1e17, -1e17, 123456.789, infinity,           -infinity};
  Options options;
  for (const size_t entries : {128U, 0U}) {
    options.zset_max_listpack_entries = entries;
    set_options(options);
    for (size_t i = 0; i < std::size(scores); ++i) put("z", std::to_string(i), scores[i]);
    for (size_t i = 0; i < std::size(scores); ++i) {
      run({}, [&] { EXPECT_EQ(store.sorted_set("z")->score(std::to_string(i)), scores[i]); });
    }
    const Ranked all = contents("z");
    EXPECT_TRUE(std::is_sorted(all.begin(), all.end()));
    run({.write = true}, [&] { store.remove("z"); });
  }
}

TEST_P(StoreSortedSets, what_is_expected_decides_the_encoding_at_once) {
  for (const auto& [members, bytes, encoded] :
       {std::tuple{128U, 64U, "listpack"}, {129U, 1U, "skiplist"}, {1U, 65U, "skiplist"}}) {
    write(Event::zadd, [&, members = members, bytes = bytes] {
      SortedSet& set = store.make_sorted_set("z");
      set.expect(members, bytes);
      set.put("a", 1);
    });
    EXPECT_EQ(encoding("z"), encoded);
    run({.write = true}, [&] { store.remove("z"); });
  }
  EXPECT_TRUE(write(Event::zadd, [&] { store.make_sorted_set("z").expect(1000, 1); }).empty());
  EXPECT_EQ(encoding("z"), "-");
}

TEST_P(StoreSortedSets, scans_and_samples_reach_all) {
  for (const int size : {50, 3000}) {
    for (int i = 0; i < size; ++i) put("z", std::to_string(i), i);
    run({}, [&] {
      const SortedSet* set = store.sorted_set("z");
      std::set<std::string> seen;
      uint64_t cursor = 0;
      do {
        cursor = set->scan(cursor, 10, [&](View member, double score) {
          EXPECT_EQ(std::to_string(static_cast<int>(score)), member);
          EXPECT_TRUE(seen.emplace(member).second);
        });
      } while (cursor != 0);
      EXPECT_EQ(seen.size(), static_cast<size_t>(size));
      for (const size_t count : {1U, 7U, 40U, 5000U}) {
        seen.clear();
        set->sample(count, true, [&](View member, double) { EXPECT_TRUE(seen.emplace(member).second); });
        EXPECT_EQ(seen.size(), std::min(count, static_cast<size_t>(size)));
      }
      size_t drawn = 0;
      set->sample(100, false, [&](View, double) { ++drawn; });
      EXPECT_EQ(drawn, 100U);
      std::vector<std::string> asked = {"3", "absent", "49"};
      const std::vector<View> views(asked.begin(), asked.end());
      std::vector<std::optional<double>> found;
      set->scores(views, [&](size_t, std::optional<double> score) { found.push_back(score); });
      EXPECT_EQ(found, (std::vector<std::optional<double>>{3, std::nullopt, 49}));
    });
  }
}

TEST_P(StoreSortedSets, views_of_a_range_hold_together) {
  for (int i = 0; i < 100; ++i) put("z", std::to_string(i * 1000), i);
  run({}, [&] {
    std::vector<View> members;
    store.sorted_set("z")->range(RankRange{0, 100}, false, [&](View member, double) { members.push_back(member); });
    for (size_t i = 0; i < 100; ++i) EXPECT_EQ(members[i], std::to_string(i * 1000));
  });
}

TEST_P(StoreSortedSets, a_copy_is_its_own_sorted_set) {
  for (const int size : {5, 500}) {
    for (int i = 0; i < size; ++i) put("z", std::to_string(i), i / 2.0);
    write(Event::none, [&] { store.copy("z", "copy", 0, true); });
    const Ranked before = contents("z");
    put("z", "more", 1);
    EXPECT_EQ(contents("copy"), before);
    EXPECT_EQ(encoding("copy"), encoding("z"));
  }
}

REDIPY_ON_ALL_STORES(StoreSortedSets);

}  // namespace
}  // namespace redipy
