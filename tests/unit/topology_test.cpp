// SPDX-License-Identifier: Apache-2.0
//
// What threads share about a cluster: when a map is another one, which replies are too old, when nodes are asked again.
#include "proxy/topology.h"

#include <gtest/gtest.h>

namespace redipy::proxy {
namespace {

constexpr int64_t now = 1'000'000;

/// All slots up to `split` at the first port, the rest at the second; without a replica, or with one at `replica`.
SlotMap map_of(int split, uint16_t replica = 0) {
  const auto node = [](uint16_t port) {
    return "*3\r\n$9\r\n127.0.0.1\r\n:" + std::to_string(port) + "\r\n$1\r\nx\r\n";
  };
  const auto range = [&](int first, int last, uint16_t port, const Bytes& more) {
    return (more.empty() ? "*3\r\n:" : "*4\r\n:") + std::to_string(first) + "\r\n:" + std::to_string(last) + "\r\n" +
           node(port) + more;
  };
  const Bytes reply =
      "*2\r\n" + range(0, split, 7001, replica ? node(replica) : "") + range(split + 1, 16383, 7002, "");
  return *SlotMap::from_slots(reply, {"127.0.0.1", 7001});
}

TEST(Topology, the_same_map_again_changes_nothing) {
  Topology topology;
  EXPECT_EQ(topology.map(), nullptr);
  EXPECT_TRUE(topology.learn(map_of(8000), 1, now));
  const uint64_t epoch = topology.epoch();
  const auto map = topology.map();
  EXPECT_TRUE(topology.learn(map_of(8000), 2, now));
  EXPECT_EQ(topology.epoch(), epoch);
  EXPECT_EQ(topology.map(), map);
}

TEST(Topology, a_slot_or_a_replica_elsewhere_is_another_map) {
  Topology topology;
  topology.learn(map_of(8000), 1, now);
  const uint64_t first = topology.epoch();
  topology.learn(map_of(8001), 1, now);
  EXPECT_NE(topology.epoch(), first);
  const uint64_t second = topology.epoch();
  topology.learn(map_of(8001, 7003), 1, now);
  EXPECT_NE(topology.epoch(), second);
}

TEST(Topology, what_was_true_in_an_earlier_epoch_of_the_cluster_is_passed_over_for_a_while) {
  Topology topology;
  topology.learn(map_of(8000), 5, now);
  EXPECT_FALSE(topology.learn(map_of(9000), 4, now + 100));
  EXPECT_EQ(topology.map()->node(topology.map()->primary_of(8500)).host.port, 7002);
  EXPECT_TRUE(topology.learn(map_of(9000), 4, now + 60'000));
  EXPECT_EQ(topology.map()->node(topology.map()->primary_of(8500)).host.port, 7001);
}

TEST(Topology, a_moved_slot_is_corrected_in_a_new_map) {
  Topology topology;
  topology.learn(map_of(8000), 1, now);
  const auto before = topology.map();
  const uint64_t epoch = topology.epoch();
  topology.move_slot(5, {"127.0.0.1", 7002});
  EXPECT_NE(topology.epoch(), epoch);
  EXPECT_EQ(topology.map()->node(topology.map()->primary_of(5)).host.port, 7002);
  EXPECT_EQ(before->node(before->primary_of(5)).host.port, 7001);
  const uint64_t moved = topology.epoch();
  topology.move_slot(5, {"127.0.0.1", 7002});
  EXPECT_EQ(topology.epoch(), moved);
}

TEST(Topology, nodes_are_asked_at_first_then_seldom_and_soon_when_in_doubt) {
  Topology topology;
  EXPECT_TRUE(topology.claim(now));
  EXPECT_FALSE(topology.claim(now + 1));
  EXPECT_FALSE(topology.claim(now + 1000));
  topology.doubt();
  EXPECT_TRUE(topology.claim(now + 1000));
  EXPECT_FALSE(topology.claim(now + 1100));
  EXPECT_TRUE(topology.claim(now + 60'000));
}

TEST(Topology, it_fails_since_the_first_sign_of_it) {
  Topology topology;
  EXPECT_EQ(topology.failing_since(), 0);
  topology.failing(now);
  topology.failing(now + 500);
  EXPECT_EQ(topology.failing_since(), now);
  topology.well();
  EXPECT_EQ(topology.failing_since(), 0);
}

}  // namespace
}  // namespace redipy::proxy
