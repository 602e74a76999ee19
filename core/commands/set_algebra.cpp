// SPDX-License-Identifier: Apache-2.0
//
// Set algebra above core/store/sets.h. One idea does most of it: walk one set in blocks, and ask the other sets about
// a block at a time, which a store answers in one go (memory overlaps the cache misses, SQL takes one statement).
//
//   intersection   walk the smallest, keep what each of the others has
//   difference     walk the first, drop what any of the others has; or, where that asks far more than there are
//                  members, gather the first aside and take the members of the others away (Redis's two algorithms)
//   union          gather all of them aside
//
// What is gathered for a reply are views, which hold as nothing is changed. A *STORE copies its result aside before it
// touches the destination, which may be one of the sources.
#include "core/commands/set_algebra.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "core/base/function_ref.h"
#include "core/base/scratch.h"
#include "core/base/view_set.h"
#include "core/store/store.h"

namespace redipy {

namespace {

constexpr size_t block_size = 64;

using Sets = std::span<const Set*>;
using Give = FunctionRef<void(View member)>;
using GiveWhile = FunctionRef<bool(View member)>;

/// The sets at the keys, null where there is none. Throws WrongType before anything is done.
class Sources {
 public:
  Sources(Store& store, std::span<const View> keys) {
    for (const View key : keys) sets_->push_back(store.set(key));
  }
  std::span<const Set*> sets() { return *sets_; }

 private:
  Scratch<const Set*> sets_;
};

/// Gives the members of `walked` that all of `others` have (or none of them, as `kept` says), until `give` is false.
void filter(const Set& walked, std::span<const Set* const> others, bool kept, GiveWhile give) {
  View block[block_size];
  bool present[block_size];
  size_t filled = 0;
  const auto flush = [&] {
    size_t left = filled;
    filled = 0;
    for (size_t i = 0; i < others.size() && left > 0; ++i) {
      if (!others[i]) continue;
      others[i]->has(std::span<const View>(block, left), std::span(present, left));
      size_t passed = 0;
      for (size_t j = 0; j < left; ++j) {
        if (present[j] == kept) block[passed++] = block[j];
      }
      left = passed;
    }
    for (size_t j = 0; j < left; ++j) {
      if (!give(block[j])) return false;
    }
    return true;
  };
  bool more = true;
  walked.for_each([&](View member) {
    block[filled++] = member;
    if (filled == block_size) more = flush();
    return more;
  });
  if (more) flush();
}

void intersect(Sets sets, GiveWhile give) {
  if (std::find(sets.begin(), sets.end(), nullptr) != sets.end()) return;
  std::sort(sets.begin(), sets.end(), [](const Set* a, const Set* b) { return a->size() < b->size(); });
  filter(*sets[0], sets.subspan(1), true, give);
}

void walk(const Set* set, Give give) {
  if (!set) return;
  set->for_each([&](View member) {
    give(member);
    return true;
  });
}

void unite(Sets sets, Give give) {
  ViewSet united;
  size_t most = 0;
  for (const Set* set : sets) most = std::max(most, set ? set->size() : 0);
  united.reserve(most);
  for (const Set* set : sets) walk(set, [&](View member) { united.add(member); });
  united.for_each(give);
}

void subtract(Sets sets, std::span<const View> keys, Give give) {
  const Set* first = sets[0];
  if (!first || std::find(keys.begin() + 1, keys.end(), keys[0]) != keys.end()) return;
  size_t asking = 0;
  size_t gathering = 0;
  for (const Set* set : sets) {
    if (!set) continue;
    asking += first->size();
    gathering += set->size();
  }
  if (asking / 2 <= gathering) {
    // The largest first: it is the likeliest to have a member that is to be dropped.
    std::sort(sets.begin() + 1, sets.end(),
              [](const Set* a, const Set* b) { return (a ? a->size() : 0) > (b ? b->size() : 0); });
    const auto give_on = [&](View member) {
      give(member);
      return true;
    };
    return filter(*first, sets.subspan(1), false, give_on);
  }
  ViewSet left;
  left.reserve(first->size());
  walk(first, [&](View member) { left.add(member); });
  for (size_t i = 1; i < sets.size() && left.size() > 0; ++i) {
    walk(sets[i], [&](View member) { left.remove(member); });
  }
  left.for_each(give);
}

// --- what becomes of the members

/// Members copied one behind the other.
class CopiedMembers {
 public:
  void add(View member) {
    bytes_.append(member);
    ends_.push_back(bytes_.size());
  }

  /// Puts them into the set at `key`, in place of what is there; returns how many different ones there are.
  size_t store_at(Store& store, View key) const {
    store.remove(key);
    size_t stored = 0;
    View block[block_size];
    size_t start = 0;
    for (size_t done = 0; done < ends_.size();) {
      size_t filled = 0;
      for (; filled < block_size && done < ends_.size(); ++filled, ++done) {
        block[filled] = View(bytes_).substr(start, ends_[done] - start);
        start = ends_[done];
      }
      stored += store.make_set(key).add(std::span<const View>(block, filled));
    }
    return stored;
  }

 private:
  Bytes bytes_;
  std::vector<size_t> ends_;
};

void store_result(Store& store, View destination, Reply& reply, FunctionRef<void(Give)> produce) {
  CopiedMembers members;
  produce([&](View member) { members.add(member); });
  reply.integer(static_cast<int64_t>(members.store_at(store, destination)));
}

void send_result(Reply& reply, FunctionRef<void(Give)> produce) {
  const auto open = reply.open_set();
  size_t count = 0;
  produce([&](View member) {
    reply.bulk(member);
    ++count;
  });
  reply.close(open, count);
}

void intersect_all(Sets sets, Give give) {
  intersect(sets, [&](View member) {
    give(member);
    return true;
  });
}

}  // namespace

void sinter(Store& store, const Args& args, Reply& reply) {
  Sources sources(store, args.from(1));
  send_result(reply, [&](Give give) { intersect_all(sources.sets(), give); });
}

void sinterstore(Store& store, const Args& args, Reply& reply) {
  Sources sources(store, args.from(2));
  store_result(store, args[1], reply, [&](Give give) { intersect_all(sources.sets(), give); });
}

void sintercard(Store& store, const Args& args, Reply& reply) {
  constexpr int64_t most = std::numeric_limits<int64_t>::max();
  const auto keys = static_cast<size_t>(args.integer(1, 1, most, "ERR numkeys should be greater than 0"));
  if (keys > args.size() - 2) throw CommandError("ERR Number of keys can't be greater than number of args");
  size_t limit = 0;
  for (size_t i = 2 + keys; i < args.size(); i += 2) {
    if (!args.is(i, "LIMIT") || i + 1 == args.size()) throw CommandError(error::syntax);
    limit = static_cast<size_t>(args.integer(i + 1, 0, most, "ERR LIMIT can't be negative"));
  }
  size_t count = 0;
  Sources sources(store, args.range(2, keys));
  intersect(sources.sets(), [&](View) { return ++count != limit; });
  reply.integer(static_cast<int64_t>(count));
}

void sunion(Store& store, const Args& args, Reply& reply) {
  Sources sources(store, args.from(1));
  send_result(reply, [&](Give give) { unite(sources.sets(), give); });
}

void sunionstore(Store& store, const Args& args, Reply& reply) {
  Sources sources(store, args.from(2));
  // A member of several sets is copied as often, and told from a new one by the destination.
  store_result(store, args[1], reply, [&](Give give) {
    for (const Set* set : sources.sets()) walk(set, give);
  });
}

void sdiff(Store& store, const Args& args, Reply& reply) {
  Sources sources(store, args.from(1));
  send_result(reply, [&](Give give) { subtract(sources.sets(), args.from(1), give); });
}

void sdiffstore(Store& store, const Args& args, Reply& reply) {
  Sources sources(store, args.from(2));
  store_result(store, args[1], reply, [&](Give give) { subtract(sources.sets(), args.from(2), give); });
}

}  // namespace redipy
