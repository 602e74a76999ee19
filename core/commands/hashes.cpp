// SPDX-License-Identifier: Apache-2.0
//
// Commands on hashes. A good family to read first: handlers named for their commands, then the rows. Each handler
// reads its arguments, asks the store once for the hash at the key, and replies; what a hash can do is said in
// core/store/hashes.h.
#include <cmath>
#include <limits>

#include "core/base/numbers.h"
#include "core/base/scratch.h"
#include "core/command/command.h"
#include "core/commands/families.h"
#include "core/commands/sampling.h"
#include "core/commands/scan.h"
#include "core/store/store.h"

namespace redipy {

namespace {

// --- fields written

/// Puts the pairs from argument 2 on; returns how many fields are new.
size_t put_pairs(Store& store, const Args& args, View command) {
  if (args.size() % 2 != 0) throw wrong_arity(command);
  Hash& hash = store.make_hash(args[1]);
  if (args.size() == 4) return hash.put(args[2], args[3]) ? 1 : 0;
  Scratch<FieldValue> pairs;
  for (size_t i = 2; i < args.size(); i += 2) pairs->push_back({args[i], args[i + 1]});
  return hash.put(*pairs);
}

void hset(Store& store, const Args& args, Reply& reply) {
  reply.integer(static_cast<int64_t>(put_pairs(store, args, "hset")));
}

void hmset(Store& store, const Args& args, Reply& reply) {
  put_pairs(store, args, "hmset");
  reply.ok();
}

void hsetnx(Store& store, const Args& args, Reply& reply) {
  Hash& hash = store.make_hash(args[1]);
  if (hash.has(args[2])) return reply.integer(0);
  hash.put(args[2], args[3]);
  reply.integer(1);
}

void hdel(Store& store, const Args& args, Reply& reply) {
  Hash* hash = store.hash(args[1]);
  reply.integer(hash ? static_cast<int64_t>(hash->remove(args.from(2))) : 0);
}

void hincrby(Store& store, const Args& args, Reply& reply) {
  const int64_t increment = args.integer(3);
  Hash& hash = store.make_hash(args[1]);
  int64_t value = 0;
  if (const auto text = hash.get(args[2])) {
    const auto old = parse_integer(*text);
    if (!old) throw CommandError("ERR hash value is not an integer");
    value = *old;
  }
  if (__builtin_add_overflow(value, increment, &value)) throw CommandError(error::overflow);
  char text[integer_text_size];
  hash.put(args[2], View(text, format_integer(value, text)));
  reply.integer(value);
}

void hincrbyfloat(Store& store, const Args& args, Reply& reply) {
  const auto increment = parse_long_double(args[3]);
  if (!increment) throw CommandError(error::not_a_float);
  if (!std::isfinite(*increment)) throw CommandError("ERR value is NaN or Infinity");
  Hash& hash = store.make_hash(args[1]);
  long double value = 0;
  if (const auto text = hash.get(args[2])) {
    const auto old = parse_long_double(*text);
    if (!old) throw CommandError("ERR hash value is not a float");
    value = *old;
  }
  value += *increment;
  if (!std::isfinite(value)) throw CommandError(error::nan_or_infinity);
  char text[long_double_text_size];
  const View bytes(text, format_long_double_human(value, text));
  hash.put(args[2], bytes);
  reply.bulk(bytes);
}

// --- fields read

void hget(Store& store, const Args& args, Reply& reply) {
  const Hash* hash = store.hash(args[1]);
  reply.bulk(hash ? hash->get(args[2]) : std::nullopt);
}

void hmget(Store& store, const Args& args, Reply& reply) {
  const Hash* hash = store.hash(args[1]);
  const auto fields = args.from(2);
  reply.array(fields.size());
  if (hash) return hash->get(fields, [&](size_t, std::optional<View> value) { reply.bulk(value); });
  for (size_t i = 0; i < fields.size(); ++i) reply.null();
}

void hlen(Store& store, const Args& args, Reply& reply) {
  const Hash* hash = store.hash(args[1]);
  reply.integer(hash ? static_cast<int64_t>(hash->size()) : 0);
}

void hstrlen(Store& store, const Args& args, Reply& reply) {
  const Hash* hash = store.hash(args[1]);
  const auto value = hash ? hash->get(args[2]) : std::nullopt;
  reply.integer(value ? static_cast<int64_t>(value->size()) : 0);
}

void hexists(Store& store, const Args& args, Reply& reply) {
  const Hash* hash = store.hash(args[1]);
  reply.integer(hash && hash->has(args[2]) ? 1 : 0);
}

void hgetall(Store& store, const Args& args, Reply& reply) {
  const Hash* hash = store.hash(args[1]);
  reply.map(hash ? hash->size() : 0);
  if (!hash) return;
  hash->for_each([&](View field, View value) {
    reply.bulk(field);
    reply.bulk(value);
  });
}

void hkeys(Store& store, const Args& args, Reply& reply) {
  const Hash* hash = store.hash(args[1]);
  reply.array(hash ? hash->size() : 0);
  if (hash) hash->for_each([&](View field, View) { reply.bulk(field); });
}

void hvals(Store& store, const Args& args, Reply& reply) {
  const Hash* hash = store.hash(args[1]);
  reply.array(hash ? hash->size() : 0);
  if (hash) hash->for_each([&](View, View value) { reply.bulk(value); });
}

void hrandfield(Store& store, const Args& args, Reply& reply) {
  if (args.size() == 2) {
    const Hash* hash = store.hash(args[1]);
    if (!hash) return reply.null();
    return hash->sample(1, true, [&](View field, View) { reply.bulk(field); });
  }
  const SampleCount wanted = sample_count(args, 2);
  const bool with_values = args.size() > 3;
  if (args.size() > 4 || (with_values && !args.is(3, "WITHVALUES"))) throw CommandError(error::syntax);
  if (with_values && wanted.count > std::numeric_limits<int64_t>::max() / 2) {
    throw CommandError("ERR value is out of range");
  }
  const Hash* hash = store.hash(args[1]);
  if (!hash) return reply.array(0);
  const size_t count = wanted.distinct ? std::min(wanted.count, hash->size()) : wanted.count;
  const auto field_only = [&](View field, View) { reply.bulk(field); };
  const auto with_value = [&](View field, View value) {
    reply.pair();
    reply.bulk(field);
    reply.bulk(value);
  };
  const Hash::Visit visit = with_values ? Hash::Visit(with_value) : Hash::Visit(field_only);
  if (with_values) {
    reply.pairs(count);
  } else {
    reply.array(count);
  }
  if (wanted.distinct) return hash->sample(count, true, visit);
  draw_in_blocks(store, reply, count, [&](size_t draws) { hash->sample(draws, false, visit); });
}

void hscan(Store& store, const Args& args, Reply& reply) {
  const uint64_t cursor = scan_cursor(args, 2);
  const Hash* hash = store.hash(args[1]);
  if (!hash) return reply_empty_scan(reply);
  const ScanOptions options = scan_options(args, 3);
  ScanPage page;
  const uint64_t next = hash->scan(cursor, options.count, [&](View field, View value) {
    if (!options.matches(field)) return;
    page.add(field);
    page.add(value);
  });
  page.send(reply, next);
}

constexpr Keys reads = first_key(key::ro | key::access);
constexpr Keys asks = first_key(key::ro);
constexpr Keys updates = first_key(key::rw | key::update);

constexpr Command rows[] = {
    {"HSET", "key field value [field value ...]", -4, flag::write | flag::denyoom | flag::fast, updates, hset,
     Event::hset, "Sets fields of a hash; tells how many are new.", "2.0.0", "O(N) for N fields"},
    {"HMSET", "key field value [field value ...]", -4, flag::write | flag::denyoom | flag::fast, updates, hmset,
     Event::hset, "Sets fields of a hash; as HSET, but replies OK.", "2.0.0", "O(N) for N fields"},
    {"HSETNX", "key field value", 4, flag::write | flag::denyoom | flag::fast, first_key(key::rw | key::insert), hsetnx,
     Event::hset, "Sets a field that is not there yet.", "2.0.0", "O(1)"},
    {"HGET", "key field", 3, flag::read | flag::fast, reads, hget, Event::none, "Returns the value of one field.",
     "2.0.0", "O(1)"},
    {"HMGET", "key field [field ...]", -3, flag::read | flag::fast, reads, hmget, Event::none,
     "Returns the values of several fields.", "2.0.0", "O(N) for N fields"},
    {"HGETALL", "key", 2, flag::read | flag::random_order, reads, hgetall, Event::none,
     "Returns all fields with their values.", "2.0.0", "O(N) for a hash of N fields"},
    {"HDEL", "key field [field ...]", -3, flag::write | flag::fast, first_key(key::rw | key::remove), hdel, Event::hdel,
     "Removes fields; a hash without fields is removed, too.", "2.0.0", "O(N) for N fields"},
    {"HLEN", "key", 2, flag::read | flag::fast, asks, hlen, Event::none, "Tells how many fields there are.", "2.0.0",
     "O(1)"},
    {"HSTRLEN", "key field", 3, flag::read | flag::fast, asks, hstrlen, Event::none,
     "Tells how long a field's value is, in bytes.", "3.2.0", "O(1)"},
    {"HEXISTS", "key field", 3, flag::read | flag::fast, asks, hexists, Event::none, "Tells whether a field is there.",
     "2.0.0", "O(1)"},
    {"HKEYS", "key", 2, flag::read | flag::random_order, reads, hkeys, Event::none, "Returns all fields.", "2.0.0",
     "O(N) for a hash of N fields"},
    {"HVALS", "key", 2, flag::read | flag::random_order, reads, hvals, Event::none, "Returns all values.", "2.0.0",
     "O(N) for a hash of N fields"},
    {"HINCRBY", "key field increment", 4, flag::write | flag::denyoom | flag::fast,
     first_key(key::rw | key::access | key::update), hincrby, Event::hincrby,
     "Adds to the integer in a field; an absent field counts as 0.", "2.0.0", "O(1)"},
    {"HINCRBYFLOAT", "key field increment", 4, flag::write | flag::denyoom | flag::fast,
     first_key(key::rw | key::access | key::update), hincrbyfloat, Event::hincrbyfloat,
     "Adds to the number in a field; an absent field counts as 0.", "2.6.0", "O(1)"},
    {"HRANDFIELD", "key [count [WITHVALUES]]", -2, flag::read | flag::random_reply, reads, hrandfield, Event::none,
     "Returns random fields: distinct ones, or drawn anew each time when count is negative.", "6.2.0",
     "O(N) for N fields returned"},
    {"HSCAN", "key cursor [MATCH pattern] [COUNT count]", -3, flag::read | flag::random_reply, reads, hscan,
     Event::none, "Walks over fields and values, a part at a call.", "2.8.0",
     "O(1) for a call, O(N) for a complete walk over N fields"},
};

}  // namespace

std::span<const Command> hash_rows() { return rows; }

}  // namespace redipy
