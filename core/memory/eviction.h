// SPDX-License-Identifier: Apache-2.0
//
// What happens when memory is used up: the policies of maxmemory-policy, and how use is kept in an entry for them.
//
// As in Redis, nothing is kept in order. A few random keys are looked at (maxmemory-samples), and the best candidates
// seen so far are remembered in a pool of 16, over many rounds: that comes near to a true order and costs nothing while
// there is room.
//
//   LRU: `use` is the second of the last use, modulo 2^24.
//   LFU: `use` is 16 bits of the minute of the last decay and 8 bits of a logarithmic counter, the less likely to grow
//        the higher it is, and halved by nothing but time: one less per lfu-decay-time minutes.
#pragma once

#include <array>
#include <cstdint>

#include "core/base/random.h"
#include "core/base/view.h"
#include "core/memory/database.h"
#include "core/memory/options.h"

namespace redipy {

class MemoryStore;

namespace lru {
inline constexpr uint32_t mask = 0xffffff;
inline uint32_t clock(int64_t now_ms) { return static_cast<uint32_t>(now_ms / 1000) & mask; }
inline uint32_t idle_seconds(uint32_t use, uint32_t clock) { return (clock - use) & mask; }
}  // namespace lru

namespace lfu {
inline constexpr uint8_t initial = 5;  ///< a new key is not the first to go
inline uint32_t minutes(int64_t now_ms) { return static_cast<uint32_t>(now_ms / 60000) & 0xffff; }
inline uint32_t pack(uint32_t minutes, uint8_t counter) { return minutes << 8 | counter; }
/// The counter as of now.
uint8_t counter(uint32_t use, uint32_t minutes, int decay_time);
/// The counter after one more use.
uint8_t increment(uint8_t counter, int log_factor, Random& random);
}  // namespace lfu

class Eviction {
 public:
  /// Evicts keys until the store fits, for as long as the tenacity allows. False if it does not fit, and no key may
  /// go: then commands that need memory are refused.
  bool make_room(MemoryStore& store);
  /// The candidates were found under another policy.
  void forget() { size_ = 0; }

 private:
  struct Candidate {
    uint64_t score = 0;  // the higher, the sooner it goes
    int database = 0;
    Bytes key;
  };
  static constexpr size_t pool_size = 16;

  bool evict_one(MemoryStore& store);
  bool evict_random(MemoryStore& store);
  void sample(MemoryStore& store, int database);
  uint64_t score(const MemoryStore& store, const Entry& entry) const;
  void consider(uint64_t score, int database, View key);

  std::array<Candidate, pool_size> pool_;  // the first size_ by ascending score
  size_t size_ = 0;
  int next_database_ = 0;  // where the random policies go on
};

}  // namespace redipy
