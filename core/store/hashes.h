// SPDX-License-Identifier: Apache-2.0
//
// A hash as a store hands it out: fields and values, any bytes. Methods take several fields where SQL wants one
// statement for all of them.
#pragma once

#include <optional>
#include <span>

#include "core/base/function_ref.h"
#include "core/store/types.h"

namespace redipy {

struct FieldValue {
  View field;
  View value;
};

/// The hash at a key, or a new one (Store::make_hash). A handle, and each view it gives, holds until the next change
/// through the store or the end of the command. A hash that is emptied is removed by the store at the command's end.
///
/// Order: a hash within hash-max-listpack-entries keeps the order in which its fields were made; a larger one has an
/// order of its own that changes only with the hash.
class Hash {
 public:
  using Visit = FunctionRef<void(View field, View value)>;

  virtual ~Hash() = default;

  virtual size_t size() const = 0;
  virtual std::optional<View> get(View field) const = 0;
  /// Calls found(i, value) for each of the fields in their order; nullopt where absent. The views hold during the call.
  virtual void get(std::span<const View> fields, FunctionRef<void(size_t, std::optional<View>)> found) const = 0;
  virtual bool has(View field) const = 0;
  virtual void for_each(Visit visit) const = 0;
  /// SCAN's guarantee: what is there from the first call (cursor 0) to the last (which returns 0) is visited. `count`
  /// bounds the effort, not exactly.
  virtual uint64_t scan(uint64_t cursor, size_t count, Visit visit) const = 0;
  /// Visits `count` random fields: distinct ones (then at most size(), all of them if count >= size()), or each drawn
  /// anew. Every field is equally likely. The views hold during the visit.
  virtual void sample(size_t count, bool distinct, Visit visit) const = 0;

  /// Sets the fields; returns how many of them are new. A field named twice counts once, the last value stays.
  virtual size_t put(std::span<const FieldValue> fields) = 0;
  /// Sets one field; returns whether it is new.
  virtual bool put(View field, View value) = 0;
  /// Removes the fields; returns how many there were.
  virtual size_t remove(std::span<const View> fields) = 0;
};

}  // namespace redipy
