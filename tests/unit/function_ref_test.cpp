// SPDX-License-Identifier: Apache-2.0
// FunctionRef: what it can refer to, and that it costs two words.
#include "core/base/function_ref.h"

#include <gtest/gtest.h>

#include <memory>
#include <type_traits>

namespace redipy {
namespace {

int twice(int x) { return 2 * x; }
int apply(FunctionRef<int(int)> f, int x) { return f(x); }

static_assert(sizeof(FunctionRef<void()>) == 2 * sizeof(void*));
static_assert(std::is_trivially_copyable_v<FunctionRef<int(int)>>);
static_assert(!std::is_constructible_v<FunctionRef<int(int)>, int (*)(const char*)>);

TEST(FunctionRefTest, calls_a_lambda_with_its_captures) {
  int calls = 0;
  EXPECT_EQ(apply([&calls](int x) { return ++calls + x; }, 10), 11);
  EXPECT_EQ(calls, 1);
}

TEST(FunctionRefTest, calls_a_function) { EXPECT_EQ(apply(twice, 21), 42); }

TEST(FunctionRefTest, calls_a_const_object) {
  struct Add {
    int amount;
    int operator()(int x) const { return x + amount; }
  };
  const Add add{5};
  EXPECT_EQ(apply(add, 1), 6);
}

TEST(FunctionRefTest, passes_what_can_only_be_moved) {
  auto take = [](std::unique_ptr<int> p) { return *p; };
  EXPECT_EQ(FunctionRef<int(std::unique_ptr<int>)>(take)(std::make_unique<int>(7)), 7);
}

}  // namespace
}  // namespace redipy
