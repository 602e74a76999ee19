// SPDX-License-Identifier: Apache-2.0
//
// How long the hash table takes per item at a size too large for the caches: inserts (and the longest one), searches
// one by one and in batches with prefetching, a whole scan, and its bytes per item.
// Usage: hash_table [items]. Read on: core/base/hash_table.h.

#include "core/base/hash_table.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>

namespace {

struct Item {
  std::uint64_t number;
  char more[40];
};

struct Traits {
  static std::string_view key(const Item& item) {
    return {reinterpret_cast<const char*>(&item.number), sizeof item.number};
  }
  static std::uint64_t hash(std::string_view key) {
    std::uint64_t x = 0;
    key.copy(reinterpret_cast<char*>(&x), sizeof x);
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return x ^ (x >> 31);
  }
};

using Clock = std::chrono::steady_clock;

double seconds(Clock::duration time) { return std::chrono::duration<double>(time).count(); }

template <class F>
void measure(const char* what, std::size_t times, F&& f) {
  const auto begin = Clock::now();
  f();
  std::printf("%-34s %7.1f ns\n", what, seconds(Clock::now() - begin) * 1e9 / static_cast<double>(times));
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t size = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 2'000'000;
  const auto items = std::make_unique<Item[]>(size);
  for (std::size_t i = 0; i < size; ++i) items[i].number = i * 0x9e3779b97f4a7c15;
  redipy::HashTable<Item, Traits> table;
  const auto hash = [&](std::size_t i) { return Traits::hash(Traits::key(items[i])); };

  measure("insert", size, [&] {
    for (std::size_t i = 0; i < size; ++i) table.insert(hash(i), &items[i]);
  });
  std::printf("%-34s %7.2f bytes\n", "per item", static_cast<double>(table.memory()) / static_cast<double>(size));

  const std::size_t stride = 1'000'003;  // visits the items in no order the hardware could guess
  std::size_t found = 0;
  measure("find, one by one", size, [&] {
    for (std::size_t i = 0, at = 0; i < size; ++i, at = (at + stride) % size) {
      const std::uint64_t number = at * 0x9e3779b97f4a7c15;
      const std::string_view key(reinterpret_cast<const char*>(&number), sizeof number);
      found += table.find(Traits::hash(key), key) != nullptr;
    }
  });
  measure("find, batches of 16", size, [&] {
    constexpr std::size_t batch = 16;
    std::uint64_t numbers[batch];
    std::uint64_t hashes[batch];
    for (std::size_t i = 0, at = 0; i + batch <= size; i += batch) {
      for (std::size_t j = 0; j < batch; ++j, at = (at + stride) % size) {
        numbers[j] = at * 0x9e3779b97f4a7c15;
        hashes[j] = Traits::hash({reinterpret_cast<const char*>(&numbers[j]), sizeof numbers[j]});
        table.prefetch(hashes[j]);
      }
      for (const std::uint64_t h : hashes) table.prefetch_item(h);
      for (std::size_t j = 0; j < batch; ++j) {
        found += table.find(hashes[j], {reinterpret_cast<const char*>(&numbers[j]), sizeof numbers[j]}) != nullptr;
      }
    }
  });
  measure("find what is absent", size, [&] {
    for (std::size_t i = 0; i < size; ++i) {
      const std::uint64_t number = i + 1;
      const std::string_view key(reinterpret_cast<const char*>(&number), sizeof number);
      found += table.find(Traits::hash(key), key) != nullptr;
    }
  });
  measure("scan", size, [&] {
    std::uint64_t cursor = 0;
    do {
      cursor = table.scan(cursor, [&](const Item* item) { found += item->number & 1; });
    } while (cursor != 0);
  });
  measure("erase", size, [&] {
    for (std::size_t i = 0; i < size; ++i) found += table.erase(hash(i), Traits::key(items[i])) != nullptr;
  });

  Clock::duration longest{};
  for (std::size_t i = 0; i < size; ++i) {
    const auto begin = Clock::now();
    table.insert(hash(i), &items[i]);
    longest = std::max(longest, Clock::now() - begin);
  }
  std::printf("%-34s %7.1f us\n", "longest insert", seconds(longest) * 1e6);
  return found == 0 ? 1 : 0;
}
