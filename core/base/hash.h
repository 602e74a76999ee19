// SPDX-License-Identifier: Apache-2.0
// The hash of keys, fields and members: 64 bits under a secret 128-bit seed, drawn when the process starts. Whoever
// chooses the keys does not know the seed, so that he cannot make them collide; hence no result may ever leave the
// process.
//
// The core is a multiplication of two 64-bit words whose halves are folded together, the idea of wyhash (Wang Yi,
// github.com/wangyi-fudan/wyhash). Each word of the input meets a word of the seed before it is multiplied, and every
// round depends on the one before. Up to 16 bytes are read in two words that may overlap, which is
// most keys: that part is inline.
#pragma once

#include <cstdint>
#include <cstring>

#include "core/base/view.h"

namespace redipy {

struct HashSeed {
  uint64_t first;
  uint64_t second;
};

namespace detail {

extern HashSeed hash_seed;

inline uint64_t fold_multiply(uint64_t a, uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

template <typename Word>
inline uint64_t load(const char* at) {
  Word word = 0;
  std::memcpy(&word, at, sizeof word);
  return word;
}

// Odd words with as many ones as zeros (digits of pi's fractional part), so that short inputs and lengths differ
// widely.
constexpr uint64_t length_word = 0x243f6a8885a308d3;
constexpr uint64_t final_word = 0x13198a2e03707345;

inline uint64_t finish(uint64_t a, uint64_t b, uint64_t size, HashSeed seed) {
  const uint64_t mixed = fold_multiply(a ^ seed.first, b ^ seed.second);
  return fold_multiply(mixed ^ final_word, seed.first ^ (size * length_word));
}

uint64_t hash_long(View bytes, HashSeed seed);

}  // namespace detail

// The hash of bytes under seed.
inline uint64_t hash_bytes(View bytes, HashSeed seed) {
  const char* at = bytes.data();
  const size_t size = bytes.size();
  if (size > 16) return detail::hash_long(bytes, seed);
  if (size >= 8) {
    return detail::finish(detail::load<uint64_t>(at), detail::load<uint64_t>(at + size - 8), size, seed);
  }
  if (size >= 4) {
    return detail::finish(detail::load<uint32_t>(at), detail::load<uint32_t>(at + size - 4), size, seed);
  }
  if (size == 0) return detail::finish(0, 0, 0, seed);
  // One to three bytes: the first, the middle and the last are all of them.
  const uint64_t ends = detail::load<uint8_t>(at) << 16 | detail::load<uint8_t>(at + size / 2) << 8;
  return detail::finish(ends | detail::load<uint8_t>(at + size - 1), 0, size, seed);
}

// The hash of bytes under the seed of this process.
inline uint64_t hash_bytes(View bytes) { return hash_bytes(bytes, detail::hash_seed); }

// Replaces the seed of the process; for tests, before anything is hashed that is kept.
void set_hash_seed(HashSeed seed);

}  // namespace redipy
