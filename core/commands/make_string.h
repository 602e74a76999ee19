// SPDX-License-Identifier: Apache-2.0
//
// A string to be written into, for the commands that change a part of one (SETRANGE, SETBIT, BITFIELD, INCRBYFLOAT),
// and strings of bytes that are no text (BITOP, PFADD).
#pragma once

#include "core/store/store.h"

namespace redipy {

/// The string at `key`, which is made if it is absent: empty, so something must be written to it. Throws WrongType.
inline String& make_string(Store& store, View key) {
  if (String* string = store.string(key)) return *string;
  store.put_string(key, {}, {});
  return *store.string(key);
}

/// Puts a string of bytes that are no text at `key`, in place of what is there, without a deadline.
inline void put_bytes(Store& store, View key, View value) {
  store.put_string(key, {}, {});
  store.string(key)->set_bytes(value);
}

}  // namespace redipy
