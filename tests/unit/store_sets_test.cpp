// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>
#include <vector>

#include "any_store.h"
#include "collection_words.h"
#include "core/base/numbers.h"

namespace redipy {
namespace {

using Model = std::set<std::string>;

struct StoreSets : AnyStore {
  size_t add(View key, const std::vector<std::string>& texts) {
    const std::vector<View> members(texts.begin(), texts.end());
    size_t added = 0;
    write(Event::sadd, [&] { added = store.make_set(key).add(members); });
    return added;
  }
  void add_numbers(View key, int from, int to) {
    for (int i = from; i < to; ++i) add(key, {std::to_string(i)});
  }
  Model contents(View key) {
    Model found;
    run({}, [&] {
      const Set* set = store.set(key);
      if (!set) return;
      std::vector<View> views;
      set->for_each([&](View member) {
        views.push_back(member);
        return true;
      });
      found.insert(views.begin(), views.end());
      EXPECT_EQ(views.size(), set->size());
      EXPECT_EQ(views.size(), found.size());
    });
    return found;
  }
  Model popped(View key, size_t count) {
    Model found;
    write(Event::spop, [&] { store.set(key)->pop(count, [&](View member) { found.emplace(member); }); });
    return found;
  }
};

/// The encoding that Redis 7.2 gives a set, by what was done to it.
struct EncodingModel {
  std::string name = "-";

  void before_add(const std::vector<std::string>& members, const Options& options) {
    if (name == "-") {
      const bool number = parse_integer(members[0]).has_value();
      name = number && members.size() <= options.set_max_intset_entries ? "intset"
             : members.size() <= options.set_max_listpack_entries       ? "listpack"
                                                                        : "hashtable";
    } else if ((name == "intset" && members.size() > options.set_max_intset_entries) ||
               (name == "listpack" && members.size() > options.set_max_listpack_entries)) {
      name = "hashtable";
    }
  }
  void before_new(const std::string& member, const Model& there, const Options& options) {
    const bool number = parse_integer(member).has_value();
    const bool packs =
        there.size() < options.set_max_listpack_entries && member.size() <= options.set_max_listpack_value;
    if (name == "intset" && number) {
      if (there.size() + 1 > options.set_max_intset_entries) name = "hashtable";
    } else if (name != "hashtable") {
      name = packs ? "listpack" : "hashtable";
    }
  }
};

TEST_P(StoreSets, random_steps_agree_with_a_set_in_all_encodings) {
  Words words(2);
  std::set<std::string> encodings;
  for (int round = 0; round < rounds(60); ++round) {
    Model model;
    EncodingModel expected;
    Options options;
    options.set_max_intset_entries = 1 + words.random.below(50);
    options.set_max_listpack_entries = 1 + words.random.below(60);
    set_options(options);
    const bool numbers = words.one_in(2);
    const auto word = [&] {
      return numbers && !words.one_in(100) ? words.number(90) : words.word(50, words.one_in(60));
    };
    for (int step = 0; step < 300; ++step) {
      const uint64_t kind = words.random.below(8);
      if (kind < 5) {
        std::vector<std::string> members(1 + words.random.below(words.one_in(10) ? 20 : 2));
        for (std::string& member : members) member = word();
        expected.before_add(members, options);
        size_t added = 0;
        for (const std::string& member : members) {
          if (model.count(member)) continue;
          expected.before_new(member, model, options);
          model.insert(member);
          ++added;
        }
        ASSERT_EQ(add("s", members), added);
      } else if (kind < 7) {
        const std::string member = word();
        const View view = member;
        write(Event::srem, [&] {
          Set* set = store.set("s");
          ASSERT_EQ(set ? set->remove({&view, 1}) : 0, model.erase(member));
        });
      } else if (!model.empty()) {
        const size_t count = 1 + words.random.below(words.one_in(4) ? model.size() + 3 : 3);
        const size_t wanted = std::min(count, model.size());
        const Model gone = popped("s", wanted);
        ASSERT_EQ(gone.size(), wanted);
        for (const std::string& member : gone) ASSERT_EQ(model.erase(member), 1U);
        bool short_enough = model.size() <= options.set_max_listpack_entries;
        for (const std::string& member : model) short_enough &= member.size() <= options.set_max_listpack_value;
        if (expected.name == "hashtable" && model.size() * 5 <= wanted && short_enough) expected.name = "listpack";
      }
      if (model.empty()) expected.name = "-";
      encodings.insert(expected.name);
      ASSERT_EQ(encoding("s"), expected.name);
      if (step % 10 == 0) {
        ASSERT_EQ(contents("s"), model);
      }
      const std::string asked = word();
      run({}, [&] {
        const Set* set = store.set("s");
        if (set) {
          ASSERT_EQ(set->has(asked), model.count(asked) == 1);
        }
      });
    }
    run({.write = true}, [&] { store.remove("s"); });
  }
  EXPECT_EQ(encodings.size(), 4U);
}

TEST_P(StoreSets, integers_become_a_table_at_once_when_they_are_too_many) {
  add_numbers("s", 0, 512);
  EXPECT_EQ(encoding("s"), "intset");
  add_numbers("s", 512, 513);
  EXPECT_EQ(encoding("s"), "hashtable");
  EXPECT_EQ(contents("s").size(), 513U);
}

TEST_P(StoreSets, a_word_among_few_integers_makes_a_listpack_among_many_a_table) {
  add_numbers("few", 0, 127);
  add("few", {"word"});
  EXPECT_EQ(encoding("few"), "listpack");
  add_numbers("many", 0, 128);
  add("many", {"word"});
  EXPECT_EQ(encoding("many"), "hashtable");
  add_numbers("long", 0, 5);
  add("long", {std::string(65, 'x')});
  EXPECT_EQ(encoding("long"), "hashtable");
}

TEST_P(StoreSets, removing_does_not_bring_an_encoding_back) {
  add("s", {"word", "1"});
  write(Event::srem, [&] {
    const View word = "word";
    store.set("s")->remove({&word, 1});
  });
  EXPECT_EQ(encoding("s"), "listpack");
  EXPECT_EQ(contents("s"), (Model{"1"}));
}

TEST_P(StoreSets, spop_of_nearly_all_leaves_a_listpack) {
  add_numbers("s", 0, 600);
  EXPECT_EQ(encoding("s"), "hashtable");
  EXPECT_EQ(popped("s", 400).size(), 400U);
  EXPECT_EQ(encoding("s"), "hashtable");
  EXPECT_EQ(popped("s", 190).size(), 190U);
  EXPECT_EQ(encoding("s"), "listpack");
  EXPECT_EQ(contents("s").size(), 10U);
}

TEST_P(StoreSets, every_member_is_as_likely_to_be_popped) {
  for (const size_t count : {size_t{1}, size_t{3}, size_t{20}}) {
    for (const char* prefix : {"", "w"}) {
      std::map<std::string, size_t> popped_times;
      for (int round = 0; round < 2000; ++round) {
        std::vector<std::string> texts;
        for (int i = 0; i < 40; ++i) texts.push_back(prefix + std::to_string(i));
        add("s", texts);
        for (const std::string& member : popped("s", count)) ++popped_times[member];
        run({.write = true}, [&] { store.remove("s"); });
      }
      const double mean = 2000.0 * static_cast<double>(count) / 40;
      EXPECT_EQ(popped_times.size(), 40U);
      for (const auto& [member, times] : popped_times) {
        EXPECT_NEAR(static_cast<double>(times), mean, 7 * std::sqrt(mean)) << member;
      }
    }
  }
}

TEST_P(StoreSets, has_of_many_answers_in_order) {
  for (const int size : {10, 300, 2000}) {
    add_numbers("s", 0, size);
    std::vector<std::string> texts;
    for (int i = -20; i < 80; ++i) texts.push_back(std::to_string(i * 3));
    const std::vector<View> asked(texts.begin(), texts.end());
    bool present[100] = {};
    run({}, [&] { store.set("s")->has(asked, present); });
    for (int i = 0; i < 100; ++i) EXPECT_EQ(present[i], (i - 20) * 3 >= 0 && (i - 20) * 3 < size);
  }
}

TEST_P(StoreSets, scans_visit_all_while_others_come_and_go) {
  add_numbers("s", 0, 2000);
  Model seen;
  uint64_t cursor = 0;
  int step = 2000;
  do {
    run({}, [&] { cursor = store.set("s")->scan(cursor, 10, [&](View member) { seen.emplace(member); }); });
    add_numbers("s", step, step + 5);
    step += 5;
  } while (cursor != 0);
  for (int i = 0; i < 2000; ++i) EXPECT_EQ(seen.count(std::to_string(i)), 1U) << i;
}

TEST_P(StoreSets, a_walk_ends_when_told_to) {
  for (const int size : {10, 1000}) {
    add_numbers("s", 0, size);
    int visited = 0;
    run({}, [&] { store.set("s")->for_each([&](View) { return ++visited < 5; }); });
    EXPECT_EQ(visited, 5);
  }
}

TEST_P(StoreSets, samples_of_a_large_set_are_distinct) {
  add_numbers("s", 0, 3000);
  run({}, [&] {
    const Set* set = store.set("s");
    for (const size_t count : {2U, 50U, 370U, 400U, 2999U, 3000U, 5000U}) {
      Model seen;
      size_t visited = 0;
      set->sample(count, true, [&](View member) {
        seen.emplace(member);
        ++visited;
      });
      EXPECT_EQ(visited, std::min<size_t>(count, 3000));
      EXPECT_EQ(seen.size(), visited);
    }
  });
}

REDIPY_ON_ALL_STORES(StoreSets);

}  // namespace
}  // namespace redipy
