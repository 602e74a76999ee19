// SPDX-License-Identifier: Apache-2.0
//
// What can happen to a key, under the names of Redis's keyspace notifications
// (https://redis.io/docs/latest/develop/pubsub/keyspace-notifications/). A command's row names the event that its
// changes are; the store tells the listener database, key and event, once per key and command.
#pragma once

#include <cstdint>

#include "core/store/types.h"

namespace redipy {

class Store;

/// The classes of notify-keyspace-events, by their letter.
enum class EventClass : char {
  generic = 'g',
  string = '$',
  list = 'l',
  set = 's',
  hash = 'h',
  sorted_set = 'z',
  expired = 'x',
  evicted = 'e',
  created = 'n',
  missed = 'm',
  none = 0,
};

// name, class, text
#define REDIPY_EVENTS(ROW)                              \
  ROW(none, none, "")                                   \
  ROW(del, generic, "del")                              \
  ROW(expire, generic, "expire")                        \
  ROW(persist, generic, "persist")                      \
  ROW(rename_from, generic, "rename_from")              \
  ROW(rename_to, generic, "rename_to")                  \
  ROW(move_from, generic, "move_from")                  \
  ROW(move_to, generic, "move_to")                      \
  ROW(copy_to, generic, "copy_to")                      \
  ROW(restore, generic, "restore")                      \
  ROW(emptied, generic, "del")                          \
  ROW(created, created, "new")                          \
  ROW(missed, missed, "keymiss")                        \
  ROW(expired, expired, "expired")                      \
  ROW(evicted, evicted, "evicted")                      \
  ROW(set, string, "set")                               \
  ROW(setrange, string, "setrange")                     \
  ROW(append, string, "append")                         \
  ROW(incrby, string, "incrby")                         \
  ROW(incrbyfloat, string, "incrbyfloat")               \
  ROW(setbit, string, "setbit")                         \
  ROW(pfadd, string, "pfadd")                           \
  ROW(lpush, list, "lpush")                             \
  ROW(rpush, list, "rpush")                             \
  ROW(lpop, list, "lpop")                               \
  ROW(rpop, list, "rpop")                               \
  ROW(linsert, list, "linsert")                         \
  ROW(lset, list, "lset")                               \
  ROW(lrem, list, "lrem")                               \
  ROW(ltrim, list, "ltrim")                             \
  ROW(sortstore, list, "sortstore")                     \
  ROW(sadd, set, "sadd")                                \
  ROW(srem, set, "srem")                                \
  ROW(spop, set, "spop")                                \
  ROW(sinterstore, set, "sinterstore")                  \
  ROW(sunionstore, set, "sunionstore")                  \
  ROW(sdiffstore, set, "sdiffstore")                    \
  ROW(hset, hash, "hset")                               \
  ROW(hincrby, hash, "hincrby")                         \
  ROW(hincrbyfloat, hash, "hincrbyfloat")               \
  ROW(hdel, hash, "hdel")                               \
  ROW(zadd, sorted_set, "zadd")                         \
  ROW(zincr, sorted_set, "zincr")                       \
  ROW(zrem, sorted_set, "zrem")                         \
  ROW(zremrangebyscore, sorted_set, "zremrangebyscore") \
  ROW(zremrangebyrank, sorted_set, "zremrangebyrank")   \
  ROW(zremrangebylex, sorted_set, "zremrangebylex")     \
  ROW(zpopmin, sorted_set, "zpopmin")                   \
  ROW(zpopmax, sorted_set, "zpopmax")                   \
  ROW(zunionstore, sorted_set, "zunionstore")           \
  ROW(zinterstore, sorted_set, "zinterstore")           \
  ROW(zdiffstore, sorted_set, "zdiffstore")             \
  ROW(zrangestore, sorted_set, "zrangestore")           \
  ROW(georadiusstore, sorted_set, "georadiusstore")     \
  ROW(geosearchstore, sorted_set, "geosearchstore")

enum class Event : uint8_t {
#define ROW(name, kind, text) name,
  REDIPY_EVENTS(ROW)
#undef ROW
};

constexpr View event_name(Event event) {
  constexpr View names[] = {
#define ROW(name, kind, text) text,
      REDIPY_EVENTS(ROW)
#undef ROW
  };
  return names[static_cast<size_t>(event)];
}

constexpr EventClass event_class(Event event) {
  constexpr EventClass classes[] = {
#define ROW(name, kind, text) EventClass::kind,
      REDIPY_EVENTS(ROW)
#undef ROW
  };
  return classes[static_cast<size_t>(event)];
}

/// Hears of every change of a store, after it was made, in the order of the changes. WATCH, waiting clients, keyspace
/// notifications, client tracking, change logs and running copies hang here, and no handler does bookkeeping.
class ChangeListener {
 public:
  virtual ~ChangeListener() = default;

  /// `key` of `database` was changed. The view holds during the call. Not to call the store from here.
  virtual void changed(int database, View key, Event event) = 0;
  /// A read found nothing at `key` (only told while Store::report_misses is on).
  virtual void missed(int database, View key) = 0;
  /// Everything in `database` (-1: in all of them) is about to be removed by FLUSHDB or FLUSHALL. The keys are still
  /// there and may be asked for.
  virtual void flushing(int database, Store& store) = 0;
  /// Two databases are about to change places.
  virtual void swapping(int first, int second, Store& store) = 0;
};

}  // namespace redipy
