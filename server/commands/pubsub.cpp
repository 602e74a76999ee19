// SPDX-License-Identifier: Apache-2.0
//
// Subscribing and publishing. The replies of SUBSCRIBE and its kin are pushes in RESP3, one per channel.
#include "server/pubsub.h"
#include "core/base/glob.h"
#include "core/command/help.h"
#include "server/commands/families.h"
#include "server/server.h"
#include "server/session.h"

namespace redipy {

namespace {

/// These are not replies so much as the first messages: CLIENT REPLY OFF does not keep them back.
Reply& messages(Session& session, Reply& reply) { return session.silenced() ? session.inbox() : reply; }

void confirm(Reply& reply, View kind, const View* channel, size_t count) {
  reply.push(3);
  reply.bulk(kind);
  if (channel) {
    reply.bulk(*channel);
  } else {
    reply.null();
  }
  reply.integer(static_cast<int64_t>(count));
}

/// In RESP2 a subscriber can do nothing but wait for messages, so what would subscribe may stand nowhere else.
void subscribe_all(Session& session, const Args& args, Reply& unless_silenced, View kind,
                   bool (PubSub::*enter)(Session&, View), bool shard) {
  Reply& reply = messages(session, unless_silenced);
  for (const View name : args.from(1)) {
    (session.server().pubsub().*enter)(session, name);
    const Subscriptions& own = session.subscriptions;
    confirm(reply, kind, &name, shard ? own.shard_channels.size() : own.count());
  }
}

void unsubscribe_all(Session& session, const Args& args, Reply& unless_silenced, View kind,
                     bool (PubSub::*withdraw)(Session&, View), const Subscriptions::Names& own, bool shard) {
  Reply& reply = messages(session, unless_silenced);
  const auto left = [&] { return shard ? session.subscriptions.shard_channels.size() : session.subscriptions.count(); };
  if (args.size() > 1) {
    for (const View name : args.from(1)) {
      (session.server().pubsub().*withdraw)(session, name);
      confirm(reply, kind, &name, left());
    }
    return;
  }
  if (own.empty()) return confirm(reply, kind, nullptr, left());
  const std::vector<Bytes> names(own.begin(), own.end());
  for (const Bytes& name : names) {
    (session.server().pubsub().*withdraw)(session, name);
    const View view = name;
    confirm(reply, kind, &view, left());
  }
}

void subscribe(Session& session, const Args& args, Reply& reply) {
  subscribe_all(session, args, reply, "subscribe", &PubSub::subscribe, false);
}
void unsubscribe(Session& session, const Args& args, Reply& reply) {
  unsubscribe_all(session, args, reply, "unsubscribe", &PubSub::unsubscribe, session.subscriptions.channels, false);
}
void psubscribe(Session& session, const Args& args, Reply& reply) {
  subscribe_all(session, args, reply, "psubscribe", &PubSub::subscribe_pattern, false);
}
void punsubscribe(Session& session, const Args& args, Reply& reply) {
  unsubscribe_all(session, args, reply, "punsubscribe", &PubSub::unsubscribe_pattern, session.subscriptions.patterns,
                  false);
}
void ssubscribe(Session& session, const Args& args, Reply& reply) {
  subscribe_all(session, args, reply, "ssubscribe", &PubSub::subscribe_shard, true);
}
void sunsubscribe(Session& session, const Args& args, Reply& reply) {
  unsubscribe_all(session, args, reply, "sunsubscribe", &PubSub::unsubscribe_shard,
                  session.subscriptions.shard_channels, true);
}

// PUBLISH channel message
void publish(Session& session, const Args& args, Reply& reply) {
  reply.integer(static_cast<int64_t>(session.server().pubsub().publish(args[1], args[2])));
}
// SPUBLISH shardchannel message
void spublish(Session& session, const Args& args, Reply& reply) {
  reply.integer(static_cast<int64_t>(session.server().pubsub().publish_shard(args[1], args[2])));
}

void list_channels(const PubSub::Subscribers& channels, const Args& args, Reply& reply) {
  size_t count = 0;
  const auto open = reply.open_array();
  for (const auto& [name, sessions] : channels) {
    if (args.size() > 2 && !glob_match(args[2], name)) continue;
    reply.bulk(name);
    ++count;
  }
  reply.close(open, count);
}

void count_subscribers(const PubSub::Subscribers& channels, const Args& args, Reply& reply) {
  reply.array(2 * (args.size() - 2));
  for (const View name : args.from(2)) {
    reply.bulk(name);
    const auto found = channels.find(name);
    reply.integer(found == channels.end() ? 0 : static_cast<int64_t>(found->second.size()));
  }
}

void check_pattern_only(const Args& args) {
  if (args.size() <= 3) return;
  throw CommandError("ERR unknown subcommand or wrong number of arguments for '" + Bytes(args[1]) +
                     "'. Try PUBSUB HELP.");
}

void pubsub_channels(Session& session, const Args& args, Reply& reply) {
  check_pattern_only(args);
  list_channels(session.server().pubsub().channels(), args, reply);
}
void pubsub_shardchannels(Session& session, const Args& args, Reply& reply) {
  check_pattern_only(args);
  list_channels(session.server().pubsub().shard_channels(), args, reply);
}
void pubsub_numsub(Session& session, const Args& args, Reply& reply) {
  count_subscribers(session.server().pubsub().channels(), args, reply);
}
void pubsub_shardnumsub(Session& session, const Args& args, Reply& reply) {
  count_subscribers(session.server().pubsub().shard_channels(), args, reply);
}
void pubsub_numpat(Session& session, const Args&, Reply& reply) {
  reply.integer(static_cast<int64_t>(session.server().pubsub().patterns().size()));
}
void pubsub_help(Session& session, const Args& args, Reply& reply) {
  write_help(reply, *session.server().commands().find(args[0])->command);
}

constexpr Flags listening = flag::pubsub | flag::noscript | flag::loading | flag::stale;
constexpr Flags asking = flag::pubsub | flag::loading | flag::stale;
constexpr KeyFlags shard_key = key::not_key;

constexpr Command pubsub_subcommands[] = {
    {"CHANNELS", "[pattern]", -2, asking, no_keys, pubsub_channels, Event::none,
     "Lists the channels that have subscribers.", "2.8.0", "O(N) where N is the number of active channels"},
    {"NUMPAT", "", 2, asking, no_keys, pubsub_numpat, Event::none, "Counts the patterns that are subscribed to.",
     "2.8.0", "O(1)"},
    {"NUMSUB", "[channel [channel ...]]", -2, asking, no_keys, pubsub_numsub, Event::none,
     "Counts the subscribers of channels.", "2.8.0", "O(N) for N channels"},
    {"SHARDCHANNELS", "[pattern]", -2, asking, no_keys, pubsub_shardchannels, Event::none,
     "Lists the shard channels that have subscribers.", "7.0.0", "O(N) where N is the number of active shard channels"},
    {"SHARDNUMSUB", "[shardchannel [shardchannel ...]]", -2, asking, no_keys, pubsub_shardnumsub, Event::none,
     "Counts the subscribers of shard channels.", "7.0.0", "O(N) for N channels"},
    {"HELP", "", 2, flag::loading | flag::stale, no_keys, pubsub_help, Event::none, "Explains the subcommands.",
     "6.2.0", "O(1)"},
};

constexpr Command rows[] = {
    {"SUBSCRIBE", "channel [channel ...]", -2, listening, no_keys, subscribe, Event::none, "Listens to channels.",
     "2.0.0", "O(N) for N channels"},
    {"UNSUBSCRIBE", "[channel [channel ...]]", -1, listening, no_keys, unsubscribe, Event::none,
     "Stops listening to channels, by default to all.", "2.0.0", "O(N) for N channels"},
    {"PSUBSCRIBE", "pattern [pattern ...]", -2, listening, no_keys, psubscribe, Event::none,
     "Listens to all channels that match a pattern.", "2.0.0", "O(N) for N patterns"},
    {"PUNSUBSCRIBE", "[pattern [pattern ...]]", -1, listening, no_keys, punsubscribe, Event::none,
     "Stops listening to patterns, by default to all.", "2.0.0", "O(N) for N patterns"},
    {"SSUBSCRIBE", "shardchannel [shardchannel ...]", -2, listening, all_keys(shard_key), ssubscribe, Event::none,
     "Listens to shard channels.", "7.0.0", "O(N) for N channels"},
    {"SUNSUBSCRIBE", "[shardchannel [shardchannel ...]]", -1, listening, all_keys(shard_key), sunsubscribe, Event::none,
     "Stops listening to shard channels, by default to all.", "7.0.0", "O(N) for N channels"},
    {"PUBLISH", "channel message", 3, asking | flag::fast | flag::may_replicate, no_keys, publish, Event::none,
     "Sends a message to a channel.", "2.0.0",
     "O(N+M) where N is the number of the channel's subscribers and M that of patterns"},
    {"SPUBLISH", "shardchannel message", 3, asking | flag::fast | flag::may_replicate, first_key(shard_key), spublish,
     Event::none, "Sends a message to a shard channel.", "7.0.0",
     "O(N) where N is the number of the channel's subscribers"},
    {"PUBSUB", "", -2, 0, no_keys, nullptr, Event::none, "Tells about subscriptions.", "2.8.0",
     "Depends on the subcommand", pubsub_subcommands},
};

}  // namespace

std::span<const Command> pubsub_rows() { return rows; }

}  // namespace redipy
