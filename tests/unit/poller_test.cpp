// SPDX-License-Identifier: Apache-2.0
//
// Who is told of what is ready, and when.
#include "core/net/poller.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <string>
#include <utility>

namespace redipy {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;

struct Target final : Pollable {
  bool ready(bool to_read, bool /*to_write*/) override { return to_read && on_ready && on_ready(); }
  void round_over() override {
    if (on_round_over) on_round_over();
  }

  std::function<bool()> on_ready;
  std::function<void()> on_round_over;
};

struct PollerTest : testing::Test {
  struct Pair {
    Pair() { EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0); }
    ~Pair() {
      ::close(ends[0]);
      ::close(ends[1]);
    }
    Pair(const Pair&) = delete;
    Pair& operator=(const Pair&) = delete;
    void say() const { EXPECT_EQ(::write(ends[1], "x", 1), 1); }
    void hear() const {
      char byte = 0;
      EXPECT_EQ(::read(ends[0], &byte, 1), 1);
    }
    int ends[2];
  };

  PollerTest() {
    for (size_t i = 0; i < pairs.size(); ++i) {
      targets[i] = std::make_shared<Target>();
      targets[i]->on_ready = [this, i] {
        pairs[i].hear();
        told.push_back(i);
        return false;
      };
      EXPECT_TRUE(poller.add(pairs[i].ends[0], targets[i]));
    }
  }
  ~PollerTest() override {
    for (const Pair& pair : pairs) poller.remove(pair.ends[0]);
    context.poll();
  }

  asio::io_context context;
  Poller poller{context};
  std::array<Pair, 3> pairs;
  std::array<std::shared_ptr<Target>, 3> targets;
  std::vector<size_t> told;
};

TEST_F(PollerTest, each_that_is_ready_is_told_once) {
  pairs[0].say();
  pairs[2].say();
  poller.serve();
  EXPECT_THAT(told, UnorderedElementsAre(0, 2));
  poller.serve();
  EXPECT_EQ(told.size(), 2U);
}

TEST_F(PollerTest, who_leaves_something_is_told_again) {
  int left = 3;
  targets[0]->on_ready = [&] {
    told.push_back(0);
    return --left > 0;
  };
  pairs[0].say();
  for (int i = 0; i < 5; ++i) poller.serve();
  EXPECT_THAT(told, ElementsAre(0, 0, 0));
}

TEST_F(PollerTest, others_that_were_ready_as_well_are_told_from_within_the_first_one) {
  bool first = true;
  for (size_t i = 0; i < pairs.size(); ++i) {
    targets[i]->on_ready = [&, i] {
      pairs[i].hear();
      told.push_back(i);
      if (std::exchange(first, false)) {
        poller.serve();
        EXPECT_EQ(told.size(), pairs.size());
      }
      return false;
    };
    pairs[i].say();
  }
  poller.serve();
  EXPECT_EQ(told.size(), pairs.size());
}

TEST_F(PollerTest, what_is_put_off_to_the_last_comes_behind_what_is_put_off_to_the_next_turn) {
  std::vector<std::string> order;
  for (const size_t i : {size_t{0}, size_t{1}}) {
    targets[i]->on_ready = [&, i] {
      pairs[i].hear();
      EXPECT_TRUE(poller.put_off(pairs[i].ends[0], i == 0 ? Poller::Turn::last : Poller::Turn::next));
      return false;
    };
    targets[i]->on_round_over = [&, i] { order.emplace_back(i == 0 ? "last" : "next"); };
    pairs[i].say();
  }
  poller.serve();
  EXPECT_THAT(order, ElementsAre("next", "last"));
  EXPECT_FALSE(poller.put_off(pairs[0].ends[0]));
}

TEST_F(PollerTest, who_is_removed_is_not_told_any_more) {
  for (const size_t i : {size_t{0}, size_t{1}}) {
    targets[i]->on_ready = [&, i] {
      told.push_back(i);
      poller.remove(pairs[1 - i].ends[0]);
      return false;
    };
    pairs[i].say();
  }
  poller.serve();
  EXPECT_EQ(told.size(), 1U);
}

TEST_F(PollerTest, an_end_is_told_until_it_is_removed) {
  targets[0]->on_ready = [&] {
    told.push_back(0);
    return false;
  };
  ::shutdown(pairs[0].ends[1], SHUT_RDWR);
  poller.serve();
  poller.serve();
  EXPECT_GE(told.size(), 2U);
}

}  // namespace
}  // namespace redipy
