// SPDX-License-Identifier: Apache-2.0
//
// The inner seam: a backend that owns its data is a Store. Commands are written against this contract and know nothing
// of where the data lives; core/memory keeps it in this process, sql/ in tables.
//
// Three ideas carry it:
//  - Typed handles. store.hash(key) looks the key up once, checks the type and gives the hash at it, or null. All
//    commands on hashes are then said in terms of Hash (hashes.h); likewise the other types.
//  - One place for what follows from a change. A store notes which keys a command changed; at end() it removes the
//    collections that were emptied and tells its listener (event.h) what happened. Handlers do no bookkeeping.
//  - Shapes that SQL can serve: several elements in one call, visits instead of copies, keys told ahead.
//
// Read next: hashes.h for how a type looks, core/memory/memory_store.h for the quickest implementation.
#pragma once

#include <optional>
#include <span>

#include "core/base/function_ref.h"
#include "core/store/event.h"
#include "core/store/hashes.h"
#include "core/store/lists.h"
#include "core/store/sets.h"
#include "core/store/sorted_sets.h"
#include "core/store/strings.h"
#include "core/store/types.h"

namespace redipy {

/// What one command is to the store, told before it runs.
struct Call {
  bool write = false;         ///< may change data; reads count as keyspace hits and misses
  Event event = Event::none;  ///< what its changes are called, unless the handler says otherwise
  bool touch = true;          ///< whether look-ups count as uses of the key (CLIENT NO-TOUCH: not)
};

/// Whose wish the removal of a key is.
enum class Removal : uint8_t {
  implied,         ///< a command's that has to do something else
  asked_for,       ///< DEL
  not_waited_for,  ///< UNLINK: however large the value is, its memory or rows are given back in the background
};

/// Bounds that commands check before they change anything.
struct Limits {
  size_t max_string_bytes = size_t{512} << 20;  ///< proto-max-bulk-len
  size_t hll_sparse_max_bytes = 3000;
};

/// What OBJECT tells about a key.
struct ObjectInfo {
  Type type;
  View encoding;          ///< Redis's name of it: "int", "listpack", …
  int64_t idle_seconds;   ///< since the last use, where the eviction policy keeps it
  uint8_t frequency;      ///< the logarithmic counter, where the policy is an LFU one
  bool counts_frequency;  ///< which of the two is kept
};

/// A keyspace of numbered databases, of which one is selected. One caller at a time.
///
/// Keys whose deadline has passed are absent to every method. A view handed out holds until the next change through
/// the store or end(), unless the method says that it holds during the visit only. What is given to a method that
/// changes something never lies in the store: views that came from it are copied first. Methods throw WrongType
/// (core/command/error.h knows its text) where a key holds another type, and change nothing then.
class Store {
 public:
  virtual ~Store() = default;

  // --- a command's frame

  /// A command begins: the clock is read once, and stays for its duration.
  virtual void begin(const Call& call) = 0;
  /// The command has ended: emptied collections are removed, the listener is told, views and handles are void.
  virtual void end() = 0;
  /// The time at begin(), in ms since 1970.
  virtual int64_t now() const = 0;
  /// Between the two all commands see one time. They may be nested.
  virtual void hold_clock() = 0;
  virtual void release_clock() = 0;
  /// What the changes from here to the end of the command are called; for commands with several kinds of change.
  virtual void set_event(Event event) = 0;
  /// Keys that the commands to come will ask for: a hint, to fetch them ahead.
  virtual void prefetch(std::span<const View> keys) = 0;
  virtual const Limits& limits() const = 0;

  // --- databases

  virtual int databases() const = 0;
  virtual int database() const = 0;
  /// `database` is within [0, databases()).
  virtual void select(int database) = 0;
  /// The number of keys in the selected database.
  virtual size_t size() const = 0;
  /// Removes all keys of `database` (-1: of all databases); returns how many there were. If it is not to wait, it takes
  /// constant time, and the memory or rows are given back in the background; by default as the store's options say.
  virtual size_t flush(int database, std::optional<bool> wait) = 0;
  /// False, and nothing done, where that would change the place of keys that are not this store's.
  virtual bool swap(int first, int second) = 0;

  // --- keys of the selected database

  virtual Type type(View key) = 0;
  bool exists(View key) { return type(key) != Type::none; }
  /// Removes the key: event `del`, unless the same command makes the key again, as SORT … STORE does: then only that is
  /// told. False if it was absent. Whether the command waits until a huge value's memory is given back may depend on
  /// whose wish the removal is.
  virtual bool remove(View key, Removal removal) = 0;
  bool remove(View key) { return remove(key, Removal::implied); }
  /// Gives the value at `from`, with its deadline, the name `to`, replacing what is there. False if `from` is absent.
  /// Events `rename_from`, `rename_to`.
  virtual bool rename(View from, View to) = 0;
  /// Moves the key to another database; false if it is absent here or present there. Events `move_from`, `move_to`.
  virtual bool move(View key, int database) = 0;
  /// Copies value and deadline to `to` in `database`; false if `from` is absent, or `to` is there and not `replace`.
  /// Event `copy_to`.
  virtual bool copy(View from, View to, int database, bool replace) = 0;
  /// The key's deadline in ms; no_deadline if it has none; nullopt if the key is absent.
  virtual std::optional<int64_t> deadline(View key) = 0;
  /// Sets the key's deadline, which lies in the future: event `expire`. False if the key is absent.
  virtual bool set_deadline(View key, int64_t deadline) = 0;
  /// Takes the deadline away: event `persist`. False if the key is absent or has none.
  virtual bool clear_deadline(View key) = 0;
  /// Marks the key as used now. False if it is absent.
  virtual bool touch(View key) = 0;
  /// Any key, each equally likely; nullopt if there is none.
  virtual std::optional<View> random_key() = 0;
  /// Visits all keys until `visit` returns false. KEYS.
  virtual void for_each_key(FunctionRef<bool(View key, Type type)> visit) = 0;
  /// SCAN's guarantee: a key that is there from the first call (cursor 0) to the last (which returns 0) is visited.
  /// `count` bounds the effort, not exactly. Cursors stay below 2^53, so that clients may keep them in a double.
  virtual uint64_t scan(uint64_t cursor, size_t count, FunctionRef<void(View key, Type type)> visit) = 0;

  /// Does not count as a use of the key.
  virtual std::optional<ObjectInfo> object(View key) = 0;
  virtual void set_idle_seconds(View key, int64_t seconds) = 0;
  virtual void set_frequency(View key, uint8_t frequency) = 0;
  /// Bytes that key and value take, estimated from `samples` elements (0: from all); nullopt if the key is absent.
  virtual std::optional<size_t> memory_usage(View key, size_t samples) = 0;

  // --- typed handles: null if the key is absent

  virtual String* string(View key) = 0;
  virtual Hash* hash(View key) = 0;
  virtual List* list(View key) = 0;
  virtual Set* set(View key) = 0;
  virtual SortedSet* sorted_set(View key) = 0;

  // --- the handle, or one to a new, empty value, which comes to be with its first element

  virtual Hash& make_hash(View key) = 0;
  virtual List& make_list(View key) = 0;
  virtual Set& make_set(View key) = 0;
  virtual SortedSet& make_sorted_set(View key) = 0;
  /// Makes `value` the string at `key`, whatever was there. The one way to make a string.
  virtual void put_string(View key, View value, Expiry expiry) = 0;
};

}  // namespace redipy
