// SPDX-License-Identifier: Apache-2.0
//
// See pubsub.h.
#include "server/pubsub.h"

#include <algorithm>

#include "core/base/glob.h"
#include "server/session.h"

namespace redipy {

namespace {

bool enter(PubSub::Subscribers& subscribers, Subscriptions::Names& own, Session& session, View name) {
  if (!own.emplace(name).second) return false;
  const auto found = subscribers.find(name);
  (found != subscribers.end() ? found->second : subscribers[Bytes(name)]).push_back(&session);
  return true;
}

void drop(PubSub::Subscribers& subscribers, Session& session, View name) {
  const auto found = subscribers.find(name);
  if (found == subscribers.end()) return;  // the subscription is an upstream's
  std::erase(found->second, &session);
  if (found->second.empty()) subscribers.erase(found);
}

bool withdraw(PubSub::Subscribers& subscribers, Subscriptions::Names& own, Session& session, View name) {
  const auto mine = own.find(name);
  if (mine == own.end()) return false;
  drop(subscribers, session, name);
  own.erase(mine);
  return true;
}

void send(Session& session, View kind, View channel, View message) {
  ReplyWriter& inbox = session.inbox();
  inbox.push(3);
  inbox.bulk(kind);
  inbox.bulk(channel);
  inbox.bulk(message);
  session.wake();
}

}  // namespace

bool PubSub::subscribe(Session& session, View channel) {
  return enter(channels_, session.subscriptions.channels, session, channel);
}
bool PubSub::unsubscribe(Session& session, View channel) {
  return withdraw(channels_, session.subscriptions.channels, session, channel);
}
bool PubSub::subscribe_pattern(Session& session, View pattern) {
  return enter(patterns_, session.subscriptions.patterns, session, pattern);
}
bool PubSub::unsubscribe_pattern(Session& session, View pattern) {
  return withdraw(patterns_, session.subscriptions.patterns, session, pattern);
}
bool PubSub::subscribe_shard(Session& session, View channel) {
  return enter(shard_channels_, session.subscriptions.shard_channels, session, channel);
}
bool PubSub::unsubscribe_shard(Session& session, View channel) {
  return withdraw(shard_channels_, session.subscriptions.shard_channels, session, channel);
}

void PubSub::leave(Session& session) {
  for (const Bytes& name : session.subscriptions.channels) drop(channels_, session, name);
  for (const Bytes& name : session.subscriptions.patterns) drop(patterns_, session, name);
  for (const Bytes& name : session.subscriptions.shard_channels) drop(shard_channels_, session, name);
  session.subscriptions = {};
}

size_t PubSub::publish(View channel, View message) {
  size_t receivers = 0;
  if (const auto found = channels_.find(channel); found != channels_.end()) {
    for (Session* session : found->second) send(*session, "message", channel, message);
    receivers += found->second.size();
  }
  for (const auto& [pattern, sessions] : patterns_) {
    if (!glob_match(pattern, channel)) continue;
    for (Session* session : sessions) {
      ReplyWriter& inbox = session->inbox();
      inbox.push(4);
      inbox.bulk("pmessage");
      inbox.bulk(pattern);
      inbox.bulk(channel);
      inbox.bulk(message);
      session->wake();
    }
    receivers += sessions.size();
  }
  return receivers;
}

size_t PubSub::publish_shard(View channel, View message) {
  const auto found = shard_channels_.find(channel);
  if (found == shard_channels_.end()) return 0;
  for (Session* session : found->second) send(*session, "smessage", channel, message);
  return found->second.size();
}

}  // namespace redipy
