// SPDX-License-Identifier: Apache-2.0
//
// DUMP and RESTORE: a key's value as bytes that every Redis since 7.0 reads, and back. The format is the business of
// core/dump; here are the options and what becomes of the key.
#include <limits>
#include <optional>

#include "core/command/command.h"
#include "core/commands/families.h"
#include "core/dump/dump_reader.h"
#include "core/dump/dump_writer.h"
#include "core/store/store.h"

namespace redipy {

namespace {

void dump_key(Store& store, const Args& args, Reply& reply) {
  Bytes payload;
  if (!dump::write_payload(store, args[1], payload)) return reply.null();
  reply.bulk(View(payload));
}

struct RestoreOptions {
  bool replace = false;
  bool absolute = false;
  std::optional<int64_t> idle_seconds;
  std::optional<int64_t> frequency;
};

RestoreOptions read_restore_options(const Args& args) {
  RestoreOptions options;
  for (size_t i = 4; i < args.size(); ++i) {
    const bool more = i + 1 < args.size();
    if (args.is(i, "REPLACE")) {
      options.replace = true;
    } else if (args.is(i, "ABSTTL")) {
      options.absolute = true;
    } else if (args.is(i, "IDLETIME") && more && !options.frequency) {
      options.idle_seconds = args.integer(++i);
      if (*options.idle_seconds < 0) throw CommandError("ERR Invalid IDLETIME value, must be >= 0");
    } else if (args.is(i, "FREQ") && more && !options.idle_seconds) {
      options.frequency = args.integer(++i);
      if (*options.frequency < 0 || *options.frequency > 255) {
        throw CommandError("ERR Invalid FREQ value, must be >= 0 and <= 255");
      }
    } else {
      throw CommandError(error::syntax);
    }
  }
  return options;
}

void restore(Store& store, const Args& args, Reply& reply) {
  const RestoreOptions options = read_restore_options(args);
  const View key = args[1];
  if (!options.replace && store.exists(key)) throw CommandError("BUSYKEY Target key name already exists.");
  int64_t deadline = args.integer(2);
  if (deadline < 0) throw CommandError("ERR Invalid TTL value, must be >= 0");
  const dump::DumpedValue value = dump::read_payload(args[3], store.limits().max_string_bytes);

  Expiry expiry;
  if (deadline != 0) {
    if (!options.absolute && __builtin_add_overflow(deadline, store.now(), &deadline)) {
      throw invalid_expire_time("restore");
    }
    expiry = {Expiry::at, deadline};
  }
  if (options.replace) store.remove(key);
  reply.ok();
  if (expiry.kind == Expiry::at && deadline <= store.now()) return;  // what is restored has passed already
  value.put(store, key, expiry);
  if (options.idle_seconds) store.set_idle_seconds(key, *options.idle_seconds);
  if (options.frequency) store.set_frequency(key, static_cast<uint8_t>(*options.frequency));
}

constexpr Command rows[] = {
    {"DUMP", "key", 2, flag::read | flag::keyspace | flag::random_reply, first_key(key::ro | key::access), dump_key,
     Event::none, "Returns a key's value in the form that RESTORE takes.", "2.6.0", "O(N) for a value of N bytes"},
    {"RESTORE", "key ttl serialized-value [REPLACE] [ABSTTL] [IDLETIME seconds] [FREQ frequency]", -4,
     flag::write | flag::denyoom | flag::keyspace | flag::dangerous, first_key(key::ow | key::update), restore,
     Event::restore, "Makes a key of a value that DUMP returned.", "2.6.0",
     "O(N) for a value of N bytes, O(N*log(N)) for a sorted set"},
};

}  // namespace

std::span<const Command> dump_rows() { return rows; }

}  // namespace redipy
