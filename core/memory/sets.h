// SPDX-License-Identifier: Apache-2.0
//
// A set in memory: an IntSet while all members are integers, else a PackedList of members while they are few and short,
// else a table of blocks (MemberTable). The first member decides what it starts as. It does not go back, but for SPOP
// of nearly all members, as in Redis.
#pragma once

#include "core/memory/handle.h"
#include "core/store/sets.h"

namespace redipy {

class MemorySet final : public Set, public Handle {
 public:
  size_t size() const override;
  bool has(View member) const override;
  void has(std::span<const View> members, std::span<bool> present) const override;
  void for_each(FunctionRef<bool(View member)> visit) const override;
  uint64_t scan(uint64_t cursor, size_t count, Visit visit) const override;
  void sample(size_t count, bool distinct, Visit visit) const override;

  size_t add(std::span<const View> members) override;
  size_t remove(std::span<const View> members) override;
  void pop(size_t count, Visit visit) override;

 private:
  void choose_encoding(std::span<const View> members);
  bool add_integer(View member);
  bool add_packed(View member);
  size_t add_to_table(std::span<const View> members);
  void pop_integers(size_t count, Visit visit);
  void pop_packed(size_t count, Visit visit);
  void pop_from_table(size_t count, Visit visit);
  void make_packed();
  void make_table();
  void pack_table_if_small();
};

}  // namespace redipy
