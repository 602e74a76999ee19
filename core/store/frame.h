// SPDX-License-Identifier: Apache-2.0
//
// A command's frame around a piece of work with a store, for code that is no handler (handlers run inside one).
#pragma once

#include "core/store/store.h"

namespace redipy {

/// Frames do not nest.
class Frame {
 public:
  explicit Frame(Store& store, const Call& call = {.write = false, .event = Event::none, .touch = false})
      : store_(store) {
    store.begin(call);
  }
  ~Frame() { store_.end(); }
  Frame(const Frame&) = delete;
  Frame& operator=(const Frame&) = delete;

 private:
  Store& store_;
};

}  // namespace redipy
