// SPDX-License-Identifier: Apache-2.0
//
// What the bitmap commands do to plain bytes, eight at a time. Bit 0 of a bitmap is the highest bit of its first byte,
// so the bits of a word in big-endian order lie as the commands count them:
//
//   bytes   | 0x40      | 0x01      |
//   bits    | 01000000  | 00000001  |
//   offset    0      7    8      15       set: 1 and 15
#pragma once

#include <cstdint>
#include <optional>

#include "core/base/view.h"

namespace redipy {

/// A range of bits, [first, last].
struct BitRange {
  uint64_t first;
  uint64_t last;
};

/// How many bits of `bytes` are set.
uint64_t count_bits(View bytes);
/// The same within a range, which lies within `bytes`.
uint64_t count_bits(View bytes, BitRange range);

/// The offset of the first bit that is `bit` within the range, which lies within `bytes`.
std::optional<uint64_t> find_bit(View bytes, bool bit, BitRange range);

enum class BitOperation : uint8_t { conjunction, disjunction, exclusion };

/// Combines `bytes` with `other`, of which the shorter one counts as filled up with zeros.
void combine_bits(Bytes& bytes, View other, BitOperation operation);
void invert_bits(Bytes& bytes);

/// The `width` (1 to 64) bits from `offset` on, which may lie beyond the end: then they are 0. `bytes` begins at bit
/// 0, or is that part of a bitmap that holds these bits.
uint64_t read_bits(View bytes, uint64_t offset, unsigned width);
/// Writes the lower `width` bits of `value` to bits within `bytes`.
void write_bits(char* bytes, uint64_t offset, unsigned width, uint64_t value);

}  // namespace redipy
