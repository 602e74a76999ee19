// SPDX-License-Identifier: Apache-2.0
// LZF, the compression inside DUMP payloads and RDB files. A compressed string does not tell its own length: whoever
// stores it stores the length beside it, and that length is not to be trusted.
#pragma once

#include <cstddef>
#include <optional>

#include "core/base/view.h"

namespace redipy::lzf {

// The compressed bytes, if they are at least `gain` bytes fewer than bytes; else nullopt.
std::optional<Bytes> compress(View bytes, size_t gain = 4);

// The bytes that compressed stands for, if they are exactly length many; nullopt when compressed is not well-formed.
// Memory is taken only when so few bytes could stand for so many.
std::optional<Bytes> decompress(View compressed, size_t length);

}  // namespace redipy::lzf
