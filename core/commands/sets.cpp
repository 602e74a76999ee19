// SPDX-License-Identifier: Apache-2.0
//
// Commands on one set, and SMOVE. Intersections, unions and differences are in set_algebra.cpp; the rows of both stand
// here.
#include <limits>
#include <vector>

#include "core/command/command.h"
#include "core/commands/families.h"
#include "core/commands/sampling.h"
#include "core/commands/scan.h"
#include "core/commands/set_algebra.h"
#include "core/store/store.h"

namespace redipy {

namespace {

// --- members written

void sadd(Store& store, const Args& args, Reply& reply) {
  reply.integer(static_cast<int64_t>(store.make_set(args[1]).add(args.from(2))));
}

void srem(Store& store, const Args& args, Reply& reply) {
  Set* set = store.set(args[1]);
  reply.integer(set ? static_cast<int64_t>(set->remove(args.from(2))) : 0);
}

void smove(Store& store, const Args& args, Reply& reply) {
  const auto member = args.range(3, 1);
  const Set* source = store.set(args[1]);
  if (!source) return reply.integer(0);
  store.set(args[2]);  // of another type: refused before anything is changed
  if (args[1] == args[2]) return reply.integer(source->has(args[3]) ? 1 : 0);
  store.set_event(Event::srem);
  if (store.set(args[1])->remove(member) == 0) return reply.integer(0);
  store.set_event(Event::sadd);
  store.make_set(args[2]).add(member);
  reply.integer(1);
}

void spop(Store& store, const Args& args, Reply& reply) {
  if (args.size() > 3) throw CommandError(error::syntax);
  const auto give = [&](View member) { reply.bulk(member); };
  if (args.size() == 2) {
    Set* set = store.set(args[1]);
    if (!set) return reply.null();
    return set->pop(1, give);
  }
  const auto wanted = static_cast<size_t>(args.integer(2, 0, std::numeric_limits<int64_t>::max(), error::not_positive));
  Set* set = store.set(args[1]);
  if (!set) return reply.set(0);
  const size_t count = std::min(wanted, set->size());
  reply.set(count);
  if (count > 0) set->pop(count, give);
}

// --- members read

void sismember(Store& store, const Args& args, Reply& reply) {
  const Set* set = store.set(args[1]);
  reply.integer(set && set->has(args[2]) ? 1 : 0);
}

void smismember(Store& store, const Args& args, Reply& reply) {
  const Set* set = store.set(args[1]);
  const auto members = args.from(2);
  reply.array(members.size());
  constexpr size_t block = 64;
  for (size_t first = 0; first < members.size(); first += block) {
    const auto asked = members.subspan(first, std::min(block, members.size() - first));
    bool present[block] = {};
    if (set) set->has(asked, std::span(present, asked.size()));
    for (size_t i = 0; i < asked.size(); ++i) reply.integer(present[i] ? 1 : 0);
  }
}

void scard(Store& store, const Args& args, Reply& reply) {
  const Set* set = store.set(args[1]);
  reply.integer(set ? static_cast<int64_t>(set->size()) : 0);
}

void smembers(Store& store, const Args& args, Reply& reply) {
  const Set* set = store.set(args[1]);
  reply.set(set ? set->size() : 0);
  if (!set) return;
  set->for_each([&](View member) {
    reply.bulk(member);
    return true;
  });
}

void srandmember(Store& store, const Args& args, Reply& reply) {
  const auto give = [&](View member) { reply.bulk(member); };
  if (args.size() == 2) {
    const Set* set = store.set(args[1]);
    if (!set) return reply.null();
    return set->sample(1, true, give);
  }
  if (args.size() > 3) throw CommandError(error::syntax);
  const SampleCount wanted = sample_count(args, 2);
  const Set* set = store.set(args[1]);
  if (!set) return reply.array(0);
  const size_t count = wanted.distinct ? std::min(wanted.count, set->size()) : wanted.count;
  reply.array(count);
  if (wanted.distinct) return set->sample(count, true, give);
  draw_in_blocks(store, reply, count, [&](size_t draws) { set->sample(draws, false, give); });
}

void sscan(Store& store, const Args& args, Reply& reply) {
  const uint64_t cursor = scan_cursor(args, 2);
  const Set* set = store.set(args[1]);
  if (!set) return reply_empty_scan(reply);
  const ScanOptions options = scan_options(args, 3);
  ScanPage page;
  const uint64_t next = set->scan(cursor, options.count, [&](View member) {
    if (options.matches(member)) page.add(member);
  });
  page.send(reply, next);
}

constexpr Keys reads = first_key(key::ro | key::access);
constexpr Keys asks = first_key(key::ro);
constexpr Keys all_sources = all_keys(key::ro | key::access);
constexpr Keys sources_after = keys_from(2, -1, 1, key::ro | key::access);

constexpr Command rows[] = {
    {"SADD", "key member [member ...]", -3, flag::write | flag::denyoom | flag::fast, first_key(key::rw | key::insert),
     sadd, Event::sadd, "Adds members to a set; tells how many are new.", "1.0.0", "O(N) for N members"},
    {"SREM", "key member [member ...]", -3, flag::write | flag::fast, first_key(key::rw | key::remove), srem,
     Event::srem, "Removes members; a set without members is removed, too.", "1.0.0", "O(N) for N members"},
    {"SISMEMBER", "key member", 3, flag::read | flag::fast, asks, sismember, Event::none,
     "Tells whether a member is there.", "1.0.0", "O(1)"},
    {"SMISMEMBER", "key member [member ...]", -3, flag::read | flag::fast, reads, smismember, Event::none,
     "Tells of several members whether they are there.", "6.2.0", "O(N) for N members"},
    {"SCARD", "key", 2, flag::read | flag::fast, asks, scard, Event::none, "Tells how many members there are.", "1.0.0",
     "O(1)"},
    {"SMEMBERS", "key", 2, flag::read | flag::random_order, reads, smembers, Event::none, "Returns all members.",
     "1.0.0", "O(N) for a set of N members"},
    {"SMOVE", "source destination member", 4, flag::write | flag::fast,
     two_keys(key::rw | key::access | key::remove, key::rw | key::insert), smove, Event::srem,
     "Moves a member from one set to another.", "1.0.0", "O(1)"},
    {"SPOP", "key [count]", -2, flag::write | flag::fast | flag::random_reply,
     first_key(key::rw | key::access | key::remove), spop, Event::spop, "Removes and returns random members.", "1.0.0",
     "O(N) for N members returned"},
    {"SRANDMEMBER", "key [count]", -2, flag::read | flag::random_reply, reads, srandmember, Event::none,
     "Returns random members: distinct ones, or drawn anew each time when count is negative.", "1.0.0",
     "O(N) for N members returned"},
    {"SINTER", "key [key ...]", -2, flag::read | flag::random_order, all_sources, sinter, Event::none,
     "Returns the members that all sets have.", "1.0.0", "O(N*M) for M sets, the smallest of N members"},
    {"SINTERCARD", "numkeys key [key ...] [LIMIT limit]", -3, flag::read, counted_keys(1, key::ro | key::access),
     sintercard, Event::none, "Tells how many members all sets have, counting up to a limit.", "7.0.0",
     "O(N*M) for M sets, the smallest of N members"},
    {"SINTERSTORE", "destination key [key ...]", -3, flag::write | flag::denyoom,
     first_key(key::rw | key::update) + sources_after, sinterstore, Event::sinterstore,
     "Stores the members that all sets have.", "1.0.0", "O(N*M) for M sets, the smallest of N members"},
    {"SUNION", "key [key ...]", -2, flag::read | flag::random_order, all_sources, sunion, Event::none,
     "Returns the members that any of the sets has.", "1.0.0", "O(N) for N members in all sets together"},
    {"SUNIONSTORE", "destination key [key ...]", -3, flag::write | flag::denyoom,
     first_key(key::ow | key::update) + sources_after, sunionstore, Event::sunionstore,
     "Stores the members that any of the sets has.", "1.0.0", "O(N) for N members in all sets together"},
    {"SDIFF", "key [key ...]", -2, flag::read | flag::random_order, all_sources, sdiff, Event::none,
     "Returns the members of the first set that no other has.", "1.0.0", "O(N) for N members in all sets together"},
    {"SDIFFSTORE", "destination key [key ...]", -3, flag::write | flag::denyoom,
     first_key(key::ow | key::update) + sources_after, sdiffstore, Event::sdiffstore,
     "Stores the members of the first set that no other has.", "1.0.0", "O(N) for N members in all sets together"},
    {"SSCAN", "key cursor [MATCH pattern] [COUNT count]", -3, flag::read | flag::random_reply, reads, sscan,
     Event::none, "Walks over the members, a part at a call.", "2.8.0",
     "O(1) for a call, O(N) for a complete walk over N members"},
};

}  // namespace

std::span<const Command> set_rows() { return rows; }

}  // namespace redipy
