// SPDX-License-Identifier: Apache-2.0
//
// A hash as rows of rp_hash.
#pragma once

#include "core/store/hashes.h"
#include "sql/handle.h"

namespace redipy::sql {

class SqlHash final : public Hash, public Handle {
 public:
  size_t size() const override;
  std::optional<View> get(View field) const override;
  void get(std::span<const View> fields, FunctionRef<void(size_t, std::optional<View>)> found) const override;
  bool has(View field) const override;
  void for_each(Visit visit) const override;
  uint64_t scan(uint64_t cursor, size_t count, Visit visit) const override;
  void sample(size_t count, bool distinct, Visit visit) const override;

  size_t put(std::span<const FieldValue> fields) override;
  bool put(View field, View value) override;
  size_t remove(std::span<const View> fields) override;

 private:
  void find_values(std::span<const View> fields, std::span<std::optional<View>> values) const;
  bool outgrown_by(std::span<const FieldValue> fields) const;
};

}  // namespace redipy::sql
