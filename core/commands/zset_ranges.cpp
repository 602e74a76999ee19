// SPDX-License-Identifier: Apache-2.0
//
// Ranges of sorted sets by rank, by score and by member. All forms of ZRANGE, old and new, are read into one RangeQuery
// (the old names only fix what ZRANGE leaves open) and walked in one place; what is found is replied or stored.
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <optional>
#include <vector>

#include "core/base/numbers.h"
#include "core/commands/sorted_sets.h"
#include "core/store/store.h"

namespace redipy {

namespace {

// --- bounds

/// A bound of scores as Redis reads it: laxer than other numbers, for it is what strtod takes. So "" is 0, blanks may
/// stand in front, and 1e999 is infinity.
double lax_number(View text) {
  if (const auto value = parse_double(text)) return *value;
  const Bytes terminated(text);
  char* end = nullptr;
  const double value = std::strtod(terminated.c_str(), &end);
  if (*end != '\0' || std::isnan(value)) throw CommandError(error::range_not_a_float);
  return value;
}

void read_score_bound(View text, double& bound, bool& exclusive) {
  exclusive = !text.empty() && text[0] == '(';
  bound = lax_number(exclusive ? text.substr(1) : text);
}

ScoreRange score_range(View low, View high) {
  ScoreRange range;
  read_score_bound(low, range.low, range.low_exclusive);
  read_score_bound(high, range.high, range.high_exclusive);
  return range;
}

LexBound lex_bound(View text) {
  if (text == "-") return {LexBound::minimum, {}};
  if (text == "+") return {LexBound::maximum, {}};
  if (!text.empty() && text[0] == '[') return {LexBound::inclusive, text.substr(1)};
  if (!text.empty() && text[0] == '(') return {LexBound::exclusive, text.substr(1)};
  throw CommandError(error::range_not_lexical);
}

LexRange lex_range(View low, View high) { return {lex_bound(low), lex_bound(high)}; }

// --- queries

enum class By : uint8_t { rank, score, member };
enum class Order : uint8_t { ascending, descending };

struct RangeQuery {
  By by = By::rank;
  bool reverse = false;
  bool with_scores = false;
  int64_t start = 0, stop = 0;  // by rank
  ScoreRange scores;            // by score
  LexRange members;             // by member
  int64_t offset = 0;           // LIMIT; nothing is found when it is negative
  int64_t limit = -1;           // negative: all
};

/// Reads `key min max` from argument `first` on, and the options after them. `by` and `order` are given where the
/// command's name says them, and then are no options. WITHSCORES is one unless `storing`.
RangeQuery read_query(const Args& args, size_t first, std::optional<By> by, std::optional<Order> order,
                      bool storing = false) {
  RangeQuery query;
  for (size_t i = first + 3; i < args.size(); ++i) {
    if (!storing && args.is(i, "WITHSCORES")) {
      query.with_scores = true;
    } else if (args.is(i, "LIMIT") && i + 2 < args.size()) {
      query.offset = args.integer(i + 1);
      query.limit = args.integer(i + 2);
      i += 2;
    } else if (!order && args.is(i, "REV")) {
      order = Order::descending;
    } else if (!by && args.is(i, "BYLEX")) {
      by = By::member;
    } else if (!by && args.is(i, "BYSCORE")) {
      by = By::score;
    } else {
      throw CommandError(error::syntax);
    }
  }
  query.by = by.value_or(By::rank);
  query.reverse = order == Order::descending;
  if (query.limit != -1 && query.by == By::rank) {
    throw CommandError("ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX");
  }
  if (query.with_scores && query.by == By::member) {
    throw CommandError("ERR syntax error, WITHSCORES not supported in combination with BYLEX");
  }

  // Ranks are given in the order of the reply, bounds of a reversed range from the high one down.
  View low = args[first + 1];
  View high = args[first + 2];
  if (query.reverse) std::swap(low, high);
  switch (query.by) {
    case By::rank:
      query.start = args.integer(first + 1);
      query.stop = args.integer(first + 2);
      break;
    case By::score:
      query.scores = score_range(low, high);
      break;
    case By::member:
      query.members = lex_range(low, high);
      break;
  }
  return query;
}

/// Visits what a query by score or by member asks for.
void walk(const SortedSet& set, const RangeQuery& query, SortedSet::Visit visit) {
  if (query.offset < 0 || query.limit == 0 || static_cast<size_t>(query.offset) >= set.size()) return;
  const auto offset = static_cast<size_t>(query.offset);
  auto left = query.limit < 0 ? std::numeric_limits<uint64_t>::max() : static_cast<uint64_t>(query.limit);
  const auto next = [&](View member, double score) {
    visit(member, score);
    return --left > 0;
  };
  if (query.by == By::score) {
    if (!query.scores.empty()) set.range(query.scores, offset, query.reverse, next);
  } else {
    if (!query.members.empty()) set.range(query.members, offset, query.reverse, next);
  }
}

void reply_by_rank(const SortedSet& set, const RangeQuery& query, Reply& reply) {
  const RankRange range = rank_range(query.start, query.stop, set.size());
  if (range.count == 0) return reply.array(0);
  if (query.with_scores) {
    reply.pairs(range.count);
    set.range(range, query.reverse, [&](View member, double score) {
      reply.pair();
      reply.bulk(member);
      reply.number(score);
    });
  } else {
    reply.array(range.count);
    set.range(range, query.reverse, [&](View member, double) { reply.bulk(member); });
  }
}

void reply_range(Store& store, View key, const RangeQuery& query, Reply& reply) {
  const SortedSet* set = store.sorted_set(key);
  if (!set) return reply.array(0);
  if (query.by == By::rank) return reply_by_rank(*set, query, reply);

  size_t count = 0;
  if (query.with_scores) {
    const Reply::Open open = reply.open_pairs();
    walk(*set, query, [&](View member, double score) {
      reply.pair();
      reply.bulk(member);
      reply.number(score);
      ++count;
    });
    reply.close(open, count);
  } else {
    const Reply::Open open = reply.open_array();
    walk(*set, query, [&](View member, double) {
      reply.bulk(member);
      ++count;
    });
    reply.close(open, count);
  }
}

/// How many members `range` holds, of a key that may be absent.
template <typename Range>
void reply_count(Store& store, View key, const Range& range, Reply& reply) {
  const SortedSet* set = store.sorted_set(key);
  reply.integer(set && !range.empty() ? static_cast<int64_t>(set->count(range)) : 0);
}

template <typename Range>
void remove_range(Store& store, View key, const Range& range, Reply& reply) {
  SortedSet* set = store.sorted_set(key);
  reply.integer(set && !range.empty() ? static_cast<int64_t>(set->remove(range)) : 0);
}

}  // namespace

void zrange(Store& store, const Args& args, Reply& reply) {
  reply_range(store, args[1], read_query(args, 1, {}, {}), reply);
}
void zrevrange(Store& store, const Args& args, Reply& reply) {
  reply_range(store, args[1], read_query(args, 1, By::rank, Order::descending), reply);
}
void zrangebyscore(Store& store, const Args& args, Reply& reply) {
  reply_range(store, args[1], read_query(args, 1, By::score, Order::ascending), reply);
}
void zrevrangebyscore(Store& store, const Args& args, Reply& reply) {
  reply_range(store, args[1], read_query(args, 1, By::score, Order::descending), reply);
}
void zrangebylex(Store& store, const Args& args, Reply& reply) {
  reply_range(store, args[1], read_query(args, 1, By::member, Order::ascending), reply);
}
void zrevrangebylex(Store& store, const Args& args, Reply& reply) {
  reply_range(store, args[1], read_query(args, 1, By::member, Order::descending), reply);
}

void zrangestore(Store& store, const Args& args, Reply& reply) {
  const RangeQuery query = read_query(args, 2, {}, {}, true);
  std::vector<ScoredMember> found;
  const auto keep = [&](View member, double score) { found.push_back({score, member}); };
  if (const SortedSet* set = store.sorted_set(args[2])) {
    if (query.by == By::rank) {
      const RankRange range = rank_range(query.start, query.stop, set->size());
      if (range.count > 0) set->range(range, query.reverse, keep);
    } else {
      walk(*set, query, keep);
    }
  }
  store_members(store, args[1], found, reply);
}

void zcount(Store& store, const Args& args, Reply& reply) {
  reply_count(store, args[1], score_range(args[2], args[3]), reply);
}
void zlexcount(Store& store, const Args& args, Reply& reply) {
  reply_count(store, args[1], lex_range(args[2], args[3]), reply);
}
void zremrangebyscore(Store& store, const Args& args, Reply& reply) {
  remove_range(store, args[1], score_range(args[2], args[3]), reply);
}
void zremrangebylex(Store& store, const Args& args, Reply& reply) {
  remove_range(store, args[1], lex_range(args[2], args[3]), reply);
}
void zremrangebyrank(Store& store, const Args& args, Reply& reply) {
  const int64_t start = args.integer(2);
  const int64_t stop = args.integer(3);
  SortedSet* set = store.sorted_set(args[1]);
  const RankRange range = set ? rank_range(start, stop, set->size()) : RankRange{};
  reply.integer(range.count > 0 ? static_cast<int64_t>(set->remove(range)) : 0);
}

}  // namespace redipy
