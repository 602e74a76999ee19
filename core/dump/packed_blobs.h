// SPDX-License-Identifier: Apache-2.0
//
// The compact forms of small collections that lie in a payload as one string: listpack, and those that Redis no longer
// writes but reads: ziplist (until 6.2), zipmap (until 2.4); and the intset. Each is checked in full while it is
// visited. Facts from 7.2.4:src/ziplist.c, zipmap.c, intset.c; the code is our own.
//
//   ziplist   total bytes (4) | offset of the last entry (4) | count (2, 65535: must be counted) | entry … | 0xff
//     entry   length of the entry before (1, or 0xfe and 4) | head | body
//     head    00llllll, 01llllll l (big endian), 10000000 llll (big endian): text
//             1100, 1101, 1110, 1111 0000: 16, 32, 64, 24 bits; 0xfe: 8 bits; 1111nnnn: n - 1, for n from 1 to 13
//   zipmap    count (1, 254 and more: must be counted) | length, field, length, unused (1), value, unused bytes … |
//   0xff
//     length  one byte below 254, or 254 and 4 bytes
//   intset    bytes of an integer (4: 2, 4 or 8) | count (4) | integers, ascending
//
// All little endian where not said otherwise.
#pragma once

#include "core/base/function_ref.h"
#include "core/base/listpack.h"

namespace redipy::dump {

using listpack::Item;
using VisitItem = FunctionRef<void(Item)>;

// Each visits the items of the blob in order; false if the blob is malformed, perhaps after some visits. A text is a
// view into the blob.

[[nodiscard]] bool visit_listpack(View blob, VisitItem visit);
[[nodiscard]] bool visit_ziplist(View blob, VisitItem visit);
/// Fields and values in turn.
[[nodiscard]] bool visit_zipmap(View blob, VisitItem visit);
[[nodiscard]] bool visit_intset(View blob, VisitItem visit);

}  // namespace redipy::dump
