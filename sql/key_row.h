// SPDX-License-Identifier: Apache-2.0
//
// A row of rp_key as the store holds it: read once, changed in memory as often as commands like, written once before
// COMMIT. A string's value is in it. Rows of keys that are absent are held as well: to know that a key is not there
// saves asking for it again. Keyspace holds the rows of one database; which of them to let go of is decided by the
// clock algorithm (Corbató, A Paging Experiment with the Multics System, 1968): a use only sets a mark in the row
// itself.
#pragma once

#include "core/base/hash.h"
#include "core/base/hash_table.h"
#include "core/store/types.h"

namespace redipy::sql {

struct Keyspace;

/// How the memory store would keep the value, for OBJECT ENCODING. The numbers are in tables: never to be changed.
enum class Coding : uint8_t {
  natural = 0,   ///< a string that is an integer if it spells one
  text = 1,      ///< a string that was set as text: no integer whatever it spells
  raw = 2,       ///< a string that was changed in place
  listpack = 3,  ///< a small hash, set, list or sorted set
  quicklist = 4,
  intset = 5,
  hashtable = 6,
  skiplist = 7,
};

struct KeyRow {
  // --- as in the table
  Bytes name;
  int64_t id = 0;   ///< of the key, for as long as it exists; 0: it never was in the table
  int64_t kid = 0;  ///< of its elements; 0: it has no row with elements
  Type type = Type::none;
  Coding coding = Coding::natural;
  bool sparse = false;  ///< a list whose positions cannot be computed from ranks; in the table with the coding
  int64_t deadline = no_deadline;
  int64_t n = 0;      ///< elements; bytes of a string
  int64_t lo = 0;     ///< a list's first position
  int64_t hi = 0;     ///< a list's last position; of a hash or set the `ord` of its next element
  int64_t bytes = 0;  ///< of a list, as a listpack's entries
  int64_t used = 0;   ///< s since 1970
  Bytes value;        ///< of a string

  // --- about the row here
  Keyspace* space = nullptr;
  bool present = false;  ///< the key exists
  bool recent = true;    ///< was used since the clock's hand came by
  bool stored = false;   ///< the table has a row of this id
  bool dirty = false;    ///< differs from the table's
  bool value_dirty = false;
  bool value_loaded = false;  ///< a long string's value is fetched only when it is asked for
  bool noted = false;         ///< the running command's list of changes names it
  uint32_t life = 0;          ///< counts how often the key was removed: which incarnation a change was made to
  int64_t skipped = 0;        ///< rows that were walked over to find places in a list with holes, since it got them
  size_t counted = 0;         ///< bytes that the keyspace has counted for it
  KeyRow* newer = nullptr;    // by when they came, or were spared
  KeyRow* older = nullptr;

  size_t size() const { return static_cast<size_t>(n); }
  size_t memory() const { return sizeof(KeyRow) + beside + name.capacity() + value.capacity(); }

  static constexpr size_t beside = 24;  // a place in the table, and what the allocator adds
};

/// One database's rows that are held in memory, and its counters.
struct Keyspace {
  struct Traits {
    static View key(const KeyRow& row) { return row.name; }
    static uint64_t hash(View name) { return hash_bytes(name); }
  };

  Keyspace() = default;
  ~Keyspace();
  Keyspace(const Keyspace&) = delete;
  Keyspace& operator=(const Keyspace&) = delete;

  int64_t dbid = 0;
  size_t keys = 0;
  size_t expires = 0;
  bool dirty = false;              ///< counters or dbid differ from the table's
  HashTable<KeyRow, Traits> rows;  ///< its own
  size_t bytes = 0;                ///< that the rows take, about
  KeyRow* newest = nullptr;
  KeyRow* oldest = nullptr;

  /// The row of this name if it is held; it is used.
  KeyRow* find(View name);
  /// Holds a row for a name that is not held yet.
  KeyRow& add(View name);
  void erase(KeyRow& row);
  /// As if it had just come.
  void spare(KeyRow& row);
  /// Counts the row's bytes anew.
  void recount(KeyRow& row);

 private:
  void link(KeyRow& row);
  void unlink(KeyRow& row);
};

}  // namespace redipy::sql
