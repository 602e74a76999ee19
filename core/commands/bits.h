// SPDX-License-Identifier: Apache-2.0
//
// What bits.cpp and bitfield.cpp share: offsets of bits as arguments, and the handlers that the other file's rows name.
#pragma once

#include <cstdint>

#include "core/command/args.h"
#include "core/command/reply.h"

namespace redipy {

class Store;

/// Argument i as the offset of a bit; of `width` bits each if it begins with '#' (and width is not 0). Throws Redis's
/// error for what is no such number, or lies beyond the longest string.
uint64_t bit_offset(const Store& store, const Args& args, size_t i, unsigned width = 0);

void bitfield(Store& store, const Args& args, Reply& reply);
void bitfield_ro(Store& store, const Args& args, Reply& reply);

}  // namespace redipy
