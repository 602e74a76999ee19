// SPDX-License-Identifier: Apache-2.0
//
// What needs a connection of the session's own at a node of a cluster: commands that wait, WATCH, subscriptions. Such a
// connection is followed by hand when its slot moves, as what was said on it before counts.
#include <algorithm>
#include <charconv>
#include <mutex>

#include "core/resp/reply_cursor.h"
#include "proxy/guide.h"
#include "proxy/key_split.h"
#include "proxy/reply_merge.h"
#include "proxy/words.h"
#include "server/flows_cluster.h"
#include "server/relay.h"
#include "server/server.h"
#include "server/session.h"

namespace redipy::flows {

namespace {

using namespace std::chrono_literals;

constexpr auto pause_between = 20ms;

/// Goes from node to node until one has answered.
class Search {
 public:
  Search(Flow& flow, Place& place, int slot)
      : flow_(flow), place_(place), slot_(slot), guide_(flow.session.link().hub(place).guide()) {}

  Awaitable<proxy::Address> next() {
    if (!asking_) at_ = co_await node_of(flow_, place_, slot_);
    co_return at_;
  }
  bool asking() const { return asking_; }

  /// Whether the reply says nothing but that another node, or this one later, is to be asked. `never_there`: the
  /// connection was not made.
  bool goes_on(View reply, bool never_there) {
    if (!reply.starts_with('-')) return false;
    const bool was_asking = std::exchange(asking_, false);
    const Redirection redirection = guide_.note_redirection(reply, at_);
    const bool unblocked = reply.starts_with("-UNBLOCKED ") && reply.find("instance state changed") != View::npos;
    if (redirection.kind == Redirection::Kind::none && !never_there && !unblocked) return false;
    place_.upstream->topology().doubt();
    const int64_t now = proxy::Hub::now_ms();
    if (troubled_ms_ == 0) troubled_ms_ = now;
    if (now - troubled_ms_ > place_.upstream->access()->timeout_ms) return false;
    pauses_ = redirection.kind != Redirection::Kind::moved || ++hops_ > 3;
    if (redirection.kind == Redirection::Kind::ask && !redirection.host.name.empty()) {
      asking_ = true;
      at_ = proxy::address_of(redirection.host);
      pauses_ = was_asking;
    }
    return true;
  }
  bool pauses() const { return pauses_; }
  /// It has waited at a node, so what comes now is new trouble.
  void calm() { troubled_ms_ = 0; }

 private:
  Flow& flow_;
  Place& place_;
  const int slot_;
  proxy::Guide& guide_;
  proxy::Address at_;
  bool asking_ = false;
  bool pauses_ = false;
  int hops_ = 0;
  int64_t troubled_ms_ = 0;
};

bool was_never_there(const proxy::Channel& channel) { return channel.is_stopped() && channel.remote_id() == 0; }

/// The words of a blocking command, with what is left of its timeout.
std::vector<Bytes> with_time_left(const Flow& flow, int64_t passed_ms) {
  std::vector<Bytes> words = flow.words;
  const View name = flow.entry->command->name;
  size_t at = name == "BLMPOP" || name == "BZMPOP" ? 1 : words.size() - 1;
  double unit = 1000;
  if (flow.entry->group == Group::stream) {
    unit = 1;
    for (at = 1; at + 1 < words.size() && !equals_ignore_case(words[at], "BLOCK"); ++at) {
    }
    ++at;
  }
  if (at >= words.size()) return words;
  double value = 0;
  const auto [end, fault] = std::from_chars(words[at].data(), words[at].data() + words[at].size(), value);
  if (fault != std::errc() || end != words[at].data() + words[at].size() || value <= 0) return words;
  const double left = std::max(1.0, value * unit - static_cast<double>(passed_ms));
  words[at] = unit == 1 ? std::to_string(static_cast<int64_t>(left)) : std::to_string(left / unit);
  return words;
}

/// Of the channels or patterns that a command is about, those on which each node tells of its own keys, or may.
std::vector<Bytes> told_by_each_node(const Session& session, View name, const Args& args) {
  constexpr View channels[] = {"__keyspace@0__:", "__keyevent@0__:", "__redis__:invalidate"};
  std::vector<Bytes> found;
  const auto look_at = [&](View word) {
    const View literal = name.starts_with('p') ? word.substr(0, word.find_first_of("*?[\\")) : word;
    const bool may = std::any_of(std::begin(channels), std::end(channels), [&](View channel) {
      return literal.starts_with(channel) || (name.starts_with('p') && channel.starts_with(literal));
    });
    if (may) found.emplace_back(word);
  };
  for (const View word : args.from(1)) look_at(word);
  if (args.size() > 1) return found;
  // All of them.
  for (const auto& each : name.starts_with('p') ? session.subscriptions.patterns : session.subscriptions.channels)
    look_at(each);
  return found;
}

}  // namespace

Awaitable<Bytes> ask_own(Flow& flow, Place& place, int slot, View request, uint32_t replies, proxy::Traits traits,
                         const std::function<void(const proxy::Address& node)>* asks) {
  Relay& relay = flow.session.relay();
  Search search(flow, place, slot);
  for (;;) {
    const proxy::Address address = co_await search.next();
    if (asks) (*asks)(address);
    const auto channel = relay.pin(place, pin::blocked, address).shared_from_this();
    if (search.asking()) channel->send_unanswered(proxy::command("ASKING"));
    Bytes reply = co_await ask(flow, *channel, request, replies, traits);
    relay.unpin(place, pin::blocked);
    const View deciding = replies > 1 && !reply.starts_with("-UPSTREAM") ? proxy::redirection_in(reply) : View(reply);
    if (!search.goes_on(deciding, was_never_there(*channel)) || flow.session.killed) co_return reply;
    if (search.pauses()) co_await pause(flow, pause_between);
  }
}

Awaitable<void> blocking_in_cluster(Flow& flow) {
  Place& place = *flow.place;
  Relay& relay = flow.session.relay();
  const int slot = slot_of(place, *flow.entry, flow.args());
  Bytes request = encode(place, *flow.entry, flow.args());
  const int64_t begun = proxy::Hub::now_ms();
  Search search(flow, place, slot);
  Bytes reply;
  for (;;) {
    const proxy::Address address = co_await search.next();
    const int64_t asked = proxy::Hub::now_ms();
    const auto channel = relay.pin(place, pin::blocked, address).shared_from_this();
    if (search.asking()) channel->send_unanswered(proxy::command("ASKING"));
    reply = co_await ask(flow, *channel, request, 1, {.patient = true});
    relay.unpin(place, pin::blocked);
    const int64_t now = proxy::Hub::now_ms();
    if (now - asked > 1000) search.calm();
    if (!search.goes_on(reply, was_never_there(*channel)) || flow.session.killed) break;
    if (search.pauses()) co_await pause(flow, pause_between);
    const std::vector<Bytes> words = with_time_left(flow, now - begun);
    const std::vector<View> views(words.begin(), words.end());
    request = encode(place, *flow.entry, Args(std::span<const View>(views)));
  }
  flow.reply.raw(decode(place, *flow.entry, std::move(reply)));
}

// WATCH key [key ...]: all keys of a transaction, watched or used, lie in one slot.
Awaitable<void> watch_in_cluster(Flow& flow) {
  Session& session = flow.session;
  Place& place = *flow.place;
  Relay& relay = session.relay();
  const int slot = slot_of(place, *flow.entry, flow.args());
  {
    const std::lock_guard guard(flow.server.lock());
    if (session.transaction.slot >= 0 && session.transaction.slot != slot) throw CommandError(error::crossed_slots);
    session.transaction.slot = slot;
  }
  const Bytes request = encode(place, *flow.entry, flow.args());
  if (Relay::Pin* const pinned = relay.pinned_for(place, pin::watching)) {
    // More keys. Where the slot has moved, so has what is watched: it counts as changed.
    const auto channel = pinned->channel;
    if (pinned->asking) channel->send_unanswered(proxy::command("ASKING"));
    const Bytes reply = co_await ask(flow, *channel, request, 1);
    const Redirection redirection = reply.starts_with('-')
                                        ? session.link().hub(place).guide().note_redirection(reply, channel->address())
                                        : Redirection();
    if (redirection.kind == Redirection::Kind::none) {
      flow.reply.raw(reply);
      co_return;
    }
    const std::lock_guard guard(flow.server.lock());
    session.transaction.broken = true;
    flow.reply.ok();
    co_return;
  }
  Search search(flow, place, slot);
  Bytes reply;
  for (;;) {
    const proxy::Address address = co_await search.next();
    const auto channel = relay.pin(place, pin::watching, address).shared_from_this();
    const bool asking = search.asking();
    if (Relay::Pin* const pinned = relay.pinned_for(place, pin::watching)) pinned->asking = asking;
    if (asking) channel->send_unanswered(proxy::command("ASKING"));
    reply = co_await ask(flow, *channel, request, 1);
    if (!search.goes_on(reply, was_never_there(*channel))) break;
    relay.unpin(place, pin::watching);
    {
      const std::lock_guard guard(flow.server.lock());
      session.transaction.broken = false;  // nothing is watched yet
    }
    if (search.pauses()) co_await pause(flow, pause_between);
  }
  if (reply.starts_with('-')) {
    // Nothing is watched: what comes next is a transaction like any other.
    relay.unpin(place, pin::watching);
    const std::lock_guard guard(flow.server.lock());
    session.transaction.place = nullptr;
    session.transaction.broken = false;
  }
  flow.reply.raw(reply);
}

// WAIT numreplicas timeout, WAITAOF: of all primaries the one that has reached the fewest.
Awaitable<void> wait_in_cluster(Flow& flow) {
  Place& place = *flow.place;
  Relay& relay = flow.session.relay();
  const int64_t begun = proxy::Hub::now_ms();
  std::vector<Bytes> replies;
  for (const int slot : co_await primaries_of(flow, place)) {
    const proxy::Address address = co_await node_of(flow, place, slot);
    std::vector<Bytes> words = flow.words;
    int64_t timeout = 0;
    Bytes& last = words.back();
    const auto [end, fault] = std::from_chars(last.data(), last.data() + last.size(), timeout);
    if (fault == std::errc() && end == last.data() + last.size() && timeout > 0 && !replies.empty()) {
      last = std::to_string(std::max<int64_t>(1, timeout - (proxy::Hub::now_ms() - begun)));
    }
    const std::vector<View> views(words.begin(), words.end());
    Buffer request;
    proxy::append_command(request, {"PING"});
    proxy::append_command(request, views);
    const auto channel = relay.pin(place, pin::blocked, address).shared_from_this();
    const Bytes both = co_await ask(flow, *channel, request.view(), 2, {.patient = true});
    relay.unpin(place, pin::blocked);
    ReplyCursor cursor(both);
    cursor.skip();
    replies.emplace_back(cursor.raw());
    if (replies.back().starts_with('-')) break;
  }
  ReplyCursor lowest(replies.front());
  if (flow.entry->full_name == "wait" && !replies.back().starts_with('-')) {
    ReplyMerge merge(Merge::minimum, replies.size());
    for (size_t i = 0; i < replies.size(); ++i) merge.add(i, replies[i]);
    Buffer out;
    merge.write(out);
    flow.reply.raw(out.view());
    co_return;
  }
  flow.reply.raw(replies.back());
}

/// On connections of its own: what others sent waits behind the script.
Awaitable<Bytes> kill_script_in_cluster(Flow& flow, Place& place) {
  Relay& relay = flow.session.relay();
  Buffer request;
  proxy::append_command(request, flow.views);
  Bytes reply;
  Bytes refusal;
  for (const int slot : co_await primaries_of(flow, place)) {
    const proxy::Address address = co_await node_of(flow, place, slot);
    const auto channel = relay.pin(place, pin::blocked, address).shared_from_this();
    Bytes each = co_await ask(flow, *channel, request.view(), 1);
    relay.unpin(place, pin::blocked);
    if (!each.starts_with('-')) {
      reply = std::move(each);
    } else if (refusal.empty() || !each.starts_with("-NOTBUSY")) {
      refusal = std::move(each);
    }
  }
  co_return reply.empty() ? refusal : reply;
}

/// SUBSCRIBE and its kin. All classic subscriptions of a backend are made at one node, where publishers send their
/// messages, too: so counts are right, and messages arrive in the order in which they were sent. Shard channels are at
/// their slot's.
void subscribe_in_cluster(Session& session, const CommandTable::Entry& entry, const Args& args, Place& place,
                          Reply& reply) {
  Relay& relay = session.relay();
  proxy::Guide& guide = session.link().hub(place).guide();
  const View name = entry.full_name;
  const bool shard = name == "ssubscribe" || name == "sunsubscribe";
  const auto forward = [&](const proxy::Address& node, const Args& part, uint32_t confirmations, unsigned reason) {
    proxy::Channel& channel = relay.pin(place, reason, node);
    channel.expect_messages(session.protocol() == 2);
    relay.forward_subscription(channel, encode(place, entry, part), confirmations, entry, place,
                               reason == pin::subscribed_apart);
  };
  if (!shard) {
    const Relay::Pin* const pinned = relay.pinned_for(place, pin::subscribed);
    const auto meeting = guide.node_of(meeting_slot(place));
    const proxy::Address node = pinned ? pinned->channel->address() : meeting ? *meeting : guide.any_node(0);
    // First where each node tells of its own keys: when the client has its confirmation it misses none of these.
    std::vector<View> apart = {args[0]};
    const std::vector<Bytes> names = told_by_each_node(session, name, args);
    apart.insert(apart.end(), names.begin(), names.end());
    for (const int slot : names.empty() ? std::vector<int>() : guide.primaries()) {
      const proxy::Address primary = guide.node_of(slot).value_or(node);
      if (primary == node) continue;
      forward(primary, Args(std::span<const View>(apart)), static_cast<uint32_t>(names.size()), pin::subscribed_apart);
    }
    if (!names.empty()) relay.expect_all_primaries(place);
    return forward(node, args, note_subscriptions(session, name, args), pin::subscribed);
  }
  // By slot: each at the connection where it was made, or is to be made.
  std::vector<Bytes> channels(args.from(1).begin(), args.from(1).end());
  if (channels.empty())
    channels.assign(session.subscriptions.shard_channels.begin(), session.subscriptions.shard_channels.end());
  if (name == "ssubscribe" && slots_of(entry, args, place.prefix()).count == RequestSlots::several) {
    return reply.error(error::crossed_slots);
  }
  std::vector<std::pair<proxy::Address, std::vector<View>>> by_node;
  for (const Bytes& channel : channels) {
    const proxy::Address node = guide.node_of(key_slot(place.prefix(), channel)).value_or(guide.any_node(0));
    auto found = std::find_if(by_node.begin(), by_node.end(), [&](const auto& one) { return one.first == node; });
    if (found == by_node.end()) found = by_node.insert(by_node.end(), {node, {args[0]}});
    found->second.push_back(channel);
  }
  if (by_node.empty()) by_node.push_back({guide.any_node(0), {args[0]}});
  note_subscriptions(session, name, args);
  for (const auto& [node, words] : by_node) {
    forward(node, Args(std::span<const View>(words)), std::max<uint32_t>(1, static_cast<uint32_t>(words.size() - 1)),
            pin::subscribed_shards);
  }
}

}  // namespace redipy::flows
