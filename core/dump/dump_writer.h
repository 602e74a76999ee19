// SPDX-License-Identifier: Apache-2.0
//
// Values as Redis 7.0 and newer read them (RDB version 10): for DUMP, and for whatever carries values from one backend
// to another or into a file. What a value looks like depends on the value alone, by the limits that Redis has unless
// configured: small hashes and sorted sets as listpacks, sets of integers as intsets, long strings compressed.
#pragma once

#include "core/base/view.h"
#include "core/store/store.h"

namespace redipy::dump {

/// Adds the payload of the value at `key`, footer included. False, and nothing added, if the key is absent. Throws
/// CommandError for a stream.
bool write_payload(Store& store, View key, Bytes& out);

/// Adds the value at `key` as it stands in an RDB file: its type, then its body. As write_payload otherwise.
bool write_value(Store& store, View key, Bytes& out);

/// Adds version and checksum of a payload that begins at `start` of `out`.
void append_footer(Bytes& out, size_t start);

/// Adds a length, or a string in its shortest form.
void append_length(Bytes& out, uint64_t length);
void append_string(Bytes& out, View bytes);

}  // namespace redipy::dump
