// SPDX-License-Identifier: Apache-2.0
//
// DEBUG: what tests ask for. Allowed by enable-debug-command only.
#include <fmt/format.h>
#include <openssl/sha.h>
#include <spdlog/spdlog.h>

#include <array>
#include <chrono>
#include <thread>

#include "core/base/glob.h"
#include "core/base/numbers.h"
#include "core/command/help.h"
#include "core/dump/dump_reader.h"
#include "core/dump/dump_writer.h"
#include "core/memory/memory_backend.h"
#include "core/store/frame.h"
#include "server/commands/subcommands.h"
#include "server/executor.h"
#include "server/server.h"
#include "server/session.h"

namespace redipy {

namespace {

Store& selected_store(Session& session) {
  Store& store = session.server().data();
  store.select(session.database);
  return store;
}

// DEBUG SLEEP seconds: nobody is served meanwhile, as in a server that hangs
void sleep(Session&, const Args& args, Reply& reply) {
  const double seconds = args.number(2);
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  reply.ok();
}

// DEBUG CLOCK <ADVANCE milliseconds | SET milliseconds | GET>: of a server that was started with test-clock
void clock(Session& session, const Args& args, Reply& reply) {
  Server& server = session.server();
  ManualClock* manual = server.manual_clock();
  if (!manual) throw CommandError("ERR the clock can only be moved in a server started with 'test-clock yes'");
  if (args.is(2, "GET") && args.size() == 3) return reply.integer(manual->now_ms());
  if (args.size() != 4) throw CommandError(error::syntax);
  const int64_t ms = args.integer(3);
  if (args.is(2, "ADVANCE")) {
    manual->advance_ms(ms);
  } else if (args.is(2, "SET")) {
    manual->set_us(ms * 1000);
  } else {
    throw CommandError(error::syntax);
  }
  server.cron();
  server.run_due();
  reply.ok();
}

// DEBUG OBJECT key
void object(Session& session, const Args& args, Reply& reply) {
  Store& store = selected_store(session);
  const Frame frame(store);
  const auto info = store.object(args[2]);
  if (!info) throw CommandError(error::no_such_key);
  Bytes payload;
  dump::write_value(store, args[2], payload);
  Bytes text = fmt::format("Value at:0x0 refcount:1 encoding:{} serializedlength:{} lru:0 lru_seconds_idle:{}",
                           info->encoding, payload.size() - 1, info->idle_seconds);
  reply.status(text);
}

using Digest = std::array<unsigned char, SHA_DIGEST_LENGTH>;

Digest digest_of(View bytes) {
  Digest digest;
  SHA1(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
  return digest;
}

/// Combines so that the order does not matter.
void combine(Digest& into, const Digest& other) {
  for (size_t i = 0; i < into.size(); ++i) into[i] ^= other[i];
}

Bytes framed(View bytes) { return std::to_string(bytes.size()) + ":" + Bytes(bytes); }

/// A digest of a value, equal for equal data whatever their encoding; all zero if the key is absent.
Digest value_digest(Store& store, View key) {
  Digest digest{};
  const Type type = store.type(key);
  if (type == Type::none) return digest;
  Bytes ordered(type_name(type));
  switch (type) {
    case Type::string:
      ordered += framed(store.string(key)->get());
      break;
    case Type::list: {
      const List* list = store.list(key);
      list->range({0, list->size()}, [&](View element) { ordered += framed(element); });
      break;
    }
    case Type::hash:
      store.hash(key)->for_each(
          [&](View field, View value) { combine(digest, digest_of(framed(field) + framed(value))); });
      break;
    case Type::set:
      store.set(key)->for_each([&](View member) { return combine(digest, digest_of(framed(member))), true; });
      break;
    case Type::sorted_set: {
      const SortedSet* set = store.sorted_set(key);
      set->range(RankRange{0, set->size()}, false, [&](View member, double score) {
        char text[double_text_size];
        combine(digest, digest_of(framed(member) + Bytes(text, format_double(score, text))));
      });
      break;
    }
    default:
      break;
  }
  if (const auto deadline = store.deadline(key); deadline && *deadline != no_deadline) ordered += "!expire!";
  combine(digest, digest_of(ordered));
  return digest;
}

Bytes hex(const Digest& digest) {
  Bytes text;
  for (const unsigned char byte : digest) text += fmt::format("{:02x}", byte);
  return text;
}

std::vector<Bytes> all_keys_of(Store& store) {
  std::vector<Bytes> keys;
  store.for_each_key([&](View key, Type) {
    keys.emplace_back(key);
    return true;
  });
  return keys;
}

// DEBUG DIGEST
void digest(Session& session, const Args&, Reply& reply) {
  Store& store = session.server().data();
  const Frame frame(store);
  Digest all{};
  for (int database = 0; database < store.databases(); ++database) {
    store.select(database);
    for (const Bytes& key : all_keys_of(store)) {
      const Bytes own = std::to_string(database) + framed(key) + hex(value_digest(store, key));
      combine(all, digest_of(own));
    }
  }
  reply.status(hex(all));
}

// DEBUG DIGEST-VALUE [key ...]
void digest_value(Session& session, const Args& args, Reply& reply) {
  Store& store = selected_store(session);
  const Frame frame(store);
  reply.array(args.size() - 2);
  for (const View key : args.from(2)) reply.status(hex(value_digest(store, key)));
}

// DEBUG RELOAD [...]: every value goes out and comes back as its DUMP payload
void reload(Session& session, const Args&, Reply& reply) {
  Store& store = session.server().data();
  const Frame frame(store);
  struct Saved {
    Bytes key, payload;
    int64_t deadline;
  };
  for (int database = 0; database < store.databases(); ++database) {
    store.select(database);
    std::vector<Saved> saved;
    for (const Bytes& key : all_keys_of(store)) {
      Saved& one = saved.emplace_back();
      one.key = key;
      dump::write_payload(store, key, one.payload);
      one.deadline = *store.deadline(key);
    }
    store.flush(database, true);
    for (const Saved& one : saved) {
      const auto value = dump::read_payload(one.payload, store.limits().max_string_bytes);
      Expiry expiry;
      if (one.deadline != no_deadline) expiry = {Expiry::at, one.deadline};
      value.put(store, one.key, expiry);
    }
  }
  reply.ok();
}

// DEBUG POPULATE count [prefix] [size]
void populate(Session& session, const Args& args, Reply& reply) {
  Store& store = selected_store(session);
  const Frame frame(store);
  const int64_t count = args.integer(2, 0, int64_t{1} << 32);
  const Bytes prefix = args.size() > 3 ? Bytes(args[3]) : "key";
  const int64_t size = args.size() > 4 ? args.integer(4, 0, int64_t{1} << 28) : 0;
  for (int64_t i = 0; i < count; ++i) {
    const Bytes key = prefix + ":" + std::to_string(i);
    if (store.exists(key)) continue;
    Bytes value = "value:" + std::to_string(i);
    if (size > 0) value.resize(static_cast<size_t>(size), '\0');
    store.put_string(key, value, {});
  }
  reply.ok();
}

// DEBUG SET-ACTIVE-EXPIRE <0 | 1>
void set_active_expire(Session& session, const Args& args, Reply& reply) {
  const bool on = args.integer(2) != 0;
  Backends& backends = session.server().backends();
  backends.for_each_memory([&](MemoryBackend& memory) { memory.set_active_expire(on); });
  backends.for_each_executor([&](Executor& executor) { executor.set_active_expire(on); });
  reply.ok();
}

// DEBUG STRINGMATCH-LEN length pattern
void stringmatch_len(Session&, const Args& args, Reply& reply) {
  const Bytes text(static_cast<size_t>(args.integer(2, 0, 1 << 24)), 'a');
  reply.integer(glob_match(args[3], text) ? 1 : 0);
}

// DEBUG ERROR message
void error_reply(Session&, const Args& args, Reply& reply) { reply.error(args[2]); }

// DEBUG LOG message
void log_message(Session&, const Args& args, Reply& reply) {
  spdlog::warn("DEBUG LOG: {}", args[2]);
  reply.ok();
}

// DEBUG PROTOCOL type: a sample of each shape
void protocol(Session&, const Args& args, Reply& reply) {
  const Bytes kind = lower(args[2]);
  if (kind == "string") return reply.bulk("Hello World");
  if (kind == "integer") return reply.integer(12345);
  if (kind == "double") return reply.number(3.141);
  if (kind == "null") return reply.null();
  if (kind == "true" || kind == "false") return reply.boolean(kind == "true");
  if (kind == "bignum") return reply.big_number("1234567999999999999999999999999999999");
  if (kind == "verbatim") return reply.verbatim("This is a verbatim\nstring", "txt");
  if (kind == "array" || kind == "set") {
    kind == "array" ? reply.array(3) : reply.set(3);
    for (int i = 0; i < 3; ++i) reply.integer(i);
    return;
  }
  if (kind == "map") {
    reply.map(3);
    for (int i = 0; i < 3; ++i) {
      reply.integer(i);
      reply.boolean(i == 1);
    }
    return;
  }
  if (kind == "attrib") {
    if (reply.protocol() == 3) {
      reply.attribute(1);
      reply.bulk("key-popularity");
      reply.array(2);
      reply.bulk("key:123");
      reply.integer(90);
    }
    return reply.bulk("Some real reply following the attribute");
  }
  if (kind == "push") {
    if (reply.protocol() != 3) throw CommandError("ERR RESP2 is not supported by this command");
    reply.push(2);
    reply.bulk("server-cpu-usage");
    return reply.integer(42);
  }
  throw CommandError(
      "ERR Wrong protocol type name. Please use one of the following: "
      "string|integer|double|null|array|set|map|attrib|push|verbatim|true|false");
}

void help(Session& session, const Args& args, Reply& reply) {
  write_help(reply, *session.server().commands().find(args[0])->command);
}

constexpr Flags ruling = flag::admin | flag::noscript | flag::loading | flag::stale | flag::dangerous;

constexpr Command rows[] = {
    {"SLEEP", "seconds", 3, ruling, no_keys, sleep, Event::none, "Stops the server for a time.", "1.0.0", "O(1)"},
    {"CLOCK", "<ADVANCE | SET | GET> [milliseconds]", -3, ruling, no_keys, clock, Event::none,
     "Moves the clock of a server under test.", "7.2.0", "O(1)"},
    {"OBJECT", "key", 3, ruling, no_keys, object, Event::none, "Tells how a value is kept.", "1.0.0",
     "O(N) for a value of N bytes"},
    {"DIGEST", "", 2, ruling, no_keys, digest, Event::none, "Makes a digest of all data.", "1.0.0", "O(N)"},
    {"DIGEST-VALUE", "[key [key ...]]", -2, ruling, no_keys, digest_value, Event::none, "Makes digests of values.",
     "1.0.0", "O(N)"},
    {"RELOAD", "[option [option ...]]", -2, ruling, no_keys, reload, Event::none, "Writes and reads back all values.",
     "1.0.0", "O(N)"},
    {"POPULATE", "count [prefix] [size]", -3, ruling, no_keys, populate, Event::none, "Makes keys.", "1.0.0", "O(N)"},
    {"SET-ACTIVE-EXPIRE", "flag", 3, ruling, no_keys, set_active_expire, Event::none, "Turns active expiry off and on.",
     "1.0.0", "O(1)"},
    {"STRINGMATCH-LEN", "length pattern", 4, ruling, no_keys, stringmatch_len, Event::none,
     "Matches a pattern against many letters.", "1.0.0", "O(N)"},
    {"ERROR", "message", 3, ruling, no_keys, error_reply, Event::none, "Replies with an error.", "1.0.0", "O(1)"},
    {"LOG", "message", 3, ruling, no_keys, log_message, Event::none, "Writes to the log.", "1.0.0", "O(1)"},
    {"PROTOCOL", "type", 3, ruling, no_keys, protocol, Event::none, "Replies with a sample of a type.", "1.0.0",
     "O(1)"},
    {"HELP", "", 2, ruling, no_keys, help, Event::none, "Explains the subcommands.", "1.0.0", "O(1)"},
};

}  // namespace

std::span<const Command> debug_subcommands() { return rows; }

}  // namespace redipy
