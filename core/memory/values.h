// SPDX-License-Identifier: Apache-2.0
//
// What the engine does with a value whatever its type: free, copy, count and measure it. Each looks at the entry's
// encoding and asks the container; strings are strings.h's.
#pragma once

#include <cstddef>

#include "core/memory/entry.h"

namespace redipy::values {

/// The encoding that a new, empty collection of the type begins with: a word of zero is its container then.
constexpr Encoding first_encoding(Type type) { return type == Type::set ? Encoding::intset : Encoding::listpack; }

/// Frees what the value's word points to; the entry is of no use afterwards but to be freed. Any thread may call, for
/// an entry that is in no table any more.
void release(Entry& entry) noexcept;

/// Makes the value of `to`, which has the type and encoding of `from` and a word of zero, equal to that of `from`.
/// Not for short strings.
void copy(const Entry& from, Entry& to);

/// How many elements a collection has; 1 for a string.
size_t element_count(const Entry& entry);

/// Bytes that the value takes besides the entry's block, estimated from `samples` elements (0: all).
size_t memory(const Entry& entry, size_t samples);

/// About how many blocks release() will give back: a packed value counts 1, a long list its nodes, a hash table its
/// elements. Takes constant time; decides about freeing in the background.
size_t release_effort(const Entry& entry);

}  // namespace redipy::values
