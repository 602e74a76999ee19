// SPDX-License-Identifier: Apache-2.0
//
// A hash in memory. A small one is a PackedList: field, value, field, value …; one with more fields than
// hash-max-listpack-entries, or a field or value of more than hash-max-listpack-value bytes, is a table of blocks
// (FieldTable), and stays one.
#pragma once

#include "core/memory/handle.h"
#include "core/store/hashes.h"

namespace redipy {

class MemoryHash final : public Hash, public Handle {
 public:
  size_t size() const override;
  std::optional<View> get(View field) const override;
  void get(std::span<const View> fields, FunctionRef<void(size_t, std::optional<View>)> found) const override;
  bool has(View field) const override;
  void for_each(Visit visit) const override;
  uint64_t scan(uint64_t cursor, size_t count, Visit visit) const override;
  void sample(size_t count, bool distinct, Visit visit) const override;

  size_t put(std::span<const FieldValue> fields) override;
  bool put(View field, View value) override {
    const FieldValue pair{field, value};
    return put(std::span(&pair, 1)) == 1;
  }
  size_t remove(std::span<const View> fields) override;

 private:
  bool packed() const;
  bool outgrown_by(std::span<const FieldValue> fields) const;
  bool put_packed(const FieldValue& pair);
  size_t put_in_table(std::span<const FieldValue> fields);
  void make_table();
};

}  // namespace redipy
