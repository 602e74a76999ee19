// SPDX-License-Identifier: Apache-2.0
// Look-ups, strings and what is done with keys, on every store; and what the listener hears of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "any_store.h"
#include "core/command/error.h"

namespace redipy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct StoreKeys : AnyStore {};

TEST_P(StoreKeys, a_string_that_was_put_is_found) {
  set("key", "value");
  EXPECT_EQ(get("key"), "value");
  EXPECT_EQ(get("absent"), "-");
  EXPECT_EQ(store.size(), 1u);
}

TEST_P(StoreKeys, keys_and_values_are_any_bytes_of_any_length) {
  for (const size_t key_size : {0, 1, 7, 8, 100, 70'000}) {
    if (key_size > longest_name()) continue;
    for (const size_t size : {0, 1, 44, 45, 1023, 1024, 1025, 100'000}) {
      const Bytes key(key_size, '\0');
      const Bytes value(size, '\xff');
      set(key, value);
      EXPECT_EQ(get(key), value) << key_size << ' ' << size;
    }
  }
  EXPECT_EQ(store.size(), longest_name() < 70'000 ? 5u : 6u);
}

TEST_P(StoreKeys, names_that_a_database_cannot_hold_are_refused) {
  if (longest_name() == SIZE_MAX) GTEST_SKIP() << "there are none";
  const Bytes longest(longest_name(), 'x');
  const Bytes longer = longest + 'x';
  for (const Bytes& name : {longest, longer}) {
    const View member = name;
    const auto put = [&](auto body) {
      store.begin({.write = true, .event = Event::set});
      if (name == longest) {
        body();
      } else {
        EXPECT_THROW(body(), CommandError);
      }
      store.end();
    };
    put([&] { store.put_string(name, "v", {}); });
    put([&] { store.make_hash("h").put(name, "v"); });
    put([&] { store.make_set("s").add({&member, 1}); });
    put([&] { store.make_sorted_set("z").put(name, 1, {}); });
  }
  EXPECT_EQ(get(longest), "v");
  EXPECT_EQ(get(longer), "-");
  EXPECT_EQ(store.size(), 4u);
}

TEST_P(StoreKeys, the_encoding_of_a_string_is_redis_s) {
  set("key", "123");
  EXPECT_EQ(encoding("key"), "int");
  set("key", "-9223372036854775808");
  EXPECT_EQ(encoding("key"), "int");
  EXPECT_EQ(get("key"), "-9223372036854775808");
  set("key", "9223372036854775808");
  EXPECT_EQ(encoding("key"), "embstr");
  set("key", "0123");
  EXPECT_EQ(encoding("key"), "embstr");
  set("key", Bytes(44, 'a'));
  EXPECT_EQ(encoding("key"), "embstr");
  set("key", Bytes(45, 'a'));
  EXPECT_EQ(encoding("key"), "raw");
  set("key", Bytes(5000, 'a'));
  EXPECT_EQ(encoding("key"), "raw");
  set("key", "a");
  EXPECT_EQ(encoding("key"), "embstr");
  write(Event::append, [&] { store.string("key")->patch(1, "b"); });
  EXPECT_EQ(encoding("key"), "raw");
  EXPECT_EQ(get("key"), "ab");
}

TEST_P(StoreKeys, a_patch_beyond_the_end_fills_with_zeros_whatever_the_string_was) {
  for (const size_t before : {0, 1, 20, 500, 1024, 3000}) {
    for (const size_t gap : {0, 1, 100, 2000}) {
      for (const size_t added : {0, 1, 10, 1500}) {
        Bytes expected(before, 'x');
        set("key", expected);
        write(Event::setrange, [&] { store.string("key")->patch(before + gap, Bytes(added, 'y')); });
        expected.append(gap, '\0').append(added, 'y');
        ASSERT_EQ(get("key"), expected) << before << ' ' << gap << ' ' << added;
      }
    }
  }
}

TEST_P(StoreKeys, a_patch_within_a_string_changes_only_its_bytes) {
  set("key", "12345");
  write(Event::setrange, [&] { store.string("key")->patch(1, "xy"); });
  EXPECT_EQ(get("key"), "1xy45");
}

TEST_P(StoreKeys, an_integer_is_seen_where_the_text_is_canonical) {
  const auto integer = [&](View key) {
    std::optional<int64_t> number;
    run({}, [&] { number = store.string(key)->integer(); });
    return number;
  };
  set("a", "17");
  EXPECT_EQ(integer("a"), 17);
  set("b", "1");
  write(Event::append, [&] { store.string("b")->patch(1, "8"); });
  EXPECT_EQ(integer("b"), 18);
  set("c", "1x");
  EXPECT_EQ(integer("c"), std::nullopt);
  EXPECT_THAT(write(Event::incrby, [&] { store.string("b")->set(int64_t{-5}); }), ElementsAre("incrby b"));
  EXPECT_EQ(get("b"), "-5");
  EXPECT_EQ(encoding("b"), "int");
}

TEST_P(StoreKeys, a_new_key_is_announced_before_its_first_change) {
  EXPECT_THAT(write(Event::set, [&] { store.put_string("a", "1", {}); }), ElementsAre("new a", "set a"));
  EXPECT_THAT(write(Event::set, [&] { store.put_string("a", "other", {}); }), ElementsAre("set a"));
}

TEST_P(StoreKeys, a_change_is_told_once_per_event_though_the_entry_moves) {
  set("a", "1");
  EXPECT_THAT(write(Event::setbit,
                    [&] {
                      String* string = store.string("a");
                      string->patch(1, "x");
                      string->patch(2, Bytes(100, 'y'));
                      string->patch(200, Bytes(5000, 'z'));
                      string->set(int64_t{5});
                    }),
              ElementsAre("setbit a"));
  EXPECT_EQ(get("a"), "5");
}

TEST_P(StoreKeys, put_and_patch_in_one_command_are_one_change) {
  EXPECT_THAT(write(Event::append,
                    [&] {
                      store.put_string("a", {}, {});
                      store.string("a")->patch(0, Bytes(50, 'y'));
                    }),
              ElementsAre("new a", "append a"));
}

TEST_P(StoreKeys, removing_is_told_as_del_and_absent_keys_are_not) {
  set("a", "1");
  EXPECT_THAT(write(Event::none,
                    [&] {
                      EXPECT_TRUE(store.remove("a"));
                      EXPECT_FALSE(store.remove("a"));
                      EXPECT_FALSE(store.exists("a"));
                    }),
              ElementsAre("del a"));
  EXPECT_EQ(store.size(), 0u);
}

TEST_P(StoreKeys, a_removal_is_not_told_where_the_command_makes_the_key_anew) {
  set("a", "1");
  EXPECT_THAT(write(Event::set,
                    [&] {
                      store.put_string("a", "2", {});
                      store.remove("a");
                      store.put_string("a", Bytes(2000, 'x'), {});
                    }),
              ElementsAre("set a", "set a"));
  EXPECT_EQ(get("a"), Bytes(2000, 'x'));
  EXPECT_THAT(write(Event::set,
                    [&] {
                      store.remove("a");
                      store.put_string("b", "1", {});
                    }),
              ElementsAre("del a", "new b", "set b"));
}

TEST_P(StoreKeys, a_key_is_restored_with_its_deadline_in_one_change) {
  const View element = "e";
  EXPECT_THAT(write(Event::restore,
                    [&] {
                      store.make_list("a").push(End::back, {&element, 1});
                      store.set_deadline("a", in(1000));
                    }),
              ElementsAre("new a", "restore a"));
}

TEST_P(StoreKeys, rename_takes_the_value_and_its_deadline_along) {
  set("a", "1", {Expiry::at, in(1000)});
  set("b", Bytes(3000, 'b'));
  EXPECT_THAT(write(Event::none, [&] { EXPECT_TRUE(store.rename("a", "b")); }),
              ElementsAre("new b", "rename_from a", "rename_to b"));
  EXPECT_EQ(get("a"), "-");
  EXPECT_EQ(get("b"), "1");
  EXPECT_EQ(store.deadline("b"), in(1000));
  EXPECT_THAT(write(Event::none, [&] { EXPECT_FALSE(store.rename("a", "b")); }), IsEmpty());
  EXPECT_THAT(write(Event::none, [&] { EXPECT_TRUE(store.rename("b", "b")); }), IsEmpty());
}

TEST_P(StoreKeys, move_changes_the_database_unless_the_key_is_there_already) {
  set("a", Bytes(3000, 'x'), {Expiry::at, in(500)});
  EXPECT_THAT(write(Event::none, [&] { EXPECT_TRUE(store.move("a", 2)); }),
              ElementsAre("2:new a", "move_from a", "2:move_to a"));
  EXPECT_EQ(get("a"), "-");
  set("a", "1");
  EXPECT_THAT(write(Event::none, [&] { EXPECT_FALSE(store.move("a", 2)); }), IsEmpty());
  store.select(2);
  EXPECT_EQ(get("a"), Bytes(3000, 'x'));
  EXPECT_EQ(store.deadline("a"), in(500));
  EXPECT_EQ(expires(2), 1u);
}

TEST_P(StoreKeys, copy_leaves_the_source_and_replaces_only_when_told) {
  set("a", Bytes(3000, 'x'), {Expiry::at, in(500)});
  set("b", "1");
  EXPECT_THAT(write(Event::none, [&] { EXPECT_FALSE(store.copy("a", "b", 0, false)); }), IsEmpty());
  EXPECT_THAT(write(Event::none, [&] { EXPECT_TRUE(store.copy("a", "b", 0, true)); }),
              ElementsAre("new b", "copy_to b"));
  EXPECT_EQ(get("a"), get("b"));
  EXPECT_EQ(store.deadline("b"), in(500));
  EXPECT_THAT(write(Event::none, [&] { EXPECT_TRUE(store.copy("a", "a", 3, false)); }),
              ElementsAre("3:new a", "3:copy_to a"));
  EXPECT_FALSE(store.copy("absent", "c", 0, true));
}

TEST_P(StoreKeys, reads_count_hits_and_misses_and_writes_do_not) {
  set("a", "1");
  get("a");
  get("a");
  get("b");
  set("a", "2");
  EXPECT_EQ(hits(), 2u);
  EXPECT_EQ(misses(), 1u);
}

TEST_P(StoreKeys, misses_are_told_when_asked_for) {
  get("a");
  EXPECT_THAT(listener.heard, IsEmpty());
  Options options;
  options.report_misses = true;
  set_options(options);
  get("a");
  EXPECT_THAT(listener.heard, ElementsAre("keymiss a"));
}

TEST_P(StoreKeys, another_type_is_refused_and_stays) {
  set("a", "1");
  store.begin({.write = true, .event = Event::hset});
  EXPECT_THROW(store.hash("a"), WrongType);
  EXPECT_THROW(store.make_list("a"), WrongType);
  store.end();
  EXPECT_EQ(get("a"), "1");
}

TEST_P(StoreKeys, scan_gives_every_key_once_while_others_come_and_go) {
  for (int i = 0; i < 5000; ++i) set("stays " + std::to_string(i), "x");
  std::map<Bytes, int> seen;
  uint64_t cursor = 0;
  int round = 0;
  do {
    cursor = store.scan(cursor, 10, [&](View key, Type type) {
      EXPECT_EQ(type, Type::string);
      ++seen[Bytes(key)];
    });
    for (int i = 0; i < 20; ++i) set("comes " + std::to_string(20 * round + i), "x");
    if (round > 2) {
      write(Event::none, [&] {
        for (int i = 0; i < 15; ++i) store.remove("comes " + std::to_string(20 * (round - 2) + i));
      });
    }
    ++round;
  } while (cursor != 0);
  for (int i = 0; i < 5000; ++i) EXPECT_EQ(seen["stays " + std::to_string(i)], 1);
}

TEST_P(StoreKeys, flush_tells_first_and_empties_the_databases_named) {
  set("a", "1");
  for (int i = 0; i < 1000; ++i) set(std::to_string(i), Bytes(2000, 'x'));
  store.select(1);
  set("b", "1");
  store.select(0);
  EXPECT_THAT(write(Event::none, [&] { EXPECT_EQ(store.flush(0, false), 1001u); }), ElementsAre("flushing 0 of 1001"));
  EXPECT_EQ(store.size(), 0u);
  EXPECT_EQ(keys(1), 1u);
  EXPECT_EQ(store.flush(-1, true), 1u);
  EXPECT_EQ(keys(1), 0u);
}

TEST_P(StoreKeys, swap_exchanges_two_databases) {
  set("a", "1");
  EXPECT_THAT(write(Event::none, [&] { store.swap(0, 3); }), ElementsAre("swapping 0 3"));
  EXPECT_EQ(store.size(), 0u);
  store.select(3);
  EXPECT_EQ(get("a"), "1");
}

TEST_P(StoreKeys, a_random_key_is_one_of_them) {
  EXPECT_EQ(store.random_key(), std::nullopt);
  set("a", "1");
  set("b", "1", {Expiry::at, in(10)});
  clock.advance_ms(10);
  run({}, [&] {
    for (int i = 0; i < 20; ++i) EXPECT_EQ(store.random_key(), "a");
  });
}

TEST_P(StoreKeys, idle_time_counts_from_the_last_use_that_counts) {
  set("a", "1");
  clock.advance_ms(5000);
  run({.touch = false}, [&] {
    store.string("a");
    EXPECT_EQ(store.object("a")->idle_seconds, 5);
  });
  run({}, [&] {
    store.string("a");
    EXPECT_EQ(store.object("a")->idle_seconds, 0);
    store.set_idle_seconds("a", 100);
    EXPECT_EQ(store.object("a")->idle_seconds, 100);
  });
  run({.touch = false}, [&] {
    EXPECT_TRUE(store.touch("a"));
    EXPECT_EQ(store.object("a")->idle_seconds, 0);
  });
}

TEST_P(StoreKeys, a_random_walk_agrees_with_a_model) {
  struct Value {
    Bytes bytes;
    int64_t deadline = no_deadline;
  };
  std::map<Bytes, Value> model;
  Random random(7);
  for (int step = 0; step < rounds(30'000); ++step) {
    std::erase_if(model, [&](const auto& item) {
      return item.second.deadline != no_deadline && item.second.deadline <= clock.now_ms();
    });
    const Bytes key = "key " + std::to_string(random.below(40));
    const Bytes other = "key " + std::to_string(random.below(40));
    const auto found = model.find(key);
    const bool there = found != model.end();
    const size_t sizes[] = {0, 1, 10, 40, 50, 900, 1100, 5000};
    const Bytes value = random.below(4) == 0 ? std::to_string(random.below(1000))
                                             : Bytes(sizes[random.below(8)], static_cast<char>('a' + random.below(26)));
    write(Event::set, [&] {
      switch (random.below(9)) {
        case 0:
          store.put_string(key, value, {Expiry::keep});
          model[key].bytes = value;
          break;
        case 1: {
          const int64_t deadline = in(1 + static_cast<int64_t>(random.below(50)));
          store.put_string(key, value, {Expiry::at, deadline});
          model[key] = {value, deadline};
          break;
        }
        case 2:
          store.put_string(key, value, {Expiry::none});
          model[key] = {value};
          break;
        case 3:
          EXPECT_EQ(store.remove(key), model.erase(key) == 1);
          break;
        case 4: {
          const int64_t deadline = in(1 + static_cast<int64_t>(random.below(50)));
          EXPECT_EQ(store.set_deadline(key, deadline), there);
          if (there) found->second.deadline = deadline;
          break;
        }
        case 5:
          EXPECT_EQ(store.clear_deadline(key), there && found->second.deadline != no_deadline);
          if (there) found->second.deadline = no_deadline;
          break;
        case 6:
          EXPECT_EQ(store.rename(key, other), there);
          if (there && key != other) {
            model[other] = found->second;
            model.erase(key);
          }
          break;
        case 7:
          if (String* string = store.string(key)) {
            const size_t at = random.below(string->size() + 20);
            string->patch(at, value);
            Bytes& bytes = found->second.bytes;
            if (!value.empty() || at > bytes.size()) {
              bytes.resize(std::max(bytes.size(), at + value.size()), '\0');
              bytes.replace(at, value.size(), value);
            }
          }
          break;
        case 8:
          clock.advance_ms(static_cast<int64_t>(random.below(5)));
          break;
      }
    });
    run({}, [&] {
      const auto now = model.find(key);
      const bool alive =
          now != model.end() && (now->second.deadline == no_deadline || now->second.deadline > clock.now_ms());
      const String* string = store.string(key);
      ASSERT_EQ(string != nullptr, alive) << step;
      if (!alive) return;
      ASSERT_EQ(string->get(), now->second.bytes) << step;
      ASSERT_EQ(store.deadline(key), now->second.deadline) << step;
    });
    if (HasFatalFailure()) return;
  }
  store.begin({});
  size_t keys = 0;
  store.for_each_key([&](View, Type) { return ++keys, true; });
  store.end();
  std::erase_if(model, [&](const auto& item) {
    return item.second.deadline != no_deadline && item.second.deadline <= clock.now_ms();
  });
  EXPECT_EQ(keys, model.size());
}

REDIPY_ON_ALL_STORES(StoreKeys);

}  // namespace
}  // namespace redipy
