// SPDX-License-Identifier: Apache-2.0
//
// Commands on strings: setting and getting whole values, parts of values, and values seen as numbers. GET, SET, MSET,
// INCR, APPEND and GETRANGE are what most servers spend their time on: one look-up, and nothing is allocated here.
//
// Read next: bits.cpp for strings as bitmaps, hyperloglog.cpp for strings as sketches, lcs.h.
#include <array>
#include <cmath>
#include <limits>

#include "core/base/numbers.h"
#include "core/commands/families.h"
#include "core/commands/lcs.h"
#include "core/commands/make_string.h"
#include "core/store/store.h"

namespace redipy {
namespace {

constexpr size_t keys_ahead = 64;  // how many keys are told to the store before the first of them is needed

/// The new deadline as SET and GETEX take it: which argument, and how to read it.
struct DeadlineOption {
  size_t index = 0;  ///< 0: not given
  bool seconds = false;
  bool relative = false;
  View word;

  /// Whether argument i begins such an option that may stand beside what was read before; the same option may be
  /// repeated.
  bool read(const Args& args, size_t i) {
    struct Form {
      View word;
      bool seconds, relative;
    };
    static constexpr Form forms[] = {
        {"EX", true, true}, {"PX", false, true}, {"EXAT", true, false}, {"PXAT", false, false}};
    if (i + 1 >= args.size() || args[i].size() < 2) return false;
    for (const Form& form : forms) {
      if (!args.is(i, form.word)) continue;
      if (index != 0 && word != form.word) return false;
      *this = {i + 1, form.seconds, form.relative, form.word};
      return true;
    }
    return false;
  }
};

/// Reads a time that must lie after 1970 when turned into ms since then.
int64_t read_deadline(const Args& args, const DeadlineOption& option, int64_t now, View command) {
  int64_t time = args.integer(option.index);
  if (time <= 0) throw invalid_expire_time(command);
  if (option.seconds && __builtin_mul_overflow(time, 1000, &time)) throw invalid_expire_time(command);
  if (option.relative && __builtin_add_overflow(time, now, &time)) throw invalid_expire_time(command);
  return time;
}

void check_length(const Store& store, size_t size, size_t added) {
  const size_t most = store.limits().max_string_bytes;
  if (size > most || added > most - size) throw CommandError(error::string_too_long);
}

// --- whole values

// GET key
void get(Store& store, const Args& args, Reply& reply) {
  if (const String* string = store.string(args[1])) {
    reply.bulk(string->get());
  } else {
    reply.null();
  }
}

// SET key value [options]
void set(Store& store, const Args& args, Reply& reply) {
  bool only_new = false;
  bool only_existing = false;
  bool keep_deadline = false;
  bool reply_old = false;
  DeadlineOption deadline;
  for (size_t i = 3; i < args.size(); ++i) {
    if (!only_existing && args.is(i, "NX")) {
      only_new = true;
    } else if (!only_new && args.is(i, "XX")) {
      only_existing = true;
    } else if (args.is(i, "GET")) {
      reply_old = true;
    } else if (deadline.index == 0 && args.is(i, "KEEPTTL")) {
      keep_deadline = true;
    } else if (!keep_deadline && deadline.read(args, i)) {
      ++i;
    } else {
      throw CommandError(error::syntax);
    }
  }
  Expiry expiry{keep_deadline ? Expiry::keep : Expiry::none};
  if (deadline.index != 0) expiry = {Expiry::at, read_deadline(args, deadline, store.now(), "set")};

  if (reply_old) {
    const String* old = store.string(args[1]);
    reply.bulk(old ? std::optional(old->get()) : std::nullopt);
    if (only_new ? !old : (!only_existing || old)) store.put_string(args[1], args[2], expiry);
    return;
  }
  if ((only_new || only_existing) && store.exists(args[1]) != only_existing) return reply.null();
  store.put_string(args[1], args[2], expiry);
  reply.ok();
}

// SETNX key value
void setnx(Store& store, const Args& args, Reply& reply) {
  if (store.exists(args[1])) return reply.integer(0);
  store.put_string(args[1], args[2], {});
  reply.integer(1);
}

void set_for(Store& store, const Args& args, Reply& reply, bool seconds, View command) {
  const DeadlineOption option{2, seconds, true, {}};
  const int64_t deadline = read_deadline(args, option, store.now(), command);
  store.put_string(args[1], args[3], {Expiry::at, deadline});
  reply.ok();
}

// SETEX key seconds value
void setex(Store& store, const Args& args, Reply& reply) { set_for(store, args, reply, true, "setex"); }

// PSETEX key milliseconds value
void psetex(Store& store, const Args& args, Reply& reply) { set_for(store, args, reply, false, "psetex"); }

// GETSET key value
void getset(Store& store, const Args& args, Reply& reply) {
  const String* old = store.string(args[1]);
  reply.bulk(old ? std::optional(old->get()) : std::nullopt);
  store.put_string(args[1], args[2], {});
}

// GETDEL key
void getdel(Store& store, const Args& args, Reply& reply) {
  const String* string = store.string(args[1]);
  if (!string) return reply.null();
  reply.bulk(string->get());
  store.remove(args[1]);
}

// GETEX key [options]
void getex(Store& store, const Args& args, Reply& reply) {
  bool persist = false;
  DeadlineOption option;
  for (size_t i = 2; i < args.size(); ++i) {
    if (option.index == 0 && args.is(i, "PERSIST")) {
      persist = true;
    } else if (!persist && option.read(args, i)) {
      ++i;
    } else {
      throw CommandError(error::syntax);
    }
  }
  const String* string = store.string(args[1]);
  if (!string) return reply.null();
  // Redis looks at the time only where there is a key.
  const int64_t deadline = option.index != 0 ? read_deadline(args, option, store.now(), "getex") : no_deadline;
  reply.bulk(string->get());
  if (persist) {
    store.clear_deadline(args[1]);
  } else if (option.index != 0) {
    if (deadline <= store.now()) {
      store.remove(args[1]);
    } else {
      store.set_deadline(args[1], deadline);
    }
  }
}

// MGET key [key ...]
void mget(Store& store, const Args& args, Reply& reply) {
  reply.array(args.size() - 1);
  for (size_t i = 1; i < args.size(); ++i) {
    if (i % keys_ahead == 1) store.prefetch(args.range(i, std::min(keys_ahead, args.size() - i)));
    const String* string = nullptr;
    try {
      string = store.string(args[i]);
    } catch (const WrongType&) {  // what is no string counts as absent here
    }
    reply.bulk(string ? std::optional(string->get()) : std::nullopt);
  }
}

/// The keys of MSET, every second argument, told ahead from argument i on.
void prefetch_pairs(Store& store, const Args& args, size_t i) {
  std::array<View, keys_ahead> keys;
  size_t count = 0;
  for (; i < args.size() && count < keys.size(); i += 2) keys[count++] = args[i];
  store.prefetch({keys.data(), count});
}

void put_pairs(Store& store, const Args& args) {
  for (size_t i = 1; i < args.size(); i += 2) {
    if (i % (2 * keys_ahead) == 1) prefetch_pairs(store, args, i);
    store.put_string(args[i], args[i + 1], {});
  }
}

// MSET key value [key value ...]
void mset(Store& store, const Args& args, Reply& reply) {
  if (args.size() % 2 == 0) throw wrong_arity("mset");
  put_pairs(store, args);
  reply.ok();
}

// MSETNX key value [key value ...]
void msetnx(Store& store, const Args& args, Reply& reply) {
  if (args.size() % 2 == 0) throw wrong_arity("msetnx");
  for (size_t i = 1; i < args.size(); i += 2) {
    if (i % (2 * keys_ahead) == 1) prefetch_pairs(store, args, i);
    if (store.exists(args[i])) return reply.integer(0);
  }
  put_pairs(store, args);
  reply.integer(1);
}

// --- parts

// APPEND key value
void append(Store& store, const Args& args, Reply& reply) {
  String* string = store.string(args[1]);
  if (!string) {
    store.put_string(args[1], args[2], {});
    return reply.integer(static_cast<int64_t>(args[2].size()));
  }
  const size_t size = string->size();
  check_length(store, size, args[2].size());
  string->patch(size, args[2]);
  reply.integer(static_cast<int64_t>(size + args[2].size()));
}

// STRLEN key
void strlen(Store& store, const Args& args, Reply& reply) {
  const String* string = store.string(args[1]);
  reply.integer(string ? static_cast<int64_t>(string->size()) : 0);
}

// GETRANGE key start end, also as SUBSTR
void getrange(Store& store, const Args& args, Reply& reply) {
  int64_t start = args.integer(2);
  int64_t end = args.integer(3);
  const String* string = store.string(args[1]);
  // Both from the end and crossed: empty, where clamping to 0 would make it the first byte.
  if (!string || (start < 0 && end < 0 && start > end)) return reply.bulk(View());
  const auto size = static_cast<int64_t>(string->size());
  if (start < 0) start = std::max<int64_t>(start + size, 0);
  if (end < 0) end = std::max<int64_t>(end + size, 0);
  end = std::min(end, size - 1);
  if (start > end) return reply.bulk(View());
  reply.bulk(string->range(static_cast<size_t>(start), static_cast<size_t>(end - start + 1)));
}

// SETRANGE key offset value
void setrange(Store& store, const Args& args, Reply& reply) {
  const int64_t offset = args.integer(2);
  if (offset < 0) throw CommandError(error::offset_out_of_range);
  String* string = store.string(args[1]);
  if (args[3].empty()) return reply.integer(string ? static_cast<int64_t>(string->size()) : 0);
  const auto first = static_cast<size_t>(offset);
  check_length(store, first, args[3].size());
  String& changed = string ? *string : make_string(store, args[1]);
  const size_t size = std::max(changed.size(), first + args[3].size());
  changed.patch(first, args[3]);
  reply.integer(static_cast<int64_t>(size));
}

// --- numbers

void add(Store& store, View key, int64_t amount, Reply& reply) {
  String* string = store.string(key);
  if (!string) {
    char text[integer_text_size];
    store.put_string(key, {text, format_integer(amount, text)}, {});
    return reply.integer(amount);
  }
  const std::optional<int64_t> old = string->integer();
  if (!old) throw CommandError(error::not_an_integer);
  int64_t value = 0;
  if (__builtin_add_overflow(*old, amount, &value)) throw CommandError(error::overflow);
  string->set(value);
  reply.integer(value);
}

// INCR key
void incr(Store& store, const Args& args, Reply& reply) { add(store, args[1], 1, reply); }

// DECR key
void decr(Store& store, const Args& args, Reply& reply) { add(store, args[1], -1, reply); }

// INCRBY key increment
void incrby(Store& store, const Args& args, Reply& reply) { add(store, args[1], args.integer(2), reply); }

// DECRBY key decrement
void decrby(Store& store, const Args& args, Reply& reply) {
  const int64_t amount = args.integer(2);
  if (amount == std::numeric_limits<int64_t>::min()) throw CommandError("ERR decrement would overflow");
  add(store, args[1], -amount, reply);
}

// INCRBYFLOAT key increment
void incrbyfloat(Store& store, const Args& args, Reply& reply) {
  String* string = store.string(args[1]);
  const auto old = string ? parse_long_double(string->get()) : std::optional(0.0L);
  const auto amount = parse_long_double(args[2]);
  if (!old || !amount) throw CommandError(error::not_a_float);
  const long double value = *old + *amount;
  if (!std::isfinite(value)) throw CommandError(error::nan_or_infinity);
  char buffer[long_double_text_size];
  const View text(buffer, format_long_double_human(value, buffer));
  (string ? *string : make_string(store, args[1])).set(text);
  reply.bulk(text);
}

// --- rows

constexpr Keys read_key = first_key(key::ro | key::access);
constexpr Keys read_and_update = first_key(key::rw | key::access | key::update);
constexpr Keys set_key =
    with_rule(first_key(key::rw | key::access | key::update | key::variable_flags), KeyRule::set_get);
constexpr Flags write = flag::write | flag::denyoom;
constexpr Flags fast_write = write | flag::fast;

constexpr Command rows[] = {
    {"GET", "key", 2, flag::read | flag::fast, read_key, get, Event::none, "Returns the value of a string.", "1.0.0",
     "O(1)"},
    {"SET",
     "key value [NX | XX] [GET] [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds "
     "| KEEPTTL]",
     -3, write, set_key, set, Event::set, "Makes a key hold a string, whatever it held before.", "1.0.0", "O(1)"},
    {"SETNX", "key value", 3, fast_write, first_key(key::ow | key::insert), setnx, Event::set,
     "Sets a string unless the key exists.", "1.0.0", "O(1)"},
    {"SETEX", "key seconds value", 4, write, first_key(key::ow | key::update), setex, Event::set,
     "Sets a string that expires after some seconds.", "2.0.0", "O(1)"},
    {"PSETEX", "key milliseconds value", 4, write, first_key(key::ow | key::update), psetex, Event::set,
     "Sets a string that expires after some milliseconds.", "2.6.0", "O(1)"},
    {"GETSET", "key value", 3, fast_write, read_and_update, getset, Event::set,
     "Sets a string and returns the value it replaced.", "1.0.0", "O(1)"},
    {"GETDEL", "key", 2, flag::write | flag::fast, first_key(key::rw | key::access | key::remove), getdel, Event::del,
     "Returns the value of a string and removes the key.", "6.2.0", "O(1)"},
    {"GETEX", "key [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | PERSIST]", -2,
     flag::write | flag::fast, read_and_update, getex, Event::expire,
     "Returns the value of a string and changes the key's deadline.", "6.2.0", "O(1)"},
    {"MGET", "key [key ...]", -2, flag::read | flag::fast | tip::multi_shard, all_keys(key::ro | key::access), mget,
     Event::none, "Returns the values of several strings at once.", "1.0.0", "O(N) for N keys"},
    {"MSET", "key value [key value ...]", -3, write | tip::multi_shard | tip::all_succeeded,
     keys_from(1, -1, 2, key::ow | key::update), mset, Event::set, "Sets several strings at once.", "1.0.1",
     "O(N) for N keys"},
    {"MSETNX", "key value [key value ...]", -3, write, keys_from(1, -1, 2, key::ow | key::insert), msetnx, Event::set,
     "Sets several strings at once, unless one of the keys exists.", "1.0.1", "O(N) for N keys"},
    {"APPEND", "key value", 3, fast_write, first_key(key::rw | key::insert), append, Event::append,
     "Adds bytes to the end of a string, which is made if absent.", "2.0.0", "O(1), amortised over growing appends"},
    {"STRLEN", "key", 2, flag::read | flag::fast, first_key(key::ro), strlen, Event::none,
     "Returns how many bytes a string has.", "2.2.0", "O(1)"},
    {"GETRANGE", "key start end", 4, flag::read, read_key, getrange, Event::none,
     "Returns the bytes of a string from one position up to another.", "2.4.0", "O(N) for N bytes returned"},
    {"SUBSTR", "key start end", 4, flag::read, read_key, getrange, Event::none, "An old name of GETRANGE.", "1.0.0",
     "O(N) for N bytes returned"},
    {"SETRANGE", "key offset value", 4, write, first_key(key::rw | key::update), setrange, Event::setrange,
     "Overwrites part of a string, which grows as needed.", "2.2.0", "O(N) for N bytes written or filled"},
    {"INCR", "key", 2, fast_write, read_and_update, incr, Event::incrby,
     "Adds one to a number; an absent key counts as 0.", "1.0.0", "O(1)"},
    {"DECR", "key", 2, fast_write, read_and_update, decr, Event::incrby,
     "Takes one from a number; an absent key counts as 0.", "1.0.0", "O(1)"},
    {"INCRBY", "key increment", 3, fast_write, read_and_update, incrby, Event::incrby,
     "Adds to a number; an absent key counts as 0.", "1.0.0", "O(1)"},
    {"DECRBY", "key decrement", 3, fast_write, read_and_update, decrby, Event::incrby,
     "Takes from a number; an absent key counts as 0.", "1.0.0", "O(1)"},
    {"INCRBYFLOAT", "key increment", 3, fast_write, read_and_update, incrbyfloat, Event::incrbyfloat,
     "Adds to a number with a fraction; an absent key counts as 0.", "2.6.0", "O(1)"},
    {"LCS", "key1 key2 [LEN] [IDX] [MINMATCHLEN min-match-len] [WITHMATCHLEN]", -3, flag::read,
     keys_from(1, 1, 1, key::ro | key::access), lcs, Event::none,
     "Finds the longest sequence of bytes that two strings have in common.", "7.0.0",
     "O(N*M) for strings of N and M bytes"},
};

}  // namespace

std::span<const Command> string_rows() { return rows; }

}  // namespace redipy
