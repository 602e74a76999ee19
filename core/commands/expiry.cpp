// SPDX-License-Identifier: Apache-2.0
//
// Commands on deadlines: when a key ceases to exist. Four ways to say a time (seconds or milliseconds, from now on or
// since 1970) come down to one, milliseconds since 1970.
#include <algorithm>

#include "core/commands/families.h"
#include "core/store/store.h"

namespace redipy {
namespace {

constexpr int64_t seconds = 1000;
constexpr int64_t milliseconds = 1;

// --- setting

/// NX, XX, GT and LT: when a deadline is set at all.
struct Condition {
  bool only_without = false;
  bool only_with = false;
  bool only_later = false;
  bool only_earlier = false;

  bool any() const { return only_without || only_with || only_later || only_earlier; }
  /// A key without a deadline counts as one that lives for ever.
  bool allows(int64_t current, int64_t wanted) const {
    const bool has_one = current != no_deadline;
    if (only_without && has_one) return false;
    if (only_with && !has_one) return false;
    if (only_later && (!has_one || wanted <= current)) return false;
    return !(only_earlier && has_one && wanted >= current);
  }
};

Condition read_condition(const Args& args) {
  Condition condition;
  for (size_t i = 3; i < args.size(); ++i) {
    if (args.is(i, "NX")) {
      condition.only_without = true;
    } else if (args.is(i, "XX")) {
      condition.only_with = true;
    } else if (args.is(i, "GT")) {
      condition.only_later = true;
    } else if (args.is(i, "LT")) {
      condition.only_earlier = true;
    } else {
      throw CommandError("ERR Unsupported option " + Bytes(args[i]));
    }
  }
  if (condition.only_without && (condition.only_with || condition.only_later || condition.only_earlier)) {
    throw CommandError("ERR NX and XX, GT or LT options at the same time are not compatible");
  }
  if (condition.only_later && condition.only_earlier) {
    throw CommandError("ERR GT and LT options at the same time are not compatible");
  }
  return condition;
}

/// Argument 2 counts in `unit` from `start` on. A time that has passed removes the key.
void expire_at(Store& store, const Args& args, Reply& reply, int64_t unit, int64_t start, View command) {
  const Condition condition = read_condition(args);
  int64_t deadline = args.integer(2);
  if (__builtin_mul_overflow(deadline, unit, &deadline)) throw invalid_expire_time(command);
  if (__builtin_add_overflow(deadline, start, &deadline)) throw invalid_expire_time(command);

  if (condition.any()) {
    const auto current = store.deadline(args[1]);
    if (!current || !condition.allows(*current, deadline)) return reply.integer(0);
  }
  const bool passed = deadline <= store.now();
  const bool done = passed ? store.remove(args[1]) : store.set_deadline(args[1], deadline);
  reply.integer(done ? 1 : 0);
}

// EXPIRE key seconds [condition]
void expire(Store& store, const Args& args, Reply& reply) {
  expire_at(store, args, reply, seconds, store.now(), "expire");
}

// PEXPIRE key milliseconds [condition]
void pexpire(Store& store, const Args& args, Reply& reply) {
  expire_at(store, args, reply, milliseconds, store.now(), "pexpire");
}

// EXPIREAT key unix-time-seconds [condition]
void expireat(Store& store, const Args& args, Reply& reply) { expire_at(store, args, reply, seconds, 0, "expireat"); }

// PEXPIREAT key unix-time-milliseconds [condition]
void pexpireat(Store& store, const Args& args, Reply& reply) {
  expire_at(store, args, reply, milliseconds, 0, "pexpireat");
}

// PERSIST key
void persist(Store& store, const Args& args, Reply& reply) { reply.integer(store.clear_deadline(args[1]) ? 1 : 0); }

// --- asking

/// -2 if the key is absent, -1 if it has no deadline, else that counted in `unit` from `start` on, rounded.
void reply_deadline(Store& store, const Args& args, Reply& reply, int64_t unit, int64_t start) {
  const auto deadline = store.deadline(args[1]);
  if (!deadline) return reply.integer(-2);
  if (*deadline == no_deadline) return reply.integer(-1);
  const int64_t time = std::max<int64_t>(*deadline - start, 0);
  reply.integer(time / unit + (time % unit * 2 >= unit && unit > 1 ? 1 : 0));
}

// TTL key
void ttl(Store& store, const Args& args, Reply& reply) { reply_deadline(store, args, reply, seconds, store.now()); }

// PTTL key
void pttl(Store& store, const Args& args, Reply& reply) {
  reply_deadline(store, args, reply, milliseconds, store.now());
}

// EXPIRETIME key
void expiretime(Store& store, const Args& args, Reply& reply) { reply_deadline(store, args, reply, seconds, 0); }

// PEXPIRETIME key
void pexpiretime(Store& store, const Args& args, Reply& reply) { reply_deadline(store, args, reply, milliseconds, 0); }

// --- rows

constexpr Flags write = flag::write | flag::fast;
constexpr Flags read = flag::read | flag::fast | flag::no_touch;
constexpr Keys changed_key = first_key(key::rw | key::update);
constexpr Keys read_key = first_key(key::ro | key::access);

constexpr Command rows[] = {
    {"EXPIRE", "key seconds [NX | XX | GT | LT]", -3, write, changed_key, expire, Event::expire,
     "Lets a key live for some seconds more.", "1.0.0", "O(1)"},
    {"PEXPIRE", "key milliseconds [NX | XX | GT | LT]", -3, write, changed_key, pexpire, Event::expire,
     "Lets a key live for some milliseconds more.", "2.6.0", "O(1)"},
    {"EXPIREAT", "key unix-time-seconds [NX | XX | GT | LT]", -3, write, changed_key, expireat, Event::expire,
     "Lets a key live until a time in seconds since 1970.", "1.2.0", "O(1)"},
    {"PEXPIREAT", "key unix-time-milliseconds [NX | XX | GT | LT]", -3, write, changed_key, pexpireat, Event::expire,
     "Lets a key live until a time in milliseconds since 1970.", "2.6.0", "O(1)"},
    {"TTL", "key", 2, read | flag::random_reply, read_key, ttl, Event::none, "Returns how many seconds a key has left.",
     "1.0.0", "O(1)"},
    {"PTTL", "key", 2, read | flag::random_reply, read_key, pttl, Event::none,
     "Returns how many milliseconds a key has left.", "2.6.0", "O(1)"},
    {"EXPIRETIME", "key", 2, read, read_key, expiretime, Event::none, "Returns a key's deadline in seconds since 1970.",
     "7.0.0", "O(1)"},
    {"PEXPIRETIME", "key", 2, read, read_key, pexpiretime, Event::none,
     "Returns a key's deadline in milliseconds since 1970.", "7.0.0", "O(1)"},
    {"PERSIST", "key", 2, write, changed_key, persist, Event::persist, "Takes a key's deadline away.", "2.2.0", "O(1)"},
};

}  // namespace

std::span<const Command> expiry_rows() { return rows; }

}  // namespace redipy
