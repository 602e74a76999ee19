// SPDX-License-Identifier: Apache-2.0
//
// Commands on strings as bitmaps. A bitmap has no type of its own: any string is one, beyond its end all bits are 0,
// and setting a bit there makes it longer. bit_words.h does the work on bytes, bitfield.cpp has the integers of any
// width.
#include "core/commands/bits.h"

#include <algorithm>

#include "core/base/numbers.h"
#include "core/commands/bit_words.h"
#include "core/commands/families.h"
#include "core/commands/make_string.h"
#include "core/store/store.h"

namespace redipy {

uint64_t bit_offset(const Store& store, const Args& args, size_t i, unsigned width) {
  View text = args[i];
  const bool counted = width != 0 && text.starts_with('#');
  if (counted) text.remove_prefix(1);
  const auto number = parse_integer(text);
  int64_t offset = 0;
  if (!number || __builtin_mul_overflow(*number, counted ? static_cast<int64_t>(width) : 1, &offset) || offset < 0 ||
      static_cast<uint64_t>(offset) >> 3 >= store.limits().max_string_bytes) {
    throw CommandError("ERR bit offset is not an integer or out of range");
  }
  return static_cast<uint64_t>(offset);
}

namespace {

// SETBIT key offset value
void setbit(Store& store, const Args& args, Reply& reply) {
  const uint64_t offset = bit_offset(store, args, 2);
  const int64_t value = args.integer(3, 0, 1, "ERR bit is not an integer or out of range");
  const size_t at = offset >> 3;
  const unsigned mask = 0x80u >> (offset & 7);

  String& string = make_string(store, args[1]);
  const View there = string.range(at, 1);
  const unsigned old = there.empty() ? 0 : static_cast<unsigned char>(there[0]);
  const bool was_set = (old & mask) != 0;
  if (there.empty() || was_set != (value == 1)) {
    const auto byte = static_cast<char>(value == 1 ? old | mask : old & ~mask);
    string.patch(at, {&byte, 1});
  }
  reply.integer(was_set ? 1 : 0);
}

// GETBIT key offset
void getbit(Store& store, const Args& args, Reply& reply) {
  const uint64_t offset = bit_offset(store, args, 2);
  const String* string = store.string(args[1]);
  const View there = string ? string->range(offset >> 3, 1) : View();
  const bool is_set = !there.empty() && (static_cast<unsigned char>(there[0]) & (0x80u >> (offset & 7))) != 0;
  reply.integer(is_set ? 1 : 0);
}

/// Whether argument i says that a range counts bits, not bytes.
bool counts_bits(const Args& args, size_t i) {
  if (args.is(i, "BIT")) return true;
  if (args.is(i, "BYTE")) return false;
  throw CommandError(error::syntax);
}

/// The bits from start to end (negative: from the end, inclusive), both counted in bits or in bytes; nullopt if none.
std::optional<BitRange> bit_range(int64_t start, int64_t end, size_t bytes, bool in_bits) {
  const auto size = static_cast<int64_t>(in_bits ? bytes * 8 : bytes);
  if (start < 0) start = std::max<int64_t>(start + size, 0);
  if (end < 0) end = std::max<int64_t>(end + size, 0);
  end = std::min(end, size - 1);
  if (start > end) return std::nullopt;
  const auto first = static_cast<uint64_t>(start);
  const auto last = static_cast<uint64_t>(end);
  return in_bits ? BitRange{first, last} : BitRange{first * 8, last * 8 + 7};
}

// BITCOUNT key [start end [BYTE | BIT]]
void bitcount(Store& store, const Args& args, Reply& reply) {
  const String* string = store.string(args[1]);
  if (!string) return reply.integer(0);  // as in Redis, whatever the other arguments are
  if (args.size() == 2) return reply.integer(static_cast<int64_t>(count_bits(string->get())));
  if (args.size() < 4 || args.size() > 5) throw CommandError(error::syntax);
  const int64_t start = args.integer(2);
  const int64_t end = args.integer(3);
  if (start < 0 && end < 0 && start > end) return reply.integer(0);
  const bool in_bits = args.size() == 5 && counts_bits(args, 4);
  const View bytes = string->get();
  const auto range = bit_range(start, end, bytes.size(), in_bits);
  reply.integer(range ? static_cast<int64_t>(count_bits(bytes, *range)) : 0);
}

// BITPOS key bit [start [end [BYTE | BIT]]]
void bitpos(Store& store, const Args& args, Reply& reply) {
  const int64_t bit = args.integer(2);
  if (bit != 0 && bit != 1) throw CommandError("ERR The bit argument must be 1 or 0.");
  const String* string = store.string(args[1]);
  if (!string) return reply.integer(bit == 1 ? -1 : 0);  // as in Redis, whatever the other arguments are
  if (args.size() > 6) throw CommandError(error::syntax);
  const int64_t start = args.size() > 3 ? args.integer(3) : 0;
  const bool in_bits = args.size() == 6 && counts_bits(args, 5);
  const int64_t end = args.size() > 4 ? args.integer(4) : -1;

  const View bytes = string->get();
  const auto range = bit_range(start, end, bytes.size(), in_bits);
  if (!range) return reply.integer(-1);
  if (const auto found = find_bit(bytes, bit == 1, *range)) return reply.integer(static_cast<int64_t>(*found));
  // Without an end the bitmap goes on with zeros for ever.
  reply.integer(bit == 0 && args.size() <= 4 ? static_cast<int64_t>(bytes.size() * 8) : -1);
}

// BITOP operation destkey key [key ...]
void bitop(Store& store, const Args& args, Reply& reply) {
  const bool inverts = args.is(1, "NOT");
  BitOperation operation = BitOperation::conjunction;
  if (args.is(1, "OR")) {
    operation = BitOperation::disjunction;
  } else if (args.is(1, "XOR")) {
    operation = BitOperation::exclusion;
  } else if (!inverts && !args.is(1, "AND")) {
    throw CommandError(error::syntax);
  }
  if (inverts && args.size() != 4) throw CommandError("ERR BITOP NOT must be called with a single source key.");

  Bytes result;
  for (size_t i = 3; i < args.size(); ++i) {
    const String* string = store.string(args[i]);
    const View source = string ? string->get() : View();
    if (i == 3) {
      result = source;
    } else {
      combine_bits(result, source, operation);
    }
  }
  if (inverts) invert_bits(result);

  if (result.empty()) {
    store.remove(args[2]);
  } else {
    put_bytes(store, args[2], result);
  }
  reply.integer(static_cast<int64_t>(result.size()));
}

constexpr Keys read_key = first_key(key::ro | key::access);
constexpr Keys bitfield_key = first_key(key::rw | key::access | key::update | key::variable_flags);
constexpr Flags write = flag::write | flag::denyoom;

constexpr Command rows[] = {
    {"SETBIT", "key offset value", 4, write, first_key(key::rw | key::access | key::update), setbit, Event::setbit,
     "Sets or clears a bit of a string and returns what it was.", "2.2.0", "O(1)"},
    {"GETBIT", "key offset", 3, flag::read | flag::fast, read_key, getbit, Event::none, "Returns a bit of a string.",
     "2.2.0", "O(1)"},
    {"BITCOUNT", "key [start end [BYTE | BIT]]", -2, flag::read, read_key, bitcount, Event::none,
     "Counts the bits that are set in a string.", "2.6.0", "O(N)"},
    {"BITPOS", "key bit [start [end [BYTE | BIT]]]", -3, flag::read, read_key, bitpos, Event::none,
     "Finds the first bit that is set, or is not.", "2.8.7", "O(N)"},
    {"BITOP", "operation destkey key [key ...]", -4, write,
     key_at(2, key::ow | key::update) + keys_from(3, -1, 1, key::ro | key::access), bitop, Event::set,
     "Combines strings bit by bit into another one.", "2.6.0", "O(N)"},
    {"BITFIELD",
     "key [GET encoding offset | [OVERFLOW <WRAP | SAT | FAIL>] <SET encoding offset value | INCRBY encoding offset "
     "increment> [GET encoding offset | [OVERFLOW <WRAP | SAT | FAIL>] <SET encoding offset value | INCRBY encoding "
     "offset increment> ...]]",
     -2, write, bitfield_key, bitfield, Event::setbit, "Reads and changes integers of any width inside a string.",
     "3.2.0", "O(1) for each of its operations"},
    {"BITFIELD_RO", "key [GET encoding offset [GET encoding offset ...]]", -2, flag::read | flag::fast, read_key,
     bitfield_ro, Event::none, "Reads integers of any width inside a string.", "6.0.0",
     "O(1) for each of its operations"},
};

}  // namespace

std::span<const Command> bit_rows() { return rows; }

}  // namespace redipy
