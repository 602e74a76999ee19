// SPDX-License-Identifier: Apache-2.0
//
// Unions, intersections and differences of sorted sets, replied, stored or counted. A source may be a plain set: its
// members have score 1.
//
// All of it is built from two questions to a source: "which members are there" and "what are the scores of these". The
// second is put for a chunk of members at a time, which is one look-up each in memory and one statement in SQL. The
// sources of a union or intersection are taken from the smallest to the largest, in which order Redis adds floats up.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "core/base/text.h"
#include "core/commands/sorted_sets.h"
#include "core/store/store.h"

namespace redipy {

namespace {

enum class Operation : uint8_t { unite, intersect, subtract };
enum class Aggregate : uint8_t { sum, minimum, maximum };

constexpr size_t chunk_size = 128;

/// One of the keys: a sorted set, a set, or absent.
struct Source {
  const SortedSet* sorted = nullptr;
  const Set* set = nullptr;
  double weight = 1;

  size_t size() const { return sorted ? sorted->size() : set ? set->size() : 0; }

  void for_each(SortedSet::VisitWhile visit) const {
    if (sorted) {
      sorted->range(ScoreRange{}, 0, false, visit);
    } else if (set) {
      set->for_each([&](View member) { return visit(member, 1); });
    }
  }

  /// As SortedSet::scores, for at most chunk_size members.
  void scores(std::span<const View> members, FunctionRef<void(size_t, std::optional<double>)> found) const {
    if (sorted) return sorted->scores(members, found);
    std::array<bool, chunk_size> present{};
    if (set) set->has(members, std::span(present).first(members.size()));
    for (size_t i = 0; i < members.size(); ++i) found(i, present[i] ? std::optional(1.0) : std::nullopt);
  }
};

struct Request {
  std::vector<Source> sources;
  Aggregate aggregate = Aggregate::sum;
  bool with_scores = false;
  size_t limit = 0;  // of ZINTERCARD; 0: none
};

/// Infinity times 0, or minus infinity plus infinity, counts as 0.
double or_zero(double score) { return std::isnan(score) ? 0 : score; }

double combined(Aggregate aggregate, double score, double other) {
  switch (aggregate) {
    case Aggregate::sum:
      return or_zero(score + other);
    case Aggregate::minimum:
      return other < score ? other : score;
    case Aggregate::maximum:
      return other > score ? other : score;
  }
  return score;
}

/// Members of one source on their way through the others, with the scores they have so far.
class Chunk {
 public:
  bool full() const { return size_ == chunk_size; }
  bool empty() const { return size_ == 0; }
  void clear() { size_ = 0; }
  void add(View member, double score) {
    members_[size_] = member;
    scores_[size_++] = score;
  }

  /// Keeps the members that `source` has, with the combined scores.
  void keep_those_in(const Source& source, Aggregate aggregate) {
    size_t kept = 0;
    source.scores(members(), [&](size_t i, std::optional<double> score) {
      if (score) keep(kept++, i, combined(aggregate, scores_[i], *score * source.weight));
    });
    size_ = kept;
  }
  /// Keeps the members that `source` lacks.
  void keep_those_not_in(const Source& source) {
    size_t kept = 0;
    source.scores(members(), [&](size_t i, std::optional<double> score) {
      if (!score) keep(kept++, i, scores_[i]);
    });
    size_ = kept;
  }

  /// False if `visit` said so.
  bool for_each(SortedSet::VisitWhile visit) const {
    for (size_t i = 0; i < size_; ++i) {
      if (!visit(members_[i], scores_[i])) return false;
    }
    return true;
  }

 private:
  // The members asked for are copied once, since those that stay move up in place while the answers come in.
  std::span<const View> members() {
    asked_ = members_;
    return std::span(asked_).first(size_);
  }
  void keep(size_t to, size_t from, double score) {
    members_[to] = asked_[from];
    scores_[to] = score;
  }

  std::array<View, chunk_size> members_;
  std::array<View, chunk_size> asked_;
  std::array<double, chunk_size> scores_;
  size_t size_ = 0;
};

/// Passes the first source's members through `filter` by chunks; visits what is left.
void walk_filtered(const Source& first, bool weighted, FunctionRef<void(Chunk&)> filter, SortedSet::VisitWhile visit) {
  Chunk chunk;
  bool more = true;
  const auto flush = [&] {
    filter(chunk);
    more = chunk.for_each(visit);
    chunk.clear();
  };
  first.for_each([&](View member, double score) {
    chunk.add(member, weighted ? or_zero(score * first.weight) : score);
    if (chunk.full()) flush();
    return more;
  });
  if (more && !chunk.empty()) flush();
}

void intersect(const Request& request, SortedSet::VisitWhile visit) {
  const std::span others = std::span(request.sources).subspan(1);
  const auto filter = [&](Chunk& chunk) {
    for (const Source& other : others) {
      if (!chunk.empty()) chunk.keep_those_in(other, request.aggregate);
    }
  };
  walk_filtered(request.sources[0], true, filter, visit);
}

void subtract(const Request& request, SortedSet::VisitWhile visit) {
  const std::span others = std::span(request.sources).subspan(1);
  const auto filter = [&](Chunk& chunk) {
    for (const Source& other : others) {
      if (!chunk.empty()) chunk.keep_those_not_in(other);
    }
  };
  walk_filtered(request.sources[0], false, filter, visit);
}

/// All members of all sources, then those of the same name folded into one, in the order of the sources.
std::vector<ScoredMember> unite(const Request& request) {
  size_t total = 0;
  for (const Source& source : request.sources) total += source.size();
  std::vector<ScoredMember> all;
  all.reserve(total);
  for (const Source& source : request.sources) {
    source.for_each([&](View member, double score) {
      all.push_back({or_zero(score * source.weight), member});
      return true;
    });
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const ScoredMember& a, const ScoredMember& b) { return a.member < b.member; });
  size_t kept = 0;
  for (const ScoredMember& one : all) {
    if (kept > 0 && all[kept - 1].member == one.member) {
      all[kept - 1].score = combined(request.aggregate, all[kept - 1].score, one.score);
    } else {
      all[kept++] = one;
    }
  }
  all.resize(kept);
  return all;
}

/// `numkeys key [key ...]` from argument `first` on, and the options after them that the operation has.
Request read_request(Store& store, const Args& args, size_t first, Operation operation, bool storing, bool counting) {
  const int64_t numkeys = args.integer(first);
  if (numkeys < 1) {
    throw CommandError("ERR at least 1 input key is needed for '" + lower(args[0]) + "' command");
  }
  if (static_cast<size_t>(numkeys) > args.size() - first - 1) throw CommandError(error::syntax);
  const auto count = static_cast<size_t>(numkeys);

  Request request;
  request.sources.resize(count);
  for (size_t i = 0; i < count; ++i) {
    const View key = args[first + 1 + i];
    switch (store.type(key)) {
      case Type::none:
        break;
      case Type::sorted_set:
        request.sources[i].sorted = store.sorted_set(key);
        break;
      case Type::set:
        request.sources[i].set = store.set(key);
        break;
      default:
        throw WrongType();
    }
  }

  const bool aggregates = operation != Operation::subtract && !counting;
  for (size_t i = first + 1 + count; i < args.size(); ++i) {
    const size_t after = args.size() - i - 1;
    if (aggregates && after >= count && args.is(i, "WEIGHTS")) {
      for (Source& source : request.sources) source.weight = args.number(++i, "ERR weight value is not a float");
    } else if (aggregates && after >= 1 && args.is(i, "AGGREGATE")) {
      ++i;
      if (args.is(i, "SUM")) {
        request.aggregate = Aggregate::sum;
      } else if (args.is(i, "MIN")) {
        request.aggregate = Aggregate::minimum;
      } else if (args.is(i, "MAX")) {
        request.aggregate = Aggregate::maximum;
      } else {
        throw CommandError(error::syntax);
      }
    } else if (!storing && !counting && args.is(i, "WITHSCORES")) {
      request.with_scores = true;
    } else if (counting && after >= 1 && args.is(i, "LIMIT")) {
      request.limit =
          static_cast<size_t>(args.integer(++i, 0, std::numeric_limits<int64_t>::max(), "ERR LIMIT can't be negative"));
    } else {
      throw CommandError(error::syntax);
    }
  }
  if (operation != Operation::subtract) {
    std::stable_sort(request.sources.begin(), request.sources.end(),
                     [](const Source& a, const Source& b) { return a.size() < b.size(); });
  }
  return request;
}

std::vector<ScoredMember> result_of(const Request& request, Operation operation) {
  if (operation == Operation::unite) return unite(request);
  std::vector<ScoredMember> result;
  const auto keep = [&](View member, double score) {
    result.push_back({score, member});
    return true;
  };
  if (operation == Operation::intersect) {
    intersect(request, keep);
  } else {
    subtract(request, keep);
  }
  return result;
}

void reply_result(Store& store, const Args& args, Reply& reply, Operation operation) {
  const Request request = read_request(store, args, 1, operation, false, false);
  std::vector<ScoredMember> result = result_of(request, operation);
  std::sort(result.begin(), result.end(), [](const ScoredMember& a, const ScoredMember& b) {
    return a.score < b.score || (a.score == b.score && a.member < b.member);
  });
  if (!request.with_scores) {
    reply.array(result.size());
    for (const ScoredMember& one : result) reply.bulk(one.member);
    return;
  }
  reply.pairs(result.size());
  for (const ScoredMember& one : result) {
    reply.pair();
    reply.bulk(one.member);
    reply.number(one.score);
  }
}

void store_result(Store& store, const Args& args, Reply& reply, Operation operation) {
  const Request request = read_request(store, args, 2, operation, true, false);
  store_members(store, args[1], result_of(request, operation), reply);
}

}  // namespace

void zunion(Store& store, const Args& args, Reply& reply) { reply_result(store, args, reply, Operation::unite); }
void zinter(Store& store, const Args& args, Reply& reply) { reply_result(store, args, reply, Operation::intersect); }
void zdiff(Store& store, const Args& args, Reply& reply) { reply_result(store, args, reply, Operation::subtract); }
void zunionstore(Store& store, const Args& args, Reply& reply) { store_result(store, args, reply, Operation::unite); }
void zinterstore(Store& store, const Args& args, Reply& reply) {
  store_result(store, args, reply, Operation::intersect);
}
void zdiffstore(Store& store, const Args& args, Reply& reply) { store_result(store, args, reply, Operation::subtract); }

void zintercard(Store& store, const Args& args, Reply& reply) {
  const Request request = read_request(store, args, 1, Operation::intersect, false, true);
  size_t count = 0;
  intersect(request, [&](View, double) { return ++count != request.limit; });
  reply.integer(static_cast<int64_t>(count));
}

}  // namespace redipy
