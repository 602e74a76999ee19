// SPDX-License-Identifier: Apache-2.0
//
// Where a command's keys are, as data: Redis 7's key specifications (https://redis.io/docs/latest/develop/reference/
// key-specs/). A specification says where to begin (an index, or the word after a keyword) and how to go on (up to a
// last argument, or by a count that an argument gives). Routing, prefixes, prefetching, WATCH, COMMAND GETKEYS read it.
#pragma once

#include <cstdint>

#include "core/base/view.h"

namespace redipy {

using KeyFlags = uint16_t;
namespace key {
inline constexpr KeyFlags ro = 1, rw = 2, ow = 4, rm = 8;  ///< what happens to the key as a whole: exactly one
inline constexpr KeyFlags access = 16, update = 32, insert = 64, remove = 128;  ///< what happens to its data
inline constexpr KeyFlags not_key = 256, incomplete = 512, variable_flags = 1024;
}  // namespace key

struct KeySpec {
  enum Begin : uint8_t { at_index, at_keyword, begin_unknown } begin = at_index;
  enum Find : uint8_t { by_range, by_count, find_unknown } find = by_range;
  KeyFlags flags = 0;
  int16_t index = 1;  ///< at_index: the first key's argument; at_keyword: where the search starts (<0: from the end)
  View keyword = {};
  int16_t last = 0;         ///< by_range: the last key, counted from the first (<0: from the end of the arguments)
  int16_t step = 1;         ///< from one key to the next
  int16_t limit = 0;        ///< by_range with last -1: 2 = only the first half of what is left, …
  int16_t count_index = 0;  ///< by_count: where the count is, counted from the beginning
  int16_t first_key = 0;    ///< by_count: where the first key is, counted from the beginning
};

/// Keys that no specification can tell.
enum class KeyRule : uint8_t { none, sort, georadius, migrate, set_get };

struct Keys {
  KeySpec specs[3] = {};
  uint8_t count = 0;
  KeyRule rule = KeyRule::none;
};

inline constexpr Keys no_keys{};

/// The key is the argument at `index`.
constexpr Keys key_at(int16_t index, KeyFlags flags) {
  Keys keys;
  keys.count = 1;
  keys.specs[0].index = index;
  keys.specs[0].flags = flags;
  return keys;
}
constexpr Keys first_key(KeyFlags flags) { return key_at(1, flags); }
/// Two keys, at 1 and 2.
constexpr Keys two_keys(KeyFlags first, KeyFlags second) {
  Keys keys = key_at(1, first);
  keys.count = 2;
  keys.specs[1].index = 2;
  keys.specs[1].flags = second;
  return keys;
}
/// All arguments from `index` to `last` (-1: the last one; -2: all but the last one), every `step`-th.
constexpr Keys keys_from(int16_t index, int16_t last, int16_t step, KeyFlags flags) {
  Keys keys = key_at(index, flags);
  keys.specs[0].last = last;
  keys.specs[0].step = step;
  return keys;
}
constexpr Keys all_keys(KeyFlags flags) { return keys_from(1, -1, 1, flags); }
/// The argument at `index` says how many keys follow it.
constexpr Keys counted_keys(int16_t index, KeyFlags flags) {
  Keys keys;
  keys.count = 1;
  keys.specs[0].find = KeySpec::by_count;
  keys.specs[0].flags = flags;
  keys.specs[0].index = index;
  keys.specs[0].count_index = 0;
  keys.specs[0].first_key = 1;
  return keys;
}
/// The key after the word `keyword`, looked for from `start` on.
constexpr Keys keyword_key(View keyword, int16_t start, KeyFlags flags) {
  Keys keys = key_at(start, flags);
  keys.specs[0].begin = KeySpec::at_keyword;
  keys.specs[0].keyword = keyword;
  return keys;
}
/// The specifications of `a`, then those of `b`.
constexpr Keys operator+(Keys a, const Keys& b) {
  for (uint8_t i = 0; i < b.count; ++i) a.specs[a.count++] = b.specs[i];
  if (b.rule != KeyRule::none) a.rule = b.rule;
  return a;
}
constexpr Keys with_rule(Keys keys, KeyRule rule) {
  keys.rule = rule;
  return keys;
}

}  // namespace redipy
