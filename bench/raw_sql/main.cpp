// SPDX-License-Identifier: Apache-2.0
//
// redipy-raw-sql: a bare loop of prepared statements on a table of keys and values, which is what the server's stores
// in tables are compared with. Usage:
//   redipy-raw-sql DATABASE --where WHERE [--statement set|get] [--keyspace N] [--operations N] [--batch N] [--value
//   SIZE]
//                  [--seed N]
// DATABASE is sqlite, postgresql or mariadb. All keys are written first. Prints the CPU time of this process and the
// wall time per operation, and how long a batch takes (p50).
#include <time.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <random>
#include <stdexcept>

#include "bench/load/options.h"
#include "table.h"

namespace redipy::bench {

namespace {

std::int64_t now(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

std::unique_ptr<RawTable> open(const std::string& database, const std::string& where) {
  if (database == "sqlite") return open_sqlite(where);
#ifdef REDIPY_RAW_POSTGRESQL
  if (database == "postgresql") return open_postgresql(where);
#endif
#ifdef REDIPY_RAW_MARIADB
  if (database == "mariadb") return open_mariadb(where);
#endif
  throw std::invalid_argument("this program was built without " + database);
}

std::string key_of(std::uint64_t number) { return "key:" + std::to_string(number); }

void run(int argc, char** argv) {
  Options options(argc, argv);
  const std::string database = argv[1];
  const std::string statement = options.text("statement", "set");
  const std::uint64_t keyspace = options.number("keyspace", 100'000);
  const std::uint64_t operations = options.number("operations", 100'000);
  const std::uint64_t batch = std::max<std::uint64_t>(options.number("batch", 1), 1);
  std::string value(std::max<std::uint64_t>(options.number("value", 100), 20), 'v');
  std::mt19937_64 random(options.number("seed", 1));
  const std::string where = options.text("where", "");
  options.refuse_others();
  if (statement != "set" && statement != "get") throw std::invalid_argument("--statement is set or get");

  const std::unique_ptr<RawTable> table = open(database, where);
  std::vector<std::string> keys;
  for (std::uint64_t i = 0; i < keyspace; ++i) {
    keys.push_back(key_of(i));
    if (keys.size() == 1000 || i + 1 == keyspace) {
      table->set(keys, value);
      keys.clear();
    }
  }

  std::vector<std::int64_t> took;
  std::uint64_t done = 0;
  const std::int64_t cpu = now(CLOCK_PROCESS_CPUTIME_ID);
  const std::int64_t began = now(CLOCK_MONOTONIC);
  while (done < operations) {
    keys.clear();
    while (keys.size() < batch) {
      std::string key = key_of(random() % keyspace);
      if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(std::move(key));
    }
    const std::int64_t start = now(CLOCK_MONOTONIC);
    if (statement == "set") {
      // Another value each time: SQLite does not write what is there already.
      const std::string number = std::to_string(done);
      value.replace(0, number.size(), number);
      table->set(keys, value);
    } else if (table->get(keys) != keys.size()) {
      throw std::runtime_error("a key is not there");
    }
    took.push_back(now(CLOCK_MONOTONIC) - start);
    done += batch;
  }
  const auto per = [&](std::int64_t ns) { return static_cast<double>(ns) / static_cast<double>(done); };
  const double wall = per(now(CLOCK_MONOTONIC) - began);
  const double used = per(now(CLOCK_PROCESS_CPUTIME_ID) - cpu);
  std::nth_element(took.begin(), took.begin() + static_cast<std::ptrdiff_t>(took.size() / 2), took.end());
  std::printf("{\"cpu_ns\": %.1f, \"wall_ns\": %.1f, \"p50_us\": %.1f}\n", used, wall,
              static_cast<double>(took[took.size() / 2]) / 1e3);
}

}  // namespace
}  // namespace redipy::bench

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "redipy-raw-sql sqlite|postgresql|mariadb --where WHERE [options]; the source says which\n");
    return 2;
  }
  try {
    redipy::bench::run(argc, argv);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "redipy-raw-sql: %s\n", error.what());
    return 1;
  }
}
