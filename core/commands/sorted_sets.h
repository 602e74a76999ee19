// SPDX-License-Identifier: Apache-2.0
//
// What the files of the sorted sets share. Their rows stand in sorted_sets.cpp, which holds the commands on members;
// zset_ranges.cpp has those on ranges, zset_algebra.cpp unions, intersections and differences, zset_pops.cpp those that
// take the ends away. geo.cpp keeps positions as scores.
#pragma once

#include <span>

#include "core/base/function_ref.h"
#include "core/command/args.h"
#include "core/command/reply.h"
#include "core/store/sorted_sets.h"

namespace redipy {

class Store;

namespace error {
inline constexpr View score_not_a_number = "ERR resulting score is not a number (NaN)";
inline constexpr View range_not_a_float = "ERR min or max is not a float";
inline constexpr View range_not_lexical = "ERR min or max not valid string range item";
}  // namespace error

/// ZADD's end, and GEOADD's: puts `count` members under the condition, makes the set unless only_existing, replies the
/// number of new ones (of new and changed ones when `count_changed`), or with `increment` the score or null.
void put_members(Store& store, View key, size_t count, FunctionRef<ScoredMember(size_t)> member, PutCondition condition,
                 bool count_changed, Reply& reply);

/// Makes `members` (which may be views into the store) the sorted set at `key`, whatever was there; nothing of it
/// stays if there are none. Replies their number.
void store_members(Store& store, View key, std::span<const ScoredMember> members, Reply& reply);

// --- zset_ranges.cpp
void zrange(Store& store, const Args& args, Reply& reply);
void zrevrange(Store& store, const Args& args, Reply& reply);
void zrangebyscore(Store& store, const Args& args, Reply& reply);
void zrevrangebyscore(Store& store, const Args& args, Reply& reply);
void zrangebylex(Store& store, const Args& args, Reply& reply);
void zrevrangebylex(Store& store, const Args& args, Reply& reply);
void zrangestore(Store& store, const Args& args, Reply& reply);
void zcount(Store& store, const Args& args, Reply& reply);
void zlexcount(Store& store, const Args& args, Reply& reply);
void zremrangebyrank(Store& store, const Args& args, Reply& reply);
void zremrangebyscore(Store& store, const Args& args, Reply& reply);
void zremrangebylex(Store& store, const Args& args, Reply& reply);

// --- zset_algebra.cpp
void zunion(Store& store, const Args& args, Reply& reply);
void zinter(Store& store, const Args& args, Reply& reply);
void zdiff(Store& store, const Args& args, Reply& reply);
void zunionstore(Store& store, const Args& args, Reply& reply);
void zinterstore(Store& store, const Args& args, Reply& reply);
void zdiffstore(Store& store, const Args& args, Reply& reply);
void zintercard(Store& store, const Args& args, Reply& reply);

// --- zset_pops.cpp
void zpopmin(Store& store, const Args& args, Reply& reply);
void zpopmax(Store& store, const Args& args, Reply& reply);
void zmpop(Store& store, const Args& args, Reply& reply);
void bzpopmin(Store& store, const Args& args, Reply& reply);
void bzpopmax(Store& store, const Args& args, Reply& reply);
void bzmpop(Store& store, const Args& args, Reply& reply);

}  // namespace redipy
