// SPDX-License-Identifier: Apache-2.0
// See hash.h: the seed, and inputs of more than 16 bytes.
#include "core/base/hash.h"

#include "core/base/random.h"

namespace redipy {
namespace {

HashSeed draw_seed() {
  HashSeed seed{};
  fill_with_entropy(&seed, sizeof seed);
  return seed;
}

}  // namespace

// Drawn before the other objects of static life are made, for they may hash.
__attribute__((init_priority(101))) HashSeed detail::hash_seed = draw_seed();

void set_hash_seed(HashSeed seed) { detail::hash_seed = seed; }

uint64_t detail::hash_long(View bytes, HashSeed seed) {
  const char* at = bytes.data();
  size_t left = bytes.size();
  uint64_t state = seed.first ^ length_word;
  if (left > 48) {
    // Three lanes that do not wait for one another.
    uint64_t lane1 = seed.second ^ length_word;
    uint64_t lane2 = seed.first ^ seed.second ^ final_word;
    do {
      state = fold_multiply(load<uint64_t>(at) ^ seed.second, load<uint64_t>(at + 8) ^ state);
      lane1 = fold_multiply(load<uint64_t>(at + 16) ^ seed.first, load<uint64_t>(at + 24) ^ lane1);
      lane2 = fold_multiply(load<uint64_t>(at + 32) ^ seed.second ^ final_word, load<uint64_t>(at + 40) ^ lane2);
      at += 48;
      left -= 48;
    } while (left > 48);
    state ^= lane1 ^ lane2;
  }
  while (left > 16) {
    state = fold_multiply(load<uint64_t>(at) ^ seed.second, load<uint64_t>(at + 8) ^ state);
    at += 16;
    left -= 16;
  }
  // The last 16 bytes, which may overlap with what was taken already.
  const char* const last = at + left - 16;
  return finish(load<uint64_t>(last), load<uint64_t>(last + 8) ^ state, bytes.size(), seed);
}

}  // namespace redipy
