// SPDX-License-Identifier: Apache-2.0
//
// What the operations on collections cost in the memory store, without requests and replies, and how many bytes a small
// collection takes with its key. One command per line and frame, as the backend runs it.
// Usage: collections [operations].
#include <time.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/heap.h"
#include "core/base/random.h"
#include "core/memory/memory_store.h"

namespace redipy {
namespace {

struct NoListener final : ChangeListener {
  void changed(int, View, Event) override {}
  void missed(int, View) override {}
  void flushing(int, Store&) override {}
  void swapping(int, int, Store&) override {}
};

/// Of this thread: what others do on the machine counts less.
double cpu_ns() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

class Bench {
 public:
  explicit Bench(size_t operations) : operations_(operations) { store_.hold_clock(); }

  template <class Body>
  void time(View name, Event event, size_t per_operation, Body body) {
    const size_t operations = operations_ / per_operation;
    const double start = cpu_ns();
    for (size_t i = 0; i < operations; ++i) {
      store_.begin({.write = event != Event::none, .event = event});
      body(i);
      store_.end();
    }
    const double ns = cpu_ns() - start;
    std::printf("%-34.*s %8.1f ns", static_cast<int>(name.size()), name.data(), ns / static_cast<double>(operations));
    if (per_operation > 1) {
      std::printf("  %8.1f ns per element", ns / static_cast<double>(operations * per_operation));
    }
    std::printf("\n");
  }

  template <class Fill>
  void weigh(const char* name, Fill fill) {
    constexpr size_t keys = 100'000;
    const size_t before = heap::used();
    char key[32];
    for (size_t i = 0; i < keys; ++i) {
      const auto size = static_cast<size_t>(std::snprintf(key, sizeof key, "key:%012zu", i));
      for (int element = 0; element < 10; ++element) {
        store_.begin({.write = true});
        fill(View(key, size), element);
        store_.end();
      }
    }
    std::printf("%-34s %8.1f bytes\n", name, static_cast<double>(heap::used() - before) / static_cast<double>(keys));
    clear();
  }

  void clear() {
    store_.begin({.write = true});
    store_.flush(-1, true);
    store_.end();
  }

  MemoryStore& store() { return store_; }
  Random& random() { return random_; }
  size_t operations() const { return operations_; }

 private:
  size_t operations_;
  ManualClock clock_;
  NoListener listener_;
  MemoryStore store_{clock_, 1, listener_};
  Random random_{42};
};

std::vector<std::string> words(const char* prefix, size_t count) {
  std::vector<std::string> words(count);
  for (size_t i = 0; i < count; ++i) words[i] = prefix + std::to_string(i);
  return words;
}

volatile size_t sink;

void time_lists(Bench& bench) {
  MemoryStore& store = bench.store();
  const View element = "element:0123456789";
  const auto ignore = [](View view) { sink = view.size(); };
  const auto push = [&](size_t) { store.make_list("list").push(End::front, {&element, 1}); };
  const auto pop = [&](size_t) { store.list("list")->pop(End::back, 1, ignore); };
  bench.time("LPUSH, growing list", Event::lpush, 1, push);
  bench.time("LINDEX, long list", Event::none, 1, [&](size_t) {
    const List* list = store.list("list");
    sink = list->at(bench.random().below(list->size()))->size();
  });
  bench.time("LRANGE 100, long list", Event::none, 100, [&](size_t i) {
    const List* list = store.list("list");
    list->range({i % (list->size() - 100), 100}, ignore);
  });
  bench.time("RPOP, long list", Event::rpop, 1, pop);
  bench.clear();
  bench.time("LPUSH + RPOP, short list", Event::lpush, 1, [&](size_t i) {
    push(i);
    if (i >= 10) pop(i);
  });
  bench.clear();
  const auto numbers = words("", 100);
  for (int kind = 0; kind < 2; ++kind) {
    store.begin({.write = true});
    const std::vector<View> views =
        kind == 0 ? std::vector<View>(100, element) : std::vector<View>(numbers.begin(), numbers.end());
    store.make_list("list").push(End::back, views);
    store.end();
    bench.time(kind == 0 ? "LRANGE 100, small list" : "LRANGE 100, small list, integers", Event::none, 100,
               [&](size_t) {
                 store.list("list")->range({0, 100}, ignore);
               });
    bench.clear();
  }
}

void time_sets(Bench& bench) {
  MemoryStore& store = bench.store();
  const auto members = words("element:", bench.operations());
  const auto ignore = [](View view) { sink = view.size(); };
  const auto add = [&](size_t i) {
    const View member = members[i];
    store.make_set("set").add({&member, 1});
  };
  bench.time("SADD, growing set", Event::sadd, 1, add);
  bench.time("SISMEMBER, large set", Event::none, 1,
             [&](size_t) { sink = store.set("set")->has(members[bench.random().below(members.size())]); });
  bench.time("SPOP, large set", Event::spop, 1, [&](size_t) {
    if (Set* set = store.set("set")) set->pop(1, ignore);
  });
  bench.clear();
  bench.time("SADD 100 at once, growing set", Event::sadd, 100, [&](size_t i) {
    std::vector<View> views(members.begin() + static_cast<ptrdiff_t>(100 * i),
                            members.begin() + static_cast<ptrdiff_t>(100 * i) + 100);
    sink = store.make_set("set").add(views);
  });
  bench.clear();
  bench.time("SADD, small set", Event::sadd, 1, [&](size_t i) { add(i % 20); });
  bench.clear();
  bench.time("SADD, small set of integers", Event::sadd, 1, [&](size_t i) {
    const View member = View(members[i % 100]).substr(8);
    store.make_set("set").add({&member, 1});
  });
  bench.clear();
}

void time_hashes(Bench& bench) {
  MemoryStore& store = bench.store();
  const auto fields = words("field:", bench.operations());
  const View value = "some value of 24 bytes..";
  bench.time("HSET, growing hash", Event::hset, 1, [&](size_t i) { store.make_hash("hash").put(fields[i], value); });
  bench.time("HSET, large hash, known field", Event::hset, 1,
             [&](size_t) { store.make_hash("hash").put(fields[bench.random().below(fields.size())], value); });
  bench.time("HGET, large hash", Event::none, 1,
             [&](size_t) { sink = store.hash("hash")->get(fields[bench.random().below(fields.size())]).has_value(); });
  bench.clear();
  bench.time("HSET, small hash", Event::hset, 1, [&](size_t i) { store.make_hash("hash").put(fields[i % 20], value); });
  bench.time("HGET, small hash", Event::none, 1,
             [&](size_t i) { sink = store.hash("hash")->get(fields[i % 20]).has_value(); });
  bench.clear();
}

void time_sorted_sets(Bench& bench) {
  MemoryStore& store = bench.store();
  const auto members = words("element:", bench.operations());
  const auto ignore = [](View view, double) { sink = view.size(); };
  bench.time("ZADD, growing sorted set", Event::zadd, 1,
             [&](size_t i) { store.make_sorted_set("zset").put(members[i], bench.random().unit()); });
  bench.time("ZADD, large, known member", Event::zadd, 1, [&](size_t) {
    store.make_sorted_set("zset").put(members[bench.random().below(members.size())], bench.random().unit());
  });
  bench.time("ZSCORE, large sorted set", Event::none, 1, [&](size_t) {
    sink = store.sorted_set("zset")->score(members[bench.random().below(members.size())]).has_value();
  });
  bench.time("ZRANK, large sorted set", Event::none, 1, [&](size_t) {
    sink = store.sorted_set("zset")->rank(members[bench.random().below(members.size())], false)->rank;
  });
  bench.time("ZRANGE 100, large sorted set", Event::none, 100, [&](size_t) {
    const SortedSet* set = store.sorted_set("zset");
    set->range(RankRange{bench.random().below(set->size() - 100), 100}, false, ignore);
  });
  bench.time("ZPOPMIN, large sorted set", Event::zpopmin, 1, [&](size_t) {
    if (SortedSet* set = store.sorted_set("zset")) set->pop(End::front, 1, ignore);
  });
  bench.clear();
  bench.time("ZADD, small, random scores", Event::zadd, 1,
             [&](size_t i) { store.make_sorted_set("zset").put(members[i % 20], bench.random().unit()); });
  bench.clear();
}

void weigh(Bench& bench) {
  MemoryStore& store = bench.store();
  const auto texts = words("element:", 10);
  const auto numbers = words("100", 10);
  bench.weigh("hash of 10 (8 + 10 bytes)",
              [&](View key, int i) { store.make_hash(key).put(texts[static_cast<size_t>(i)], "ten bytes."); });
  bench.weigh("list of 10 (9 bytes)", [&](View key, int i) {
    const View element = texts[static_cast<size_t>(i)];
    store.make_list(key).push(End::back, {&element, 1});
  });
  bench.weigh("set of 10 (9 bytes)", [&](View key, int i) {
    const View element = texts[static_cast<size_t>(i)];
    store.make_set(key).add({&element, 1});
  });
  bench.weigh("set of 10 integers", [&](View key, int i) {
    const View element = numbers[static_cast<size_t>(i)];
    store.make_set(key).add({&element, 1});
  });
  bench.weigh("sorted set of 10 (9 bytes)",
              [&](View key, int i) { store.make_sorted_set(key).put(texts[static_cast<size_t>(i)], i); });
}

void weigh_large(Bench& bench) {
  MemoryStore& store = bench.store();
  constexpr size_t count = 1'000'000;
  const auto texts = words("element:", count);
  const auto each = [&](const char* name, auto add) {
    const size_t before = heap::used();
    for (const std::string& text : texts) {
      store.begin({.write = true});
      add(View(text));
      store.end();
    }
    std::printf("%-34s %8.1f bytes per element\n", name,
                static_cast<double>(heap::used() - before) / static_cast<double>(count));
    bench.clear();
  };
  each("hash of 1M (14 + 10 bytes)", [&](View text) { store.make_hash("key").put(text, "ten bytes."); });
  each("list of 1M (14 bytes)", [&](View text) { store.make_list("key").push(End::back, {&text, 1}); });
  each("set of 1M (14 bytes)", [&](View text) { store.make_set("key").add({&text, 1}); });
  each("sorted set of 1M (14 bytes)",
       [&](View text) { store.make_sorted_set("key").put(text, bench.random().unit()); });
}

}  // namespace
}  // namespace redipy

int main(int count, char** arguments) {
  const size_t operations = count > 1 ? std::strtoull(arguments[1], nullptr, 10) : 1'000'000;
  redipy::Bench bench(operations);
  redipy::time_lists(bench);
  redipy::time_sets(bench);
  redipy::time_hashes(bench);
  redipy::time_sorted_sets(bench);
  redipy::weigh(bench);
  redipy::weigh_large(bench);
}
