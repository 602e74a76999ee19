// SPDX-License-Identifier: Apache-2.0
//
// What a batch of commands will look up is asked of the memory before the first of them runs, so that the waits overlap
// instead of adding up. Four rounds over the commands, each asking for what the one before has brought close:
//
//   chunk of the keyspace ──> entry ──> a container's block, or the chunk of its element ──> the element
//
// Nothing is decided here: a wrong guess (a key that is no collection, an option where the element was expected, a
// command before it that removes the key) costs a line of the cache.
#pragma once

#include <span>

#include "core/command/backend.h"
#include "core/memory/entry.h"

namespace redipy {

/// How many commands are looked ahead: enough to hide the waits, few enough to stay in the cache.
inline constexpr size_t requests_ahead = 32;

/// The hash of a view's bytes, known before it is asked for.
struct KnownHash {
  View bytes;  ///< null: none is known
  uint64_t hash = 0;

  /// Of the same view; equal bytes elsewhere are not looked at.
  uint64_t of(View view) const {
    const bool same = view.data() && view.data() == bytes.data() && view.size() == bytes.size();
    return same ? hash : hash_bytes(view);
  }
};

/// `known`: room for as many as there are requests, at most requests_ahead; gets the hash of each one's first key.
void look_ahead(const EntryTable& keys, const Batch& batch, std::span<const Request> requests,
                std::span<KnownHash> known);

}  // namespace redipy
