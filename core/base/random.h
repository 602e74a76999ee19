// SPDX-License-Identifier: Apache-2.0
// A small fast generator for what only has to look random: SRANDMEMBER, SPOP, skip list levels, sampled eviction. It is
// xoshiro256** (D. Blackman and S. Vigna, "Scrambled linear pseudorandom number generators", 2018), seeded through
// splitmix64. Never for secrets. A test gives it a seed and gets the same numbers each time.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace redipy {

// One caller at a time. Fits std::uniform_random_bit_generator.
class Random {
 public:
  using result_type = uint64_t;

  // Seeded by the operating system.
  Random();
  explicit constexpr Random(uint64_t seed) { reseed(seed); }

  constexpr void reseed(uint64_t seed) {
    for (uint64_t& word : state_) {
      seed += 0x9e3779b97f4a7c15;
      uint64_t z = seed;
      z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
      z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
      word = z ^ (z >> 31);
    }
  }

  constexpr uint64_t next() {
    const uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    const uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }

  // Each of 0 … bound-1 with the same probability; bound is not 0. By D. Lemire, "Fast random integer generation in an
  // interval" (2019): the high half of a product, and in the rare case of a bias another draw.
  constexpr uint64_t below(uint64_t bound) {
    __extension__ using Wide = unsigned __int128;
    Wide product = static_cast<Wide>(next()) * bound;
    if (static_cast<uint64_t>(product) < bound) {
      const uint64_t biased = (uint64_t{0} - bound) % bound;
      while (static_cast<uint64_t>(product) < biased) product = static_cast<Wide>(next()) * bound;
    }
    return static_cast<uint64_t>(product >> 64);
  }

  // In [0, 1).
  constexpr double unit() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return ~result_type{0}; }
  constexpr result_type operator()() { return next(); }

 private:
  std::array<uint64_t, 4> state_{};
};

// Fills bytes with randomness from the operating system, fit for secrets and seeds.
void fill_with_entropy(void* bytes, size_t size);

}  // namespace redipy
