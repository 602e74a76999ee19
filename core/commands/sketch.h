// SPDX-License-Identifier: Apache-2.0
//
// HyperLogLog sketches: estimates of how many different elements were seen, with an error of 0.81%, in at most 12 KB.
//
// An element is hashed to 64 bits. The lower 14 choose one of 16384 registers; the register keeps the greatest rank
// seen, the rank being the position of the lowest set bit in the other 50 (1 to 51). Heule, Nunkesser and Hall,
// "HyperLogLog in practice" (2013), tell why that works; the estimate from the registers is O. Ertl's, "New cardinality
// estimation algorithms for HyperLogLog sketches" (2017), section 4.
//
// A sketch is a string in Redis's own format, so that values go to and from a real Redis, byte for byte:
//
//   "HYLL"  encoding (1)  unused (3)  last estimate (8, little-endian; highest bit set: out of date)  registers
//
// dense (encoding 0): 16384 registers of 6 bits, each beginning at the lowest free bit of its byte:
//
//   | 11000000 | 22221111 | 33333322 | ...
//
// sparse (encoding 1): runs of equal registers, from the first register to the last
//
//   00nnnnnn            n+1 registers are 0             (1 to 64)
//   01nnnnnn nnnnnnnn   n+1 registers are 0             (1 to 16384)
//   1vvvvvnn            n+1 registers are v+1           (1 to 4 of them, up to 32)
//
// A sketch begins as sparse, and becomes dense when it grows beyond hll-sparse-max-bytes or a register beyond 32.
// Nothing here trusts the bytes of a sketch: they may come from SET or RESTORE.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "core/base/view.h"

namespace redipy::sketch {

constexpr size_t register_count = 16384;
constexpr size_t header_size = 16;
constexpr size_t dense_size = header_size + register_count * 6 / 8;
constexpr size_t estimate_offset = 8;  // where the last estimate is kept

using Registers = std::array<uint8_t, register_count>;

/// What an element does to a sketch: the register is raised to the rank.
struct Observation {
  size_t index;
  uint8_t rank;
};
Observation observe(View element);

/// Whether a value begins as a sketch does, and has the right size if dense. Its runs may still be corrupt.
bool is_sketch(View value);
/// Of a value that is_sketch().
bool is_dense(View value);

/// A sketch that has seen nothing.
Bytes make_empty();

enum class Raised : uint8_t { unchanged, changed, corrupt };

/// Raises a register of `value`, which is_sketch(). It becomes dense if it would exceed `most_sparse_bytes`. When it
/// is found corrupt it is left as it is.
Raised raise(Bytes& value, Observation seen, size_t most_sparse_bytes);
/// False if `value`, which is_sketch(), is corrupt.
bool make_dense(Bytes& value);

/// A register of a dense sketch, and the one or two bytes that hold it after it was set.
uint8_t dense_register(View value, size_t index);
struct Patch {
  size_t offset;  ///< within the value
  size_t size;
  char bytes[2];
};
Patch dense_patch(View value, Observation seen);

/// Raises each register to that of `value`, which is_sketch(). False if it is corrupt.
bool merge(View value, Registers& registers);

/// The last estimate, unless it is out of date.
std::optional<uint64_t> kept_estimate(View value);
/// The eight bytes that keep an estimate.
std::array<char, 8> estimate_bytes(uint64_t estimate);
/// Marks the kept estimate as out of date.
void forget_estimate(Bytes& value);

/// Nullopt if `value`, which is_sketch(), is corrupt.
std::optional<uint64_t> estimate(View value);
uint64_t estimate(const Registers& registers);

/// The runs of a sparse sketch as people read them: "Z:1000 v:2,1 z:19". Of a corrupt one they are shown as they are, as
/// many as a whole one could have.
Bytes describe_runs(View value);

}  // namespace redipy::sketch
