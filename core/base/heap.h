// SPDX-License-Identifier: Apache-2.0
// The memory of the process, counted: how much is in use decides about maxmemory and stands in INFO. Operators new and
// delete go through here as well (not under sanitizers, which bring their own), so that containers of the standard
// library are counted without an allocator of ours.
//
// The allocator is jemalloc. It keeps, for itself, two numbers per thread: bytes ever allocated and bytes ever freed.
// All we add is to know where they lie: a thread makes them known at its first allocation, and used() adds them up. So
// counting costs an allocation one comparison, it is exact to the byte, and C libraries are counted too. Without
// jemalloc (sanitizers), what goes through heap:: alone is counted, by one atomic number.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/base/view.h"

namespace redipy::heap {

// At least size bytes, aligned for any ordinary type; throws std::bad_alloc when there are none. Never null.
void* allocate(size_t size);

// The same block with its size changed, perhaps elsewhere; null becomes a new block. On std::bad_alloc it is untouched.
void* reallocate(void* block, size_t size);

// Gives a block back; null is nothing.
void release(void* block) noexcept;

// The same, faster, when it is known how much was asked for (or any size up to usable(block) that is in its class).
void release(void* block, size_t size) noexcept;

// To be called once by a thread that releases what others have allocated before it allocates anything itself.
void count_this_thread();

// The bytes that the block really has; all of them may be written.
size_t usable(const void* block);

// What usable(allocate(size)) will be: ask for this and nothing is wasted.
size_t good_size(size_t size);

// Bytes in use by the whole process. Other threads' latest allocations may not be seen yet. What a thread frees after
// its thread-local objects are gone is not seen.
size_t used();

// Bytes of physical memory that the process occupies, as the system says; slow (reads /proc).
size_t resident();

// What the allocator says of itself; all zero without jemalloc. Slow: all its arenas are visited.
struct Statistics {
  size_t allocated = 0;  // in use by the program, and what threads keep at hand
  size_t active = 0;     // in pages that hold something in use
  size_t resident = 0;   // in physical memory, with the allocator's own data
  size_t mapped = 0;     // in mappings
  size_t metadata = 0;   // the allocator's own data
};
Statistics statistics();

// All that the allocator tells about itself, as text; empty without jemalloc. Slow.
Bytes report();

// From now on, unused pages are returned to the system by a thread in the background. Not before a fork that goes on.
void start_purging();

// Returns unused pages to the system; slow.
void purge();

// "jemalloc-5.3.0", or "libc".
const char* allocator_name();

}  // namespace redipy::heap
