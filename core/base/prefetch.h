// SPDX-License-Identifier: Apache-2.0
// Asks the processor for the cache line at an address that will be read soon; nothing waits, any address will do.
#pragma once

namespace redipy {

inline void prefetch(const void* address) {
  __builtin_prefetch(address);
  // g++ 12 takes a function that does nothing but prefetch for one without effects, and drops calls of it.
  __asm__ volatile("");
}

}  // namespace redipy
