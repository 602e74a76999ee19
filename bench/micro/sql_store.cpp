// SPDX-License-Identifier: Apache-2.0
//
// What operations cost in the store in tables, on SQLite, without requests and replies: CPU of this thread, commits
// included, so many commands a batch. Beside GET, SET and HGET stands what the bare prepared statements cost.
// Usage: sql_store [folder [elements [commands per batch]]].
#include <time.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "core/base/clock.h"
#include "core/base/random.h"
#include "core/store/frame.h"
#include "sql/sql_store.h"
#include "sql/sqlite_driver.h"

namespace redipy::sql {
namespace {

struct NoListener final : ChangeListener {
  void changed(int, View, Event) override {}
  void missed(int, View) override {}
  void flushing(int, Store&) override {}
  void swapping(int, int, Store&) override {}
};

double cpu_us() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

class Bench {
 public:
  Bench(std::string file, size_t elements, size_t per_batch)
      : file_(std::move(file)), elements_(elements), per_batch_(per_batch) {
    open(size_t{256} << 20);
  }

  void open(size_t cache) {
    store_.reset();
    store_ = std::make_unique<SqlStore>(std::make_unique<SqliteDriver>(file_), clock_, 1, listener_);
    Options options;
    options.cache_bytes = cache;
    store_->set_options(options);
  }

  template <class Body>
  void time(const char* name, size_t operations, Event event, Body body) {
    store_->begin_batch();
    const double start = cpu_us();
    for (size_t i = 0; i < operations; ++i) {
      store_->begin({.write = event != Event::none, .event = event});
      body(i);
      store_->end();
      if ((i + 1) % per_batch_ == 0) {
        store_->commit_batch();
        store_->begin_batch();
      }
    }
    store_->commit_batch();
    report(name, operations, cpu_us() - start);
  }

  template <class Body>
  void raw(const char* name, size_t operations, Body body) {
    SqliteDriver& driver = static_cast<SqliteDriver&>(store_->driver());
    driver.begin();
    const double start = cpu_us();
    for (size_t i = 0; i < operations; ++i) {
      body(driver, i);
      if ((i + 1) % per_batch_ == 0) {
        driver.commit();
        driver.begin();
      }
    }
    driver.commit();
    report(name, operations, cpu_us() - start);
  }

  void run();

 private:
  static void report(const char* name, size_t operations, double us) {
    std::printf("%-44s %8.2f us\n", name, us / static_cast<double>(operations));
    std::fflush(stdout);
  }
  std::string key() { return "key:" + std::to_string(random_.below(elements_)); }
  std::string member() { return "member:" + std::to_string(random_.below(elements_)); }

  std::string file_;
  size_t elements_;
  size_t per_batch_;
  SystemClock clock_;
  NoListener listener_;
  Random random_{1};
  std::unique_ptr<SqlStore> store_;
};

void Bench::run() {
  const std::string value(100, 'v');
  const auto fresh = [&](size_t i) {
    std::string text = value;
    const std::string number = std::to_string(i * 7919);
    return text.replace(0, number.size(), number);
  };
  const size_t n = elements_;
  const size_t some = 20'000;
  size_t found = 0;
  int64_t dbid = 0;

  time("SET, new keys in order", n, Event::set,
       [&](size_t i) { store_->put_string("key:" + std::to_string(i), fresh(i), {}); });
  time("SET, random, cached", n, Event::set, [&](size_t i) { store_->put_string(key(), fresh(i), {}); });
  time("GET, random, cached", n, Event::none, [&](size_t) { found += store_->string(key())->size(); });
  open(0);
  time("SET, random, no cache", n, Event::set, [&](size_t i) { store_->put_string(key(), fresh(i + 3), {}); });
  time("GET, random, no cache", n, Event::none, [&](size_t) { found += store_->string(key())->size(); });
  store_->driver().read(Statement::db_all, {}, [&](Row row) { dbid = row[1].number; });
  raw("  raw SELECT by key", n, [&](Driver& driver, size_t) {
    const std::string name = key();
    const Value parameters[] = {dbid, View(name)};
    driver.read(Statement::key_get, parameters, [&](Row row) { found += row[10].view.size(); });
  });
  raw("  raw UPDATE by id", n, [&](Driver& driver, size_t i) {
    const std::string text = fresh(i + 5);
    const Value parameters[] = {int64_t{1},
                                Value(),
                                int64_t{0},
                                int64_t{100},
                                int64_t{0},
                                int64_t{0},
                                int64_t{0},
                                int64_t{0},
                                int64_t{0},
                                View(text),
                                static_cast<int64_t>(2 + random_.below(n - 2))};
    driver.write(Statement::key_update, parameters);
  });
  open(size_t{256} << 20);

  time("HSET, filling", n, Event::hset,
       [&](size_t i) { store_->make_hash("h").put("member:" + std::to_string(i), fresh(i)); });
  time("HSET, random existing field", some, Event::hset,
       [&](size_t i) { store_->make_hash("h").put(member(), fresh(i)); });
  time("HGET", n, Event::none, [&](size_t) { found += store_->hash("h")->get(member())->size(); });
  time("HRANDFIELD, large", some, Event::none,
       [&](size_t) { store_->hash("h")->sample(1, true, [&](View field, View) { found += field.size(); }); });
  time("RPUSH, filling", n, Event::rpush, [&](size_t i) {
    const std::string element = fresh(i);
    const View view = element;
    store_->make_list("l").push(End::back, {&view, 1});
  });
  time("LPUSH", some, Event::lpush, [&](size_t i) {
    const std::string element = fresh(i);
    const View view = element;
    store_->make_list("l").push(End::front, {&view, 1});
  });
  time("LPOP", some, Event::lpop,
       [&](size_t) { store_->list("l")->pop(End::front, 1, [&](View element) { found += element.size(); }); });
  time("LINDEX, random", some, Event::none, [&](size_t) { found += store_->list("l")->at(random_.below(n))->size(); });
  time("LRANGE 10, random", some, Event::none, [&](size_t) {
    store_->list("l")->range({random_.below(n - 10), 10}, [&](View element) { found += element.size(); });
  });
  time("LSET, random", some, Event::lset, [&](size_t i) { store_->list("l")->set(random_.below(n), fresh(i)); });
  time("SADD, filling", n, Event::sadd, [&](size_t i) {
    const std::string element = "member:" + std::to_string(i);
    const View view = element;
    store_->make_set("s").add({&view, 1});
  });
  time("SISMEMBER", some, Event::none, [&](size_t) { found += store_->set("s")->has(member()); });
  time("SRANDMEMBER, large", some, Event::none,
       [&](size_t) { store_->set("s")->sample(1, true, [&](View view) { found += view.size(); }); });
  time("SPOP, large", some, Event::spop,
       [&](size_t) { store_->set("s")->pop(1, [&](View view) { found += view.size(); }); });
  time("ZADD, filling in random order", n, Event::zadd, [&](size_t i) {
    store_->make_sorted_set("z").put("member:" + std::to_string(i), static_cast<double>(random_.below(1'000'000)));
  });
  time("ZSCORE", some, Event::none, [&](size_t) { found += store_->sorted_set("z")->score(member()).has_value(); });
  time("ZRANK, first, makes the sketch", 1, Event::none,
       [&](size_t) { found += store_->sorted_set("z")->rank(member(), false)->rank; });
  time("ZRANK, random", some, Event::none,
       [&](size_t) { found += store_->sorted_set("z")->rank(member(), false)->rank; });
  time("ZRANGE 10 by rank, random", some, Event::none, [&](size_t) {
    store_->sorted_set("z")->range(RankRange{random_.below(n - 10), 10}, false,
                                   [&](View view, double) { found += view.size(); });
  });
  time("ZRANGEBYSCORE LIMIT 0 10", some, Event::none, [&](size_t) {
    size_t left = 10;
    store_->sorted_set("z")->range(ScoreRange{.low = static_cast<double>(random_.below(1'000'000))}, 0, false,
                                   [&](View view, double) { return found += view.size(), --left > 0; });
  });
  time("ZADD, random existing member, with sketch", some, Event::zadd,
       [&](size_t) { store_->make_sorted_set("z").put(member(), static_cast<double>(random_.below(1'000'000))); });
  time("ZPOPMIN, with sketch", some, Event::zpopmin,
       [&](size_t) { store_->sorted_set("z")->pop(End::front, 1, [&](View view, double) { found += view.size(); }); });
  time("DEL of all of them", 1, Event::del, [&](size_t) {
    for (const View key : {"h", "l", "s", "z"}) store_->remove(key, Removal::asked_for);
  });
  size_t steps = 0;
  const double start = cpu_us();
  for (bool more = true; more; ++steps) {
    store_->begin_batch();
    more = store_->reclaim(500);
    store_->commit_batch();
  }
  report("reclaim, a step of 500 rows", steps, cpu_us() - start);
  std::printf("(%zu bytes seen)\n", found);
}

}  // namespace
}  // namespace redipy::sql

int main(int count, char** arguments) {
  const std::filesystem::path folder = count > 1 ? arguments[1] : std::filesystem::temp_directory_path();
  const std::string file = folder / "redipy-micro.db";
  for (const char* end : {"", "-wal", "-shm", ".lock"}) std::filesystem::remove(file + end);
  const size_t elements = count > 2 ? std::strtoull(arguments[2], nullptr, 10) : 100'000;
  const size_t per_batch = count > 3 ? std::strtoull(arguments[3], nullptr, 10) : 50;
  redipy::sql::Bench(file, elements, per_batch).run();
  for (const char* end : {"", "-wal", "-shm", ".lock"}) std::filesystem::remove(file + end);
}
