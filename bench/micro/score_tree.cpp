// SPDX-License-Identifier: Apache-2.0
//
// How long the score tree takes per member of a large sorted set, and its bytes per member.
// Usage: score_tree [members]. Read on: core/memory/score_tree.h.

#include "core/memory/score_tree.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

using redipy::Member;
using Clock = std::chrono::steady_clock;

template <class F>
void measure(const char* what, std::size_t times, F&& f) {
  const auto begin = Clock::now();
  f();
  const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  std::printf("%-34s %7.1f ns\n", what, seconds * 1e9 / static_cast<double>(times));
}

int main(int argc, char** argv) {
  const std::size_t size = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
  std::mt19937_64 random(1);
  std::vector<Member*> members;
  for (std::size_t i = 0; i < size; ++i) {
    members.push_back(Member::make(static_cast<double>(random() >> 20), "member:" + std::to_string(i)));
  }
  redipy::ScoreTree tree;
  std::size_t sum = 0;
  measure("insert, random scores", size, [&] {
    for (Member* member : members) tree.insert(member);
  });
  std::printf("%-34s %7.2f bytes\n", "per member", static_cast<double>(tree.memory()) / static_cast<double>(size));
  measure("rank", size, [&] {
    for (const Member* member : members) sum += *tree.rank(member->score, member->bytes());
  });
  measure("at", size, [&] {
    for (std::size_t i = 0; i < size; ++i) sum += tree.at(random() % size)->member != nullptr;
  });
  measure("next", size, [&] {
    for (auto at = tree.begin(); at; ++at) sum += at.score() > 0;
  });
  measure("update, to a score near by", size, [&] {
    for (Member* member : members) tree.update(member, member->score + 1);
  });
  measure("update, to any score", size, [&] {
    for (Member* member : members) tree.update(member, static_cast<double>(random() >> 20));
  });
  measure("erase", size, [&] {
    for (const Member* member : members) sum += tree.erase(member->score, member->bytes()) != nullptr;
  });
  measure("insert, growing scores", size, [&] {
    double score = 0;
    for (Member* member : members) {
      member->score = ++score;
      tree.insert(member);
    }
  });
  std::printf("%-34s %7.2f bytes\n", "per member", static_cast<double>(tree.memory()) / static_cast<double>(size));
  tree.clear(Member::free);
  return sum == 0 ? 1 : 0;
}
