// SPDX-License-Identifier: Apache-2.0
//
// A set as a store hands it out. Set algebra is built above it (core/commands/sets.cpp): walk the smallest, ask the
// others with has().
#pragma once

#include <optional>
#include <span>

#include "core/base/function_ref.h"
#include "core/store/types.h"

namespace redipy {

/// The set at a key, or a new one (Store::make_set). A handle, and each view it gives, holds until the next change
/// through the store or the end of the command. A set that is emptied is removed by the store at the command's end.
class Set {
 public:
  using Visit = FunctionRef<void(View member)>;

  virtual ~Set() = default;

  virtual size_t size() const = 0;
  virtual bool has(View member) const = 0;
  /// Sets present[i] for each member; both spans have the same size.
  virtual void has(std::span<const View> members, std::span<bool> present) const = 0;
  /// Visits all members until `visit` returns false.
  virtual void for_each(FunctionRef<bool(View member)> visit) const = 0;
  /// As Hash::scan.
  virtual uint64_t scan(uint64_t cursor, size_t count, Visit visit) const = 0;
  /// As Hash::sample.
  virtual void sample(size_t count, bool distinct, Visit visit) const = 0;

  /// Adds the members; returns how many are new.
  virtual size_t add(std::span<const View> members) = 0;
  /// Removes the members; returns how many there were.
  virtual size_t remove(std::span<const View> members) = 0;
  /// Visits `count` random members (at most size()) and removes them. Every member is equally likely. The
  /// views hold during the visit.
  virtual void pop(size_t count, Visit visit) = 0;
};

}  // namespace redipy
