// SPDX-License-Identifier: Apache-2.0
//
// The data commands, a family a file. Each file holds handlers, then their rows; this list is all that the server
// needs of them.
#pragma once

#include <span>

#include "core/command/command.h"

namespace redipy {

std::span<const Command> string_rows();       // strings.cpp
std::span<const Command> bit_rows();          // bits.cpp
std::span<const Command> hash_rows();         // hashes.cpp
std::span<const Command> list_rows();         // lists.cpp
std::span<const Command> set_rows();          // sets.cpp
std::span<const Command> sorted_set_rows();   // sorted_sets.cpp (and zset_ranges.cpp, zset_algebra.cpp)
std::span<const Command> geo_rows();          // geo.cpp
std::span<const Command> hyperloglog_rows();  // hyperloglog.cpp
std::span<const Command> key_rows();          // keys.cpp: what works on keys of any type
std::span<const Command> database_rows();     // databases.cpp: what works on whole databases
std::span<const Command> expiry_rows();       // expiry.cpp
std::span<const Command> sort_rows();         // sort.cpp
std::span<const Command> dump_rows();         // dump.cpp: DUMP, RESTORE

/// All of the above.
std::span<const Family> data_families();

}  // namespace redipy
