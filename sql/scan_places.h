// SPDX-License-Identifier: Apache-2.0
//
// Cursors of HSCAN, SSCAN and ZSCAN: a number that stands for the element with which the next call goes on. The last
// few thousand are remembered; to one that is not, the scan starts over, which SCAN's guarantee allows.
#pragma once

#include <optional>
#include <vector>

#include "core/base/view.h"

namespace redipy::sql {

class ScanPlaces {
 public:
  uint64_t remember(int64_t kid, View next) {
    if (places_.empty()) places_.resize(most);
    const uint64_t cursor = ++last_;
    places_[cursor % most] = {cursor, kid, Bytes(next)};
    return cursor;
  }
  std::optional<View> find(uint64_t cursor, int64_t kid) const {
    if (places_.empty()) return std::nullopt;
    const Place& place = places_[cursor % most];
    if (place.cursor != cursor || place.kid != kid) return std::nullopt;
    return View(place.next);
  }

 private:
  static constexpr size_t most = 4096;
  struct Place {
    uint64_t cursor = 0;
    int64_t kid = 0;
    Bytes next;
  };
  std::vector<Place> places_;
  uint64_t last_ = 0;
};

}  // namespace redipy::sql
