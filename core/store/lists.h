// SPDX-License-Identifier: Apache-2.0
//
// A list as a store hands it out. Positions are 0-based ranks from the front; callers have resolved negative ones.
#pragma once

#include <optional>
#include <span>

#include "core/base/function_ref.h"
#include "core/store/types.h"

namespace redipy {

/// The list at a key, or a new one (Store::make_list). A handle, and each view it gives, holds until the next change
/// through the store or the end of the command. A list that is emptied is removed by the store at the command's end.
class List {
 public:
  using Visit = FunctionRef<void(View element)>;

  virtual ~List() = default;

  virtual size_t size() const = 0;
  /// The element at `index`, nullopt beyond the end.
  virtual std::optional<View> at(size_t index) const = 0;
  /// Visits the elements of the range (which lies within the list) from front to back. The views hold
  /// during the visit.
  virtual void range(RankRange range, Visit visit) const = 0;
  /// Calls found(index) for elements equal to `value`, from `from` towards the other end, comparing at most
  /// `max_compared` elements (0: all), skipping the first `skip` matches, until it returns false. LPOS.
  virtual void find(View value, End from, size_t skip, size_t max_compared,
                    FunctionRef<bool(size_t index)> found) const = 0;

  /// Pushes one after the other, so that the last one ends up outermost.
  virtual void push(End end, std::span<const View> elements) = 0;
  /// Visits the outermost `count` elements (at most size()), from the outside inwards, then removes them.
  /// The views hold during the visit.
  virtual void pop(End end, size_t count, Visit visit) = 0;
  /// Removes all elements but those of `kept`.
  virtual void trim(RankRange kept) = 0;
  /// Replaces the element at an index within the list.
  virtual void set(size_t index, View element) = 0;
  /// Puts `element` before or after the first element equal to `pivot`; false, and nothing done, if there is none.
  virtual bool insert(View pivot, bool after, View element) = 0;
  /// Removes the first `limit` (0: all) elements equal to `value` as seen from `from`; returns how many.
  virtual size_t remove(View value, End from, size_t limit) = 0;
};

}  // namespace redipy
