// SPDX-License-Identifier: Apache-2.0
//
// The pools of the memory store's handles, one per type.
#pragma once

#if __has_include("core/memory/sorted_sets.h")
#include "core/memory/hashes.h"
#include "core/memory/lists.h"
#include "core/memory/sets.h"
#include "core/memory/sorted_sets.h"
#define REDIPY_TYPES 1
#else
#define REDIPY_TYPES 0
#endif
#include "core/memory/memory_store.h"
#include "core/memory/strings.h"

namespace redipy {

struct MemoryStore::Handles {
  Pool<MemoryString> strings;
#if REDIPY_TYPES
  Pool<MemoryHash> hashes;
  Pool<MemoryList> lists;
  Pool<MemorySet> sets;
  Pool<MemorySortedSet> sorted_sets;
#endif

  void clear() {
    strings.clear();
#if REDIPY_TYPES
    hashes.clear();
    lists.clear();
    sets.clear();
    sorted_sets.clear();
#endif
  }
};

}  // namespace redipy
