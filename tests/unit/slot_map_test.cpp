// SPDX-License-Identifier: Apache-2.0
//
// A cluster's topology from both replies in both protocol versions, and redirections.
#include "proxy/slot_map.h"

#include <gtest/gtest.h>

#include "core/resp/reply_writer.h"

namespace redipy {
namespace {

using Host = SlotMap::Host;
using Index = SlotMap::Index;
using Kind = Redirection::Kind;

const Host asked{"10.0.0.9", 7000};

Bytes written(int protocol, const std::function<void(ReplyWriter&)>& write) {
  Buffer out;
  ReplyWriter reply(out, protocol);
  write(reply);
  return Bytes(out.view());
}

void node(ReplyWriter& reply, View host, int port, View id) {
  reply.array(4);
  reply.bulk(host);
  reply.integer(port);
  reply.bulk(id);
  reply.map(1);
  reply.bulk("hostname");
  reply.bulk("name-of-" + Bytes(id));
}

void member(ReplyWriter& reply, View id, View endpoint, View role, View health, int port, int tls_port) {
  reply.map(8);
  reply.bulk("id");
  reply.bulk(id);
  reply.bulk("port");
  reply.integer(port);
  if (tls_port != 0) reply.bulk("tls-port");
  if (tls_port != 0) reply.integer(tls_port);
  if (tls_port == 0) reply.bulk("something-new");
  if (tls_port == 0) reply.array(0);
  reply.bulk("ip");
  reply.bulk("10.1.1.1");
  reply.bulk("endpoint");
  reply.bulk(endpoint);
  reply.bulk("role");
  reply.bulk(role);
  reply.bulk("replication-offset");
  reply.integer(72156);
  reply.bulk("health");
  reply.bulk(health);
}

void slots(ReplyWriter& reply, std::initializer_list<int> ends) {
  reply.bulk("slots");
  reply.array(ends.size());
  for (const int end : ends) reply.integer(end);
}

TEST(SlotMap, reads_cluster_slots) {
  for (const int protocol : {2, 3}) {
    const Bytes reply = written(protocol, [](ReplyWriter& out) {
      out.array(3);
      out.array(4);
      out.integer(0);
      out.integer(5460);
      node(out, "10.0.0.1", 7001, "a");
      node(out, "10.0.0.2", 7002, "b");
      out.array(3);
      out.integer(10923);
      out.integer(16383);
      node(out, "10.0.0.3", 7003, "c");
      out.array(4);
      out.integer(5461);
      out.integer(10922);
      node(out, "10.0.0.1", 7001, "a");
      node(out, "10.0.0.2", 7002, "b");
    });
    const auto map = SlotMap::from_slots(reply, asked);
    ASSERT_TRUE(map);
    ASSERT_EQ(map->nodes().size(), 3u);
    EXPECT_TRUE(map->covers_all_slots());
    const Index first = map->primary_of(0);
    EXPECT_EQ(map->node(first).host, (Host{"10.0.0.1", 7001}));
    EXPECT_EQ(map->node(first).id, "a");
    EXPECT_TRUE(map->node(first).primary);
    EXPECT_EQ(map->primary_of(10922), first);
    ASSERT_EQ(map->node(first).replicas.size(), 1u);
    EXPECT_EQ(map->node(map->node(first).replicas[0]).host.port, 7002);
    EXPECT_FALSE(map->node(map->node(first).replicas[0]).primary);
    EXPECT_EQ(map->node(map->primary_of(10923)).id, "c");
    EXPECT_EQ(map->primaries(), (std::vector<Index>{first, map->primary_of(16383)}));
  }
}

TEST(SlotMap, reads_cluster_shards) {
  for (const int protocol : {2, 3}) {
    const Bytes reply = written(protocol, [](ReplyWriter& out) {
      out.array(2);
      out.map(2);
      slots(out, {0, 99, 200, 16383});
      out.bulk("nodes");
      out.array(3);
      member(out, "a", "10.0.0.1", "replica", "online", 7001, 7101);
      member(out, "b", "10.0.0.2", "master", "fail", 7002, 7102);
      member(out, "c", "10.0.0.3", "master", "online", 7003, 7103);
      out.map(2);
      slots(out, {});
      out.bulk("nodes");
      out.array(1);
      member(out, "d", "10.0.0.4", "master", "online", 7004, 0);
    });
    const auto map = SlotMap::from_shards(reply, asked, false);
    ASSERT_TRUE(map);
    ASSERT_EQ(map->nodes().size(), 4u);
    EXPECT_FALSE(map->covers_all_slots());
    EXPECT_EQ(map->primary_of(100), SlotMap::no_node);
    const SlotMap::Node& primary = map->node(map->primary_of(200));
    EXPECT_EQ(primary.id, "c") << "the healthy one of two";
    EXPECT_EQ(primary.host, (Host{"10.0.0.3", 7003}));
    EXPECT_EQ(primary.replicas.size(), 2u);
    EXPECT_FALSE(map->node(*map->find({"10.0.0.2", 7002})).healthy);
    EXPECT_EQ(map->primaries().size(), 1u) << "a node without slots has no keys";

    const auto secure = SlotMap::from_shards(reply, asked, true);
    ASSERT_TRUE(secure);
    EXPECT_EQ(secure->node(secure->primary_of(0)).host, (Host{"10.0.0.3", 7103}));
    EXPECT_EQ(secure->nodes().size(), 3u) << "a node without a port for TLS cannot be reached";
  }
}

TEST(SlotMap, a_host_that_is_left_out_is_the_one_that_was_asked) {
  const auto empty = SlotMap::from_slots("*1\r\n*3\r\n:0\r\n:16383\r\n*3\r\n$0\r\n\r\n:7001\r\n$1\r\na\r\n", asked);
  ASSERT_TRUE(empty);
  EXPECT_EQ(empty->node(0).host, (Host{"10.0.0.9", 7001}));
  const auto null = SlotMap::from_slots("*1\r\n*3\r\n:0\r\n:16383\r\n*3\r\n$-1\r\n:7001\r\n$1\r\na\r\n", asked);
  ASSERT_TRUE(null);
  EXPECT_EQ(null->node(0).host, (Host{"10.0.0.9", 7001}));
}

TEST(SlotMap, a_host_that_nobody_knows_is_looked_for_in_its_other_names) {
  const Bytes begin = "*1\r\n*3\r\n:0\r\n:16383\r\n*4\r\n$1\r\n?\r\n:7001\r\n$1\r\na\r\n";
  const auto found = SlotMap::from_slots(begin + "*2\r\n$2\r\nip\r\n$7\r\n1.2.3.4\r\n", asked);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->node(0).host, (Host{"1.2.3.4", 7001}));
  const auto unknown = SlotMap::from_slots(begin + "*0\r\n", asked);
  ASSERT_TRUE(unknown);
  EXPECT_TRUE(unknown->nodes().empty());
  EXPECT_EQ(unknown->primary_of(0), SlotMap::no_node);

  const Bytes shards = written(3, [](ReplyWriter& out) {
    out.array(1);
    out.map(2);
    slots(out, {0, 16383});
    out.bulk("nodes");
    out.array(1);
    member(out, "a", "?", "master", "online", 7001, 0);
  });
  const auto map = SlotMap::from_shards(shards, asked, false);
  ASSERT_TRUE(map);
  EXPECT_EQ(map->node(map->primary_of(5)).host, (Host{"10.1.1.1", 7001}));
}

TEST(SlotMap, refuses_what_is_no_topology) {
  for (const View reply : {
           "-ERR This instance has cluster support disabled\r\n",
           "+OK\r\n",
           "$-1\r\n",
           "",
           "*1\r\n",
           "*1\r\n*2\r\n:0\r\n:1\r\n",
           "*1\r\n*3\r\n:0\r\n:16384\r\n*2\r\n$1\r\nh\r\n:1\r\n",
           "*1\r\n*3\r\n:5\r\n:4\r\n*2\r\n$1\r\nh\r\n:1\r\n",
           "*1\r\n*3\r\n:-1\r\n:4\r\n*2\r\n$1\r\nh\r\n:1\r\n",
           "*1\r\n*3\r\n:0\r\n:4\r\n*2\r\n$1\r\nh\r\n:65536\r\n",
           "*1\r\n*3\r\n:0\r\n:4\r\n*2\r\n$1\r\nh\r\n+x\r\n",
           "*1\r\n*3\r\n:0\r\n:4\r\n*1\r\n$1\r\nh\r\n",
           "*1\r\n*3\r\n:0\r\n:4\r\n:1\r\n",
           "*2\r\n*3\r\n:0\r\n:4\r\n",
       }) {
    EXPECT_FALSE(SlotMap::from_slots(reply, asked)) << reply;
  }
  for (const View reply : {"-ERR unknown subcommand\r\n", "*1\r\n:1\r\n", "*1\r\n%1\r\n+slots\r\n*1\r\n:1\r\n",
                           "*1\r\n%1\r\n+slots\r\n*2\r\n+a\r\n:1\r\n", "*1\r\n%1\r\n+nodes\r\n*1\r\n:1\r\n",
                           "*1\r\n%1\r\n+nodes\r\n:1\r\n", "*1\r\n%2\r\n+slots\r\n*0\r\n"}) {
    EXPECT_FALSE(SlotMap::from_shards(reply, asked, false)) << reply;
  }
}

TEST(SlotMap, an_empty_cluster_has_no_primaries) {
  const auto map = SlotMap::from_slots("*0\r\n", asked);
  ASSERT_TRUE(map);
  EXPECT_TRUE(map->primaries().empty());
  EXPECT_FALSE(map->covers_all_slots());
}

TEST(SlotMap, is_corrected_by_what_a_redirection_tells) {
  auto map = SlotMap::from_slots("*1\r\n*3\r\n:0\r\n:16383\r\n*3\r\n$1\r\nh\r\n:7001\r\n$1\r\na\r\n", asked);
  ASSERT_TRUE(map);
  EXPECT_TRUE(map->move_slot(5, {"new", 7002}));
  EXPECT_EQ(map->node(map->primary_of(5)).host, (Host{"new", 7002}));
  EXPECT_TRUE(map->node(map->primary_of(5)).primary);
  EXPECT_EQ(map->primary_of(4), *map->find({"h", 7001}));
  EXPECT_TRUE(map->move_slot(5, {"h", 7001}));
  EXPECT_EQ(map->nodes().size(), 2u);
  EXPECT_EQ(map->primaries().size(), 1u);
}

TEST(SlotMap, takes_only_so_many_nodes) {
  SlotMap map;
  for (size_t i = 0; i < SlotMap::most_nodes; ++i) ASSERT_TRUE(map.move_slot(0, {"h" + std::to_string(i), 1}));
  EXPECT_FALSE(map.move_slot(0, {"one more", 1}));
  EXPECT_TRUE(map.move_slot(0, {"h0", 1}));
}

TEST(Redirection, is_read_from_errors) {
  const Redirection moved = read_redirection("-MOVED 3999 127.0.0.1:6381\r\n", asked);
  EXPECT_EQ(moved.kind, Kind::moved);
  EXPECT_EQ(moved.slot, 3999);
  EXPECT_EQ(moved.host, (Host{"127.0.0.1", 6381}));
  EXPECT_EQ(read_redirection("-ASK 0 ::1:6381\r\n", asked).host, (Host{"::1", 6381}));
  EXPECT_EQ(read_redirection("-ASK 0 ::1:6381\r\n", asked).kind, Kind::ask);
  EXPECT_EQ(read_redirection("-MOVED 1 :6381\r\n", asked).host, (Host{"10.0.0.9", 6381}));
  EXPECT_EQ(read_redirection("-MOVED 1 ?:6381\r\n", asked).host, (Host{"", 6381}));
  EXPECT_EQ(read_redirection("-TRYAGAIN Multiple keys request during rehashing of slot\r\n", asked).kind,
            Kind::try_again);
  EXPECT_EQ(read_redirection("-CLUSTERDOWN Hash slot not served\r\n", asked).kind, Kind::cluster_down);
}

TEST(Redirection, is_not_seen_in_other_replies) {
  for (const View reply : {"+OK\r\n", "-ERR MOVED 1 h:1\r\n", "-MOVED\r\n", "-MOVED 1\r\n", "-MOVED 16384 h:1\r\n",
                           "-MOVED 1 h\r\n", "-MOVED 1 h:0\r\n", "-MOVED 1 h:65536\r\n", "-MOVED x h:1\r\n",
                           "-MOVEDX 1 h:1\r\n", "-ASKING 1 h:1\r\n", "-MOVED  h:1\r\n", "", "-"}) {
    EXPECT_EQ(read_redirection(reply, asked).kind, Kind::none) << reply;
  }
}

}  // namespace
}  // namespace redipy
