// SPDX-License-Identifier: Apache-2.0
//
// INFO of several nodes as that of one server.
#include "server/cluster_info.h"

#include <gtest/gtest.h>

namespace redipy {
namespace {

TEST(ClusterInfo, counts_are_added_up_and_the_rest_is_the_first_nodes) {
  const Bytes one =
      "# Server\r\nredis_version:7.0.15\r\n\r\n# Stats\r\nexpired_keys:2\r\nused_memory:1048576\r\n"
      "used_memory_human:1.00M\r\n\r\n# Keyspace\r\ndb0:keys=2,expires=1,avg_ttl=100\r\n";
  const Bytes other =
      "# Server\r\nredis_version:7.2.0\r\n\r\n# Stats\r\nexpired_keys:3\r\nused_memory:1048576\r\n"
      "used_memory_human:1.00M\r\n\r\n# Keyspace\r\ndb0:keys=5,expires=3,avg_ttl=300\r\n";
  EXPECT_EQ(merged_info({one, other}),
            "# Server\r\nredis_version:7.0.15\r\n\r\n# Stats\r\nexpired_keys:5\r\nused_memory:2097152\r\n"
            "used_memory_human:2.00M\r\n\r\n# Keyspace\r\ndb0:keys=7,expires=4,avg_ttl=250\r\n");
}

TEST(ClusterInfo, a_database_that_only_a_later_node_has_is_told) {
  EXPECT_EQ(merged_info({"# Keyspace\r\n", "# Keyspace\r\ndb0:keys=1,expires=0,avg_ttl=0\r\n"}),
            "# Keyspace\r\ndb0:keys=1,expires=0,avg_ttl=0\r\n");
}

TEST(ClusterInfo, what_is_no_info_passes) {
  EXPECT_EQ(merged_info({"", "x"}), "");
  EXPECT_EQ(merged_info({"db0:", ":\r\n"}), "");
  EXPECT_EQ(merged_info({"used_memory:x\r\n\r\n"}), "used_memory:0\r\n\r\n");
}

}  // namespace
}  // namespace redipy
