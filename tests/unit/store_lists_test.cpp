// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <set>
#include <vector>

#include "any_store.h"
#include "collection_words.h"
#include "core/memory/big_list.h"

namespace redipy {
namespace {

using Model = std::deque<std::string>;

struct StoreLists : AnyStore {
  void push(View key, End end, const std::vector<std::string>& texts) {
    const std::vector<View> elements(texts.begin(), texts.end());
    write(end == End::front ? Event::lpush : Event::rpush, [&] { store.make_list(key).push(end, elements); });
  }
  std::vector<std::string> pop(View key, End end, size_t count) {
    std::vector<std::string> found;
    write(Event::lpop, [&] { store.list(key)->pop(end, count, [&](View element) { found.emplace_back(element); }); });
    return found;
  }
  Model contents(View key) {
    Model found;
    run({}, [&] {
      const List* list = store.list(key);
      if (list) list->range({0, list->size()}, [&](View element) { found.emplace_back(element); });
    });
    return found;
  }
  void max_listpack_size(int size, size_t compress_depth = 0) {
    Options options;
    options.list_max_listpack_size = size;
    options.list_compress_depth = compress_depth;
    set_options(options);
  }
};

size_t remove_equal(Model& model, const std::string& value, End from, size_t limit) {
  size_t removed = 0;
  if (from == End::back) std::reverse(model.begin(), model.end());
  for (auto it = model.begin(); it != model.end() && (limit == 0 || removed < limit);) {
    if (*it == value) {
      it = model.erase(it);
      ++removed;
    } else {
      ++it;
    }
  }
  if (from == End::back) std::reverse(model.begin(), model.end());
  return removed;
}

TEST_P(StoreLists, random_steps_agree_with_a_deque_for_all_node_sizes_and_compress_depths) {
  Words words(3);
  std::set<std::string> encodings;
  for (int round = 0; round < rounds(40); ++round) {
    const int sizes[] = {-2, 1, 2, 3, 10, 128, -1, -5, 0, 5};
    const int node_size = sizes[round % 10];
    max_listpack_size(node_size, static_cast<size_t>(round / 10));
    Model model;
    const size_t huge = words.one_in(2) ? 9000 : 0;
    const auto word = [&] {
      std::string text = words.word(12, words.one_in(20));
      if (huge && words.one_in(15)) text.append(words.random.below(huge), 'h');
      return text;
    };
    for (int step = 0; step < 600; ++step) {
      if (words.one_in(100)) max_listpack_size(node_size, words.random.below(4));
      const End end = words.one_in(2) ? End::front : End::back;
      const uint64_t kind = words.random.below(20);
      if (kind < 8 || model.empty()) {
        std::vector<std::string> texts(1 + words.random.below(words.one_in(8) ? 40 : 3));
        for (std::string& text : texts) {
          text = word();
          if (end == End::front) {
            model.push_front(text);
          } else {
            model.push_back(text);
          }
        }
        push("l", end, texts);
      } else if (kind < 12) {
        const size_t count = std::min<size_t>(model.size(), 1 + words.random.below(words.one_in(5) ? 60 : 4));
        const auto gone = pop("l", end, count);
        ASSERT_EQ(gone.size(), count);
        for (const std::string& text : gone) {
          ASSERT_EQ(text, end == End::front ? model.front() : model.back());
          end == End::front ? model.pop_front() : model.pop_back();
        }
      } else if (kind < 14) {
        const size_t index = words.random.below(model.size());
        model[index] = word();
        write(Event::lset, [&] { store.list("l")->set(index, model[index]); });
      } else if (kind < 17) {
        const std::string pivot = model[words.random.below(model.size())];
        const std::string element = word();
        const bool after = words.one_in(2);
        const auto it = std::find(model.begin(), model.end(), pivot);
        model.insert(after ? it + 1 : it, element);
        write(Event::linsert, [&] { ASSERT_TRUE(store.list("l")->insert(pivot, after, element)); });
      } else if (kind < 18) {
        const std::string value = model[words.random.below(model.size())];
        const size_t limit = words.random.below(4);
        const size_t removed = remove_equal(model, value, end, limit);
        write(Event::lrem, [&] { ASSERT_EQ(store.list("l")->remove(value, end, limit), removed); });
      } else if (words.one_in(3)) {
        const size_t first = words.random.below(std::min<size_t>(model.size(), 20));
        const size_t kept = words.random.below(model.size() - first + 1);
        model.erase(model.begin() + static_cast<ptrdiff_t>(first + kept), model.end());
        model.erase(model.begin(), model.begin() + static_cast<ptrdiff_t>(first));
        write(Event::ltrim, [&] { store.list("l")->trim({kept == 0 ? 0 : first, kept}); });
      }
      encodings.insert(encoding("l"));
      ASSERT_EQ(contents("l"), model) << "round " << round << " step " << step;
      if (model.empty()) continue;
      const size_t index = words.random.below(model.size());
      const size_t count = words.random.below(model.size() - index + 1);
      run({}, [&] {
        const List* list = store.list("l");
        ASSERT_EQ(list->size(), model.size());
        ASSERT_EQ(*list->at(index), model[index]);
        ASSERT_FALSE(list->at(model.size()));
        size_t next = index;
        list->range({index, count}, [&](View element) { ASSERT_EQ(element, model[next++]); });
        ASSERT_EQ(next, index + count);
      });
    }
    run({.write = true}, [&] { store.remove("l"); });
  }
  EXPECT_EQ(encodings, (std::set<std::string>{"-", "listpack", "quicklist"}));
}

TEST_P(StoreLists, positions_are_found_from_either_end) {
  Words words(4);
  for (const int size : {-2, 4}) {
    max_listpack_size(size);
    std::vector<std::string> model(100);
    for (std::string& text : model) text = words.number(5);
    push("l", End::back, model);
    for (const End from : {End::front, End::back}) {
      for (const size_t skip : {0U, 1U, 7U}) {
        for (const size_t most : {0U, 1U, 30U, 100U, 200U}) {
          for (const size_t wanted : {1U, 3U, 1000U}) {
            std::vector<size_t> expected;
            size_t matches = 0;
            for (size_t i = 0; i < model.size() && (most == 0 || i < most) && expected.size() < wanted; ++i) {
              const size_t index = from == End::front ? i : model.size() - 1 - i;
              if (model[index] == "-18" && ++matches > skip) expected.push_back(index);
            }
            std::vector<size_t> found;
            run({}, [&] {
              store.list("l")->find("-18", from, skip, most, [&](size_t index) {
                found.push_back(index);
                return found.size() < wanted;
              });
            });
            EXPECT_EQ(found, expected);
          }
        }
      }
    }
    run({.write = true}, [&] { store.remove("l"); });
  }
}

TEST_P(StoreLists, it_becomes_a_quicklist_when_it_outgrows_8_kib_and_a_listpack_at_half_of_that) {
  // Each entry of 100 bytes takes 103; a listpack has 7 bytes besides, and bytes to come count as they are.
  for (int i = 0; i < 79; ++i) push("l", End::back, {std::string(100, 'x')});
  EXPECT_EQ(encoding("l"), "listpack");
  push("l", End::back, {std::string(48, 'x')});
  EXPECT_EQ(encoding("l"), "listpack");
  push("l", End::back, {"x"});
  EXPECT_EQ(encoding("l"), "quicklist");
  pop("l", End::back, 40);
  EXPECT_EQ(encoding("l"), "quicklist");
  pop("l", End::back, 2);
  EXPECT_EQ(encoding("l"), "listpack");
}

TEST_P(StoreLists, a_limit_by_count_counts) {
  max_listpack_size(4);
  push("l", End::back, {"a", "b", "c", "d"});
  EXPECT_EQ(encoding("l"), "listpack");
  push("l", End::front, {"e"});
  EXPECT_EQ(encoding("l"), "quicklist");
  pop("l", End::front, 2);
  EXPECT_EQ(encoding("l"), "quicklist");
  pop("l", End::front, 1);
  EXPECT_EQ(encoding("l"), "listpack");
}

TEST_P(StoreLists, a_replaced_huge_element_leaves_a_small_list) {
  push("l", End::back, {"a", "b", "c"});
  write(Event::lset, [&] { store.list("l")->set(1, std::string(100'000, 'h')); });
  EXPECT_EQ(encoding("l"), "quicklist");
  write(Event::lset, [&] { store.list("l")->set(1, "b"); });
  EXPECT_EQ(encoding("l"), "listpack");
  EXPECT_EQ(contents("l"), (Model{"a", "b", "c"}));
}

TEST_P(StoreLists, a_pivot_that_is_absent_changes_nothing) {
  push("l", End::back, {"a"});
  EXPECT_TRUE(write(Event::linsert, [&] { EXPECT_FALSE(store.list("l")->insert("b", true, "c")); }).empty());
}

TEST_P(StoreLists, a_copy_is_its_own_list) {
  for (const int size : {5, 5000}) {
    for (int i = 0; i < size; ++i) push("l", End::back, {std::to_string(i)});
    write(Event::none, [&] { store.copy("l", "copy", 0, true); });
    const Model before = contents("l");
    push("l", End::back, {"more"});
    EXPECT_EQ(contents("copy"), before);
    EXPECT_EQ(encoding("copy"), encoding("l"));
  }
}

TEST(BigList, the_nodes_beyond_the_compress_depth_are_compressed) {
  const NodeLimit limit = NodeLimit::of(10);
  BigList list;
  for (int i = 0; i < 100; ++i) list.push(End::back, std::string(100, 'a') + std::to_string(i), limit);
  const size_t before = list.memory(0);
  list.settle(1, SIZE_MAX);
  EXPECT_EQ(list.compressed_nodes(), 8U);
  EXPECT_LT(list.memory(0) * 2, before);

  const BigList copy = list.copy();
  EXPECT_EQ(copy.compressed_nodes(), 8U);
  EXPECT_EQ(copy.memory(0), list.memory(0));

  list.settle(2, 3);
  EXPECT_EQ(list.compressed_nodes(), 6U);
  list.set(55, "b", limit);
  EXPECT_EQ(list.compressed_nodes(), 5U);
  list.settle(2, SIZE_MAX);
  EXPECT_EQ(list.compressed_nodes(), 6U);
  list.pop(End::front, 15, [](listpack::Item) {});
  list.settle(2, 2);
  EXPECT_EQ(list.compressed_nodes(), 5U);
  EXPECT_EQ(list.remove("b", End::back, 1), 1U);
  EXPECT_EQ(list.compressed_nodes(), 4U);
}

TEST(BigList, what_does_not_become_smaller_is_not_compressed) {
  const NodeLimit limit = NodeLimit::of(1);
  Random random(1);
  BigList list;
  for (int i = 0; i < 5; ++i) {
    Bytes noise(1000, ' ');
    for (char& byte : noise) byte = static_cast<char>(random.next());
    list.push(End::back, noise, limit);
    list.push(End::back, "short", limit);
  }
  list.settle(1, SIZE_MAX);
  EXPECT_EQ(list.compressed_nodes(), 0U);
}

TEST(BigList, its_ring_turns_and_shrinks) {
  const NodeLimit limit = NodeLimit::of(2);
  BigList list;
  for (int i = 0; i < 1000; ++i) list.push(End::back, std::to_string(i), limit);
  for (int turn = 0; turn < 3000; ++turn) {
    std::string element;
    list.pop(End::front, 1, [&](listpack::Item item) { item.append_to(element); });
    EXPECT_EQ(element, std::to_string(turn % 1000));
    list.push(End::back, element, limit);
  }
  EXPECT_EQ(list.size(), 1000U);
  const size_t before = list.memory(0);
  list.trim({500, 10});
  EXPECT_EQ(list.size(), 10U);
  EXPECT_LT(list.memory(0) * 10, before);
}

REDIPY_ON_ALL_STORES(StoreLists);

}  // namespace
}  // namespace redipy
