// SPDX-License-Identifier: Apache-2.0
//
// Commands on keys, whatever type of value they hold. Deadlines are in expiry.cpp, whole databases in databases.cpp.
#include <algorithm>
#include <limits>

#include "core/base/glob.h"
#include "core/command/help.h"
#include "core/commands/families.h"
#include "core/commands/scan.h"
#include "core/store/store.h"

namespace redipy {
namespace {

/// Counts the keys, from argument 1 on, for which `does` is true; the store is told them ahead.
template <typename Does>
void reply_count(Store& store, const Args& args, Reply& reply, Does does) {
  constexpr size_t keys_ahead = 64;
  int64_t count = 0;
  for (size_t i = 1; i < args.size(); ++i) {
    if (i % keys_ahead == 1 && args.size() > 2) store.prefetch(args.range(i, std::min(keys_ahead, args.size() - i)));
    if (does(args[i])) ++count;
  }
  reply.integer(count);
}

// DEL key [key ...], also as UNLINK: the memory of what is large is always given back in the background
void del(Store& store, const Args& args, Reply& reply) {
  reply_count(store, args, reply, [&](View key) { return store.remove(key, Removal::asked_for); });
}

// UNLINK key [key ...]
void unlink(Store& store, const Args& args, Reply& reply) {
  reply_count(store, args, reply, [&](View key) { return store.remove(key, Removal::not_waited_for); });
}

// EXISTS key [key ...]
void exists(Store& store, const Args& args, Reply& reply) {
  reply_count(store, args, reply, [&](View key) { return store.exists(key); });
}

// TOUCH key [key ...]
void touch(Store& store, const Args& args, Reply& reply) {
  reply_count(store, args, reply, [&](View key) { return store.touch(key); });
}

// TYPE key
void type(Store& store, const Args& args, Reply& reply) { reply.status(type_name(store.type(args[1]))); }

// RENAME key newkey
void rename(Store& store, const Args& args, Reply& reply) {
  const bool done = args[1] == args[2] ? store.exists(args[1]) : store.rename(args[1], args[2]);
  if (!done) throw CommandError(error::no_such_key);
  reply.ok();
}

// RENAMENX key newkey
void renamenx(Store& store, const Args& args, Reply& reply) {
  if (!store.exists(args[1])) throw CommandError(error::no_such_key);
  if (store.exists(args[2])) return reply.integer(0);
  reply.integer(store.rename(args[1], args[2]) ? 1 : 0);
}

/// Argument i as the number of a database that there is.
int read_database(const Store& store, const Args& args, size_t i) {
  constexpr int64_t least = std::numeric_limits<int>::min();
  constexpr int64_t most = std::numeric_limits<int>::max();
  const int64_t number = args.integer(i);
  if (number < least || number > most) {
    throw CommandError("ERR value is out of range, value must between -2147483648 and 2147483647");
  }
  if (number < 0 || number >= store.databases()) throw CommandError(error::db_index_out_of_range);
  return static_cast<int>(number);
}

// COPY source destination [DB destination-db] [REPLACE]
void copy(Store& store, const Args& args, Reply& reply) {
  int database = store.database();
  bool replace = false;
  for (size_t i = 3; i < args.size(); ++i) {
    if (args.is(i, "REPLACE")) {
      replace = true;
    } else if (args.is(i, "DB") && i + 1 < args.size()) {
      database = read_database(store, args, ++i);
    } else {
      throw CommandError(error::syntax);
    }
  }
  if (database == store.database() && args[1] == args[2]) throw CommandError(error::same_object);
  reply.integer(store.copy(args[1], args[2], database, replace) ? 1 : 0);
}

// MOVE key db
void move(Store& store, const Args& args, Reply& reply) {
  const int database = read_database(store, args, 2);
  if (database == store.database()) throw CommandError(error::same_object);
  reply.integer(store.move(args[1], database) ? 1 : 0);
}

// RANDOMKEY
void randomkey(Store& store, const Args&, Reply& reply) { reply.bulk(store.random_key()); }

// KEYS pattern
void keys(Store& store, const Args& args, Reply& reply) {
  const View pattern = args[1];
  if (pattern.find_first_of("*?[\\") == View::npos) {  // it can only mean itself
    const bool there = store.exists(pattern);
    reply.array(there ? 1 : 0);
    if (there) reply.bulk(pattern);
    return;
  }
  const bool all = pattern == "*";
  const Reply::Open open = reply.open_array();
  size_t count = 0;
  store.for_each_key([&](View key, Type) {
    if (all || glob_match(pattern, key)) {
      reply.bulk(key);
      ++count;
    }
    return true;
  });
  reply.close(open, count);
}

/// The type of this name in any case; Type::none if there is no such type, which then is no key's.
Type type_of_name(View name) {
  for (const Type type : {Type::string, Type::list, Type::set, Type::sorted_set, Type::hash, Type::stream}) {
    if (equals_ignore_case(name, type_name(type))) return type;
  }
  return Type::none;
}

// SCAN cursor [MATCH pattern] [COUNT count] [TYPE type]
void scan(Store& store, const Args& args, Reply& reply) {
  const uint64_t cursor = scan_cursor(args, 1);
  const ScanOptions options = scan_options(args, 2, true);
  const Type only = options.type ? type_of_name(*options.type) : Type::none;
  ScanPage page;
  const uint64_t next = store.scan(cursor, options.count, [&](View key, Type type) {
    if ((!options.type || type == only) && options.matches(key)) page.add(key);
  });
  page.send(reply, next);
}

// --- OBJECT

// OBJECT ENCODING key
void object_encoding(Store& store, const Args& args, Reply& reply) {
  const auto object = store.object(args[2]);
  reply.bulk(object ? std::optional(object->encoding) : std::nullopt);
}

// OBJECT FREQ key
void object_freq(Store& store, const Args& args, Reply& reply) {
  const auto object = store.object(args[2]);
  if (!object) return reply.null();
  if (!object->counts_frequency) {
    throw CommandError(
        "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when switching "
        "between policies at runtime LRU and LFU data will take some time to adjust.");
  }
  reply.integer(object->frequency);
}

// OBJECT IDLETIME key
void object_idletime(Store& store, const Args& args, Reply& reply) {
  const auto object = store.object(args[2]);
  if (!object) return reply.null();
  if (object->counts_frequency) {
    throw CommandError(
        "ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when switching between "
        "policies at runtime LRU and LFU data will take some time to adjust.");
  }
  reply.integer(object->idle_seconds);
}

// OBJECT REFCOUNT key: no value is shared
void object_refcount(Store& store, const Args& args, Reply& reply) {
  if (!store.object(args[2])) return reply.null();
  reply.integer(1);
}

// OBJECT HELP
void object_help(Store& store, const Args& args, Reply& reply);

// --- rows

constexpr Keys asked_key = first_key(key::ro);
constexpr Keys asked_object = key_at(2, key::ro);
constexpr Flags ask = flag::read | flag::no_touch | flag::keyspace;
constexpr Flags inspect = ask | flag::random_reply;

constexpr Command object_rows[] = {
    {"ENCODING", "key", 3, inspect, asked_object, object_encoding, Event::none,
     "Returns the name of a value's representation.", "2.2.3", "O(1)"},
    {"FREQ", "key", 3, inspect, asked_object, object_freq, Event::none, "Returns a key's logarithmic counter of uses.",
     "4.0.0", "O(1)"},
    {"IDLETIME", "key", 3, inspect, asked_object, object_idletime, Event::none,
     "Returns the time since a key's last use.", "2.2.3", "O(1)"},
    {"REFCOUNT", "key", 3, inspect, asked_object, object_refcount, Event::none,
     "Returns how many references to a value there are.", "2.2.3", "O(1)"},
    {"HELP", "", 2, flag::loading | flag::stale | flag::keyspace, no_keys, object_help, Event::none,
     "Lists the subcommands.", "6.2.0", "O(1)"},
};

constexpr Command object_row = {"OBJECT",    "",
                                -2,          0,
                                no_keys,     nullptr,
                                Event::none, "Tells how values are kept.",
                                "2.2.3",     "Depends on the subcommand",
                                object_rows};

void object_help(Store&, const Args&, Reply& reply) { write_help(reply, object_row); }

constexpr Command rows[] = {
    {"DEL", "key [key ...]", -2, flag::write | tip::multi_shard | tip::sum, all_keys(key::rm | key::remove), del,
     Event::del, "Removes keys.", "1.0.0", "O(N) for N keys"},
    {"UNLINK", "key [key ...]", -2, flag::write | flag::fast | tip::multi_shard | tip::sum,
     all_keys(key::rm | key::remove), unlink, Event::del, "Removes keys; their memory is given back in the background.",
     "4.0.0", "O(N) for N keys"},
    {"EXISTS", "key [key ...]", -2, ask | flag::fast | tip::multi_shard | tip::sum, all_keys(key::ro), exists,
     Event::none, "Counts how many of the keys exist.", "1.0.0", "O(N) for N keys"},
    {"TYPE", "key", 2, ask | flag::fast, asked_key, type, Event::none, "Returns the type of the value at a key.",
     "1.0.0", "O(1)"},
    {"TOUCH", "key [key ...]", -2, flag::read | flag::fast | tip::multi_shard | tip::sum, all_keys(key::ro), touch,
     Event::none, "Marks keys as used now and counts those that exist.", "3.2.1", "O(N) for N keys"},
    {"RENAME", "key newkey", 3, flag::write, two_keys(key::rw | key::access | key::remove, key::ow | key::update),
     rename, Event::rename_from, "Gives a key another name, replacing what had it.", "1.0.0", "O(1)"},
    {"RENAMENX", "key newkey", 3, flag::write | flag::fast,
     two_keys(key::rw | key::access | key::remove, key::ow | key::insert), renamenx, Event::rename_from,
     "Gives a key another name, unless that is taken.", "1.0.0", "O(1)"},
    {"COPY", "source destination [DB destination-db] [REPLACE]", -3, flag::write | flag::denyoom,
     two_keys(key::ro | key::access, key::ow | key::update), copy, Event::copy_to,
     "Copies value and deadline of a key to another one.", "6.2.0", "O(N) for N elements of the value"},
    {"MOVE", "key db", 3, flag::write | flag::fast, first_key(key::rw | key::access | key::update), move,
     Event::move_from, "Moves a key to another database.", "1.0.0", "O(1)"},
    {"RANDOMKEY", "", 1, flag::read | flag::random_reply | tip::all_shards | tip::special_response, no_keys, randomkey,
     Event::none, "Returns any one key.", "1.0.0", "O(1)"},
    {"KEYS", "pattern", 2, flag::read | flag::dangerous | flag::random_order | tip::all_shards, no_keys, keys,
     Event::none, "Returns all keys that fit a pattern.", "1.0.0", "O(N) for N keys in the database"},
    {"SCAN", "cursor [MATCH pattern] [COUNT count] [TYPE type]", -2,
     flag::read | flag::random_reply | tip::special_request | tip::special_response, no_keys, scan, Event::none,
     "Goes through all keys, some at each call.", "2.8.0", "O(1) for a call, O(N) for all of them"},
    object_row,
};

}  // namespace

std::span<const Command> key_rows() { return rows; }

}  // namespace redipy
