// SPDX-License-Identifier: Apache-2.0
//
// HyperLogLog sketches: the bytes that Redis 7.0 holds after the same elements, its estimates, and bytes that no server
// has written.
#include "core/commands/sketch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "core/base/sha1.h"

namespace redipy::sketch {
namespace {

constexpr size_t most_sparse_bytes = 3000;

void add(Bytes& value, View element) {
  if (raise(value, observe(element), most_sparse_bytes) == Raised::changed) forget_estimate(value);
}

Bytes sketch_of(View prefix, int first, int last) {
  Bytes value = make_empty();
  for (int i = first; i <= last; ++i) add(value, Bytes(prefix) + std::to_string(i));
  forget_estimate(value);
  return value;
}

TEST(sketch, of_three_elements_holds_the_bytes_that_redis_holds) {
  Bytes value = make_empty();
  for (const View element : {"a", "b", "c"}) add(value, element);
  EXPECT_EQ(value, Bytes("HYLL\x01\0\0\0\0\0\0\0\0\0\0\x80\x60\xf3\x80\x50\xb1\x84\x4b\xfb\x80\x42\x5a", 27));
  EXPECT_EQ(describe_runs(value), "Z:8436 v:1,1 Z:4274 v:2,1 Z:3068 v:1,1 Z:603");
}

TEST(sketch, holds_the_bytes_of_redis_and_estimates_alike_at_any_size) {
  struct Expected {
    int elements;
    size_t size;
    View sha1;
    uint64_t estimate;
  };
  constexpr Expected expected[] = {
      {1, 21, "c17ba9a7e199cd3e004517df0be9004192b9a431", 1},
      {10, 47, "d1fcf7442cfcb931bf88fc5b895c565d6bb49dcf", 10},
      {100, 285, "e044e818e9ae2a5e82598d07666adaad370765ba", 99},
      {1000, 1898, "d2da4aea466e3fd00dccc0bbec47b12c4f2b64e1", 997},
      {1500, 2723, "6a55a3dad18f9847c969d4f2cf5be5728fc8fc67", 1500},
      {2000, dense_size, "d6ee4f7df9029dc73bf830fdb955b4c89fddfcfe", 2004},
      {20000, dense_size, "88a1a212d8613b7ca84d2c0637d7761935181d34", 19987},
  };
  for (const Expected& one : expected) {
    const Bytes value = sketch_of("element:", 1, one.elements);
    EXPECT_EQ(value.size(), one.size);
    EXPECT_EQ(sha1_hex(value), one.sha1) << one.elements;
    EXPECT_EQ(estimate(value), one.estimate);
  }
}

TEST(sketch, of_a_union_is_what_redis_makes_of_it) {
  Registers registers{};
  ASSERT_TRUE(merge(sketch_of("x", 0, 299), registers));
  ASSERT_TRUE(merge(sketch_of("y", 0, 299), registers));
  Bytes value = make_empty();
  for (size_t i = 0; i < register_count; ++i) {
    if (registers[i] != 0) raise(value, {i, registers[i]}, most_sparse_bytes);
  }
  forget_estimate(value);
  EXPECT_EQ(sha1_hex(value), "39c72371d7738f85d14c8139c35d1128f4882bb3");
  EXPECT_EQ(estimate(value), 603u);
  EXPECT_EQ(estimate(registers), 603u);
}

TEST(sketch, estimates_the_same_when_dense) {
  const Bytes sparse = sketch_of("element:", 1, 1000);
  Bytes dense = sparse;
  ASSERT_TRUE(make_dense(dense));
  EXPECT_TRUE(is_dense(dense));
  EXPECT_TRUE(is_sketch(dense));
  EXPECT_EQ(estimate(dense), estimate(sparse));
}

TEST(sketch, that_saw_nothing_is_estimated_as_zero) {
  EXPECT_EQ(estimate(make_empty()), 0u);
  EXPECT_EQ(estimate(Registers{}), 0u);
}

TEST(sketch, becomes_dense_for_a_rank_that_no_run_can_hold) {
  Bytes value = make_empty();
  EXPECT_EQ(raise(value, {5, 33}, most_sparse_bytes), Raised::changed);
  EXPECT_TRUE(is_dense(value));
  EXPECT_EQ(dense_register(value, 5), 33);
  EXPECT_EQ(dense_register(value, 4), 0);
  EXPECT_EQ(dense_register(value, 6), 0);
}

TEST(sketch, keeps_its_estimate_until_it_is_forgotten) {
  Bytes value = make_empty();
  EXPECT_EQ(kept_estimate(value), 0u);
  const auto bytes = estimate_bytes(0x0102030405060708);
  value.replace(estimate_offset, bytes.size(), bytes.data(), bytes.size());
  EXPECT_EQ(kept_estimate(value), 0x0102030405060708u);
  forget_estimate(value);
  EXPECT_EQ(kept_estimate(value), std::nullopt);
}

TEST(sketch, agrees_with_plain_registers_after_random_raises) {
  std::mt19937 random(7);
  Bytes value = make_empty();
  Registers model{};
  for (int step = 0; step < 3000; ++step) {
    // Few indices and ranks, so that runs are split and merged all the time.
    const Observation seen{random() % 200 + (random() % 2) * (register_count - 200),
                           static_cast<uint8_t>(random() % 4 + 1)};
    const bool grows = model[seen.index] < seen.rank;
    ASSERT_EQ(raise(value, seen, most_sparse_bytes), grows ? Raised::changed : Raised::unchanged);
    model[seen.index] = std::max(model[seen.index], seen.rank);
  }
  ASSERT_FALSE(is_dense(value));
  Registers registers{};
  ASSERT_TRUE(merge(value, registers));
  EXPECT_EQ(registers, model);
}

TEST(sketch, is_not_what_has_another_beginning_or_size) {
  EXPECT_FALSE(is_sketch(""));
  EXPECT_FALSE(is_sketch("HYLL"));
  EXPECT_FALSE(is_sketch(Bytes(dense_size, '\0')));
  Bytes value = make_empty();
  value[4] = 2;
  EXPECT_FALSE(is_sketch(value));
  value[4] = 0;
  EXPECT_FALSE(is_sketch(value)) << "dense, but short";
}

TEST(sketch, whose_runs_do_not_fit_the_registers_is_corrupt) {
  const Bytes header = make_empty().substr(0, header_size);
  for (const Bytes& runs : {Bytes(), Bytes("\x7f"), Bytes("\x7f\xfe"), Bytes("\x7f\xff\x80"), Bytes("\x7f\xff\x7f\xff"),
                            Bytes(20000, '\xff')}) {
    Bytes value = header + runs;
    ASSERT_TRUE(is_sketch(value));
    EXPECT_EQ(estimate(value), std::nullopt);
    Registers registers{};
    EXPECT_FALSE(merge(value, registers));
    EXPECT_EQ(raise(value, {register_count - 1, 60}, most_sparse_bytes), Raised::corrupt);
    EXPECT_EQ(value, header + runs) << "left as it was";
    EXPECT_FALSE(make_dense(value));
  }
}

TEST(sketch, of_random_bytes_harms_nobody) {
  std::mt19937 random(11);
  for (int round = 0; round < 2000; ++round) {
    Bytes value = make_empty().substr(0, header_size);
    const size_t size = random() % 600;
    for (size_t i = 0; i < size; ++i) value.push_back(static_cast<char>(random()));
    Registers registers{};
    EXPECT_EQ(merge(value, registers), estimate(value).has_value());
    for (int i = 0; i < 20; ++i) {
      raise(value, {random() % register_count, static_cast<uint8_t>(random() % 51 + 1)}, most_sparse_bytes);
      ASSERT_TRUE(is_sketch(value));
    }
  }
}

TEST(sketch, that_is_corrupt_is_described_as_far_as_it_goes) {
  const Bytes header = make_empty().substr(0, header_size);
  EXPECT_EQ(describe_runs(header), "");
  EXPECT_EQ(describe_runs(header + "\x80\x7f"), "v:1,1");
  EXPECT_EQ(describe_runs(header + Bytes(3 * register_count, '\x3f')).size(), 5 * register_count - 1);
}

TEST(sketch, of_dense_random_bytes_is_estimated_somehow) {
  std::mt19937 random(13);
  Bytes value = make_empty();
  ASSERT_TRUE(make_dense(value));
  for (size_t i = header_size; i < value.size(); ++i) value[i] = static_cast<char>(random());
  EXPECT_TRUE(estimate(value).has_value());
  std::fill(value.begin() + header_size, value.end(), '\xff');
  EXPECT_TRUE(estimate(value).has_value());
}

}  // namespace
}  // namespace redipy::sketch
