// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <vector>

#include "any_store.h"
#include "collection_words.h"

namespace redipy {
namespace {

using Model = std::map<std::string, std::string>;

struct StoreHashes : AnyStore {
  size_t put(View key, const std::vector<FieldValue>& pairs) {
    size_t added = 0;
    write(Event::hset, [&] { added = store.make_hash(key).put(pairs); });
    return added;
  }
  Model contents(View key) {
    Model found;
    run({}, [&] {
      const Hash* hash = store.hash(key);
      if (!hash) return;
      size_t visited = 0;
      hash->for_each([&](View field, View value) {
        found.emplace(field, value);
        ++visited;
      });
      EXPECT_EQ(visited, found.size());
      EXPECT_EQ(visited, hash->size());
    });
    return found;
  }
  Model scanned(View key, size_t count) {
    Model found;
    run({}, [&] {
      const Hash* hash = store.hash(key);
      if (!hash) return;
      uint64_t cursor = 0;
      do {
        cursor = hash->scan(cursor, count, [&](View field, View value) { found.emplace(field, value); });
      } while (cursor != 0);
    });
    return found;
  }
};

TEST_P(StoreHashes, random_steps_agree_with_a_map_in_both_encodings) {
  Words words(1);
  for (int round = 0; round < rounds(30); ++round) {
    Model model;
    bool table = false;
    Options options;
    options.hash_max_listpack_entries = 1 + words.random.below(60);
    set_options(options);
    const bool long_ones = words.one_in(2);
    for (int step = 0; step < 400; ++step) {
      if (words.random.below(3) > 0) {
        std::vector<std::pair<std::string, std::string>> texts(1 + words.random.below(words.one_in(5) ? 20 : 2));
        std::vector<FieldValue> pairs;
        size_t added = 0;
        if (model.empty()) table = false;
        table |= texts.size() > options.hash_max_listpack_entries;
        for (auto& [field, value] : texts) {
          field = words.word(60, long_ones && words.one_in(30));
          value = words.word(1000, long_ones && words.one_in(30));
          pairs.push_back({field, value});
          table |= field.size() > 64 || value.size() > 64;
          added += model.insert_or_assign(field, value).second;
          table |= model.size() > options.hash_max_listpack_entries;
        }
        ASSERT_EQ(put("h", pairs), added);
      } else {
        std::vector<std::string> texts(1 + words.random.below(4));
        std::vector<View> fields;
        size_t removed = 0;
        for (std::string& text : texts) {
          text = words.word(60, false);
          removed += model.erase(text);
        }
        fields.assign(texts.begin(), texts.end());
        write(Event::hdel, [&] {
          Hash* hash = store.hash("h");
          ASSERT_EQ(hash ? hash->remove(fields) : 0, removed);
        });
      }
      ASSERT_EQ(encoding("h"), model.empty() ? "-" : table ? "hashtable" : "listpack");
      if (step % 20 == 0) {
        ASSERT_EQ(contents("h"), model);
        ASSERT_EQ(scanned("h", 3), model);
      }
      const std::string asked = words.word(60, false);
      run({}, [&] {
        const Hash* hash = store.hash("h");
        if (!hash) return;
        const auto it = model.find(asked);
        const auto value = hash->get(asked);
        ASSERT_EQ(value.has_value(), it != model.end());
        if (value) {
          ASSERT_EQ(*value, it->second);
        }
        ASSERT_EQ(hash->has(asked), value.has_value());
      });
    }
    run({.write = true}, [&] { store.remove("h"); });
  }
}

TEST_P(StoreHashes, a_field_longer_than_the_limit_makes_it_a_table_even_if_only_the_value_of_a_field_changes) {
  put("h", {{"f", "v"}});
  EXPECT_EQ(encoding("h"), "listpack");
  put("h", {{"f", std::string(64, 'v')}});
  EXPECT_EQ(encoding("h"), "listpack");
  put("h", {{"f", std::string(65, 'v')}});
  EXPECT_EQ(encoding("h"), "hashtable");
  put("h", {{"f", "short"}});
  EXPECT_EQ(encoding("h"), "hashtable");
  EXPECT_EQ(contents("h"), (Model{{"f", "short"}}));
}

TEST_P(StoreHashes, more_pairs_than_the_limit_make_it_a_table_even_if_they_name_one_field) {
  Options options;
  options.hash_max_listpack_entries = 2;
  set_options(options);
  EXPECT_EQ(put("h", {{"f", "1"}, {"f", "2"}, {"f", "3"}}), 1U);
  EXPECT_EQ(encoding("h"), "hashtable");
  EXPECT_EQ(contents("h"), (Model{{"f", "3"}}));
}

TEST_P(StoreHashes, several_fields_are_got_in_the_order_asked_for) {
  for (const size_t size : {5U, 500U}) {
    std::vector<std::string> texts(size);
    for (size_t i = 0; i < size; ++i) texts[i] = std::to_string(i * 7);
    std::vector<FieldValue> pairs;
    for (const std::string& text : texts) pairs.push_back({text, text});
    put("h", pairs);
    std::vector<View> asked(texts.begin(), texts.end());
    asked.push_back("absent");
    size_t next = 0;
    run({}, [&] {
      store.hash("h")->get(asked, [&](size_t i, std::optional<View> value) {
        ASSERT_EQ(i, next++);
        ASSERT_EQ(value.has_value(), i < size);
        if (value) {
          ASSERT_EQ(*value, texts[i]);
        }
      });
    });
    EXPECT_EQ(next, size + 1);
  }
}

TEST_P(StoreHashes, views_of_numbers_hold_together) {
  std::vector<std::string> texts(100);
  for (size_t i = 0; i < texts.size(); ++i) texts[i] = std::to_string(1'000'000 + i);
  std::vector<FieldValue> pairs;
  for (const std::string& text : texts) pairs.push_back({text, text});
  put("h", pairs);
  run({}, [&] {
    const Hash* hash = store.hash("h");
    std::vector<View> values;
    for (const std::string& text : texts) values.push_back(*hash->get(text));
    for (size_t i = 0; i < texts.size(); ++i) EXPECT_EQ(values[i], texts[i]);
    std::vector<View> fields;
    hash->scan(0, 1, [&](View field, View) { fields.push_back(field); });
    EXPECT_EQ(std::vector<std::string>(fields.begin(), fields.end()), texts);
  });
}

TEST_P(StoreHashes, samples_are_distinct_or_not_and_even) {
  for (const size_t size : {20U, 400U}) {
    std::vector<std::string> texts(size);
    for (size_t i = 0; i < size; ++i) texts[i] = (i % 2 ? "f" : "") + std::to_string(i);
    std::vector<FieldValue> pairs;
    for (const std::string& text : texts) pairs.push_back({text, text});
    put("h", pairs);
    run({}, [&] {
      const Hash* hash = store.hash("h");
      for (const size_t count : {size_t{1}, size_t{3}, size / 2, size - 1, size, size + 10}) {
        std::set<std::string> seen;
        size_t visited = 0;
        hash->sample(count, true, [&](View field, View value) {
          EXPECT_EQ(field, value);
          seen.emplace(field);
          ++visited;
        });
        EXPECT_EQ(visited, std::min(count, size));
        EXPECT_EQ(seen.size(), visited);
      }
      std::map<std::string, size_t> drawn;
      const size_t draws = size * 200;
      hash->sample(draws, false, [&](View field, View) { ++drawn[std::string(field)]; });
      EXPECT_EQ(drawn.size(), size);
      for (const auto& [field, times] : drawn) {
        EXPECT_GT(times, 100U) << field;
        EXPECT_LT(times, 320U) << field;
      }
    });
    run({.write = true}, [&] { store.remove("h"); });
  }
}

TEST_P(StoreHashes, a_copy_is_its_own_hash) {
  for (const size_t size : {5U, 500U}) {
    for (size_t i = 0; i < size; ++i) put("h", {{std::to_string(i), "v"}});
    write(Event::none, [&] { store.copy("h", "copy", 0, true); });
    put("h", {{"more", "v"}});
    EXPECT_EQ(contents("copy").size(), size);
    EXPECT_EQ(encoding("copy"), encoding("h"));
    run({}, [&] { EXPECT_GT(*store.memory_usage("copy", 0), size * 4); });
    run({.write = true}, [&] { store.remove("h"); });
  }
}

REDIPY_ON_ALL_STORES(StoreHashes);

}  // namespace
}  // namespace redipy
