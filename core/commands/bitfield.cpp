// SPDX-License-Identifier: Apache-2.0
//
// BITFIELD: integers of 1 to 64 bits, signed (i1 to i64) or not (u1 to u63), at any bit of a string. As an unsigned one
// has at most 63 bits, a value of either kind is an int64_t, and both kinds share their arithmetic: a range that the
// value must lie in, and three ways of what happens where it does not.
#include <algorithm>
#include <array>
#include <limits>
#include <vector>

#include "core/base/numbers.h"
#include "core/commands/bit_words.h"
#include "core/commands/bits.h"
#include "core/commands/make_string.h"
#include "core/store/store.h"

namespace redipy {
namespace {

struct Encoding {
  bool is_signed = false;
  unsigned width = 0;

  constexpr int64_t least() const { return is_signed ? std::numeric_limits<int64_t>::min() >> (64 - width) : 0; }
  constexpr int64_t most() const {
    return std::numeric_limits<int64_t>::max() >> (is_signed ? 64 - width : 63 - width);
  }
  /// The value whose lower bits these are.
  constexpr int64_t of_bits(uint64_t bits) const {
    const unsigned unused = 64 - width;
    return is_signed ? static_cast<int64_t>(bits << unused) >> unused : static_cast<int64_t>(bits << unused >> unused);
  }
};

enum class Overflow : uint8_t { wrap, saturate, fail };

struct Operation {
  enum Kind : uint8_t { get, set, increment } kind = get;
  Overflow overflow = Overflow::wrap;
  Encoding encoding;
  uint64_t offset = 0;
  int64_t operand = 0;
};

Encoding read_encoding(View text) {
  const auto width = text.empty() ? std::nullopt : parse_integer(text.substr(1));
  const bool is_signed = text.starts_with('i');
  if (!width || (!is_signed && !text.starts_with('u')) || *width < 1 || *width > (is_signed ? 64 : 63)) {
    throw CommandError(
        "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.");
  }
  return {is_signed, static_cast<unsigned>(*width)};
}

Overflow read_overflow(const Args& args, size_t i) {
  if (args.is(i, "WRAP")) return Overflow::wrap;
  if (args.is(i, "SAT")) return Overflow::saturate;
  if (args.is(i, "FAIL")) return Overflow::fail;
  throw CommandError("ERR Invalid OVERFLOW type specified");
}

/// The operations of the request, in memory that is kept from one to the next.
std::vector<Operation>& read_operations(const Store& store, const Args& args) {
  static thread_local std::vector<Operation> operations;
  operations.clear();
  Overflow overflow = Overflow::wrap;
  for (size_t i = 2; i < args.size();) {
    const size_t left = args.size() - i - 1;
    Operation operation;
    if (args.is(i, "GET") && left >= 2) {
      operation.kind = Operation::get;
    } else if (args.is(i, "SET") && left >= 3) {
      operation.kind = Operation::set;
    } else if (args.is(i, "INCRBY") && left >= 3) {
      operation.kind = Operation::increment;
    } else if (args.is(i, "OVERFLOW") && left >= 1) {
      overflow = read_overflow(args, i + 1);
      i += 2;
      continue;
    } else {
      throw CommandError(error::syntax);
    }
    operation.overflow = overflow;
    operation.encoding = read_encoding(args[i + 1]);
    operation.offset = bit_offset(store, args, i + 2, operation.encoding.width);
    if (operation.kind != Operation::get) operation.operand = args.integer(i + 3);
    operations.push_back(operation);
    i += operation.kind == Operation::get ? 3 : 4;
  }
  return operations;
}

int64_t read_value(const String* string, const Operation& operation) {
  if (!string) return 0;
  const View bytes = string->range(operation.offset >> 3, 9);
  return operation.encoding.of_bits(read_bits(bytes, operation.offset & 7, operation.encoding.width));
}

void write_value(String& string, const Operation& operation, int64_t value) {
  const size_t first = operation.offset >> 3;
  const size_t size = ((operation.offset & 7) + operation.encoding.width + 7) >> 3;
  std::array<char, 9> bytes{};
  const View there = string.range(first, size);
  std::copy(there.begin(), there.end(), bytes.begin());
  write_bits(bytes.data(), operation.offset & 7, operation.encoding.width, static_cast<uint64_t>(value));
  string.patch(first, {bytes.data(), size});
}

/// What a SET or INCRBY makes of the old value; nullopt where it would overflow and is to fail.
std::optional<int64_t> changed_value(const Operation& operation, int64_t old) {
  const Encoding& encoding = operation.encoding;
  int64_t value = operation.operand;
  bool too_big = false;
  bool too_small = false;
  if (operation.kind == Operation::increment) {
    const bool beyond_64_bits = __builtin_add_overflow(old, operation.operand, &value);
    too_big = beyond_64_bits ? operation.operand > 0 : value > encoding.most();
    too_small = beyond_64_bits ? operation.operand < 0 : value < encoding.least();
  } else {
    // To an unsigned field a negative value is a huge one. To a signed one it is, too, where its distance from the most
    // does not fit in 64 bits: so Redis has it, and the same bytes must come out everywhere.
    int64_t distance = 0;
    too_big = value > encoding.most() || (!encoding.is_signed && value < 0) ||
              (encoding.width < 64 && __builtin_sub_overflow(encoding.most(), value, &distance));
    too_small = encoding.is_signed && value < encoding.least();
  }
  if (!too_big && !too_small) return value;
  switch (operation.overflow) {
    case Overflow::wrap: return encoding.of_bits(static_cast<uint64_t>(value));
    case Overflow::saturate: return too_big ? encoding.most() : encoding.least();
    case Overflow::fail: break;
  }
  return std::nullopt;
}

/// Runs the operations in their order; `string` is null only if all of them are GET.
void run(const std::vector<Operation>& operations, String* string, Reply& reply) {
  reply.array(operations.size());
  for (const Operation& operation : operations) {
    const int64_t old = read_value(string, operation);
    if (operation.kind == Operation::get) {
      reply.integer(old);
    } else if (const auto value = changed_value(operation, old)) {
      if (*value != old) write_value(*string, operation, *value);
      reply.integer(operation.kind == Operation::set ? old : *value);
    } else {
      reply.null();
    }
  }
}

}  // namespace

// BITFIELD key [operation ...]
void bitfield(Store& store, const Args& args, Reply& reply) {
  const auto& operations = read_operations(store, args);
  size_t size = 0;  // how long the string must be for what is written
  for (const Operation& operation : operations) {
    if (operation.kind == Operation::get) continue;
    size = std::max(size, static_cast<size_t>((operation.offset + operation.encoding.width + 7) >> 3));
  }
  String* string = size > 0 ? &make_string(store, args[1]) : store.string(args[1]);
  if (size > 0 && string->size() < size) string->patch(size - 1, View("\0", 1));
  run(operations, string, reply);
}

// BITFIELD_RO key [GET encoding offset ...]
void bitfield_ro(Store& store, const Args& args, Reply& reply) {
  const auto& operations = read_operations(store, args);
  const auto writes = [](const Operation& operation) { return operation.kind != Operation::get; };
  if (std::any_of(operations.begin(), operations.end(), writes)) {
    throw CommandError("ERR BITFIELD_RO only supports the GET subcommand");
  }
  run(operations, store.string(args[1]), reply);
}

}  // namespace redipy
