// SPDX-License-Identifier: Apache-2.0
//
// What makes ranks quick in a large ordered collection of rows: a boundary and a count for every few dozen rows, in
// memory. A rank is then the counts before a row's stretch plus its place within that, which the database counts. The
// sketch is made by one walk over the index and follows each change; when a stretch has grown too long, whoever changes
// the rows tells where to cut it. Counts are summed up per group of stretches, so that no sum has many parts.
//
//   boundaries   ""  ....  "m"  ....  "w"          keys: bytes in the order of the rows
//   counts          64        51        120
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "core/base/view.h"

namespace redipy::sql {

class RankSketch {
 public:
  static constexpr size_t stretch = 64;
  static constexpr size_t longest_stretch = 2 * stretch;

  struct Place {
    View boundary;  ///< of the stretch; empty: from the very first row
    size_t before;  ///< rows before the stretch
    size_t within;  ///< of a rank: rows of the stretch before it
  };

  /// While it is made: the next stretch begins here; the one before it has so many rows.
  void append(View boundary, size_t count_before) {
    if (!stretches_.empty()) stretches_.back().count = count_before;
    stretches_.push_back({Bytes(boundary), 0});
    total_ += count_before;
  }
  void close(size_t last_count) {
    stretches_.back().count = last_count;
    total_ += last_count;
    sum_groups(0);
  }
  size_t size() const { return total_; }

  /// The stretch in which a key is, or would be.
  Place of_key(View key) const {
    const size_t at = index_of(key);
    return {stretches_[at].boundary, before(at), 0};
  }
  /// The stretch that has the row of a rank below size().
  Place of_rank(size_t rank) const {
    size_t before = 0;
    size_t group = 0;
    for (; before + groups_[group] <= rank; ++group) before += groups_[group];
    size_t at = group * group_size;
    for (; before + stretches_[at].count <= rank; ++at) before += stretches_[at].count;
    return {stretches_[at].boundary, before, rank - before};
  }

  /// A row was added. True if its stretch is to be cut: see cut().
  bool add(View key) {
    const size_t at = index_of(key);
    ++total_;
    ++groups_[at / group_size];
    return ++stretches_[at].count > longest_stretch;
  }
  void remove(View key) {
    const size_t at = index_of(key);
    --total_;
    --groups_[at / group_size];
    --stretches_[at].count;
  }
  /// The row `middle` is the `within`-th of the stretch that has `key`.
  void cut(View key, View middle, size_t within) {
    const size_t at = index_of(key);
    const size_t rest = stretches_[at].count - within;
    stretches_[at].count = within;
    stretches_.insert(stretches_.begin() + static_cast<ptrdiff_t>(at) + 1, {Bytes(middle), rest});
    sum_groups(at / group_size);
  }

 private:
  static constexpr size_t group_size = 128;

  struct Stretch {
    Bytes boundary;
    size_t count;
  };

  size_t index_of(View key) const {
    const auto after = std::upper_bound(stretches_.begin() + 1, stretches_.end(), key,
                                        [](View wanted, const Stretch& it) { return wanted < View(it.boundary); });
    return static_cast<size_t>(after - stretches_.begin()) - 1;
  }
  size_t before(size_t index) const {
    const size_t group = index / group_size;
    size_t sum = 0;
    for (size_t i = 0; i < group; ++i) sum += groups_[i];
    for (size_t i = group * group_size; i < index; ++i) sum += stretches_[i].count;
    return sum;
  }
  /// From this group on.
  void sum_groups(size_t first) {
    groups_.resize((stretches_.size() + group_size - 1) / group_size);
    std::fill(groups_.begin() + static_cast<ptrdiff_t>(first), groups_.end(), 0);
    for (size_t i = first * group_size; i < stretches_.size(); ++i) groups_[i / group_size] += stretches_[i].count;
  }

  std::vector<Stretch> stretches_;  // the first one's boundary is empty
  std::vector<size_t> groups_;      // rows in so many stretches together
  size_t total_ = 0;
};

}  // namespace redipy::sql
