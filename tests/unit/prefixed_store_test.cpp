// SPDX-License-Identifier: Apache-2.0
// A store seen through a prefix: over memory of its own, and over memory that others keep keys in, too.
#include "core/store/prefixed_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/store/frame.h"
#include "memory_store_fixture.h"

namespace redipy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

struct Prefixed {
  explicit Prefixed(PrefixedStore::Below below) : store("p:", below, listener) { store.put_over(memory); }

  template <class Body>
  void write(Event event, Body body) {
    listener.heard.clear();
    const Frame frame(store, {.write = true, .event = event});
    body();
  }
  /// Runs a command through the prefix; what the listener was told.
  template <class Body>
  std::vector<std::string> told(Event event, Body body) {
    write(event, body);
    return listener.heard;
  }
  void set(View key, View value) {
    write(Event::set, [&] { store.put_string(key, value, {}); });
  }
  /// As another would: past the prefix.
  void set_below(View key, int database = 0) {
    memory.select(database);
    const Frame frame(memory, {.write = true, .event = Event::set});
    memory.put_string(key, "below", {});
    memory.select(0);
  }
  std::vector<std::string> keys() {
    std::vector<std::string> all;
    store.for_each_key([&](View key, Type) { return all.emplace_back(key), true; });
    return all;
  }
  std::vector<std::string> keys_below() {
    std::vector<std::string> all;
    memory.for_each_key([&](View key, Type) { return all.emplace_back(key), true; });
    return all;
  }

  ManualClock clock;
  RecordingListener listener;
  PrefixedStore store;
  MemoryStore memory{clock, 4, store};
};

class PrefixedStoreTest : public testing::TestWithParam<PrefixedStore::Below> {
 protected:
  Prefixed it{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Both, PrefixedStoreTest,
                         testing::Values(PrefixedStore::Below::alone, PrefixedStore::Below::shared),
                         [](const auto& about) {
                           return about.param == PrefixedStore::Below::alone ? "alone" : "shared";
                         });

TEST_P(PrefixedStoreTest, keys_have_the_prefix_below_and_not_above) {
  it.set("a", "1");
  EXPECT_THAT(it.keys(), ElementsAre("a"));
  EXPECT_THAT(it.keys_below(), ElementsAre("p:a"));
  const Frame frame(it.store);
  EXPECT_EQ(it.store.string("a")->get(), "1");
  EXPECT_EQ(it.store.string("p:a"), nullptr);
  EXPECT_EQ(*it.store.random_key(), "a");
}

TEST_P(PrefixedStoreTest, the_listener_hears_keys_as_they_are_above) {
  EXPECT_THAT(it.told(Event::set, [&] { it.store.put_string("a", "1", {}); }), testing::Contains("set a"));
  EXPECT_THAT(it.told(Event::none, [&] { it.store.rename("a", "b"); }),
              testing::AllOf(testing::Contains("rename_from a"), testing::Contains("rename_to b")));
  EXPECT_THAT(it.told(Event::none, [&] { it.store.copy("b", "c", 1, false); }), testing::Contains("1:copy_to c"));
  EXPECT_THAT(it.told(Event::none, [&] { it.store.remove("b"); }), testing::Contains("del b"));
}

TEST_P(PrefixedStoreTest, two_keys_of_one_command_are_not_confused) {
  it.set("from", "1");
  it.write(Event::none, [&] { EXPECT_TRUE(it.store.rename("from", "to")); });
  EXPECT_THAT(it.keys(), ElementsAre("to"));
  it.write(Event::none, [&] { EXPECT_TRUE(it.store.copy("to", "from", 0, false)); });
  EXPECT_THAT(it.keys(), UnorderedElementsAre("to", "from"));
}

TEST_P(PrefixedStoreTest, scan_visits_all) {
  std::vector<std::string> wanted;
  for (int i = 0; i < 100; ++i) it.set(wanted.emplace_back(std::to_string(i)), "x");
  std::vector<std::string> seen;
  uint64_t cursor = 0;
  do {
    cursor = it.store.scan(cursor, 10, [&](View key, Type) { seen.emplace_back(key); });
  } while (cursor != 0);
  EXPECT_THAT(seen, testing::UnorderedElementsAreArray(wanted));
}

TEST_P(PrefixedStoreTest, flushing_is_told_with_the_keys_still_there) {
  it.set("a", "1");
  size_t removed = 0;
  EXPECT_THAT(it.told(Event::none, [&] { removed = it.store.flush(-1, true); }), ElementsAre("flushing -1 of 1"));
  EXPECT_EQ(removed, 1u);
  EXPECT_EQ(it.store.size(), 0u);
}

TEST(PrefixedStoreOverShared, what_others_keep_there_is_not_seen_and_stays) {
  Prefixed it(PrefixedStore::Below::shared);
  it.set_below("p");
  it.set_below("other");
  it.set_below("q:a");
  it.set_below("other", 1);
  EXPECT_EQ(it.store.size(), 0u);
  EXPECT_EQ(it.store.random_key(), std::nullopt);
  EXPECT_THAT(it.keys(), IsEmpty());
  it.set("a", "1");
  it.set("", "2");
  it.listener.heard.clear();
  it.set_below("other");
  EXPECT_THAT(it.listener.heard, IsEmpty());
  EXPECT_EQ(it.store.size(), 2u);
  EXPECT_THAT(it.keys(), UnorderedElementsAre("a", ""));
  it.write(Event::none, [&] { EXPECT_EQ(it.store.flush(-1, false), 2u); });
  EXPECT_THAT(it.keys_below(), UnorderedElementsAre("p", "other", "q:a"));
  it.memory.select(1);
  EXPECT_EQ(it.memory.size(), 1u);
}

}  // namespace
}  // namespace redipy
