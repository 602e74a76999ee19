// SPDX-License-Identifier: Apache-2.0
//
// The pools of the memory store's handles, one per type.
#pragma once

#include "core/memory/hashes.h"
#include "core/memory/lists.h"
#include "core/memory/memory_store.h"
#include "core/memory/sets.h"
#include "core/memory/sorted_sets.h"
#include "core/memory/strings.h"

namespace redipy {

struct MemoryStore::Handles {
  Pool<MemoryString> strings;
  Pool<MemoryHash> hashes;
  Pool<MemoryList> lists;
  Pool<MemorySet> sets;
  Pool<MemorySortedSet> sorted_sets;

  void clear() {
    strings.clear();
    hashes.clear();
    lists.clear();
    sets.clear();
    sorted_sets.clear();
  }
};

}  // namespace redipy
