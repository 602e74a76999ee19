// SPDX-License-Identifier: Apache-2.0
// Reading and writing numbers. What is refused matters as much as what is read: a value that parse_integer takes is
// stored as a number and must come back as the same bytes.
#include "core/base/numbers.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <string>

namespace redipy {
namespace {

Bytes integer_text(int64_t value) {
  char out[integer_text_size];
  return Bytes(out, format_integer(value, out));
}

Bytes double_text(double value) {
  char out[double_text_size];
  return Bytes(out, format_double(value, out));
}

Bytes long_double_text(long double value) {
  char out[long_double_text_size];
  return Bytes(out, format_long_double_human(value, out));
}

TEST(NumbersTest, an_integer_has_one_spelling) {
  EXPECT_EQ(parse_integer("0"), 0);
  EXPECT_EQ(parse_integer("-1"), -1);
  EXPECT_EQ(parse_integer("9223372036854775807"), std::numeric_limits<int64_t>::max());
  EXPECT_EQ(parse_integer("-9223372036854775808"), std::numeric_limits<int64_t>::min());
  for (View bad : {"",
                   "-",
                   "+1",
                   "01",
                   "-0",
                   "-01",
                   "00",
                   " 1",
                   "1 ",
                   "1.0",
                   "1e3",
                   "0x1",
                   "--1",
                   "a",
                   "1a",
                   "9223372036854775808",
                   "-9223372036854775809",
                   "18446744073709551616",
                   "99999999999999999999",
                   "100000000000000000000",
                   "-10000000000000000000"}) {
    EXPECT_EQ(parse_integer(bad), std::nullopt) << bad;
  }
  EXPECT_EQ(parse_integer(View("1\0", 2)), std::nullopt);
}

TEST(NumbersTest, an_unsigned_integer_reaches_to_its_limit) {
  EXPECT_EQ(parse_unsigned("0"), 0U);
  EXPECT_EQ(parse_unsigned("18446744073709551615"), std::numeric_limits<uint64_t>::max());
  for (View bad : {"", "-1", "+1", "01", "18446744073709551616", "99999999999999999999", "1 "}) {
    EXPECT_EQ(parse_unsigned(bad), std::nullopt) << bad;
  }
}

TEST(NumbersTest, integers_of_every_length_come_back) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 100'000; ++i) {
    const auto value = static_cast<int64_t>(random()) >> (random() % 64);
    const Bytes text = integer_text(value);
    ASSERT_EQ(text, std::to_string(value));
    ASSERT_EQ(parse_integer(text), value);
  }
  EXPECT_EQ(integer_text(std::numeric_limits<int64_t>::min()), "-9223372036854775808");
}

TEST(NumbersTest, digits_change_at_powers_of_ten) {
  EXPECT_EQ(digits(0), 1U);
  uint64_t power = 10;
  for (size_t length = 1; length < 20; ++length, power *= 10) {
    EXPECT_EQ(digits(power - 1), length);
    EXPECT_EQ(digits(power), length + 1);
  }
  EXPECT_EQ(digits(std::numeric_limits<uint64_t>::max()), 20U);
}

TEST(NumbersTest, a_double_is_what_strtod_reads) {
  EXPECT_EQ(parse_double("1"), 1.0);
  EXPECT_EQ(parse_double("+1.5"), 1.5);
  EXPECT_EQ(parse_double("-.5"), -0.5);
  EXPECT_EQ(parse_double("5."), 5.0);
  EXPECT_EQ(parse_double("1e3"), 1000.0);
  EXPECT_EQ(parse_double("0x1p4"), 16.0);
  EXPECT_EQ(parse_double("-0X1.8"), -1.5);
  EXPECT_EQ(parse_double("4.9e-324"), std::numeric_limits<double>::denorm_min());
  EXPECT_EQ(parse_double("1e-310"), 1e-310);
  EXPECT_EQ(parse_double("1.7976931348623157e308"), std::numeric_limits<double>::max());
  EXPECT_EQ(parse_double("0e-999"), 0.0);
  EXPECT_TRUE(std::signbit(*parse_double("-0")));
  for (View infinite : {"inf", "+inf", "INF", "Infinity", "+infinity"}) EXPECT_EQ(parse_double(infinite), INFINITY);
  EXPECT_EQ(parse_double("-InF"), -INFINITY);
  EXPECT_EQ(parse_double("1" + Bytes(400, '0') + "e-400"), 1.0);
}

TEST(NumbersTest, what_is_no_double_is_refused) {
  for (View bad : {"",      "-",      "+",      ".",       " 1",       "1 ",        "\t1",   "nan",     "-nan",
                   "NaN",   "nan(1)", "--1",    "+-1",     "-+1",      "1e",        "1e+",   "0x",      "0xg",
                   "0x-1",  "0x+1",   "0x0x1",  "0x1p+-1", "e5",       "1,5",       "1.2.3", "infinit", "infx",
                   "1e400", "-1e400", "1e-400", "-1e-400", "0x1p2000", "0x1p-2000", "abc",   "1_0"}) {
    EXPECT_EQ(parse_double(bad), std::nullopt) << bad;
  }
  EXPECT_EQ(parse_double(View("1\0", 2)), std::nullopt);
}

TEST(NumbersTest, a_long_double_keeps_more_digits_than_a_double) {
  EXPECT_EQ(parse_long_double("3.14159265358979323846"), 3.14159265358979323846L);
  EXPECT_EQ(parse_long_double("1e4000"), 1e4000L);
  EXPECT_EQ(parse_long_double("inf"), static_cast<long double>(INFINITY));
  for (View bad : {"", " 1", "1 ", "nan", "1e5000", "-1e5000", "1e-5000", "x"}) {
    EXPECT_EQ(parse_long_double(bad), std::nullopt) << bad;
  }
  EXPECT_EQ(parse_long_double(View("1\0", 2)), std::nullopt);
  EXPECT_EQ(parse_long_double("0." + Bytes(long_double_text_size - 3, '0')), 0.0L);
  EXPECT_EQ(parse_long_double("0." + Bytes(long_double_text_size - 2, '0')), std::nullopt);
}

TEST(NumbersTest, whole_scores_are_written_in_full) {
  EXPECT_EQ(double_text(0), "0");
  EXPECT_EQ(double_text(-0.0), "-0");
  EXPECT_EQ(double_text(1), "1");
  EXPECT_EQ(double_text(-17), "-17");
  EXPECT_EQ(double_text(1e15), "1000000000000000");
  EXPECT_EQ(double_text(9007199254740993.0), "9007199254740992");
  EXPECT_EQ(double_text(1e18), "1000000000000000000");
  EXPECT_EQ(double_text(4611686018427387904.0), "4611686018427387904");
}

TEST(NumbersTest, scores_are_written_as_redis_7_2_does) {
  EXPECT_EQ(double_text(INFINITY), "inf");
  EXPECT_EQ(double_text(-INFINITY), "-inf");
  EXPECT_EQ(double_text(NAN), "nan");
  EXPECT_EQ(double_text(0.1), "0.1");
  EXPECT_EQ(double_text(3.0000000000000004), "3.0000000000000004");
  EXPECT_EQ(double_text(-1.5), "-1.5");
  EXPECT_EQ(double_text(1e20), "1e+20");
  EXPECT_EQ(double_text(1.5e-7), "1.5e-7");
  EXPECT_EQ(double_text(0.000001), "0.000001");
  EXPECT_EQ(double_text(0.0000001), "1e-7");
  EXPECT_EQ(double_text(1e300), "1e+300");
  EXPECT_EQ(double_text(5e-324), "5e-324");
  EXPECT_EQ(double_text(-1.7976931348623157e308), "-1.7976931348623157e+308");
  EXPECT_EQ(double_text(12345.678901234), "1.2345678901234e+4");
  EXPECT_EQ(double_text(1234.5678901234), "1234.5678901234");
  EXPECT_EQ(double_text(12345.678), "12345.678");
  EXPECT_EQ(double_text(1.2345678901234567e19), "12345678901234567000");
  EXPECT_EQ(double_text(0.0001234567890123), "1.234567890123e-4");
}

TEST(NumbersTest, every_written_double_reads_back_and_fits) {
  std::mt19937_64 random(2);
  for (int i = 0; i < 100'000; ++i) {
    const uint64_t bits = random();
    double value = 0;
    std::memcpy(&value, &bits, sizeof value);
    if (std::isnan(value)) continue;
    const Bytes text = double_text(value);
    ASSERT_LE(text.size(), 25U);
    ASSERT_EQ(parse_double(text), value) << text;
  }
}

TEST(NumbersTest, the_result_of_incrbyfloat_has_no_zeros_at_the_end) {
  EXPECT_EQ(long_double_text(3.0L), "3");
  EXPECT_EQ(long_double_text(10.5L), "10.5");
  EXPECT_EQ(long_double_text(10.1L + 0.1L), "10.2");
  EXPECT_EQ(long_double_text(-0.0L), "0");
  EXPECT_EQ(long_double_text(-1e-30L), "0");
  EXPECT_EQ(long_double_text(5.0e3L), "5000");
  EXPECT_EQ(long_double_text(100.0L), "100");
  EXPECT_EQ(long_double_text(std::numeric_limits<long double>::max()).size(), 4933U);
}

TEST(NumbersTest, memory_sizes_have_units) {
  EXPECT_EQ(parse_memory_size("0"), 0U);
  EXPECT_EQ(parse_memory_size("100b"), 100U);
  EXPECT_EQ(parse_memory_size("10k"), 10'000U);
  EXPECT_EQ(parse_memory_size("10kb"), 10'240U);
  EXPECT_EQ(parse_memory_size("5Mb"), 5U << 20);
  EXPECT_EQ(parse_memory_size("1GB"), 1U << 30);
  EXPECT_EQ(parse_memory_size("2g"), 2'000'000'000U);
  for (View bad : {"", "-1", "kb", "1 kb", "1tb", "1kbb", "1.5gb", "99999999999999999999", "99999999999gb"}) {
    EXPECT_EQ(parse_memory_size(bad), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace redipy
