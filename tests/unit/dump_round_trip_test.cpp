// SPDX-License-Identifier: Apache-2.0
//
// What is dumped comes back the same, whatever the type and size; and the forms that the writer chooses.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "core/base/clock.h"
#include "core/base/numbers.h"
#include "core/dump/dump_format.h"
#include "core/dump/dump_reader.h"
#include "core/dump/dump_writer.h"
#include "core/memory/memory_store.h"

namespace redipy::dump {
namespace {

struct NobodyListens final : ChangeListener {
  void changed(int, View, Event) override {}
  void missed(int, View) override {}
  void flushing(int, Store&) override {}
  void swapping(int, int, Store&) override {}
};

class DumpRoundTrip : public testing::Test {
 protected:
  DumpRoundTrip() { store.begin(Call{.write = true, .event = Event::restore}); }
  ~DumpRoundTrip() override { store.end(); }

  /// The value at `key` as bytes that are the same for the same value.
  Bytes contents(View key) {
    std::vector<Bytes> parts;
    char text[double_text_size];
    switch (store.type(key)) {
      case Type::string:
        return Bytes(store.string(key)->get());
      case Type::list: {
        const List* list = store.list(key);
        list->range(RankRange{0, list->size()}, [&](View element) { parts.emplace_back(element); });
        return joined(parts);
      }
      case Type::set:
        store.set(key)->for_each([&](View member) {
          parts.emplace_back(member);
          return true;
        });
        break;
      case Type::hash:
        store.hash(key)->for_each([&](View field, View value) {
          parts.push_back(joined({Bytes(field), Bytes(value)}));
        });
        break;
      case Type::sorted_set: {
        const SortedSet* set = store.sorted_set(key);
        set->range(RankRange{0, set->size()}, false, [&](View member, double score) {
          parts.push_back(joined({Bytes(member), Bytes(text, format_double(score, text))}));
        });
        return joined(parts);
      }
      case Type::none:
      case Type::stream:
        return "nothing";
    }
    std::sort(parts.begin(), parts.end());
    return joined(parts);
  }

  static Bytes joined(const std::vector<Bytes>& parts) {
    Bytes all;
    for (const Bytes& part : parts) all += std::to_string(part.size()) + ":" + part + ",";
    return all;
  }

  /// The command that made a value ends, another begins.
  void next_command() {
    store.end();
    store.begin(Call{.write = true, .event = Event::restore});
  }

  Bytes dumped(View key) {
    Bytes payload = "in front";
    EXPECT_TRUE(write_payload(store, key, payload));
    return payload.substr(8);
  }

  /// Dumps `key`, restores it beside, and compares. Returns the form that was written.
  ValueType round_trip(View key) {
    next_command();
    const Bytes payload = dumped(key);
    store.remove("copy");
    read_payload(payload, store.limits().max_string_bytes).put(store, "copy", Expiry{});
    next_command();
    EXPECT_EQ(contents(key), contents("copy"));
    return static_cast<ValueType>(payload[0]);
  }

  Bytes some_bytes() {
    Bytes bytes;
    switch (random() % 5) {
      case 0:
        return std::to_string(static_cast<int64_t>(random()) - (int64_t{1} << 31));
      case 1:
        return std::to_string(static_cast<int>(random() % 300) - 150);
      case 2:
        return Bytes(random() % 200, static_cast<char>('a' + random() % 26));
      case 3:
        bytes.resize(random() % 70);
        break;
      default:
        bytes.resize(random() % 6);
        break;
    }
    for (char& c : bytes) c = static_cast<char>(random());
    return bytes;
  }

  ManualClock clock;
  NobodyListens listener;
  MemoryStore store{clock, 1, listener};
  std::mt19937 random{4711};
};

TEST_F(DumpRoundTrip, an_absent_key_has_no_payload) {
  Bytes payload = "x";
  EXPECT_FALSE(write_payload(store, "none", payload));
  EXPECT_EQ(payload, "x");
}

TEST_F(DumpRoundTrip, strings_come_back) {
  const Bytes values[] = {"",
                          "a",
                          "12",
                          "-129",
                          "40000",
                          "-2147483648",
                          "2147483648",
                          "9223372036854775807",
                          "007",
                          Bytes(20, 'x'),
                          Bytes(21, 'x'),
                          Bytes(100000, 'x'),
                          Bytes("\0\xff\r\n", 4)};
  for (const Bytes& value : values) {
    store.put_string("s", value, Expiry{});
    EXPECT_EQ(round_trip("s"), string_plain);
  }
}

TEST_F(DumpRoundTrip, collections_of_every_size_come_back) {
  for (const size_t size : {1, 2, 63, 64, 127, 128, 129, 511, 512, 513, 3000}) {
    for (const View key : {"l", "s", "h", "z"}) store.remove(key);
    for (size_t i = 0; i < size; ++i) {
      const Bytes first = some_bytes();
      const Bytes second = some_bytes();
      const View element = first;
      store.make_list("l").push(End::back, {&element, 1});
      store.make_set("s").add({&element, 1});
      store.make_hash("h").put(first, second);
      store.make_sorted_set("z").put(element, static_cast<double>(random() % 1000) / 8 - 50);
    }
    EXPECT_EQ(round_trip("l"), list_of_nodes);
    round_trip("s");
    round_trip("h");
    round_trip("z");
  }
}

TEST_F(DumpRoundTrip, small_values_are_written_compactly) {
  for (int i = 0; i < 129; ++i) {
    const Bytes name = "n" + std::to_string(i);
    store.make_hash("h").put(name, "v");
    store.make_sorted_set("z").put(name, i);
    if (i == 127) {
      EXPECT_EQ(round_trip("h"), hash_listpack);
      EXPECT_EQ(round_trip("z"), sorted_set_listpack);
    }
  }
  EXPECT_EQ(round_trip("h"), hash_plain);
  EXPECT_EQ(round_trip("z"), sorted_set_binary);
  store.make_hash("long").put("field", Bytes(64, 'x'));
  EXPECT_EQ(round_trip("long"), hash_listpack);
  store.make_hash("long").put("field", Bytes(65, 'x'));
  EXPECT_EQ(round_trip("long"), hash_plain);
}

TEST_F(DumpRoundTrip, sets_of_integers_are_written_as_such) {
  for (const View member : {"3", "-1", "2"}) store.make_set("s").add({&member, 1});
  EXPECT_EQ(round_trip("s"), set_intset);
  const View large = "70000";
  store.make_set("s").add({&large, 1});
  EXPECT_EQ(round_trip("s"), set_intset);
  const View huge = "-9223372036854775808";
  store.make_set("s").add({&huge, 1});
  EXPECT_EQ(round_trip("s"), set_intset);
  const View word = "07";
  store.make_set("s").add({&word, 1});
  EXPECT_EQ(round_trip("s"), set_plain);
}

TEST_F(DumpRoundTrip, a_deadline_is_given_to_every_type) {
  const View element = "e";
  store.put_string("s", "v", Expiry{});
  store.make_list("l").push(End::back, {&element, 1});
  next_command();
  for (const View key : {"s", "l"}) {
    const Bytes payload = dumped(key);
    const int64_t deadline = store.now() + 100000;
    read_payload(payload, store.limits().max_string_bytes).put(store, "copy", Expiry{Expiry::at, deadline});
    next_command();
    EXPECT_EQ(store.deadline("copy"), deadline);
    store.remove("copy");
    next_command();
  }
}

}  // namespace
}  // namespace redipy::dump
