// SPDX-License-Identifier: Apache-2.0
// The entry codec: each encoding at its limits, both directions, and blobs that lie.
#include "core/base/listpack.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "core/base/random.h"

namespace redipy::listpack {
namespace {

Bytes encoded(const Entry& entry) {
  Bytes out;
  append_entry(out, entry);
  return out;
}

const uint8_t* start(const Bytes& bytes) { return reinterpret_cast<const uint8_t*>(bytes.data()); }

Bytes whole(const std::vector<Bytes>& values) {
  Bytes entries;
  for (const Bytes& value : values) append_entry(entries, Entry(value));
  Bytes out;
  append_header(out, entries.size(), values.size());
  return out + entries + '\xff';
}

TEST(ListpackTest, the_bytes_are_those_of_redis) {
  EXPECT_EQ(encoded(Entry(0)), Bytes("\x00\x01", 2));
  EXPECT_EQ(encoded(Entry("127")), Bytes("\x7f\x01", 2));
  EXPECT_EQ(encoded(Entry(128)), Bytes("\xc0\x80\x02", 3));
  EXPECT_EQ(encoded(Entry(-1)), Bytes("\xdf\xff\x02", 3));
  EXPECT_EQ(encoded(Entry(4096)), Bytes("\xf1\x00\x10\x03", 4));
  EXPECT_EQ(encoded(Entry(-32769)), Bytes("\xf2\xff\x7f\xff\x04", 5));
  EXPECT_EQ(encoded(Entry("")), Bytes("\x80\x01", 2));
  EXPECT_EQ(encoded(Entry("hello")), Bytes("\x85hello\x06", 7));
  EXPECT_EQ(encoded(Entry(Bytes(64, 'x'))), "\xe0\x40" + Bytes(64, 'x') + "\x42");
  EXPECT_EQ(encoded(Entry(Bytes(4096, 'x'))), Bytes("\xf0\x00\x10\x00\x00", 5) + Bytes(4096, 'x') + "\x20\x85");
  EXPECT_EQ(whole({}), Bytes("\x07\x00\x00\x00\x00\x00\xff", 7));
}

TEST(ListpackTest, integers_come_back_at_every_limit) {
  std::vector<int64_t> numbers = {std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()};
  for (int bits = 0; bits < 63; ++bits) {
    for (int64_t near = -2; near <= 2; ++near) {
      numbers.push_back((int64_t{1} << bits) + near);
      numbers.push_back(-(int64_t{1} << bits) + near);
    }
  }
  for (int64_t number : numbers) {
    const Bytes bytes = encoded(Entry(number));
    EXPECT_EQ(bytes.size(), Entry(number).size());
    ASSERT_TRUE(get(start(bytes)).is_integer()) << number;
    EXPECT_EQ(get(start(bytes)).integer(), number);
    EXPECT_EQ(bytes, encoded(Entry(std::to_string(number))));
    EXPECT_EQ(next(start(bytes)), start(bytes) + bytes.size());
    EXPECT_EQ(previous(start(bytes) + bytes.size()), start(bytes));
  }
}

TEST(ListpackTest, texts_come_back_at_every_length) {
  for (size_t size :
       {0, 1, 62, 63, 64, 125, 126, 127, 128, 4095, 4096, 16377, 16378, 16379, 2097145, 2097146, 2097147}) {
    const Bytes text(size, 't');
    const Bytes bytes = encoded(Entry(text));
    EXPECT_EQ(bytes.size(), Entry(text).size());
    ASSERT_FALSE(get(start(bytes)).is_integer());
    EXPECT_EQ(get(start(bytes)).text(), text);
    EXPECT_EQ(next(start(bytes)), start(bytes) + bytes.size()) << size;
    EXPECT_EQ(previous(start(bytes) + bytes.size()), start(bytes)) << size;
    EXPECT_TRUE(Entry(text).equals(start(bytes)));
    EXPECT_FALSE(Entry(text + 't').equals(start(bytes)));
    EXPECT_FALSE(Entry(1).equals(start(bytes)));
  }
}

TEST(ListpackTest, what_does_not_spell_an_integer_canonically_stays_text) {
  for (View text : {"01", "+1", "-0", " 1", "9223372036854775808"}) {
    const Bytes bytes = encoded(Entry(text));
    ASSERT_FALSE(get(start(bytes)).is_integer()) << text;
  }
}

TEST(ListpackTest, an_item_shows_its_bytes) {
  Scratch scratch;
  EXPECT_EQ(Item(int64_t{-12}).view(scratch), "-12");
  EXPECT_EQ(Item(View("ab")).view(scratch), "ab");
}

TEST(ListpackTest, a_sound_blob_is_accepted) {
  const auto checked = check(whole({"a", "17", Bytes(70, 'b'), "-5000", Bytes(5000, 'c'), ""}));
  ASSERT_TRUE(checked);
  EXPECT_EQ(checked->count, 6U);
  EXPECT_TRUE(checked->canonical);
  EXPECT_EQ(check(whole({}))->count, 0U);
}

TEST(ListpackTest, more_entries_than_the_header_can_tell_are_counted) {
  EXPECT_EQ(check(whole(std::vector<Bytes>(70'000, "1")))->count, 70'000U);
}

TEST(ListpackTest, an_integer_stored_as_text_is_accepted_but_noticed) {
  const Bytes blob("\x0a\x00\x00\x00\x01\x00\x81\x35\x02\xff", 10);
  ASSERT_TRUE(check(blob));
  EXPECT_FALSE(check(blob)->canonical);
}

TEST(ListpackTest, blobs_that_lie_are_refused) {
  const Bytes good = whole({"hello", "1"});
  EXPECT_FALSE(check(""));
  EXPECT_FALSE(check(View(good).substr(0, good.size() - 1)));
  EXPECT_FALSE(check(good + '\xff'));
  for (size_t i : {0, 3, 4, 5, 6, 12, 14, 15}) {  // total, count, head, back lengths, end
    Bytes bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 0x22);
    EXPECT_FALSE(check(bad)) << i;
  }
  // A text of 4 GiB, an unknown head, an end mark too early.
  EXPECT_FALSE(check(Bytes("\x0d\x00\x00\x00\x01\x00\xf0\xff\xff\xff\xff\x05\xff", 13)));
  EXPECT_FALSE(check(Bytes("\x09\x00\x00\x00\x01\x00\xf5\x01\xff", 9)));
  EXPECT_FALSE(check(Bytes("\x08\x00\x00\x00\x00\x00\xff\xff", 8)));
}

TEST(ListpackTest, whatever_is_accepted_can_be_walked_both_ways) {
  Random random(5);
  const Bytes good = whole({"hello", "1", "-300", Bytes(100, 'x'), "99999999", "z"});
  int accepted = 0;
  for (int i = 0; i < 200'000; ++i) {
    Bytes blob = good;
    for (uint64_t changes = 1 + random.below(2); changes > 0; --changes) {
      blob[random.below(blob.size())] = static_cast<char>(random.next());
    }
    const auto checked = check(blob);
    if (!checked) continue;
    ++accepted;
    const uint8_t* const first = start(blob) + header_size;
    const uint8_t* const end = start(blob) + blob.size() - 1;
    uint32_t forward = 0;
    uint32_t backward = 0;
    for (const uint8_t* at = first; at != end; at = next(at)) ++forward;
    for (const uint8_t* at = end; at != first; at = previous(at)) ++backward;
    ASSERT_EQ(forward, checked->count);
    ASSERT_EQ(backward, checked->count);
  }
  EXPECT_GT(accepted, 1000);
}

}  // namespace
}  // namespace redipy::listpack
