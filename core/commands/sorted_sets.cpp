// SPDX-License-Identifier: Apache-2.0
//
// Sorted sets: the commands on members, and below them the rows of the whole family (see sorted_sets.h for the other
// files). ZADD is a hot path: one look-up of the key, one of each member, no allocation for a few of them.
#include "core/commands/sorted_sets.h"

#include <algorithm>
#include <array>
#include <limits>
#include <vector>

#include "core/base/numbers.h"
#include "core/base/text.h"
#include "core/commands/families.h"
#include "core/commands/sampling.h"
#include "core/commands/scan.h"
#include "core/store/store.h"

namespace redipy {

void put_members(Store& store, View key, size_t count, FunctionRef<ScoredMember(size_t)> member, PutCondition condition,
                 bool count_changed, Reply& reply) {
  SortedSet* set = condition.only_existing ? store.sorted_set(key) : &store.make_sorted_set(key);
  if (set && count > 0) set->expect(count, member(0).member.size());
  PutResult last{PutResult::refused};
  size_t added = 0;
  size_t updated = 0;
  for (size_t i = 0; set && i < count; ++i) {
    const ScoredMember one = member(i);
    last = set->put(one.member, one.score, condition);
    if (last.outcome == PutResult::not_a_number) throw CommandError(error::score_not_a_number);
    added += last.outcome == PutResult::added;
    updated += last.outcome == PutResult::updated;
  }
  if (!condition.increment) return reply.integer(static_cast<int64_t>(count_changed ? added + updated : added));
  if (last.outcome == PutResult::refused) return reply.null();
  reply.number(last.score);
}

void store_members(Store& store, View key, std::span<const ScoredMember> members, Reply& reply) {
  // The members may lie in what is removed now.
  Bytes bytes;
  size_t size = 0;
  size_t longest = 0;
  for (const ScoredMember& one : members) {
    size += one.member.size();
    longest = std::max(longest, one.member.size());
  }
  bytes.reserve(size);
  for (const ScoredMember& one : members) bytes.append(one.member);

  store.remove(key);
  if (!members.empty()) {
    SortedSet& set = store.make_sorted_set(key);
    set.expect(members.size(), longest);
    View rest = bytes;
    for (const ScoredMember& one : members) {
      set.put(rest.substr(0, one.member.size()), one.score);
      rest.remove_prefix(one.member.size());
    }
  }
  reply.integer(static_cast<int64_t>(members.size()));
}

namespace {

/// `score member [score member ...]` from argument `first` on. All scores are read before anything is put.
void put_pairs(Store& store, const Args& args, size_t first, PutCondition condition, bool count_changed, Reply& reply) {
  const size_t count = (args.size() - first) / 2;
  std::array<double, 32> few;
  std::vector<double> many;
  double* scores = few.data();
  if (count > few.size()) {
    many.resize(count);
    scores = many.data();
  }
  for (size_t i = 0; i < count; ++i) scores[i] = args.number(first + 2 * i);
  const auto member = [&](size_t i) { return ScoredMember{scores[i], args[first + 2 * i + 1]}; };
  put_members(store, args[1], count, member, condition, count_changed, reply);
}

/// ZADD, and ZINCRBY, which to Redis is ZADD key INCR, options included.
void put_with_options(Store& store, const Args& args, Reply& reply, bool increment) {
  PutCondition condition;
  condition.increment = increment;
  bool count_changed = false;
  size_t first = 2;
  for (; first < args.size(); ++first) {
    const View word = args[first];
    // A score begins with a digit mostly, an option never does.
    if (word.empty() || (word[0] >= '0' && word[0] <= '9')) break;
    if (equals_ignore_case(word, "NX")) {
      condition.only_new = true;
    } else if (equals_ignore_case(word, "XX")) {
      condition.only_existing = true;
    } else if (equals_ignore_case(word, "GT")) {
      condition.only_greater = true;
    } else if (equals_ignore_case(word, "LT")) {
      condition.only_less = true;
    } else if (equals_ignore_case(word, "CH")) {
      count_changed = true;
    } else if (equals_ignore_case(word, "INCR")) {
      condition.increment = true;
    } else {
      break;
    }
  }
  const size_t words = args.size() - first;
  if (words == 0 || words % 2 != 0) throw CommandError(error::syntax);
  if (condition.only_new && condition.only_existing) {
    throw CommandError("ERR XX and NX options at the same time are not compatible");
  }
  if (condition.only_new + condition.only_greater + condition.only_less > 1) {
    throw CommandError("ERR GT, LT, and/or NX options at the same time are not compatible");
  }
  if (condition.increment && words > 2) {
    throw CommandError("ERR INCR option supports a single increment-element pair");
  }
  if (condition.increment) store.set_event(Event::zincr);
  put_pairs(store, args, first, condition, count_changed, reply);
}

void zadd(Store& store, const Args& args, Reply& reply) { put_with_options(store, args, reply, false); }
void zincrby(Store& store, const Args& args, Reply& reply) { put_with_options(store, args, reply, true); }

void zrem(Store& store, const Args& args, Reply& reply) {
  SortedSet* set = store.sorted_set(args[1]);
  reply.integer(set ? static_cast<int64_t>(set->remove(args.from(2))) : 0);
}

void zcard(Store& store, const Args& args, Reply& reply) {
  const SortedSet* set = store.sorted_set(args[1]);
  reply.integer(set ? static_cast<int64_t>(set->size()) : 0);
}

void zscore(Store& store, const Args& args, Reply& reply) {
  const SortedSet* set = store.sorted_set(args[1]);
  reply.number(set ? set->score(args[2]) : std::nullopt);
}

void zmscore(Store& store, const Args& args, Reply& reply) {
  const SortedSet* set = store.sorted_set(args[1]);
  const std::span<const View> members = args.from(2);
  reply.array(members.size());
  if (set) return set->scores(members, [&](size_t, std::optional<double> score) { reply.number(score); });
  for (size_t i = 0; i < members.size(); ++i) reply.null();
}

void reply_rank(Store& store, const Args& args, Reply& reply, bool reverse) {
  if (args.size() > 4) throw wrong_arity(lower(args[0]));
  const bool with_score = args.size() == 4;
  if (with_score && !args.is(3, "WITHSCORE")) throw CommandError(error::syntax);

  const SortedSet* set = store.sorted_set(args[1]);
  const auto found = set ? set->rank(args[2], reverse) : std::nullopt;
  if (!found) return with_score ? reply.null_array() : reply.null();
  if (with_score) reply.array(2);
  reply.integer(static_cast<int64_t>(found->rank));
  if (with_score) reply.number(found->score);
}

void zrank(Store& store, const Args& args, Reply& reply) { reply_rank(store, args, reply, false); }
void zrevrank(Store& store, const Args& args, Reply& reply) { reply_rank(store, args, reply, true); }

void zrandmember(Store& store, const Args& args, Reply& reply) {
  if (args.size() == 2) {
    const SortedSet* set = store.sorted_set(args[1]);
    if (!set) return reply.null();
    return set->sample(1, true, [&](View member, double) { reply.bulk(member); });
  }
  const SampleCount wanted = sample_count(args, 2);
  const bool with_scores = args.size() > 3;
  if (args.size() > 4 || (with_scores && !args.is(3, "WITHSCORES"))) throw CommandError(error::syntax);
  if (with_scores && wanted.count > std::numeric_limits<int64_t>::max() / 2) {
    throw CommandError("ERR value is out of range");
  }

  const SortedSet* set = store.sorted_set(args[1]);
  if (!set) return reply.array(0);
  const size_t count = wanted.distinct ? std::min(wanted.count, set->size()) : wanted.count;
  const auto member_only = [&](View member, double) { reply.bulk(member); };
  const auto with_score = [&](View member, double score) {
    reply.pair();
    reply.bulk(member);
    reply.number(score);
  };
  const SortedSet::Visit visit = with_scores ? SortedSet::Visit(with_score) : SortedSet::Visit(member_only);
  if (with_scores) {
    reply.pairs(count);
  } else {
    reply.array(count);
  }
  if (wanted.distinct) return set->sample(count, true, visit);
  draw_in_blocks(store, reply, count, [&](size_t draws) { set->sample(draws, false, visit); });
}

/// Scores are texts here, in RESP3 too.
void zscan(Store& store, const Args& args, Reply& reply) {
  const uint64_t cursor = scan_cursor(args, 2);
  const SortedSet* set = store.sorted_set(args[1]);
  if (!set) return reply_empty_scan(reply);
  const ScanOptions options = scan_options(args, 3);
  std::vector<ScoredMember> found;
  const uint64_t next = set->scan(cursor, options.count, [&](View member, double score) {
    if (options.matches(member)) found.push_back({score, member});
  });

  char text[std::max(integer_text_size, double_text_size)];
  reply.array(2);
  reply.bulk(View(text, format_unsigned(next, text)));
  reply.array(2 * found.size());
  for (const ScoredMember& one : found) {
    reply.bulk(one.member);
    reply.bulk(View(text, format_double(one.score, text)));
  }
}

constexpr Keys reads = first_key(key::ro | key::access);
constexpr Keys updates = first_key(key::rw | key::update);
constexpr Keys removes = first_key(key::rw | key::remove);
constexpr KeyFlags pops = key::rw | key::access | key::remove;
constexpr Keys destination = first_key(key::ow | key::update);

// clang-format off
constexpr Command rows[] = {
    {"ZADD", "key [NX | XX] [GT | LT] [CH] [INCR] score member [score member ...]", -4,
     flag::write | flag::denyoom | flag::fast, updates, zadd, Event::zadd,
     "Puts members with their scores, new or changed ones.", "1.2.0", "O(log(N)) for each member of a set of N"},
    {"ZINCRBY", "key increment member", 4, flag::write | flag::denyoom | flag::fast,
     first_key(key::rw | key::access | key::update), zincrby, Event::zincr,
     "Adds to a member's score; an absent member counts as 0.", "1.2.0", "O(log(N)) in a set of N"},
    {"ZREM", "key member [member ...]", -3, flag::write | flag::fast, removes, zrem, Event::zrem,
     "Removes members.", "1.2.0", "O(M*log(N)) for M members of a set of N"},
    {"ZCARD", "key", 2, flag::read | flag::fast, first_key(key::ro), zcard, Event::none,
     "Returns how many members there are.", "1.2.0", "O(1)"},
    {"ZSCORE", "key member", 3, flag::read | flag::fast, reads, zscore, Event::none,
     "Returns the score of one member.", "1.2.0", "O(1)"},
    {"ZMSCORE", "key member [member ...]", -3, flag::read | flag::fast, reads, zmscore, Event::none,
     "Returns the scores of several members.", "6.2.0", "O(N) for N members asked for"},
    {"ZRANK", "key member [WITHSCORE]", -3, flag::read | flag::fast, reads, zrank, Event::none,
     "Returns a member's rank, counted from the lowest score.", "2.0.0", "O(log(N)) in a set of N"},
    {"ZREVRANK", "key member [WITHSCORE]", -3, flag::read | flag::fast, reads, zrevrank, Event::none,
     "Returns a member's rank, counted from the highest score.", "2.0.0", "O(log(N)) in a set of N"},
    {"ZRANDMEMBER", "key [count [WITHSCORES]]", -2, flag::read | flag::random_reply, reads, zrandmember, Event::none,
     "Returns random members: distinct ones, or drawn anew each time when count is negative.", "6.2.0",
     "O(N) for N members returned"},
    {"ZSCAN", "key cursor [MATCH pattern] [COUNT count]", -3, flag::read | flag::random_reply, reads, zscan,
     Event::none, "Walks over members and scores, a part at a call.", "2.8.0",
     "O(1) for a call, O(N) for a complete walk over N members"},

    {"ZRANGE", "key start stop [BYSCORE | BYLEX] [REV] [LIMIT offset count] [WITHSCORES]", -4, flag::read, reads,
     zrange, Event::none, "Returns the members in a range of ranks, scores or names.", "1.2.0",
     "O(log(N)+M) for M members of a set of N"},
    {"ZREVRANGE", "key start stop [WITHSCORES]", -4, flag::read, reads, zrevrange, Event::none,
     "Returns the members in a range of ranks, highest first.", "1.2.0", "O(log(N)+M) for M members of a set of N"},
    {"ZRANGEBYSCORE", "key min max [WITHSCORES] [LIMIT offset count]", -4, flag::read, reads, zrangebyscore,
     Event::none, "Returns the members in a range of scores.", "1.0.5", "O(log(N)+M) for M members of a set of N"},
    {"ZREVRANGEBYSCORE", "key max min [WITHSCORES] [LIMIT offset count]", -4, flag::read, reads, zrevrangebyscore,
     Event::none, "Returns the members in a range of scores, highest first.", "2.2.0",
     "O(log(N)+M) for M members of a set of N"},
    {"ZRANGEBYLEX", "key min max [LIMIT offset count]", -4, flag::read, reads, zrangebylex, Event::none,
     "Returns the members in a range of names, where all scores are equal.", "2.8.9",
     "O(log(N)+M) for M members of a set of N"},
    {"ZREVRANGEBYLEX", "key max min [LIMIT offset count]", -4, flag::read, reads, zrevrangebylex, Event::none,
     "Returns the members in a range of names, last first, where all scores are equal.", "2.8.9",
     "O(log(N)+M) for M members of a set of N"},
    {"ZRANGESTORE", "dst src min max [BYSCORE | BYLEX] [REV] [LIMIT offset count]", -5, flag::write | flag::denyoom,
     two_keys(key::ow | key::update, key::ro | key::access), zrangestore, Event::zrangestore,
     "Stores the members in a range of ranks, scores or names.", "6.2.0", "O(log(N)+M) for M members of a set of N"},
    {"ZCOUNT", "key min max", 4, flag::read | flag::fast, reads, zcount, Event::none,
     "Returns how many members are in a range of scores.", "2.0.0", "O(log(N)) in a set of N"},
    {"ZLEXCOUNT", "key min max", 4, flag::read | flag::fast, reads, zlexcount, Event::none,
     "Returns how many members are in a range of names, where all scores are equal.", "2.8.9",
     "O(log(N)) in a set of N"},
    {"ZREMRANGEBYRANK", "key start stop", 4, flag::write, removes, zremrangebyrank, Event::zremrangebyrank,
     "Removes the members in a range of ranks.", "2.0.0", "O(log(N)+M) for M members of a set of N"},
    {"ZREMRANGEBYSCORE", "key min max", 4, flag::write, removes, zremrangebyscore, Event::zremrangebyscore,
     "Removes the members in a range of scores.", "1.2.0", "O(log(N)+M) for M members of a set of N"},
    {"ZREMRANGEBYLEX", "key min max", 4, flag::write, removes, zremrangebylex, Event::zremrangebylex,
     "Removes the members in a range of names, where all scores are equal.", "2.8.9",
     "O(log(N)+M) for M members of a set of N"},

    {"ZPOPMIN", "key [count]", -2, flag::write | flag::fast, first_key(pops), zpopmin, Event::zpopmin,
     "Returns and removes the members with the lowest scores.", "5.0.0", "O(M*log(N)) for M members of a set of N"},
    {"ZPOPMAX", "key [count]", -2, flag::write | flag::fast, first_key(pops), zpopmax, Event::zpopmax,
     "Returns and removes the members with the highest scores.", "5.0.0", "O(M*log(N)) for M members of a set of N"},
    {"ZMPOP", "numkeys key [key ...] <MIN | MAX> [COUNT count]", -4, flag::write | flag::movable_keys,
     counted_keys(1, pops), zmpop, Event::none,
     "Returns and removes the outermost members of the first set that is there.", "7.0.0",
     "O(K)+O(M*log(N)) for K keys and M members of a set of N"},
    {"BZPOPMIN", "key [key ...] timeout", -3, flag::write | flag::fast | flag::blocking, keys_from(1, -2, 1, pops),
     bzpopmin, Event::zpopmin, "Removes the lowest member of the first set that is there, or waits for one.", "5.0.0",
     "O(log(N)) in a set of N"},
    {"BZPOPMAX", "key [key ...] timeout", -3, flag::write | flag::fast | flag::blocking, keys_from(1, -2, 1, pops),
     bzpopmax, Event::zpopmax, "Removes the highest member of the first set that is there, or waits for one.",
     "5.0.0", "O(log(N)) in a set of N"},
    {"BZMPOP", "timeout numkeys key [key ...] <MIN | MAX> [COUNT count]", -5,
     flag::write | flag::blocking | flag::movable_keys, counted_keys(2, pops), bzmpop, Event::none,
     "Removes the outermost members of the first set that is there, or waits for some.", "7.0.0",
     "O(K)+O(M*log(N)) for K keys and M members of a set of N"},

    {"ZUNION", "numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM | MIN | MAX>] [WITHSCORES]", -3,
     flag::read | flag::movable_keys, counted_keys(1, key::ro | key::access), zunion, Event::none,
     "Returns the members of any of the sets.", "6.2.0", "O(N*log(N)) for sets that hold N members together"},
    {"ZINTER", "numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM | MIN | MAX>] [WITHSCORES]", -3,
     flag::read | flag::movable_keys, counted_keys(1, key::ro | key::access), zinter, Event::none,
     "Returns the members of all of the sets.", "6.2.0",
     "O(N*K)+O(M*log(M)) for K sets, the smallest with N members, and M members found"},
    {"ZDIFF", "numkeys key [key ...] [WITHSCORES]", -3, flag::read | flag::movable_keys,
     counted_keys(1, key::ro | key::access), zdiff, Event::none,
     "Returns the members of the first set that none of the others has.", "6.2.0",
     "O(N*K)+O(M*log(M)) for K sets, the first with N members, and M members found"},
    {"ZUNIONSTORE",
     "destination numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM | MIN | MAX>]", -4,
     flag::write | flag::denyoom | flag::movable_keys, destination + counted_keys(2, key::ro | key::access),
     zunionstore, Event::zunionstore, "Stores the members of any of the sets.", "2.0.0",
     "O(N*log(N)) for sets that hold N members together"},
    {"ZINTERSTORE",
     "destination numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM | MIN | MAX>]", -4,
     flag::write | flag::denyoom | flag::movable_keys, destination + counted_keys(2, key::ro | key::access),
     zinterstore, Event::zinterstore, "Stores the members of all of the sets.", "2.0.0",
     "O(N*K)+O(M*log(M)) for K sets, the smallest with N members, and M members found"},
    {"ZDIFFSTORE", "destination numkeys key [key ...]", -4, flag::write | flag::denyoom | flag::movable_keys,
     destination + counted_keys(2, key::ro | key::access), zdiffstore, Event::zdiffstore,
     "Stores the members of the first set that none of the others has.", "6.2.0",
     "O(N*K)+O(M*log(M)) for K sets, the first with N members, and M members found"},
    {"ZINTERCARD", "numkeys key [key ...] [LIMIT limit]", -3, flag::read | flag::movable_keys,
     counted_keys(1, key::ro | key::access), zintercard, Event::none,
     "Returns how many members are in all of the sets.", "7.0.0",
     "O(N*K) for K sets, the smallest with N members"},
};
// clang-format on

}  // namespace

std::span<const Command> sorted_set_rows() { return rows; }

}  // namespace redipy
