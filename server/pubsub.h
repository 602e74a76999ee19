// SPDX-License-Identifier: Apache-2.0
//
// Channels and patterns, and who is subscribed to them. Messages go into the subscribers' inboxes. Guarded by the
// server's lock.
#pragma once

#include <map>
#include <vector>

#include "core/base/function_ref.h"
#include "core/base/view.h"

namespace redipy {

class Session;

class PubSub {
 public:
  using Subscribers = std::map<Bytes, std::vector<Session*>, std::less<>>;

  /// True if it is new. The session's own list (session.subscriptions) is kept along.
  bool subscribe(Session& session, View channel);
  bool unsubscribe(Session& session, View channel);
  bool subscribe_pattern(Session& session, View pattern);
  bool unsubscribe_pattern(Session& session, View pattern);
  bool subscribe_shard(Session& session, View channel);
  bool unsubscribe_shard(Session& session, View channel);
  /// Ends all subscriptions of a session, silently.
  void leave(Session& session);

  /// Sends to the subscribers of the channel and of the patterns it matches; returns how many got it.
  size_t publish(View channel, View message);
  size_t publish_shard(View channel, View message);
  bool anyone() const { return !channels_.empty() || !patterns_.empty(); }

  const Subscribers& channels() const { return channels_; }
  const Subscribers& shard_channels() const { return shard_channels_; }
  const Subscribers& patterns() const { return patterns_; }

 private:
  Subscribers channels_;
  Subscribers patterns_;
  Subscribers shard_channels_;
};

}  // namespace redipy
