// SPDX-License-Identifier: Apache-2.0
//
// A list in memory: a PackedList while it is small by list-max-listpack-size, else a BigList; it becomes small again
// when it has shrunk to half of that, as in Redis.
#pragma once

#include "core/memory/handle.h"
#include "core/store/lists.h"

namespace redipy {

class MemoryList final : public List, public Handle {
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
  bool packed() const;
  template <class F>
  void read(F f) const;
  void grow_for(std::span<const View> elements);
  void shrunk(size_t reach);
};

}  // namespace redipy
