// SPDX-License-Identifier: Apache-2.0
//
// The end of a guide, where the sanitizers see what is left behind. All else that it does is shown before real
// clusters.
#include "proxy/guide.h"

#include <gtest/gtest.h>

#include "proxy/hub.h"

namespace redipy::proxy {
namespace {

struct Silent final : Observer {
  int64_t slow_ticks() const override { return INT64_MAX; }
  void answered(std::span<const Answered> /*what*/, std::span<const Bytes> /*errors*/) override { ++told; }
  int told = 0;
};

TEST(Guide, ends_while_a_node_is_asked_for_the_topology) {
  asio::io_context context;
  Poller poller(context);
  Silent observer;
  auto upstream = std::make_shared<Upstream>("main", parse_backend_url("redis+cluster://127.0.0.1:1"));
  auto hub = std::make_shared<Hub>(upstream, context, poller, observer);
  hub->guide().start();
  EXPECT_EQ(upstream->pending, 2);  // CLUSTER INFO and CLUSTER SLOTS
  hub->stop();
  EXPECT_EQ(upstream->pending, 0);
  hub.reset();
  context.poll();  // what the channel had posted finds it stopped
  EXPECT_EQ(observer.told, 0);
}

}  // namespace
}  // namespace redipy::proxy
