// SPDX-License-Identifier: Apache-2.0
//
// Commands on lists, those that wait among them: a waiting command is an ordinary handler that leaves the reply
// untouched when there is nothing to give, and is called again by the session when one of its keys was written to.
#include <limits>
#include <vector>

#include "core/command/command.h"
#include "core/commands/families.h"
#include "core/store/store.h"

namespace redipy {

namespace {

constexpr int64_t most = std::numeric_limits<int64_t>::max();

/// LEFT or RIGHT.
End read_end(const Args& args, size_t i) {
  if (args.is(i, "LEFT")) return End::front;
  if (args.is(i, "RIGHT")) return End::back;
  throw CommandError(error::syntax);
}

Event push_event(End end) { return end == End::front ? Event::lpush : Event::rpush; }
Event pop_event(End end) { return end == End::front ? Event::lpop : Event::rpop; }

/// Redis's index (negative: from the back) as a position; nullopt outside the list.
std::optional<size_t> position(int64_t index, size_t size) {
  if (index < 0) index += static_cast<int64_t>(size);
  if (index < 0 || static_cast<size_t>(index) >= size) return std::nullopt;
  return static_cast<size_t>(index);
}

// --- push and pop

void push_all(List& list, End end, const Args& args, Reply& reply) {
  const auto elements = args.from(2);
  const size_t size = list.size() + elements.size();
  list.push(end, elements);
  reply.integer(static_cast<int64_t>(size));
}

void lpush(Store& store, const Args& args, Reply& reply) {
  push_all(store.make_list(args[1]), End::front, args, reply);
}

void rpush(Store& store, const Args& args, Reply& reply) { push_all(store.make_list(args[1]), End::back, args, reply); }

void lpushx(Store& store, const Args& args, Reply& reply) {
  List* list = store.list(args[1]);
  if (!list) return reply.integer(0);
  push_all(*list, End::front, args, reply);
}

void rpushx(Store& store, const Args& args, Reply& reply) {
  List* list = store.list(args[1]);
  if (!list) return reply.integer(0);
  push_all(*list, End::back, args, reply);
}

void pop_one(List& list, End end, Reply& reply) {
  list.pop(end, 1, [&](View element) { reply.bulk(element); });
}

void pop_array(List& list, End end, size_t count, Reply& reply) {
  count = std::min(count, list.size());
  reply.array(count);
  if (count > 0) list.pop(end, count, [&](View element) { reply.bulk(element); });
}

void pop(Store& store, const Args& args, Reply& reply, End end, View command) {
  if (args.size() == 2) {
    List* list = store.list(args[1]);
    if (!list) return reply.null();
    return pop_one(*list, end, reply);
  }
  if (args.size() > 3) throw wrong_arity(command);
  const auto count = static_cast<size_t>(args.integer(2, 0, most, error::not_positive));
  List* list = store.list(args[1]);
  if (!list) return reply.null_array();
  pop_array(*list, end, count, reply);
}

void lpop(Store& store, const Args& args, Reply& reply) { pop(store, args, reply, End::front, "lpop"); }
void rpop(Store& store, const Args& args, Reply& reply) { pop(store, args, reply, End::back, "rpop"); }

/// The first of the keys that has a list: replies with the key and its outermost element, as BLPOP does.
void pop_first(Store& store, const Args& args, Reply& reply, End end) {
  for (const View key : args.range(1, args.size() - 2)) {
    List* list = store.list(key);
    if (!list) continue;
    reply.array(2);
    reply.bulk(key);
    return pop_one(*list, end, reply);
  }
}

void blpop(Store& store, const Args& args, Reply& reply) { pop_first(store, args, reply, End::front); }
void brpop(Store& store, const Args& args, Reply& reply) { pop_first(store, args, reply, End::back); }

/// LMPOP from `numkeys` on. Returns false, with nothing replied, if no key has a list.
bool pop_many(Store& store, const Args& args, Reply& reply, size_t at) {
  const int64_t keys = args.integer(at, 1, most, "ERR numkeys should be greater than 0");
  const size_t first = at + 1;
  if (static_cast<size_t>(keys) >= args.size() - first) throw CommandError(error::syntax);
  const size_t end_at = first + static_cast<size_t>(keys);
  const End end = read_end(args, end_at);
  int64_t count = 0;
  for (size_t i = end_at + 1; i < args.size(); i += 2) {
    if (count != 0 || !args.is(i, "COUNT") || i + 1 == args.size()) throw CommandError(error::syntax);
    count = args.integer(i + 1, 1, most, "ERR count should be greater than 0");
  }
  if (count == 0) count = 1;

  for (const View key : args.range(first, static_cast<size_t>(keys))) {
    List* list = store.list(key);
    if (!list) continue;
    store.set_event(pop_event(end));
    reply.array(2);
    reply.bulk(key);
    pop_array(*list, end, static_cast<size_t>(count), reply);
    return true;
  }
  return false;
}

void lmpop(Store& store, const Args& args, Reply& reply) {
  if (!pop_many(store, args, reply, 1)) reply.null_array();
}

void blmpop(Store& store, const Args& args, Reply& reply) { pop_many(store, args, reply, 2); }

// --- from list to list

/// Returns false, with nothing replied, if there is no list at the source. The element is pushed before it is popped,
/// as listeners are told of the push first; turning a list within itself comes out the same either way.
bool move_element(Store& store, const Args& args, Reply& reply, End from, End to) {
  const List* source = store.list(args[1]);
  if (!source) return false;
  thread_local Bytes element;
  element = *source->at(from == End::front ? 0 : source->size() - 1);
  const View pushed = element;
  store.set_event(push_event(to));
  store.make_list(args[2]).push(to, {&pushed, 1});
  store.set_event(pop_event(from));
  store.list(args[1])->pop(from, 1, [](View) {});
  reply.bulk(pushed);
  constexpr size_t kept_capacity = 64 << 10;
  if (element.capacity() > kept_capacity) Bytes().swap(element);
  return true;
}

void lmove(Store& store, const Args& args, Reply& reply) {
  const End from = read_end(args, 3);
  const End to = read_end(args, 4);
  if (!move_element(store, args, reply, from, to)) reply.null();
}

void blmove(Store& store, const Args& args, Reply& reply) {
  const End from = read_end(args, 3);
  const End to = read_end(args, 4);
  move_element(store, args, reply, from, to);
}

void rpoplpush(Store& store, const Args& args, Reply& reply) {
  if (!move_element(store, args, reply, End::back, End::front)) reply.null();
}

void brpoplpush(Store& store, const Args& args, Reply& reply) {
  move_element(store, args, reply, End::back, End::front);
}

// --- by position

void llen(Store& store, const Args& args, Reply& reply) {
  const List* list = store.list(args[1]);
  reply.integer(list ? static_cast<int64_t>(list->size()) : 0);
}

void lindex(Store& store, const Args& args, Reply& reply) {
  const List* list = store.list(args[1]);
  if (!list) return reply.null();
  const auto index = position(args.integer(2), list->size());
  reply.bulk(index ? list->at(*index) : std::nullopt);
}

void lset(Store& store, const Args& args, Reply& reply) {
  List* list = store.list(args[1]);
  if (!list) throw CommandError(error::no_such_key);
  const auto index = position(args.integer(2), list->size());
  if (!index) throw CommandError(error::out_of_range);
  list->set(*index, args[3]);
  reply.ok();
}

void lrange(Store& store, const Args& args, Reply& reply) {
  const int64_t start = args.integer(2);
  const int64_t stop = args.integer(3);
  const List* list = store.list(args[1]);
  if (!list) return reply.array(0);
  const RankRange range = rank_range(start, stop, list->size());
  reply.array(range.count);
  if (range.count > 0) list->range(range, [&](View element) { reply.bulk(element); });
}

void ltrim(Store& store, const Args& args, Reply& reply) {
  const int64_t start = args.integer(2);
  const int64_t stop = args.integer(3);
  if (List* list = store.list(args[1])) list->trim(rank_range(start, stop, list->size()));
  reply.ok();
}

// --- by value

void lrem(Store& store, const Args& args, Reply& reply) {
  const int64_t limit = args.integer(2);
  List* list = store.list(args[1]);
  if (!list) return reply.integer(0);
  const auto removed = limit < 0 ? list->remove(args[3], End::back, 0 - static_cast<size_t>(limit))
                                 : list->remove(args[3], End::front, static_cast<size_t>(limit));
  reply.integer(static_cast<int64_t>(removed));
}

void linsert(Store& store, const Args& args, Reply& reply) {
  const bool after = args.is(2, "AFTER");
  if (!after && !args.is(2, "BEFORE")) throw CommandError(error::syntax);
  List* list = store.list(args[1]);
  if (!list) return reply.integer(0);
  const auto size = static_cast<int64_t>(list->size()) + 1;
  reply.integer(list->insert(args[3], after, args[4]) ? size : -1);
}

struct PositionOptions {
  End from = End::front;
  size_t skip = 0;
  std::optional<size_t> count;
  size_t max_compared = 0;
};

PositionOptions read_position_options(const Args& args) {
  PositionOptions options;
  for (size_t i = 3; i < args.size(); i += 2) {
    if (i + 1 == args.size()) throw CommandError(error::syntax);
    if (args.is(i, "RANK")) {
      const int64_t rank = args.integer(i + 1);
      if (rank == std::numeric_limits<int64_t>::min()) {
        throw CommandError(
            "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807");
      }
      if (rank == 0) {
        throw CommandError(
            "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to "
            "start from the end of the list");
      }
      options.from = rank < 0 ? End::back : End::front;
      options.skip = static_cast<size_t>(rank < 0 ? -rank : rank) - 1;
    } else if (args.is(i, "COUNT")) {
      options.count = static_cast<size_t>(args.integer(i + 1, 0, most, "ERR COUNT can't be negative"));
    } else if (args.is(i, "MAXLEN")) {
      options.max_compared = static_cast<size_t>(args.integer(i + 1, 0, most, "ERR MAXLEN can't be negative"));
    } else {
      throw CommandError(error::syntax);
    }
  }
  return options;
}

void lpos(Store& store, const Args& args, Reply& reply) {
  const PositionOptions options = read_position_options(args);
  const List* list = store.list(args[1]);
  if (!options.count) {
    std::optional<size_t> first;
    if (list) {
      list->find(args[2], options.from, options.skip, options.max_compared, [&](size_t index) {
        first = index;
        return false;
      });
    }
    if (!first) return reply.null();
    return reply.integer(static_cast<int64_t>(*first));
  }
  if (!list) return reply.array(0);
  const auto matches = reply.open_array();
  size_t found = 0;
  list->find(args[2], options.from, options.skip, options.max_compared, [&](size_t index) {
    reply.integer(static_cast<int64_t>(index));
    return ++found != *options.count;  // a count of 0 means all
  });
  reply.close(matches, found);
}

constexpr Keys reads = first_key(key::ro | key::access);
constexpr Keys inserts = first_key(key::rw | key::insert);
constexpr Keys takes = first_key(key::rw | key::access | key::remove);
constexpr Keys moves = two_keys(key::rw | key::access | key::remove, key::rw | key::insert);
constexpr Flags grows = flag::write | flag::denyoom;

constexpr Command rows[] = {
    {"LPUSH", "key element [element ...]", -3, grows | flag::fast, inserts, lpush, Event::lpush,
     "Puts elements in front of a list, the last one outermost; tells its length.", "1.0.0", "O(N) for N elements"},
    {"RPUSH", "key element [element ...]", -3, grows | flag::fast, inserts, rpush, Event::rpush,
     "Puts elements at the end of a list; tells its length.", "1.0.0", "O(N) for N elements"},
    {"LPUSHX", "key element [element ...]", -3, grows | flag::fast, inserts, lpushx, Event::lpush,
     "As LPUSH, but only where there is a list.", "2.2.0", "O(N) for N elements"},
    {"RPUSHX", "key element [element ...]", -3, grows | flag::fast, inserts, rpushx, Event::rpush,
     "As RPUSH, but only where there is a list.", "2.2.0", "O(N) for N elements"},
    {"LPOP", "key [count]", -2, flag::write | flag::fast, takes, lpop, Event::lpop,
     "Removes and returns the first elements.", "1.0.0", "O(N) for N elements"},
    {"RPOP", "key [count]", -2, flag::write | flag::fast, takes, rpop, Event::rpop,
     "Removes and returns the last elements, the outermost first.", "1.0.0", "O(N) for N elements"},
    {"LLEN", "key", 2, flag::read | flag::fast, first_key(key::ro), llen, Event::none, "Tells the length of a list.",
     "1.0.0", "O(1)"},
    {"LINDEX", "key index", 3, flag::read, reads, lindex, Event::none,
     "Returns the element at an index; negative ones count from the end.", "1.0.0",
     "O(N) for N elements between the index and the nearer end"},
    {"LSET", "key index element", 4, grows, first_key(key::rw | key::update), lset, Event::lset,
     "Replaces the element at an index.", "1.0.0", "O(N) for N elements between the index and the nearer end"},
    {"LRANGE", "key start stop", 4, flag::read, reads, lrange, Event::none,
     "Returns the elements from one index to another.", "1.0.0", "O(S+N) for N elements, S away from the nearer end"},
    {"LTRIM", "key start stop", 4, flag::write, first_key(key::rw | key::remove), ltrim, Event::ltrim,
     "Removes all elements but those from one index to another.", "1.0.0", "O(N) for N elements removed"},
    {"LREM", "key count element", 4, flag::write, first_key(key::rw | key::remove), lrem, Event::lrem,
     "Removes elements that are equal to the one given.", "1.0.0", "O(N) for a list of N elements"},
    {"LINSERT", "key <BEFORE | AFTER> pivot element", 5, grows, inserts, linsert, Event::linsert,
     "Puts an element before or after another.", "2.2.0", "O(N) for N elements in front of the pivot"},
    {"LPOS", "key element [RANK rank] [COUNT num-matches] [MAXLEN len]", -3, flag::read, reads, lpos, Event::none,
     "Returns the indexes at which an element is found.", "6.0.6", "O(N) for N elements compared"},
    {"LMOVE", "source destination <LEFT | RIGHT> <LEFT | RIGHT>", 5, grows, moves, lmove, Event::lpop,
     "Moves the outermost element of one list to an end of another; returns it.", "6.2.0", "O(1)"},
    {"RPOPLPUSH", "source destination", 3, grows, moves, rpoplpush, Event::rpop,
     "Moves the last element of one list to the front of another; returns it.", "1.2.0", "O(1)"},
    {"LMPOP", "numkeys key [key ...] <LEFT | RIGHT> [COUNT count]", -4, flag::write,
     counted_keys(1, key::rw | key::access | key::remove), lmpop, Event::lpop,
     "Removes and returns elements of the first list that has any.", "7.0.0", "O(N+M) for N keys and M elements"},
    {"BLPOP", "key [key ...] timeout", -3, flag::write | flag::blocking,
     keys_from(1, -2, 1, key::rw | key::access | key::remove), blpop, Event::lpop,
     "Removes and returns the first element of the first list that has any; waits for one.", "2.0.0",
     "O(N) for N keys"},
    {"BRPOP", "key [key ...] timeout", -3, flag::write | flag::blocking,
     keys_from(1, -2, 1, key::rw | key::access | key::remove), brpop, Event::rpop,
     "Removes and returns the last element of the first list that has any; waits for one.", "2.0.0", "O(N) for N keys"},
    {"BLMOVE", "source destination <LEFT | RIGHT> <LEFT | RIGHT> timeout", 6, grows | flag::blocking, moves, blmove,
     Event::lpop, "As LMOVE; waits for an element.", "6.2.0", "O(1)"},
    {"BRPOPLPUSH", "source destination timeout", 4, grows | flag::blocking, moves, brpoplpush, Event::rpop,
     "As RPOPLPUSH; waits for an element.", "2.2.0", "O(1)"},
    {"BLMPOP", "timeout numkeys key [key ...] <LEFT | RIGHT> [COUNT count]", -5, flag::write | flag::blocking,
     counted_keys(2, key::rw | key::access | key::remove), blmpop, Event::lpop, "As LMPOP; waits for an element.",
     "7.0.0", "O(N+M) for N keys and M elements"},
};

}  // namespace

std::span<const Command> list_rows() { return rows; }

}  // namespace redipy
