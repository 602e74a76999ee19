// SPDX-License-Identifier: Apache-2.0
//
// The seam between the store in tables and a database. SqlStore speaks in terms of named statements (statements.h); a
// driver prepares them once per connection, binds parameters as bytes and 64-bit integers, and hands rows back. What
// differs between databases stays behind this: SQL text in statements.cpp, the wire in the drivers.
//
// Writes return nothing, so that a driver may queue them and send many at once. Reads see all writes before them.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>

#include "core/base/function_ref.h"
#include "core/base/view.h"
#include "sql/statements.h"

namespace redipy::sql {

/// A parameter or a column: nothing, a 64-bit integer or bytes, which are only referred to.
struct Value {
  enum Kind : uint8_t { null, integer, bytes } kind = null;
  int64_t number = 0;
  View view;

  constexpr Value() = default;
  constexpr Value(int64_t n) : kind(integer), number(n) {}  // NOLINT(google-explicit-constructor): rows read better
  constexpr Value(View b) : kind(bytes), view(b) {}         // NOLINT(google-explicit-constructor)
};

/// The columns of a row; bytes hold during the visit only.
using Row = std::span<const Value>;
using VisitRow = FunctionRef<void(Row row)>;

/// What went wrong in the database. Not a CommandError: the batch in which it happened has to be rolled back.
class SqlError : public std::runtime_error {
 public:
  enum Kind : uint8_t {
    constraint,  ///< a row that must not be
    lost,        ///< the connection; whether a COMMIT came through has to be asked
    read_only,
    full,    ///< no room on the disk
    busy,    ///< someone else holds a lock for too long
    owned,   ///< another server has this database
    format,  ///< tables of a kind that this version does not know
    too_large,
    other,
  };
  SqlError(Kind kind, const std::string& text) : std::runtime_error(text), kind_(kind) {}
  Kind kind() const { return kind_; }

 private:
  Kind kind_;
};

/// What a COMMIT waits for: `always` until all is on the disk; the others only keep the order. With `everysec` the
/// caller calls sync() once a second.
enum class Durability : uint8_t { always, everysec, relaxed };

/// One connection to a database. One caller at a time; no method is called from within a visit. All throw SqlError.
class Driver {
 public:
  virtual ~Driver() = default;

  virtual Dialect dialect() const = 0;
  /// Whether a read is a round trip to another process, so that asking for many at once pays.
  virtual bool remote() const { return false; }
  /// The longest key, field or member that an index takes.
  virtual size_t longest_name() const { return SIZE_MAX; }

  /// Runs statements that have no parameters and give no rows, parted by semicolons: what makes tables.
  virtual void run(const std::string& text) = 0;

  virtual void read(Statement statement, std::span<const Value> parameters, VisitRow visit) = 0;
  /// The same with `rows` rows of parameters, one behind the other; visit(i, row) for what the i-th finds, in any
  /// order.
  virtual void read_many(Statement statement, std::span<const Value> parameters, size_t rows,
                         FunctionRef<void(size_t, Row)> visit) = 0;
  /// Changes rows, now or before the next read or commit; in the order of the calls.
  virtual void write(Statement statement, std::span<const Value> parameters) = 0;
  /// Changes rows now; returns how many.
  virtual size_t change(Statement statement, std::span<const Value> parameters) = 0;

  virtual void begin() = 0;
  virtual void commit() = 0;
  /// Never throws; after an error it is what is left to do.
  virtual void rollback() noexcept = 0;
  /// After a lost connection: connects anew and takes the ownership again.
  virtual void reconnect() = 0;

  virtual void set_durability(Durability durability) = 0;
  /// What was committed so far is on the disk afterwards, whatever the durability. Not within a transaction.
  virtual void sync() = 0;
  /// Statements that were run so far, a row of parameters counting as one.
  virtual uint64_t statements() const = 0;
  /// How often an answer of another process was waited for.
  virtual uint64_t round_trips() const { return 0; }
  /// Bytes that the database takes on its disk, about.
  virtual uint64_t database_bytes() = 0;
};

}  // namespace redipy::sql
