// SPDX-License-Identifier: Apache-2.0
// Counted memory: what is taken is counted, what is given back is not, across threads that come and go.
#include "core/base/heap.h"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <thread>
#include <vector>

namespace redipy {
namespace {

TEST(HeapTest, a_block_counts_with_its_whole_size) {
  const size_t before = heap::used();
  void* block = heap::allocate(1000);
  const size_t with_block = heap::used();
  const size_t size = heap::usable(block);
  std::memset(block, 1, size);
  heap::release(block, 1000);
  EXPECT_EQ(with_block - before, size);
  EXPECT_EQ(heap::used(), before);
}

TEST(HeapTest, a_block_may_change_its_size) {
  const size_t before = heap::used();
  auto* block = static_cast<char*>(heap::reallocate(nullptr, 10));
  std::memcpy(block, "123456789", 10);
  block = static_cast<char*>(heap::reallocate(block, 100'000));
  const size_t with_block = heap::used();
  EXPECT_STREQ(block, "123456789");
  EXPECT_EQ(with_block - before, heap::usable(block));
  heap::release(block);
  EXPECT_EQ(heap::used(), before);
  heap::release(nullptr);
  heap::release(nullptr, 5);
}

TEST(HeapTest, nothing_is_a_block_too) {
  void* block = heap::allocate(0);
  ASSERT_NE(block, nullptr);
  heap::release(block, 0);
}

TEST(HeapTest, a_good_size_is_what_a_block_of_it_has) {
  for (size_t size = 1; size < 20'000; size += 1 + size / 50) {
    const size_t good = heap::good_size(size);
    EXPECT_GE(good, size);
    EXPECT_EQ(heap::good_size(good), good);
#ifdef REDIPY_JEMALLOC
    void* block = heap::allocate(size);
    EXPECT_EQ(heap::usable(block), good);
    heap::release(block, good);
#endif
  }
}

TEST(HeapTest, what_an_ended_thread_left_behind_is_counted_until_it_is_released) {
  void* block = nullptr;
  std::thread([] { heap::release(heap::allocate(1)); }).join();  // what a first thread makes the library keep
  const size_t before = heap::used();
  std::thread([&block] { block = heap::allocate(1'000'000); }).join();
  EXPECT_NEAR(static_cast<double>(heap::used() - before), 1'000'000, 100'000);
  heap::release(block);
  EXPECT_NEAR(static_cast<double>(heap::used()), static_cast<double>(before), 100'000);
}

TEST(HeapTest, what_a_thread_releases_that_allocates_nothing_is_seen) {
  void* block = heap::allocate(1 << 20);
  const size_t before = heap::used();
  size_t after = 0;
  std::thread thread([&] {
    heap::count_this_thread();
    heap::release(block);
    after = heap::used();
  });
  thread.join();
  EXPECT_LE(after, before - (1 << 20) + 4096);
}

TEST(HeapTest, threads_may_come_and_go_while_it_is_read) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([] {
      for (int round = 0; round < 50; ++round) {
        std::thread([] { heap::release(heap::allocate(100), 100); }).join();
        EXPECT_LT(heap::used(), size_t{1} << 40);
      }
    });
  }
  for (auto& thread : threads) thread.join();
}

TEST(HeapTest, the_system_sees_the_process) { EXPECT_GT(heap::resident(), size_t{1} << 20); }

#ifdef REDIPY_JEMALLOC
TEST(HeapTest, operator_new_is_counted) {
  const size_t before = heap::used();
  auto many = std::make_unique<std::vector<char>>(100'000);
  EXPECT_GE(heap::used(), before + 100'000);
  many.reset();
  EXPECT_EQ(heap::used(), before);
}

TEST(HeapTest, the_allocator_agrees) {
  void* block = heap::allocate(50 << 20);
  const heap::Statistics statistics = heap::statistics();
  EXPECT_GE(statistics.allocated, size_t{50} << 20);
  EXPECT_GE(statistics.active, statistics.allocated);
  EXPECT_GE(statistics.mapped, statistics.active);
  heap::release(block);
  heap::purge();
  EXPECT_LT(heap::statistics().allocated, statistics.allocated);
}
#endif

}  // namespace
}  // namespace redipy
