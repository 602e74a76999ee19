// SPDX-License-Identifier: Apache-2.0
//
// The format of a sketch, and the estimate. What is done to a sparse one when a register is raised (which run is split
// into which, and what is merged afterwards) is part of the format, so to say: two servers that saw the same elements
// in the same order must hold the same bytes.
#include "core/commands/sketch.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "core/base/numbers.h"

namespace redipy::sketch {
namespace {

constexpr size_t encoding_offset = 4;
constexpr char dense_encoding = 0;
constexpr char sparse_encoding = 1;
constexpr unsigned index_bits = 14;
constexpr unsigned rank_bits = 64 - index_bits;

constexpr uint8_t greatest_in_run = 32;
constexpr size_t longest_value_run = 4;
constexpr size_t longest_short_zero_run = 64;

uint8_t byte_at(View bytes, size_t i) { return static_cast<uint8_t>(bytes[i]); }

uint64_t load_little_endian(const char* bytes, size_t size) {
  uint64_t word = 0;
  for (size_t i = 0; i < size; ++i) word |= uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  return word;
}

/// A. Appleby's MurmurHash64A (public domain), reading words as little-endian.
uint64_t murmur_hash(View bytes, uint64_t seed) {
  constexpr uint64_t factor = 0xc6a4a7935bd1e995;
  constexpr unsigned shift = 47;
  uint64_t hash = seed ^ (bytes.size() * factor);
  const char* at = bytes.data();
  size_t left = bytes.size();
  for (; left >= 8; at += 8, left -= 8) {
    uint64_t word = load_little_endian(at, 8) * factor;
    word ^= word >> shift;
    hash = (hash ^ word * factor) * factor;
  }
  if (left > 0) hash = (hash ^ load_little_endian(at, left)) * factor;
  hash = (hash ^ hash >> shift) * factor;
  return hash ^ hash >> shift;
}

// --- dense

struct DensePlace {
  size_t byte;
  unsigned shift;
  bool two_bytes;
};
DensePlace dense_place(size_t index) {
  const size_t bit = index * 6;
  return {header_size + bit / 8, static_cast<unsigned>(bit % 8), bit % 8 > 2};
}

void set_dense_register(Bytes& value, Observation seen) {
  const Patch patch = dense_patch(value, seen);
  value.replace(patch.offset, patch.size, patch.bytes, patch.size);
}

/// Calls visit(index, rank) for every register.
template <typename Visit>
void for_each_dense(View value, Visit visit) {
  for (size_t index = 0, at = header_size; index < register_count; index += 4, at += 3) {
    const unsigned bits = byte_at(value, at) | unsigned{byte_at(value, at + 1)} << 8 |
                          unsigned{byte_at(value, at + 2)} << 16;
    for (size_t i = 0; i < 4; ++i) visit(index + i, static_cast<uint8_t>(bits >> (6 * i) & 63));
  }
}

// --- sparse

struct Run {
  uint8_t rank;   ///< 0: registers that are 0
  size_t length;  ///< how many registers
  size_t size;    ///< how many bytes
};

/// The run at `at`; nullopt where the bytes end within it.
std::optional<Run> run_at(View value, size_t at) {
  const uint8_t byte = byte_at(value, at);
  if (byte >= 0x80) return Run{static_cast<uint8_t>((byte >> 2 & 31) + 1), (byte & 3u) + 1, 1};
  if (byte < 0x40) return Run{0, byte + 1u, 1};
  if (at + 1 >= value.size()) return std::nullopt;
  return Run{0, ((byte & 63u) << 8 | byte_at(value, at + 1)) + 1, 2};
}

/// Calls visit(index, run) for every run. False if the runs are not exactly as long as the registers.
template <typename Visit>
bool for_each_run(View value, Visit visit) {
  size_t index = 0;
  for (size_t at = header_size; at < value.size();) {
    const auto run = run_at(value, at);
    if (!run || run->length > register_count - index) return false;
    visit(index, *run);
    index += run->length;
    at += run->size;
  }
  return index == register_count;
}

/// Up to three runs that take the place of one: at most 5 bytes.
class NewRuns {
 public:
  void add(uint8_t rank, size_t length) {
    if (length == 0) return;
    if (rank != 0) {
      put(0x80u | (rank - 1u) << 2 | (length - 1));
    } else if (length <= longest_short_zero_run) {
      put(length - 1);
    } else {
      put(0x40u | (length - 1) >> 8);
      put((length - 1) & 0xff);
    }
  }
  View bytes() const { return {bytes_, size_}; }

 private:
  void put(size_t byte) { bytes_[size_++] = static_cast<char>(byte); }
  char bytes_[6];
  size_t size_ = 0;
};

/// Merges neighbours of equal rank among the five runs from `at` on, as far as one run can hold them.
void merge_runs(Bytes& value, size_t at) {
  for (int looked_at = 0; looked_at < 5 && at < value.size(); ++looked_at) {
    const auto run = run_at(value, at);
    if (!run) return;
    const size_t next = at + run->size;
    if (run->rank != 0 && next < value.size()) {
      const auto other = run_at(value, next);
      if (other && other->rank == run->rank && run->length + other->length <= longest_value_run) {
        NewRuns merged;
        merged.add(run->rank, run->length + other->length);
        value.replace(at, 2, merged.bytes());
        continue;  // the next one may fit as well
      }
    }
    at = next;
  }
}

Raised raise_dense(Bytes& value, Observation seen) {
  if (dense_register(value, seen.index) >= seen.rank) return Raised::unchanged;
  set_dense_register(value, seen);
  return Raised::changed;
}

Raised raise_as_dense(Bytes& value, Observation seen) {
  return make_dense(value) ? raise_dense(value, seen) : Raised::corrupt;
}

Raised raise_sparse(Bytes& value, Observation seen, size_t most_sparse_bytes) {
  if (seen.rank > greatest_in_run) return raise_as_dense(value, seen);
  size_t first = 0;  // the first register of the run at `at`
  size_t at = header_size;
  size_t before = header_size;  // where the run before it is
  std::optional<Run> run;
  for (;; first += run->length, before = at, at += run->size) {
    if (at >= value.size()) return Raised::corrupt;
    run = run_at(value, at);
    if (!run) return Raised::corrupt;
    if (seen.index < first + run->length) break;
  }
  if (run->rank >= seen.rank) return Raised::unchanged;

  NewRuns runs;
  runs.add(run->rank, seen.index - first);
  runs.add(seen.rank, 1);
  runs.add(run->rank, first + run->length - seen.index - 1);
  const size_t size = value.size() - run->size + runs.bytes().size();
  if (size > value.size() && size > most_sparse_bytes) return raise_as_dense(value, seen);
  value.replace(at, run->size, runs.bytes());
  merge_runs(value, before);
  return Raised::changed;
}

// --- the estimate

/// How many registers have each rank. Those of a corrupt dense sketch may have any that fits.
using Histogram = std::array<uint32_t, 64>;

/// Ertl's sigma: x + sum over k of x^(2^k) * 2^(k-1).
double sigma(double x) {
  if (x == 1) return std::numeric_limits<double>::infinity();
  double sum = x;
  for (double factor = 1, last = -1; sum != last; factor += factor) {
    x *= x;
    last = sum;
    sum += x * factor;
  }
  return sum;
}

/// Ertl's tau: (1 - x - sum over k of (1 - x^(2^-k))^2 * 2^-k) / 3.
double tau(double x) {
  if (x == 0 || x == 1) return 0;
  double sum = 1 - x;
  for (double factor = 1, last = -1; sum != last;) {
    x = std::sqrt(x);
    last = sum;
    factor *= 0.5;
    sum -= std::pow(1 - x, 2) * factor;
  }
  return sum / 3;
}

uint64_t estimate(const Histogram& histogram) {
  constexpr double count = register_count;
  constexpr double alpha = 0.721347520444481703680;  // 1 / (2 ln 2)
  double z = count * tau((count - histogram[rank_bits + 1]) / count);
  for (size_t rank = rank_bits; rank >= 1; --rank) z = (z + histogram[rank]) * 0.5;
  z += count * sigma(histogram[0] / count);
  const double elements = alpha * count * count / z;
  // Only a corrupt sketch is beyond all numbers.
  if (!(elements < 0x1p63)) return std::numeric_limits<int64_t>::max();
  return static_cast<uint64_t>(std::llround(elements));
}

}  // namespace

Observation observe(View element) {
  const uint64_t hash = murmur_hash(element, 0xadc83b19);
  // The bit beyond the hash ends the search.
  const uint64_t rest = hash >> index_bits | uint64_t{1} << rank_bits;
  return {hash & (register_count - 1), static_cast<uint8_t>(std::countr_zero(rest) + 1)};
}

bool is_sketch(View value) {
  if (value.size() < header_size || !value.starts_with("HYLL")) return false;
  return value[encoding_offset] == sparse_encoding || (is_dense(value) && value.size() == dense_size);
}

bool is_dense(View value) { return value[encoding_offset] == dense_encoding; }

Bytes make_empty() {
  Bytes value("HYLL");
  value.push_back(sparse_encoding);
  value.resize(header_size);
  NewRuns runs;
  runs.add(0, register_count);
  return value.append(runs.bytes());
}

Raised raise(Bytes& value, Observation seen, size_t most_sparse_bytes) {
  return is_dense(value) ? raise_dense(value, seen) : raise_sparse(value, seen, most_sparse_bytes);
}

bool make_dense(Bytes& value) {
  if (is_dense(value)) return true;
  Bytes dense(value, 0, header_size);
  dense[encoding_offset] = dense_encoding;
  dense.resize(dense_size);
  const bool whole = for_each_run(value, [&](size_t index, const Run& run) {
    if (run.rank == 0) return;
    for (size_t i = 0; i < run.length; ++i) set_dense_register(dense, {index + i, run.rank});
  });
  if (whole) value = std::move(dense);
  return whole;
}

uint8_t dense_register(View value, size_t index) {
  const DensePlace place = dense_place(index);
  unsigned bits = byte_at(value, place.byte);
  if (place.two_bytes) bits |= unsigned{byte_at(value, place.byte + 1)} << 8;
  return bits >> place.shift & 63;
}

Patch dense_patch(View value, Observation seen) {
  const DensePlace place = dense_place(seen.index);
  unsigned bits = byte_at(value, place.byte);
  if (place.two_bytes) bits |= unsigned{byte_at(value, place.byte + 1)} << 8;
  bits = (bits & ~(63u << place.shift)) | unsigned{seen.rank} << place.shift;
  return {place.byte, place.two_bytes ? 2u : 1u, {static_cast<char>(bits), static_cast<char>(bits >> 8)}};
}

bool merge(View value, Registers& registers) {
  if (is_dense(value)) {
    for_each_dense(value, [&](size_t index, uint8_t rank) { registers[index] = std::max(registers[index], rank); });
    return true;
  }
  return for_each_run(value, [&](size_t index, const Run& run) {
    if (run.rank == 0) return;
    for (size_t i = index; i < index + run.length; ++i) registers[i] = std::max(registers[i], run.rank);
  });
}

std::optional<uint64_t> kept_estimate(View value) {
  const uint64_t kept = load_little_endian(value.data() + estimate_offset, 8);
  return kept >> 63 != 0 ? std::nullopt : std::optional(kept);
}

std::array<char, 8> estimate_bytes(uint64_t estimate) {
  std::array<char, 8> bytes;
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(estimate >> (8 * i));
  return bytes;
}

void forget_estimate(Bytes& value) {
  char& highest = value[estimate_offset + 7];
  highest = static_cast<char>(static_cast<unsigned char>(highest) | 0x80u);
}

std::optional<uint64_t> estimate(View value) {
  Histogram histogram{};
  if (is_dense(value)) {
    for_each_dense(value, [&](size_t, uint8_t rank) { ++histogram[rank]; });
  } else if (!for_each_run(value, [&](size_t, const Run& run) {
               histogram[run.rank] += static_cast<uint32_t>(run.length);
             })) {
    return std::nullopt;
  }
  return estimate(histogram);
}

uint64_t estimate(const Registers& registers) {
  Histogram histogram{};
  for (const uint8_t rank : registers) ++histogram[rank];
  return estimate(histogram);
}

Bytes describe_runs(View value) {
  Bytes text;
  const auto add_number = [&](size_t number) {
    char digits[integer_text_size];
    text.append(digits, format_unsigned(number, digits));
  };
  size_t at = header_size;
  for (size_t count = 0; count < register_count && at < value.size(); ++count) {
    const auto run = run_at(value, at);
    if (!run) break;
    if (!text.empty()) text += ' ';
    if (run->rank == 0) {
      text += run->size == 2 ? "Z:" : "z:";
    } else {
      text += "v:";
      add_number(run->rank);
      text += ',';
    }
    add_number(run->length);
    at += run->size;
  }
  return text;
}

}  // namespace redipy::sketch
