// SPDX-License-Identifier: Apache-2.0
//
// The commands that take members from the ends of a sorted set: ZPOPMIN, ZPOPMAX, ZMPOP, and the blocking ones, which
// do the same but leave the reply untouched when all keys are absent, so that the session waits.
#include <algorithm>
#include <limits>

#include "core/commands/sorted_sets.h"
#include "core/store/store.h"

namespace redipy {

namespace {

constexpr int64_t max_integer = std::numeric_limits<int64_t>::max();

/// ZPOPMIN key [count]. Without a count the reply is one flat pair in RESP3 too.
void pop_from(Store& store, const Args& args, Reply& reply, End end) {
  if (args.size() > 3) throw CommandError(error::syntax);
  const bool counted = args.size() == 3;
  const int64_t asked = counted ? args.integer(2, 0, max_integer, error::not_positive) : 1;

  SortedSet* set = store.sorted_set(args[1]);
  if (!set || asked == 0) return reply.array(0);
  if (!counted) {
    reply.array(2);
    return set->pop(end, 1, [&](View member, double score) {
      reply.bulk(member);
      reply.number(score);
    });
  }
  const size_t count = std::min(static_cast<size_t>(asked), set->size());
  reply.pairs(count);
  set->pop(end, count, [&](View member, double score) {
    reply.pair();
    reply.bulk(member);
    reply.number(score);
  });
}

/// The first of the keys that is there, and its sorted set; an absent set if none is.
struct Candidate {
  View key;
  SortedSet* set = nullptr;
};
Candidate first_present(Store& store, std::span<const View> keys) {
  for (const View key : keys) {
    if (SortedSet* set = store.sorted_set(key)) return {key, set};
  }
  return {};
}

/// BZPOPMIN key [key ...] timeout: replies key, member, score.
void pop_one(Store& store, const Args& args, Reply& reply, End end) {
  const Candidate from = first_present(store, args.range(1, args.size() - 2));
  if (!from.set) return;
  reply.array(3);
  reply.bulk(from.key);
  from.set->pop(end, 1, [&](View member, double score) {
    reply.bulk(member);
    reply.number(score);
  });
}

/// `numkeys key [key ...] <MIN | MAX> [COUNT count]` from argument `first` on. False if all keys are absent.
bool pop_several(Store& store, const Args& args, Reply& reply, size_t first) {
  const int64_t numkeys = args.integer(first, 1, max_integer, "ERR numkeys should be greater than 0");
  if (static_cast<size_t>(numkeys) >= args.size() - first - 1) throw CommandError(error::syntax);
  const size_t where = first + 1 + static_cast<size_t>(numkeys);
  const bool highest = args.is(where, "MAX");
  if (!highest && !args.is(where, "MIN")) throw CommandError(error::syntax);
  int64_t asked = 1;
  if (args.size() > where + 1) {
    if (!args.is(where + 1, "COUNT") || args.size() < where + 3) throw CommandError(error::syntax);
    asked = args.integer(where + 2, 1, max_integer, "ERR count should be greater than 0");
    if (args.size() > where + 3) throw CommandError(error::syntax);
  }

  const Candidate from = first_present(store, args.range(first + 1, static_cast<size_t>(numkeys)));
  if (!from.set) return false;
  store.set_event(highest ? Event::zpopmax : Event::zpopmin);
  const size_t count = std::min(static_cast<size_t>(asked), from.set->size());
  reply.array(2);
  reply.bulk(from.key);
  reply.array(count);
  from.set->pop(highest ? End::back : End::front, count, [&](View member, double score) {
    reply.array(2);
    reply.bulk(member);
    reply.number(score);
  });
  return true;
}

}  // namespace

void zpopmin(Store& store, const Args& args, Reply& reply) { pop_from(store, args, reply, End::front); }
void zpopmax(Store& store, const Args& args, Reply& reply) { pop_from(store, args, reply, End::back); }
void bzpopmin(Store& store, const Args& args, Reply& reply) { pop_one(store, args, reply, End::front); }
void bzpopmax(Store& store, const Args& args, Reply& reply) { pop_one(store, args, reply, End::back); }

void zmpop(Store& store, const Args& args, Reply& reply) {
  if (!pop_several(store, args, reply, 1)) reply.null_array();
}
void bzmpop(Store& store, const Args& args, Reply& reply) { pop_several(store, args, reply, 2); }

}  // namespace redipy
