// SPDX-License-Identifier: Apache-2.0
//
// Which command has which role, and requests on their way out. Replies on their way in: reply_stripping.cpp.
#include "proxy/key_rewriting.h"

#include <algorithm>
#include <array>

#include "core/command/key_finder.h"
#include "proxy/channel_names.h"
#include "proxy/request_writer.h"

namespace redipy {

constexpr KeyRewriting::Named KeyRewriting::named_roles[] = {
    {"dbsize", Role::whole_keyspace},
    {"flushall", Role::whole_keyspace},
    {"flushdb", Role::whole_keyspace},
    {"swapdb", Role::whole_keyspace},
    {"pubsub|numpat", Role::whole_keyspace},
    {"debug|digest", Role::whole_keyspace},
    {"debug|populate", Role::whole_keyspace},
    {"debug|object", Role::debug_keys},
    {"debug|digest-value", Role::debug_keys},
    {"sort", Role::sort},
    {"sort_ro", Role::sort},
    {"publish", Role::publish},
    {"spublish", Role::shard_publish},
    {"client|tracking", Role::tracking},
    {"randomkey", Role::random_key},
    {"keys", Role::pattern},
    {"scan", Role::scan},
    {"blpop", Role::popped_key},
    {"brpop", Role::popped_key},
    {"bzpopmin", Role::popped_key},
    {"bzpopmax", Role::popped_key},
    {"lmpop", Role::popped_key},
    {"blmpop", Role::popped_key},
    {"zmpop", Role::popped_key},
    {"bzmpop", Role::popped_key},
    {"xread", Role::streams},
    {"xreadgroup", Role::streams},
    {"xpending", Role::groups},
    {"xclaim", Role::groups},
    {"xautoclaim", Role::groups},
    {"xgroup|create", Role::groups},
    {"xgroup|createconsumer", Role::groups},
    {"xgroup|delconsumer", Role::groups},
    {"xgroup|destroy", Role::groups},
    {"xgroup|setid", Role::groups},
    {"xinfo|consumers", Role::groups},
    {"xinfo|groups", Role::groups},
    {"xinfo|stream", Role::groups},
    {"subscribe", Role::channels},
    {"unsubscribe", Role::channels},
    {"psubscribe", Role::patterns},
    {"punsubscribe", Role::patterns},
    {"ssubscribe", Role::shard_channels},
    {"sunsubscribe", Role::shard_channels},
    {"pubsub|channels", Role::listed_channels},
    {"pubsub|shardchannels", Role::listed_shards},
    {"pubsub|numsub", Role::counted_channels},
    {"pubsub|shardnumsub", Role::counted_shards},
};

namespace {

/// The argument that is the request's only key, if that holds for each request of the command; else 0.
uint8_t find_only_key(const Keys& keys) {
  const KeySpec& spec = keys.specs[0];
  const bool simple = keys.count == 1 && (keys.rule == KeyRule::none || keys.rule == KeyRule::set_get) &&
                      spec.begin == KeySpec::at_index && spec.find == KeySpec::by_range && spec.last == 0;
  return simple ? static_cast<uint8_t>(spec.index) : uint8_t{0};
}

/// Which arguments of a request are keys. Without memory of its own for all but huge requests.
class Marks {
 public:
  explicit Marks(size_t size) : size_(size) {
    if (size > few_.size() * 64) many_.assign(size, false);
  }
  void set(size_t i) {
    if (i >= size_) return;
    if (many_.empty()) {
      few_[i / 64] |= uint64_t{1} << (i % 64);
    } else {
      many_[i] = true;
    }
  }
  /// As a place for the prefix: at the beginning of what is marked.
  size_t operator()(size_t i) const {
    const bool marked = many_.empty() ? (few_[i / 64] >> (i % 64) & 1) != 0 : many_[i];
    return marked ? 0 : View::npos;
  }

 private:
  size_t size_;
  std::array<uint64_t, 4> few_{};
  std::vector<bool> many_;
};

/// Appends the words, with `inserted` put into word i at place(i), unless that is npos.
template <typename Place>
void append_words(RequestWriter& request, const Args& args, View inserted, const Place& place) {
  for (size_t i = 0; i < args.size(); ++i) {
    const size_t at = place(i);
    if (at == View::npos) {
      request.word(args[i]);
    } else {
      request.word(args[i].substr(0, at), inserted, args[i].substr(at));
    }
  }
}

template <typename Place>
void write_with(const Args& args, View inserted, const Place& place, Buffer& out) {
  RequestWriter request(out, args.size());
  append_words(request, args, inserted, place);
}

Bytes escape_pattern(View text) {
  Bytes escaped;
  for (const char c : text) {
    if (View("*?[]^-\\").find(c) != View::npos) escaped += '\\';
    escaped += c;
  }
  return escaped;
}

}  // namespace

KeyRewriting::Role KeyRewriting::find_role(const CommandTable::Entry& entry) {
  // A container is what a request with an unknown subcommand means.
  if (!entry.command->subcommands.empty()) return Role::whole_keyspace;
  for (const Named& named : named_roles) {
    if (named.name == entry.full_name) return named.role;
  }
  return Role::keys;
}

KeyRewriting::KeyRewriting(const CommandTable& commands, View prefix)
    : prefix_(prefix), escaped_prefix_(escape_pattern(prefix)) {
  ways_.resize(commands.entries().size());
  for (const CommandTable::Entry& entry : commands.entries()) {
    ways_[entry.id] = {find_role(entry), find_only_key(entry.command->keys)};
  }
}

bool KeyRewriting::prefix_request(const CommandTable::Entry& entry, const Args& args, Buffer& out) const {
  if (prefix_.empty()) return reencode(args, out), true;
  const auto all_from = [](size_t first) { return [first](size_t i) { return i >= first ? 0 : View::npos; }; };
  const auto only = [](size_t index) { return [index](size_t i) { return i == index ? 0 : View::npos; }; };
  switch (role_of(entry)) {
    case Role::whole_keyspace:
    case Role::random_key:
      return false;
    case Role::keys:
    case Role::popped_key:
    case Role::streams:
    case Role::groups:
      write_keys(entry, args, out);
      break;
    case Role::debug_keys:
    case Role::counted_shards:
      write_with(args, prefix_, all_from(2), out);
      break;
    case Role::shard_channels:
      write_with(args, prefix_, all_from(1), out);
      break;
    case Role::shard_publish:
      write_with(args, prefix_, only(1), out);
      break;
    case Role::pattern:
      write_with(args, escaped_prefix_, only(1), out);
      break;
    case Role::sort:
      write_sort(args, out);
      break;
    case Role::scan:
      write_scan(args, out);
      break;
    case Role::publish:
      write_publish(args, out);
      break;
    case Role::channels:
      write_with(
          args, prefix_, [&](size_t i) { return i < 1 ? View::npos : prefix_place(args[i]); }, out);
      break;
    case Role::counted_channels:
      write_with(
          args, prefix_, [&](size_t i) { return i < 2 ? View::npos : prefix_place(args[i]); }, out);
      break;
    case Role::patterns:
      write_patterns(1, args, out);
      break;
    case Role::listed_channels:
    case Role::listed_shards:
      write_listed(args, role_of(entry) == Role::listed_shards, out);
      break;
    case Role::tracking:
      write_tracking(args, out);
      break;
  }
  return true;
}

void KeyRewriting::write_keys(const CommandTable::Entry& entry, const Args& args, Buffer& out) const {
  if (const size_t only = ways_[entry.id].only_key) {
    return write_with(
        args, prefix_, [only](size_t i) { return i == only ? 0 : View::npos; }, out);
  }
  Marks keys(args.size());
  // Of a malformed request the keys that were found have the prefix all the same: none may reach beyond it.
  for_each_key(*entry.command, args, [&](FoundKey found) { keys.set(found.index); });
  write_with(args, prefix_, keys, out);
}

/// Reads the options as SORT does. From the first word on that is none, Redis refuses the request, whatever it says.
void KeyRewriting::write_sort(const Args& args, Buffer& out) const {
  Marks keys(args.size());
  keys.set(1);
  for (size_t i = 2; i < args.size(); ++i) {
    const bool pattern = args.is(i, "BY") || args.is(i, "GET");
    if (args.is(i, "LIMIT")) {
      i += 2;
    } else if (pattern || args.is(i, "STORE")) {
      ++i;
      // Without '*' a pattern names no key: it is "#", or has the effect of one that is absent.
      if (i < args.size() && (!pattern || args[i].find('*') != View::npos)) keys.set(i);
    }
  }
  write_with(args, prefix_, keys, out);
}

void KeyRewriting::write_scan(const Args& args, Buffer& out) const {
  // An option without a value is refused by any Redis; one more option after it might change that.
  if (args.size() % 2 != 0) return reencode(args, out);
  Marks patterns(args.size());
  bool any = false;
  for (size_t i = 2; i < args.size(); i += 2) {
    if (!args.is(i, "MATCH")) continue;
    patterns.set(i + 1);
    any = true;
  }
  RequestWriter request(out, args.size() + (any ? 0 : 2));
  append_words(request, args, escaped_prefix_, patterns);
  if (any) return;
  request.word("MATCH");
  request.word(escaped_prefix_, "*", {});
}

void KeyRewriting::write_publish(const Args& args, Buffer& out) const {
  // A message about an event of a key has to look like those of Redis.
  const bool key_as_message = args.size() == 3 && args[1].starts_with(keyevent_channel);
  const auto place = [&](size_t i) {
    if (i == 1) return prefix_place(args[1]);
    return i == 2 && key_as_message ? 0 : View::npos;
  };
  write_with(args, prefix_, place, out);
}

void KeyRewriting::write_patterns(size_t first, const Args& args, Buffer& out) const {
  const auto place = [&](size_t i) { return i < first ? View::npos : prefix_place_in_pattern(args[i]); };
  write_with(args, escaped_prefix_, place, out);
}

/// PUBSUB CHANNELS [pattern]
void KeyRewriting::write_listed(const Args& args, bool shards, Buffer& out) const {
  if (args.size() == 2) {
    RequestWriter request(out, 3);
    request.words(args.from(0));
    request.word(escaped_prefix_, "*", {});
  } else if (shards) {
    write_with(
        args, escaped_prefix_, [](size_t i) { return i == 2 ? 0 : View::npos; }, out);
  } else {
    write_patterns(2, args, out);
  }
}

/// CLIENT TRACKING ON [REDIRECT id] [PREFIX prefix …] [BCAST] …: broadcasts without a prefix would be of all keys.
void KeyRewriting::write_tracking(const Args& args, Buffer& out) const {
  Marks prefixes(args.size());
  bool broadcast = false;
  bool any = false;
  for (size_t i = 3; i < args.size(); ++i) {
    if (args.is(i, "PREFIX")) {
      any = true;
      prefixes.set(++i);
    } else if (args.is(i, "REDIRECT")) {
      ++i;
    } else if (args.is(i, "BCAST")) {
      broadcast = true;
    }
  }
  const bool add = broadcast && !any && args.is(2, "ON");
  RequestWriter request(out, args.size() + (add ? 2 : 0));
  append_words(request, args, prefix_, prefixes);
  if (!add) return;
  request.word("PREFIX");
  request.word(prefix_);
}

}  // namespace redipy
