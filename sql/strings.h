// SPDX-License-Identifier: Apache-2.0
//
// A string in its key's row. One that is long is read from the table when its bytes are asked for; of a range, only
// the range is.
#pragma once

#include "core/store/strings.h"
#include "sql/handle.h"

namespace redipy::sql {

class SqlString final : public String, public Handle {
 public:
  View get() const override;
  size_t size() const override;
  View range(size_t offset, size_t length) const override;
  std::optional<int64_t> integer() const override;

  void set(View value) override;
  void set(int64_t value) override;
  void set_bytes(View value) override;
  void patch(size_t offset, View bytes) override;
};

}  // namespace redipy::sql
