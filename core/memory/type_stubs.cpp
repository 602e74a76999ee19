// SPDX-License-Identifier: Apache-2.0
//
// Only until the collections are there.
#if !__has_include("core/memory/values.cpp")
#include "core/memory/long_string.h"
#include "core/memory/values.h"

namespace redipy::values {

void release(Entry& entry) noexcept {
  if (entry.encoding() == Encoding::long_raw) entry.destroy<LongString>();
}
void copy(const Entry& from, Entry& to) { to.emplace(from.as<LongString>().copy()); }
size_t element_count(const Entry&) { return 1; }
size_t memory(const Entry& entry, size_t) { return entry.as<LongString>().memory(); }
size_t release_effort(const Entry&) { return 1; }

}  // namespace redipy::values
#endif
