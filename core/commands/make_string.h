// SPDX-License-Identifier: Apache-2.0
//
// A string to be written into, for the commands that change a part of one (SETRANGE, SETBIT, BITFIELD, INCRBYFLOAT).
#pragma once

#include "core/store/store.h"

namespace redipy {

/// The string at `key`, which is made if it is absent: empty, so something must be written to it. Throws WrongType.
inline String& make_string(Store& store, View key) {
  if (String* string = store.string(key)) return *string;
  store.put_string(key, {}, {});
  return *store.string(key);
}

}  // namespace redipy
