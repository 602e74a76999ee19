// SPDX-License-Identifier: Apache-2.0
//
// Commands on strings as HyperLogLog sketches (sketch.h tells what these are). A dense sketch is changed in place, a
// register at a time; a sparse one is small and written anew.
#include <cmath>

#include "core/base/numbers.h"
#include "core/commands/families.h"
#include "core/commands/make_string.h"
#include "core/commands/sketch.h"
#include "core/store/store.h"

namespace redipy {
namespace {

constexpr View not_a_sketch = "WRONGTYPE Key is not a valid HyperLogLog string value.";
constexpr View corrupt_sketch = "INVALIDOBJ Corrupted HLL object detected";

/// The sketch at `key`; null if it is absent, an error if it is something else.
String* find_sketch(Store& store, View key) {
  String* string = store.string(key);
  if (string && !sketch::is_sketch(string->get())) throw CommandError(not_a_sketch);
  return string;
}

/// A sketch that is being changed; its memory is kept from one command to the next.
Bytes& scratch(View value) {
  static thread_local Bytes kept;
  if (kept.capacity() > 4 * sketch::dense_size) Bytes().swap(kept);
  return kept = value;
}

/// Raises the register in `value`; returns whether that changed it.
bool raise(Store& store, Bytes& value, sketch::Observation seen) {
  const sketch::Raised raised = sketch::raise(value, seen, store.limits().hll_sparse_max_bytes);
  if (raised == sketch::Raised::corrupt) throw CommandError(corrupt_sketch);
  return raised == sketch::Raised::changed;
}

bool observe_all(Store& store, Bytes& value, std::span<const View> elements) {
  bool changed = false;
  for (const View element : elements) changed |= raise(store, value, sketch::observe(element));
  if (changed) sketch::forget_estimate(value);
  return changed;
}

bool observe_in_place(String& dense, std::span<const View> elements) {
  bool changed = false;
  View value = dense.get();
  for (const View element : elements) {
    const sketch::Observation seen = sketch::observe(element);
    if (sketch::dense_register(value, seen.index) >= seen.rank) continue;
    const sketch::Patch patch = sketch::dense_patch(value, seen);
    dense.patch(patch.offset, {patch.bytes, patch.size});
    value = dense.get();
    changed = true;
  }
  if (changed && sketch::kept_estimate(value)) {
    const char highest = static_cast<char>(static_cast<unsigned char>(value[sketch::estimate_offset + 7]) | 0x80u);
    dense.patch(sketch::estimate_offset + 7, {&highest, 1});
  }
  return changed;
}

// PFADD key [element ...]
void pfadd(Store& store, const Args& args, Reply& reply) {
  const auto elements = args.from(2);
  String* string = find_sketch(store, args[1]);
  if (!string) {
    Bytes& value = scratch(sketch::make_empty());
    observe_all(store, value, elements);
    sketch::forget_estimate(value);
    put_bytes(store, args[1], value);
    return reply.integer(1);
  }
  if (sketch::is_dense(string->get())) return reply.integer(observe_in_place(*string, elements) ? 1 : 0);
  Bytes& value = scratch(string->get());
  const bool changed = observe_all(store, value, elements);
  if (changed) string->set_bytes(value);
  reply.integer(changed ? 1 : 0);
}

// PFCOUNT key [key ...]
void pfcount(Store& store, const Args& args, Reply& reply) {
  if (args.size() > 2) {
    sketch::Registers registers{};
    for (const View key : args.from(1)) {
      const String* string = find_sketch(store, key);
      if (string && !sketch::merge(string->get(), registers)) throw CommandError(corrupt_sketch);
    }
    return reply.integer(static_cast<int64_t>(sketch::estimate(registers)));
  }
  String* string = find_sketch(store, args[1]);
  if (!string) return reply.integer(0);
  std::optional<uint64_t> count = sketch::kept_estimate(string->get());
  if (!count) {
    count = sketch::estimate(string->get());
    if (!count) throw CommandError(corrupt_sketch);
    const auto bytes = sketch::estimate_bytes(*count);
    string->patch(sketch::estimate_offset, {bytes.data(), bytes.size()});
  }
  reply.integer(static_cast<int64_t>(*count));
}

// PFMERGE destkey [sourcekey ...]
void pfmerge(Store& store, const Args& args, Reply& reply) {
  sketch::Registers registers{};
  bool dense = false;
  for (const View key : args.from(1)) {  // the destination is a source, too
    const String* string = find_sketch(store, key);
    if (!string) continue;
    if (!sketch::merge(string->get(), registers)) throw CommandError(corrupt_sketch);
    dense |= sketch::is_dense(string->get());
  }

  String* destination = store.string(args[1]);
  Bytes& value = destination ? scratch(destination->get()) : scratch(sketch::make_empty());
  if (dense) sketch::make_dense(value);
  for (size_t index = 0; index < registers.size(); ++index) {
    if (registers[index] != 0) raise(store, value, {index, registers[index]});
  }
  sketch::forget_estimate(value);
  if (destination) {
    destination->set_bytes(value);
  } else {
    put_bytes(store, args[1], value);
  }
  reply.ok();
}

// --- for tests of servers

/// Makes the sketch at the key dense; returns whether it was not.
bool make_dense(String& string) {
  if (sketch::is_dense(string.get())) return false;
  Bytes& value = scratch(string.get());
  if (!sketch::make_dense(value)) throw CommandError(corrupt_sketch);
  string.set(value);
  return true;
}

// PFDEBUG <GETREG | DECODE | ENCODING | TODENSE> key
void pfdebug(Store& store, const Args& args, Reply& reply) {
  String* string = find_sketch(store, args[2]);
  if (!string) throw CommandError("ERR The specified key does not exist");
  if (args.is(1, "GETREG")) {
    make_dense(*string);
    const View value = string->get();
    reply.array(sketch::register_count);
    for (size_t i = 0; i < sketch::register_count; ++i) reply.integer(sketch::dense_register(value, i));
  } else if (args.is(1, "DECODE")) {
    if (sketch::is_dense(string->get())) throw CommandError("ERR HLL encoding is not sparse");
    reply.bulk(sketch::describe_runs(string->get()));
  } else if (args.is(1, "ENCODING")) {
    reply.status(sketch::is_dense(string->get()) ? "dense" : "sparse");
  } else if (args.is(1, "TODENSE")) {
    reply.integer(make_dense(*string) ? 1 : 0);
  } else {
    throw CommandError("ERR Unknown PFDEBUG subcommand '" + Bytes(args[1]) + "'");
  }
}

/// Every register of a dense sketch keeps what it is set to, and its neighbours keep theirs.
void test_registers() {
  Bytes value = sketch::make_empty();
  sketch::make_dense(value);
  for (unsigned round = 1; round < 64; ++round) {
    const auto rank = [&](size_t index) { return static_cast<uint8_t>((index * 7 + round) % round + 1); };
    for (size_t index = 0; index < sketch::register_count; ++index) {
      const sketch::Patch patch = sketch::dense_patch(value, {index, rank(index)});
      value.replace(patch.offset, patch.size, patch.bytes, patch.size);
    }
    for (size_t index = 0; index < sketch::register_count; ++index) {
      if (sketch::dense_register(value, index) != rank(index)) throw CommandError("TESTFAILED A register is wrong");
    }
  }
}

/// Dense and sparse agree, and the estimate is within six standard errors at each power of ten.
void test_estimates(size_t most_sparse_bytes) {
  constexpr uint64_t most = 1'000'000;
  const double standard_error = 1.04 / std::sqrt(static_cast<double>(sketch::register_count));
  Bytes dense = sketch::make_empty();
  sketch::make_dense(dense);
  Bytes sparse = sketch::make_empty();
  uint64_t checked_next = 1;
  for (uint64_t i = 1; i <= most; ++i) {
    char text[integer_text_size];
    const auto seen = sketch::observe({text, format_unsigned(i, text)});
    sketch::raise(dense, seen, 0);
    sketch::raise(sparse, seen, most_sparse_bytes);
    if (i != checked_next) continue;
    checked_next *= 10;
    const auto estimate = sketch::estimate(dense);
    if (estimate != sketch::estimate(sparse)) throw CommandError("TESTFAILED dense/sparse disagree");
    const double error = std::abs(static_cast<double>(*estimate) - static_cast<double>(i));
    if (error > std::ceil(standard_error * 6 * static_cast<double>(i))) throw CommandError("TESTFAILED Too big error.");
  }
}

// PFSELFTEST
void pfselftest(Store& store, const Args&, Reply& reply) {
  test_registers();
  test_estimates(store.limits().hll_sparse_max_bytes);
  reply.ok();
}

// --- rows

constexpr Flags write = flag::write | flag::denyoom;

constexpr Command rows[] = {
    {"PFADD", "key [element [element ...]]", -2, write | flag::fast, first_key(key::rw | key::insert), pfadd,
     Event::pfadd, "Adds elements to a sketch; tells whether its estimate may have changed.", "2.8.9",
     "O(1) for each element"},
    {"PFCOUNT", "key [key ...]", -2, flag::read | flag::may_replicate, all_keys(key::rw | key::access), pfcount,
     Event::none, "Estimates how many different elements sketches have seen together.", "2.8.9",
     "O(1) for one key, most of the time; O(N) for N keys"},
    {"PFMERGE", "destkey [sourcekey [sourcekey ...]]", -2, write,
     first_key(key::rw | key::access | key::insert) + keys_from(2, -1, 1, key::ro | key::access), pfmerge, Event::pfadd,
     "Makes a sketch that has seen what several have seen.", "2.8.9", "O(N) for N keys"},
    {"PFDEBUG", "subcommand key", 3, write | flag::admin, key_at(2, key::rw | key::access), pfdebug, Event::none,
     "Shows the inside of a sketch.", "2.8.9", "O(1)"},
    {"PFSELFTEST", "", 1, flag::admin, no_keys, pfselftest, Event::none, "Tests the sketches of this server.", "2.8.9",
     "O(1)"},
};

}  // namespace

std::span<const Command> hyperloglog_rows() { return rows; }

}  // namespace redipy
