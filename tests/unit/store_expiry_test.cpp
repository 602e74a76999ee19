// SPDX-License-Identifier: Apache-2.0
// Deadlines, on every store: when a key is gone, who removes it, and what is told.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "any_store.h"

namespace redipy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct StoreExpiry : AnyStore {};

TEST_P(StoreExpiry, a_key_is_gone_at_its_deadline_and_not_before) {
  set("a", "1", {Expiry::at, in(100)});
  clock.advance_ms(99);
  EXPECT_EQ(get("a"), "1");
  clock.advance_ms(1);
  EXPECT_EQ(get("a"), "-");
  EXPECT_THAT(listener.heard, ElementsAre("expired a"));
  EXPECT_EQ(store.size(), 0u);
  EXPECT_EQ(expired(), 1u);
}

TEST_P(StoreExpiry, a_set_with_a_deadline_tells_both) {
  EXPECT_THAT(write(Event::set,
                    [&] {
                      store.put_string("a", "1", {Expiry::at, in(5)});
                    }),
              ElementsAre("new a", "set a", "expire a"));
}

TEST_P(StoreExpiry, setting_keeps_takes_or_gives_a_deadline) {
  set("a", "1", {Expiry::at, in(100)});
  set("a", Bytes(100, 'x'), {Expiry::keep});
  EXPECT_EQ(store.deadline("a"), in(100));
  set("a", "1", {Expiry::none});
  EXPECT_EQ(store.deadline("a"), no_deadline);
  EXPECT_EQ(expires(0), 0u);
  set("a", "1", {Expiry::at, in(7)});
  EXPECT_EQ(store.deadline("a"), in(7));
  EXPECT_EQ(expires(0), 1u);
}

TEST_P(StoreExpiry, deadlines_are_set_changed_and_taken_away) {
  set("a", "1");
  EXPECT_THAT(write(Event::none, [&] { EXPECT_TRUE(store.set_deadline("a", in(10))); }), ElementsAre("expire a"));
  EXPECT_THAT(write(Event::none, [&] { EXPECT_TRUE(store.set_deadline("a", in(20))); }), ElementsAre("expire a"));
  EXPECT_EQ(store.deadline("a"), in(20));
  EXPECT_THAT(write(Event::none, [&] { EXPECT_TRUE(store.clear_deadline("a")); }), ElementsAre("persist a"));
  EXPECT_THAT(write(Event::none, [&] { EXPECT_FALSE(store.clear_deadline("a")); }), IsEmpty());
  EXPECT_FALSE(store.set_deadline("absent", in(1)));
  EXPECT_EQ(store.deadline("absent"), std::nullopt);
}

TEST_P(StoreExpiry, a_long_value_survives_getting_and_losing_a_deadline) {
  const Bytes value(10'000, 'v');
  set("a", value);
  write(Event::none, [&] { store.set_deadline("a", in(10)); });
  EXPECT_EQ(get("a"), value);
  write(Event::none, [&] { store.clear_deadline("a"); });
  EXPECT_EQ(get("a"), value);
}

TEST_P(StoreExpiry, a_key_that_expired_is_new_when_set_again) {
  set("a", "1", {Expiry::at, in(1)});
  clock.advance_ms(1);
  EXPECT_THAT(write(Event::set, [&] { store.put_string("a", "2", {Expiry::keep}); }),
              ElementsAre("expired a", "new a", "set a"));
  EXPECT_EQ(store.deadline("a"), no_deadline);
}

TEST_P(StoreExpiry, expired_keys_are_skipped_and_removed_by_scan) {
  set("a", "1", {Expiry::at, in(1)});
  set("b", "1");
  clock.advance_ms(1);
  std::vector<Bytes> seen;
  run({}, [&] { store.for_each_key([&](View key, Type) { return seen.emplace_back(key), true; }); });
  EXPECT_THAT(seen, ElementsAre("b"));
  EXPECT_EQ(store.size(), 2u);
  run({}, [&] { EXPECT_EQ(store.scan(0, 10, [&](View, Type) {}), 0u); });
  EXPECT_THAT(listener.heard, ElementsAre("expired a"));
  EXPECT_EQ(store.size(), 1u);
}

REDIPY_ON_ALL_STORES(StoreExpiry);

}  // namespace
}  // namespace redipy
