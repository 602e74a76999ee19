// SPDX-License-Identifier: Apache-2.0
//
// Reads a value from a DUMP payload: all types that Redis 2.6 to 7.2 wrote, but streams and modules. The payload is not
// trusted: a value is read and checked whole, aside, before anything of it reaches a store.
//
// Memory taken is a small multiple of what the payload unfolds to, and each unfolded byte is there before it is counted
// on: no length that a payload claims is reserved for.
#pragma once

#include <span>
#include <vector>

#include "core/dump/dump_input.h"
#include "core/dump/packed_blobs.h"
#include "core/store/store.h"

namespace redipy::dump {

/// The payload without its footer. Throws "ERR DUMP payload version or checksum are wrong".
View check_footer(View payload);

/// A value that was read. Its views look into the bytes it was read from, which must stay as long.
class DumpedValue {
 public:
  /// Reads a value as it stands in an RDB file: type, then body. Throws "ERR Bad data format" for what no Redis
  /// wrote: lengths that do not fit, an empty collection, a field or member that comes twice, a score that is no
  /// number.
  explicit DumpedValue(DumpInput& input);

  Type type() const { return type_; }
  /// The string alone; the elements of a list; members; of a hash fields and values in turn.
  std::span<const View> elements() const { return elements_; }
  /// Of a sorted set: as many as there are elements.
  std::span<const double> scores() const { return scores_; }

  /// Makes it the value at `key`, where nothing is.
  void put(Store& store, View key, Expiry expiry) const;

 private:
  void read_plain(Type type, DumpInput& input, size_t parts);
  void read_sorted_set(DumpInput& input, bool binary);
  void read_list_of_ziplists(DumpInput& input);
  void read_list_of_nodes(DumpInput& input);
  void read_packed(Type type, DumpInput& input, bool (*visit)(View, VisitItem));
  void add(Item item);
  void split_scores();
  void check_distinct() const;

  Type type_ = Type::none;
  std::vector<View> elements_;
  std::vector<double> scores_;
  Unfolded unfolded_;
};

/// Reads a whole payload, footer included.
DumpedValue read_payload(View payload, size_t longest_string);

}  // namespace redipy::dump
