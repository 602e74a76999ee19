// SPDX-License-Identifier: Apache-2.0
//
// A set as rows of rp_set.
#pragma once

#include "core/store/sets.h"
#include "sql/handle.h"

namespace redipy::sql {

class SqlSet final : public Set, public Handle {
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
  void choose_coding(std::span<const View> members);
  void choose_coding_with(View member);
  void number_by_value();
  void pack_if_small();
};

}  // namespace redipy::sql
