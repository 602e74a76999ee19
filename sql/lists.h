// SPDX-License-Identifier: Apache-2.0
//
// A list as rows of rp_list. Positions are 65,536 apart, so that one can be put between two. While there are no holes
// and nothing between (the list is dense; a flag in the key's row says when it is not any more), a rank is a position
// by arithmetic: pushes, pops, trims and LSET keep it so. LINSERT and LREM make it sparse; ranks are then counted from
// the nearer end, and when that has cost more than it takes to number the rows anew, they are.
//
//   dense    lo = 0      65536      131072     196608 = hi
//   sparse   lo = 0      65536  98304          196608 = hi
#pragma once

#include <vector>

#include "core/store/lists.h"
#include "sql/handle.h"

namespace redipy::sql {

class SqlList final : public List, public Handle {
 public:
  size_t size() const override;
  std::optional<View> at(size_t index) const override;
  void range(RankRange range, Visit visit) const override;
  void find(View value, End from, size_t skip, size_t max_compared,
            FunctionRef<bool(size_t index)> found) const override;

  void push(End end, std::span<const View> elements) override;
  void pop(End end, size_t count, Visit visit) override;
  void trim(RankRange kept) override;
  void set(size_t index, View element) override;
  bool insert(View pivot, bool after, View element) override;
  size_t remove(View value, End from, size_t limit) override;

 private:
  struct Element {
    int64_t position;
    View value;
  };
  static constexpr int64_t stride = 65536;

  bool dense() const;
  std::vector<Element> page(End from, int64_t position, size_t count, size_t offset = 0) const;
  /// Calls visit(element) for all elements from one end until it returns false.
  template <class VisitElement>
  void walk(End from, VisitElement visit) const;
  std::optional<Element> element_at(size_t index) const;
  int64_t position_of(size_t index) const;
  int64_t bytes_of(size_t first, size_t count) const;
  void write(int64_t position, View value);
  void renumber();
  void renumber_if_worth();
  void grow_for(std::span<const View> elements);
  void shrunk();
};

}  // namespace redipy::sql
